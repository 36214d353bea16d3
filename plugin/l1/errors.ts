import { type ErrorDescription, Interface, type JsonFragment } from "ethers";

import {
  AvailabilityChallenge__factory,
  BlobDA__factory,
  BlsKeys__factory,
  ChannelAdjudicator__factory,
  CommitteeDA__factory,
  DataAvailabilityCommittee__factory,
  DisputeGame__factory,
  Groth16Verifier__factory,
  IWasmForceMoveApp__factory,
  KeccakStateProof__factory,
  L1EscrowBridge__factory,
  OneStepVerifier__factory,
  PoseidonStateProof__factory,
  ProofEvidence__factory,
  SequencerRegistry__factory,
  StateCommitmentChain__factory,
  StatementDA__factory,
  SuiteFactory__factory,
  StepEvidence__factory,
  UpgradeTimelock__factory,
  ValidityResolver__factory,
} from "../../typechain-types/index.js";
import type { Hex } from "../types.js";
import { causes } from "./ask.js";
import { channelLines } from "./channel-errors.js";

/** A revert of the suite or of a token, decoded. */
export interface DecodedRevert {
  /** Name of the custom error; `Error` and `Panic` for Solidity's own; `unknown` when no ABI of ours has it. */
  name: string;
  args: Record<string, unknown>;
  /** One line for a person. */
  line: string;
  data: Hex;
}

/** L1 refuses, or refused, a transaction. */
export class L1RevertError extends Error {
  override readonly name = "L1RevertError";

  /**
   * @param what What the transaction was to do.
   * @param revert Why not; undefined when the node gave no reason.
   */
  constructor(
    readonly what: string,
    readonly revert: DecodedRevert | undefined,
    options?: ErrorOptions,
  ) {
    super(`L1 refuses ${what}: ${revert?.line ?? "it reverts without a reason"}`, options);
  }
}

/** `finalizesAt` of a batch that only a proof makes final. */
export const NEVER = 2n ** 64n - 1n;

const TOKEN_ERRORS = [
  "error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)",
  "error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)",
  "error ERC20InvalidReceiver(address receiver)",
  "error ERC20InvalidSender(address sender)",
  "error ERC2612ExpiredSignature(uint256 deadline)",
  "error ERC2612InvalidSigner(address signer, address owner)",
];

const ABIS: readonly (readonly JsonFragment[])[] = [
  L1EscrowBridge__factory.abi,
  KeccakStateProof__factory.abi,
  StateCommitmentChain__factory.abi,
  SequencerRegistry__factory.abi,
  DisputeGame__factory.abi,
  OneStepVerifier__factory.abi,
  AvailabilityChallenge__factory.abi,
  BlobDA__factory.abi,
  CommitteeDA__factory.abi,
  BlsKeys__factory.abi,
  DataAvailabilityCommittee__factory.abi,
  UpgradeTimelock__factory.abi,
  StepEvidence__factory.abi,
  ProofEvidence__factory.abi,
  SuiteFactory__factory.abi,
  Groth16Verifier__factory.abi,
  PoseidonStateProof__factory.abi,
  StatementDA__factory.abi,
  ValidityResolver__factory.abi,
  ChannelAdjudicator__factory.abi,
  IWasmForceMoveApp__factory.abi,
];

/** Every custom error that a transaction to the suite can end in. */
export const SUITE_ERRORS = new Interface([...uniqueErrors(ABIS.flat()), ...TOKEN_ERRORS]);

type Line = (args: Record<string, unknown>) => string;

