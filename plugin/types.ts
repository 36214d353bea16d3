import type { VerifyingKey } from "./prover/types.js";

/** A 0x-prefixed hex string: an address, a hash, or bytes. */
export type Hex = `0x${string}`;

/** An inbox message; field meanings in docs/protocol.md §2. Amounts in the token's smallest unit, times in seconds. */
export interface InboxMessage {
  kind: 0 | 1 | 2;
  index: bigint;
  timestamp: bigint;
  sender: Hex;
  target: Hex;
  token: Hex;
  amount: bigint;
  data: Hex;
}

/** A batch header; docs/protocol.md §1. */
export interface BatchHeader {
  index: bigint;
  timestamp: bigint;
  finalizesAt: bigint;
  inboxFrom: bigint;
  inboxTo: bigint;
  l2BlockFrom: bigint;
  l2BlockTo: bigint;
  submitter: Hex;
  /** The judge of the batch, fixed when it was posted: a DisputeGame. */
  resolver: Hex;
  parentHash: Hex;
  prevStateRoot: Hex;
  stateRoot: Hex;
  withdrawalsRoot: Hex;
  inboxAcc: Hex;
  dataHash: Hex;
}

/** A message from L2 to L1; docs/protocol.md §4. */
export interface Withdrawal {
  nonce: bigint;
  sender: Hex;
  target: Hex;
  token: Hex;
  amount: bigint;
  data: Hex;
}

export const ZERO_ADDRESS: Hex = "0x0000000000000000000000000000000000000000";
export const ZERO_HASH: Hex = "0x0000000000000000000000000000000000000000000000000000000000000000";

/** The L2 address of the bridge, where withdrawals are asked for. */
export const L2_BRIDGE: Hex = "0x4c32000000000000000000000000000000000001";

/**
 * Where batch data may be: `blob` is blobs or calldata, whichever is cheaper; `committee` is with a committee, or in calldata
 * where too few of its members sign; docs/data-availability.md.
 */
export type DataAvailability = "calldata" | "blob" | "committee";

/** Where the servers of a committee's members are, by address. */
export type MemberUrls = Readonly<Record<Hex, string>>;

/** How L1 comes to believe a state root: by a challenge window and disputes, or by a proof of every batch. */
export type ProofSystem = "fraud" | "validity";

/** Parameters of a rollup. What a suite does not have is zero. Every time is in seconds, every amount in wei. */
export interface RollupParameters {
  l2ChainId: bigint;
  proof: ProofSystem;
  da: DataAvailability;
  /** How long a batch can be disputed before it is final; with validity proofs, how long its proof may take. */
  challengeWindow: bigint;
  /** Age from which an inbox message can no longer be skipped by a batch. */
  forceInclusionDelay: bigint;
  /** How many unfinalized inbox messages fit before the queue grows; a power of two. */
  inboxCapacity: bigint;
  /** Bond of a sequencer; with fraud proofs at least four times disputeBond. */
  sequencerBond: bigint;
  /** Operations and transfers in an L2 block with validity proofs, and so in one proof. */
  slots: bigint;
  /** Of the state tree with validity proofs, which has 4^levels leaves. */
  levels: bigint;
  /** States of a claim in the dispute game: 2^dissectionBits, 1 to 5. */
  dissectionBits: bigint;
  /** Time that each line of claims has to think, in all; at least disputeExtension. */
  disputeClock: bigint;
  /** Time that everybody has to answer any claim, at least. */
  disputeExtension: bigint;
  /** Bond of a claim about single instructions; each level above it adds as much. */
  disputeBond: bigint;
  /** Time between a sequencer's exit and its bond; longer than challengeWindow and the longest dispute. */
  bondWithdrawalDelay: bigint;
  /** Silence after which the next sequencer may post. */
  sequencerGrace: bigint;
  /** Silence after which any bonded account may post. */
  permissionlessDelay: bigint;
  /** Silence, with a message waiting, after which anybody may freeze the chain; longer than every turn and dispute. */
  escapeDelay: bigint;
  /** Delay of every upgrade. */
  upgradeDelay: bigint;
  /** How long a pause of deposits lasts. */
  pauseDuration: bigint;
  /** Time between the end of a pause and the next. */
  pauseCooldown: bigint;
  /** May pause deposits. Zero address: nobody. */
  guardian: Hex;
  /** May propose and execute upgrades after the delay. */
  upgrader: Hex;
  /** Each may call off any upgrade, in ascending order; none: only the upgrader calls off. */
  cancellers: readonly Hex[];
  /** May, with evidence of a bug, have an announced upgrade of the chain executed at once; none: nobody ever. */
  council: readonly Hex[];
  /** How many of the council that takes; zero without one. */
  councilThreshold: bigint;
  /** Of the first epoch of the committee, in ascending order; none without a committee. */
  committeeMembers: readonly Hex[];
  /** The BlsKeys that has the keys of those members, who sign by BLS; zero where they are accounts, and without a committee. */
  committeeKeys: Hex;
  /** How many of them must sign; zero without a committee. */
  committeeThreshold: bigint;
  /** How long an epoch of the committee attests after the next began; zero without a committee. */
  committeeOverlap: bigint;
  /** How long after a batch was posted its data can be demanded on L1; zero without a committee, as the next three. */
  demandWindow: bigint;
  /** How long a demand can be answered. */
  answerTime: bigint;
  /** How long before the end of the challenge window a demand must be answered. */
  answerMargin: bigint;
  /** Bond of a demand, which pays the answer. */
  demandBond: bigint;
}