/** What to say where the bare name and arguments would leave a person asking. */
export const LINES: Readonly<Record<string, Line>> = {
  ChainParentMismatch: (a) =>
    `the head of the chain is ${show(a.headHash)}, the batch continues ${show(a.parentHash)}; another batch came first or L1 was reorganised`,
  ChainInboxMismatch: () => "the inbox is not the one that the batch was made from; L1 was reorganised",
  ChainInboxBackwards: (a) =>
    `the batch consumes the inbox up to ${show(a.inboxTo)}, its parent consumed it up to ${show(a.parentInboxTo)}`,
  ChainTooManyMessages: (a) => `the batch consumes ${show(a.messages)} inbox messages; at most ${show(a.limit)} fit`,
  ChainMessageDue: (a) => `the batch leaves inbox message ${show(a.index)}, which was due at ${time(a.dueAt)}`,
  ChainMessageNotShown: (a) => `the batch leaves inbox message ${show(a.index)} and must show it`,
  ChainProofNotRequired: (a) => `batch ${show(a.index)} becomes final at ${time(a.finalizesAt)}, not by a proof`,
  ChainWindowOpen: (a) =>
    a.finalizesAt === NEVER
      ? `batch ${show(a.index)} becomes final by its proof alone`
      : `batch ${show(a.index)} can be disputed until ${time(a.finalizesAt)}`,
  ChainHeaderMismatch: (a) => `the chain holds another batch ${show(a.index)} than the given one`,
  ChainNotPending: (a) =>
    `batch ${show(a.index)} is not pending; pending are those above ${show(a.finalizedHead)} up to ${show(a.head)}`,
  ChainWindowOver: (a) => `batch ${show(a.index)} could be disputed until ${time(a.finalizesAt)}`,
  ChainDisputed: (a) => `batch ${show(a.index)} is under dispute and waits until its game is over`,
  ChainFrozen: () => "the chain is frozen; everybody takes out what its last final state says (rollup:escape)",
  ChainPending: (a) =>
    `batches ${show(a.finalizedHead)} to ${show(a.head)} are not final yet; the chain can be frozen after that`,
  ChainNotSilent: (a) => `the chain can be frozen from ${time(a.from)} on, if nothing is posted until then`,
  ChainMessageMismatch: (a) => `the inbox has another message ${show(a.index)}, or none`,
  ChainNotDisputed: (a) => `batch ${show(a.index)} is not under dispute`,
  DisputeNotPending: (a) =>
    `batch ${show(a.batchIndex)} is final or not on the chain any more; it needs no more claims`,
  DisputeNotResolver: (a) => `the batch is judged by another game, ${show(a.resolver)}`,
  DisputeListLength: (a) => `a claim of this game has ${show(a.expected)} states, not ${show(a.found)}`,
  DisputeListMismatch: () => "the list is not that of the claim",
  DisputeSameEnd: () => "the claim ends in the state that it holds false",
  DisputeWrongBond: (a) => `the bond of this claim is ${show(a.expected)} wei, not ${show(a.found)}`,
  DisputeUnknownClaim: (a) =>
    `the game has no claim or disputed batch ${show(a.id)}; L1 was reorganised, or its first claim is not made`,
  DisputeClaimExists: (a) => `somebody made claim ${show(a.id)} before`,
  DisputeIndexOutOfRange: (a) => `the list has states 0 to ${show(Number(a.length) - 1)}, not ${show(a.index)}`,
  DisputeClaimClosed: (a) => `claim ${show(a.id)} could be answered until ${time(a.closedAt)}`,
  DisputeClaimOpen: (a) => `claim ${show(a.id)} can be answered until ${time(a.closesAt)} and resolved from then on`,
  DisputeClaimIsResolved: (a) => `claim ${show(a.id)} is resolved already`,
  DisputeChildrenOpen: (a) => `${show(a.count)} claims that counter ${show(a.id)} are not resolved; resolve them first`,
  DisputeClaimIsStep: (a) => `the states of claim ${show(a.id)} are single instructions; answer it by a step`,
  DisputeClaimIsNotStep: (a) => `the states of claim ${show(a.id)} are no single instructions; counter it`,
  DisputeStepAgrees: () => "the instruction leads to the state that the claim says; the claim is not false there",
  DisputeNoCredit: (a) => `${show(a.account)} has no credit in the dispute game`,
  DisputePaymentFailed: (a) => `${show(a.to)} does not take ${show(a.amount)} wei`,
  DisputeZeroRecipient: () => "the recipient must not be the zero address",
  DisputeMachineHash: (a) => `the program has machine hash ${show(a.found)}, not ${show(a.expected)}`,
  RegistryNotRegistered: (a) => `${show(a.account)} is no bonded sequencer; register it first`,
  RegistryNotYourTurn: (a) =>
    `it is the turn of sequencer ${show(a.active)}; ${show(a.account)} may post from ${time(a.from)} on if nobody posts until then`,
  RegistryZeroSequencer: () => "a bond needs an account that answers with it",
  RegistryBondTooSmall: (a) => `the bond is ${show(a.bond)} wei, at least ${show(a.minimum)} wei is needed`,
  RegistryAlreadyBonded: (a) => `${show(a.account)} has a bond already`,
  RegistryBondLocked: (a) => `the bond is locked until ${time(a.withdrawableAt)}`,
  DataIndirectSubmitter: (a) =>
    `a batch must be sent straight by an account without code; the caller is ${show(a.submitter)}, the signer ${show(a.origin)}`,
  DataUnknownForm: (a) =>
    `this rollup does not take batch data in form ${show(a.form)} (0 calldata, 1 blobs, 2 committee)`,
  DataWithoutForm: () => "the first byte of the batch's data-availability input, the form, is missing",
  BlobDAMissingBlob: (a) => `the transaction has no blob ${show(a.index)}; the node may not have taken its blobs`,
  BlobDAMalformedInput: (a) => `5 bytes say where batch data are in blobs, not ${show(a.length)}`,
  BlobDALengthOutOfRange: (a) => `blobs carry 1 to 1,048,576 bytes of batch data, not ${show(a.length)}`,
  AvailabilityDemandTooLate: (a) => `chunks of the batch could be demanded until ${time(a.until)}`,
  AvailabilityAnswerTooLate: (a) => `the demand could be answered until ${time(a.until)}`,
  AvailabilityAnswerStillPossible: (a) => `the demand can be answered until ${time(a.until)}`,
  CommitteeEpochRetired: (a) => `the members of epoch ${show(a.epoch)} attested until ${time(a.attestsUntil)}`,
  CommitteeExpiryTooEarly: (a) =>
    `members serve the data until ${time(a.expiry)}, they are needed until ${time(a.needed)}`,
  CommitteeTooFewSigners: (a) => `${show(a.signers)} members signed, ${show(a.threshold)} are needed`,
  CommitteeUnprovenKey: (a) =>
    `${show(a.member)} is no key that was proven to the committee's BlsKeys; its owner does that with dac:key`,
  Bls12381PrecompileFailed: () =>
    "L1 refuses a point of BLS12-381, or has no precompiled contracts for that curve (EIP-2537)",
  CommitteeWrongSignature: (a) => `the signature of member ${show(a.member)} is not its own`,
  AccessControlUnauthorizedAccount: (a) => `${show(a.account)} does not have the role that this takes`,
  TimelockInsufficientDelay: (a) => `the delay is ${show(a.delay)} s, at least ${show(a.minDelay)} s is needed`,
  TimelockUnexpectedOperationState: (a) =>
    `operation ${show(a.operationId)} is not where this is possible: it waits, lapsed, was called off, or is done`,
  UpgradeDelayTooShort: (a) =>
    `leaving would take up to ${show(a.exitTime)} s, margin included, and upgrades have a delay of ${show(a.delay)} s; it must be longer`,
  UpgradeDelayBelowMinimum: (a) => `the delay is ${show(a.delay)} s; never below ${show(a.minimum)} s`,
  UpgradeCodeHash: (a) =>
    `${show(a.implementation)} has code with hash ${show(a.found)}; ${show(a.announced)} was announced`,
  UpgradeNoCodeHash: () => "an announcement names the hash of the new code",
  UpgradeDelegatedAccount: (a) => `${show(a.implementation)} is an account that can choose other code at any time`,
  UpgradeNotOurs: (a) => `${show(a.proxy)} is no proxy whose admin this timelock owns`,
  UpgradeForbiddenCall: (a) => `no operation calls ${show(a.selector)}; proxies change through \`upgrade\``,
  UpgradeForeignAdmin: () => "only the timelock administers its roles",
  UpgradeNotAnnounced: (a) => `there is no operation ${show(a.id)}, or it is done`,
  UpgradeNoQuorum: (a) =>
    a.threshold === 0n
      ? "this rollup has no council, so nothing executes before its time"
      : `${show(a.members)} members of the council are named, ${show(a.threshold)} are needed`,
  UpgradeMemberTwice: (a) => `members are named once, in ascending order; ${show(a.member)} is not`,
  UpgradeNotConfirmed: (a) => `${show(a.member)} did not confirm this announcement`,
  UpgradeNotOfChain: () => "only an upgrade of the StateCommitmentChain, alone, executes before its time",
  UpgradeKeepsJudge: (a) => `an upgrade before its time must replace ${show(a.judge)}, the judge that has the bug`,
  EvidenceAgrees: () => "both sides of the evidence say the same; there is no bug in it",
  EvidenceHeaderMismatch: (a) => `the chain has another batch ${show(a.index)}, or none`,
  EvidenceNotJudge: (a) => `the batch is judged by ${show(a.resolver)}, the next ones by ${show(a.judge)}`,
  EvidenceUnprovenStart: (a) => `the state before segment ${show(a.segment)} of batch ${show(a.index)} is not proven`,
  EvidenceStatements: (a) => `the statements lead to data hash ${show(a.computed)}, the batch has ${show(a.dataHash)}`,
  EvidenceElements: () => "the elements are not those of the segment",
  InboxTransactionSize: (a) => `a forced transaction has 1 to ${show(a.max)} bytes, not ${show(a.size)}`,
  InboxZeroTarget: () => "the recipient must not be the zero address",
  InboxAmount: (a) => `the amount must be above 0 and below 2^192, not ${show(a.amount)}`,
  InboxFrozen: () => "the chain is frozen, nothing enters it any more; take out what is there with rollup:escape",
  EscapeHatchNotFrozen: (a) => `the chain is not frozen with batch ${show(a.batchIndex)} as its last one`,
  StateProofMismatch: (a) => `the proof leads to ${show(a.computed)}, the last final state is ${show(a.expected)}`,
  EscapeHatchAlreadyEscaped: (a) => `the balance of ${show(a.account)} in token ${show(a.token)} left before`,
  EscapeHatchNotDeposit: (a) => `inbox message ${show(a.index)} is no deposit`,
  EscapeHatchConsumed: (a) =>
    `deposit ${show(a.index)} arrived on L2, where messages below ${show(a.inboxTo)} were consumed; it is in the balances`,
  EscapeHatchMessageMismatch: (a) => `the inbox has another message ${show(a.index)}, or none`,
  EscapeHatchAlreadyRefunded: (a) => `deposit ${show(a.index)} was refunded before`,
  InboxDepositsPaused: (a) => `deposits are paused until ${time(a.until)}`,
  L1EscrowBridgeToken: (a) => `${show(a.token)} is no token contract`,
  L1EscrowBridgeTokenStopped: (a) => `deposits of token ${show(a.token)} are stopped`,
  L1EscrowBridgeTokenChanged: (a) => `the code of token ${show(a.token)} changed since it was accepted`,
  L1EscrowBridgeInexact: (a) =>
    `${show(a.received)} of ${show(a.amount)} of token ${show(a.token)} would arrive; it must be all`,
  L1EscrowBridgeNotFinalized: (a) => `batch ${show(a.batchIndex)} is not final`,
  L1EscrowBridgeAlreadyClaimed: (a) =>
    `withdrawal ${show(a.leafIndex)} of batch ${show(a.batchIndex)} was claimed before`,
  L1EscrowBridgeProof: (a) => `the proof leads to ${show(a.computed)}, the batch has ${show(a.expected)}`,
  L1EscrowBridgeNoCredit: (a) => `${show(a.account)} has no credit in token ${show(a.token)}`,
  TokenTransferRefused: (a) => `token ${show(a.token)} refused the transfer without a reason`,
  TokenTransferBalanceUnreadable: (a) => `${show(a.token)} does not answer balanceOf; it is no ERC-20`,
  WasmAppNotDisputer: (a) =>
    `${show(a.disputer)} disputes this move, or its session key until that expires; ${show(a.caller)} is neither`,
  WasmAppNotAMove: (a) =>
    `turn ${show(a.turnNum)} names ${show(a.previousStateHash)} as the state before; that is not the given one of turn ${show(a.before)}`,
  WasmAppNotChallenged: (a) => `no challenge of channel ${show(a.channelId)} stands at state ${show(a.stateHash)}`,
  WasmAppUndecided: (a) =>
    `dispute ${show(a.index)} is under way: nobody countered it, and ${time(a.finalizesAt)} has not come, or its game is not over`,
  WasmAppUnknownDispute: (a) => `there is no dispute ${show(a.index)} with this header, or it is over`,
  ERC20InsufficientBalance: (a) => `${show(a.sender)} has ${show(a.balance)} of the token, ${show(a.needed)} is needed`,
  ERC20InsufficientAllowance: (a) =>
    `the allowance of ${show(a.spender)} is ${show(a.allowance)}, ${show(a.needed)} is needed`,
  ...channelLines(show, time),
};

/** The revert inside an error that a provider threw, or inside raw revert data; undefined when there is none. */
export function decodeRevert(error: unknown): DecodedRevert | undefined {
  const data = typeof error === "string" ? error : revertData(error);
  if (data === undefined || !/^0x([0-9a-f]{2}){4,}$/i.test(data)) return undefined;
  const found = parse(data);
  if (found === null) return { name: "unknown", args: {}, line: `unknown error ${data}`, data: data as Hex };
  const values = found.args.toArray() as unknown[];
  const args = Object.fromEntries(found.fragment.inputs.map(({ name }, i) => [name || `${i}`, values[i]]));
  const line = (LINES[found.name] ?? plain(found))(args);
  return { name: found.name, args, line, data: data as Hex };
}

function parse(data: string): ErrorDescription | null {
  try {
    return SUITE_ERRORS.parseError(data);
  } catch {
    // A known selector with arguments that do not fit: somebody else's error.
    return null;
  }
}

function plain(found: ErrorDescription): Line {
  if (found.name === "Error") return (args) => show(args["0"]);
  return (args) =>
    `${found.name}(${Object.entries(args)
      .map(([name, value]) => `${name}: ${show(value)}`)
      .join(", ")})`;
}

/** Nodes put the revert data in many places; the first that looks like it is taken. */
function revertData(error: unknown): string | undefined {
  for (const cause of causes(error)) {
    const { data, message } = cause as { data?: unknown; message?: unknown };
    if (typeof data === "string" && data.startsWith("0x")) return data;
    // Hardhat's own errors over HTTP carry the data in their text only.
    const quoted = typeof message === "string" ? /return data: (0x[0-9a-f]*)/i.exec(message)?.[1] : undefined;
    if (quoted !== undefined) return quoted;
  }
  return undefined;
}

function uniqueErrors(fragments: readonly JsonFragment[]): JsonFragment[] {
  const found = new Map<string, JsonFragment>();
  for (const fragment of fragments) if (fragment.type === "error") found.set(JSON.stringify(fragment), fragment);
  return [...found.values()];
}

function show(value: unknown): string {
  switch (typeof value) {
    case "bigint":
    case "number":
    case "boolean":
      return value.toString();
    case "string":
      return value;
    default:
      return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? inner.toString() : inner));
  }
}

/** Seconds since 1970 as a date that people read. */
export function time(seconds: unknown): string {
  return typeof seconds === "bigint" && seconds < 1n << 42n
    ? new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z")
    : show(seconds);
}