/** What every suite has. */
export type ContractName =
  | "L1EscrowBridge"
  | "StateCommitmentChain"
  | "SequencerRegistry"
  | "DataAvailability"
  | "StateProof"
  | "UpgradeTimelock"
  | "SuiteFactory";

/** What only a suite with fraud proofs, with a committee, or with a council has. */
export type OptionalContractName =
  | "BugEvidence"
  | "DisputeGame"
  | "OneStepVerifier"
  | "DataAvailabilityCommittee"
  | "AvailabilityChallenge"
  | "StatementDA"
  | "Poseidon"
  | "ValidityVerifier"
  | "CommitteeVerifier"
  | "ValidityResolver";

/** Contracts of a suite. */
export type SuiteContracts = Record<ContractName, ContractRecord> &
  Partial<Record<OptionalContractName, ContractRecord>>;

/** A contract that not every suite has. @throws MissingContractError */
export function contractOf(contracts: SuiteContracts, name: OptionalContractName): ContractRecord {
  const found = contracts[name];
  if (found === undefined) throw new MissingContractError(name);
  return found;
}

/** The suite has another proof system, or another data availability. */
export class MissingContractError extends Error {
  override readonly name = "MissingContractError";
  constructor(readonly contract: OptionalContractName) {
    super(`this suite has no ${contract}`);
  }
}

/** The program that batches are judged by: the machine hash and what it is the hash of; docs/machine.md §1. */
export interface MachineProgram {
  machineHash: Hex;
  codeRoot: Hex;
  memoryRoot0: Hex;
  entryPc: number;
  pages: number;
  maxPages: number;
  version: number;
}

/** Verifying keys of the circuits of a rollup with validity proofs; docs/validity.md §4. */
export interface ValidityKeys {
  /** For batches with their transfers on L1. */
  onL1: VerifyingKey;
  /** For those with a committee. */
  withCommittee?: VerifyingKey;
}

export interface ContractRecord {
  address: Hex;
  /** keccak256 of the runtime code at `address`. */
  codeHash: Hex;
  /** For proxies. */
  implementation?: { address: Hex; codeHash: Hex };
  proxyAdmin?: Hex;
  /** The transaction that created it. */
  transaction: Hex;
}

/** The address book that `rollup:deploy` writes and everything else reads. */
export interface Deployment {
  version: 1;
  network: string;
  l1ChainId: bigint;
  parameters: RollupParameters;
  /** With validity proofs: the id of the circuit in the place of the machine hash, and nothing else. */
  program: MachineProgram;
  /** With validity proofs only. */
  keys?: ValidityKeys;
  /** Of addresses that do not depend on the chain; absent for plain ones. */
  salt?: Hex;
  /** L1 block from which events are read. */
  fromBlock: bigint;
  genesis: BatchHeader;
  contracts: SuiteContracts;
  /** As far as the operator named them; of any epoch of the committee. */
  memberUrls?: MemberUrls;
}
