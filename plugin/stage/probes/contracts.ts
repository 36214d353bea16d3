import { isDeepStrictEqual } from "node:util";

import { getCreateAddress, Interface, ZeroAddress } from "ethers";

import {
  L1EscrowBridge__factory,
  SequencerRegistry__factory,
  StateCommitmentChain__factory,
} from "../../../typechain-types/index.js";
import { ask } from "../../l1/ask.js";
import { fromHex, toHex } from "../../ledger/bytes.js";
import { headerHash } from "../../ledger/hashes.js";
import { GENESIS_STATE_ROOT } from "../../ledger/state.js";
import { genesisNodes } from "../../validity/state.js";
import { codeChanging } from "../../upgrade/opcodes.js";
import { FULL_BATCH_MESSAGES, MAX_BATCH_MESSAGES } from "../../ledger/batch.js";
import { VALIDITY_BATCH_MESSAGES } from "../../validity/batch.js";
import { type Hex, ZERO_ADDRESS } from "../../types.js";
import type { SuiteFacts } from "../facts.js";
import type { Look } from "../look.js";
import { failed, notCheckable, passed, unless } from "../outcome.js";
import { answerOf, proxySlots } from "../read.js";
import { seconds } from "../show.js";
import type { Evidence, Outcome } from "../types.js";

/** Every contract has the code that this package's creation code leaves. */
export function suiteCode({ code }: Look): Outcome {
  const evidence = code.map(({ name, address, codeHash, note }) => ({
    what: name,
    value: `${address}, code hash ${codeHash}${note === undefined ? "" : `, ${note}`}`,
  }));
  const others = code.filter(({ isOurs }) => !isOurs);
  return unless(
    others.map(({ name, address, note }) => `${name} at ${address} is not this package's: ${note ?? "other code"}`),
    `${code.length} contracts have the code that this package leaves`,
    evidence,
  );
}

/** What each contract says of its neighbours is what they say of it. */
export function contractsAgree({ facts }: Look): Outcome {
  const { bridge, escrow, chain, registry, timelock, game, resolver, statement, committee, challenge } = facts;
  const chainAddress = escrow.chain;
  const ties: (readonly [what: string, expected: unknown, found: unknown])[] = [
    ["StateCommitmentChain.l2ChainId", escrow.l2ChainId, chain.l2ChainId],
    ["SequencerRegistry.chain", chainAddress, registry?.chain],
  ];
  if (timelock.own !== undefined) ties.push(["UpgradeTimelock.CHAIN", chainAddress, timelock.own.chain]);
  if (game !== undefined) {
    ties.push(["DisputeGame.chain", chainAddress, game.chain], ["DisputeGame.bridge", bridge, game.bridge]);
    ties.push(["DisputeGame.l2ChainId", chain.l2ChainId, game.l2ChainId]);
    ties.push(["DisputeGame.machineHash", chain.machineHash, game.machineHash]);
    const challenged = committee === undefined ? ZeroAddress : game.availability;
    ties.push(["DisputeGame.availability", challenged, game.availability]);
  }
  if (resolver !== undefined) {
    ties.push(["ValidityResolver.chain", chainAddress, resolver.chain]);
    ties.push(["ValidityResolver.proofWindow", chain.challengeWindow, resolver.proofWindow]);
    ties.push(["ValidityResolver.onL1.id", chain.machineHash, resolver.onL1.id]);
    for (const { program, own } of facts.verifiers) ties.push(["Groth16Verifier.KEY_ID", program, own?.keyId]);
  }
  if (statement !== undefined) {
    ties.push(["StatementDA.bridge", bridge, statement.bridge]);
    ties.push(["StatementDA.l2ChainId", chain.l2ChainId, statement.l2ChainId]);
  }
  if (committee !== undefined) {
    ties.push(["DataAvailabilityCommittee.TIMELOCK", timelock.address, committee.timelock]);
    ties.push(["DataAvailabilityCommittee.BRIDGE", bridge, committee.bridge]);
    ties.push(["CommitteeDA.DISPUTE_DURATION", chain.disputeDuration, facts.layerDisputeDuration]);
  }
  if (challenge !== undefined) {
    ties.push(["AvailabilityChallenge.chain", chainAddress, challenge.chain]);
    ties.push(["AvailabilityChallenge.committee", committee?.address, challenge.committee]);
  }
  if (facts.evidenceChain !== undefined) ties.push(["BugEvidence.CHAIN", chainAddress, facts.evidenceChain]);
  const faults = ties
    .filter(([, expected, found]) => expected !== found)
    .map(([what, expected, found]) => `${what} is ${String(found)}, not ${String(expected)}`);
  const limits = chain.proofRequired
    ? VALIDITY_BATCH_MESSAGES
    : { maxBatchMessages: MAX_BATCH_MESSAGES, fullBatchMessages: FULL_BATCH_MESSAGES };
  for (const [name, expected] of Object.entries(limits)) {
    const found = chain[name as keyof typeof limits];
    if (found !== expected) faults.push(`StateCommitmentChain.${name} is ${found}, not ${expected}`);
  }
  if (registry !== undefined) {
    for (const name of ["challengeWindow", "disputeDuration", "permissionlessDelay"] as const) {
      if (registry[name] !== chain[name]) {
        faults.push(`SequencerRegistry.${name} is ${seconds(registry[name])}, the chain's ${seconds(chain[name])}`);
      }
    }
  }
  if (facts.gameMaxDuration !== undefined && facts.gameMaxDuration > chain.disputeDuration) {
    faults.push(
      `a dispute takes up to ${seconds(facts.gameMaxDuration)}, the chain reckons with ${seconds(chain.disputeDuration)}`,
    );
  }
  return unless(
    faults,
    `${ties.length} things that contracts say of each other agree`,
    ties.map(([what, , found]) => ({ what, value: String(found) })),
  );
}

/** Roots are on L1, from an empty ledger on. */
export async function stateRoots({ facts, program, book }: Look): Promise<Outcome> {
  const { provider, chain, escrow, genesis } = facts;
  const contract = StateCommitmentChain__factory.connect(escrow.chain, provider);
  const heads = await answerOf("heads of the chain", () => contract.heads());
  const first = await answerOf("genesis of the chain", () => contract.headerHash(0n));
  if (heads === undefined || first === undefined) return failed(`${escrow.chain} does not tell its batches`);
  const faults: string[] = [];
  if (first !== headerHash(genesis))
    faults.push(`the chain begins with ${first}, its event tells ${headerHash(genesis)}`);
  const empty = emptyState(facts);
  const isKnown = facts.isOptimistic ? chain.machineHash === program : empty !== undefined;
  if (isKnown && genesis.stateRoot !== empty) {
    faults.push(`the chain begins with state ${genesis.stateRoot}; that of a ledger without balances is ${empty}`);
  }
  if (book !== undefined && !isDeepStrictEqual(book.genesis, genesis))
    faults.push("the address book has another genesis");
  const last = await answerOf("last batch", () => contract.headerHash(heads.head));
  return unless(faults, `${heads.head} batches are on L1, ${heads.finalizedHead} of them final`, [
    { what: "header hash of the last batch", value: String(last) },
    { what: "genesis state root", value: genesis.stateRoot },
  ]);
}

function emptyState({ isOptimistic, poseidon }: SuiteFacts): Hex | undefined {
  if (isOptimistic) return GENESIS_STATE_ROOT;
  const node = poseidon === undefined ? undefined : genesisNodes(Number(poseidon.levels))[0];
  return node === undefined ? undefined : toHex(node.hash);
}

/** The timelock owns every proxy's admin. */
export function proxyAdmins({ facts }: Look): Outcome {
  const { proxies, timelock } = facts;
  const faults = proxies.flatMap(({ name, address, admin, owner }) => {
    const expected = getCreateAddress({ from: address, nonce: 1 });
    if (admin === ZERO_ADDRESS) return [`${name} at ${address} is no ERC-1967 proxy with an admin`];
    if (admin !== expected) return [`the admin slot of ${name} has ${admin}, not ${expected}, which the proxy created`];
    if (owner === timelock.address) return [];
    return [
      `the admin of ${name} at ${admin} belongs to ${owner ?? "nobody that it names"}, not to the timelock ${timelock.address}`,
    ];
  });
  return unless(
    faults,
    `the timelock ${timelock.address} owns the admins of all ${proxies.length} proxies`,
    proxies.map(({ name, address, implementation, admin, owner }) => ({
      what: name,
      value: `${address} → ${implementation}, admin ${admin}, owner ${owner ?? "unknown"}`,
    })),
  );
}

/** EIP-7702: an account that chose its code. */
const DELEGATED = "0xef0100";

/** No code leads to other code but the proxies', and these by the timelock's slot alone. */
export async function secondPath({ facts, bytes, code }: Look): Promise<Outcome> {
  const faults: string[] = [];
  const evidence: Evidence[] = [];
  for (const { name, address, code: runtime, isProxy } of bytes) {
    const isOurs = code.some((each) => each.address === address && each.isOurs);
    const found = codeChanging(fromHex(runtime));
    const allowed = isProxy && isOurs ? ["DELEGATECALL"] : [];
    const unexpected = found.filter((opcode) => !allowed.includes(opcode));
    evidence.push({ what: name, value: found.length === 0 ? "none" : found.join(", ") });
    if (unexpected.length > 0) faults.push(`${name} at ${address} has ${unexpected.join(", ")}`);
    if (runtime.startsWith(DELEGATED)) faults.push(`${name} at ${address} is an account that can choose other code`);
    const slots = await proxySlots(facts.provider, address);
    if (slots.beacon !== ZERO_ADDRESS) faults.push(`${name} at ${address} names a beacon, ${slots.beacon}`);
    if (!isProxy && slots.implementation !== ZERO_ADDRESS) {
      faults.push(`${name} at ${address} is a proxy itself, of ${slots.implementation}`);
    }
  }
  return unless(faults, `of ${bytes.length} contracts only the proxies can run other code`, evidence);
}

/** Where OpenZeppelin's Initializable counts. */
const INITIALIZED_SLOT = "0xf0c57e16840df040f15088dc2f81fe391c3923bec73e23a9662efc9c229c6a00";
const NEVER_AGAIN = 2n ** 64n - 1n;
const STRANGER = "0x00000000000000000000000000000000000057a6";
/** What contracts elsewhere call it. */
const USUAL = [
  "initialize()",
  "initialize(address)",
  "initialize(address,address)",
  "initialize(bytes)",
  "init()",
  "init(address)",
  "reinitialize()",
  "reinitialize(uint64)",
  "initializeV2()",
  "setUp()",
  "setup()",
  "upgradeTo(address)",
  "upgradeToAndCall(address,bytes)",
  "setImplementation(address)",
  "transferOwnership(address)",
];

/** Nobody can initialise a proxy, or the code behind it, again. */
export async function initialisers({ facts }: Look): Promise<Outcome> {
  const { provider, proxies } = facts;
  const faults: string[] = [];
  const evidence: Evidence[] = [];
  const ours = {
    L1EscrowBridge: L1EscrowBridge__factory.createInterface(),
    StateCommitmentChain: StateCommitmentChain__factory.createInterface(),
    SequencerRegistry: SequencerRegistry__factory.createInterface(),
  } as const;
  for (const { name, address, implementation } of proxies) {
    const face = new Interface([
      ...ours[name].fragments.filter(
        (each) => each.type === "function" && /"name":"(re)?init/i.test(each.format("json")),
      ),
      ...USUAL.map((signature) => `function ${signature}`).filter(
        (signature) => !ours[name].hasFunction(signature.slice("function ".length)),
      ),
    ]);
    const calls: { signature: string; data: string }[] = [];
    face.forEachFunction((fragment) =>
      calls.push({
        signature: fragment.format("sighash"),
        data: face.encodeFunctionData(
          fragment,
          fragment.inputs.map(({ type }) => (type === "address" ? STRANGER : type === "bytes" ? "0x" : 1n)),
        ),
      }),
    );
    const places: (readonly [what: string, to: Hex])[] = [
      [`${name}`, address],
      [`${name} implementation`, implementation],
    ];
    // Where there is no code, every call succeeds.
    for (const [what, to] of places.filter(([, at]) => at !== ZERO_ADDRESS)) {
      for (const { signature, data } of calls) {
        const answer = await answerOf(`${signature} of ${what}`, () => provider.call({ from: STRANGER, to, data }));
        if (answer !== undefined) faults.push(`${signature} of ${what} at ${to} is open to anybody`);
      }
    }
    const word = await ask(`initialisation of ${name}`, () => provider.getStorage(implementation, INITIALIZED_SLOT));
    const own = await ask(`initialisation of ${name}`, () => provider.getStorage(address, INITIALIZED_SLOT));
    evidence.push({
      what: `${name}, code behind it`,
      value: BigInt(word) === NEVER_AGAIN ? "locked" : `count ${BigInt(word)}`,
    });
    evidence.push({ what: name, value: `initialised ${BigInt(own) & NEVER_AGAIN} times` });
    if (BigInt(word) !== NEVER_AGAIN)
      faults.push(`the code of ${name} at ${implementation} is not locked against initialisation`);
    if ((BigInt(own) & NEVER_AGAIN) === 0n) faults.push(`${name} at ${address} counts no initialisation`);
  }
  return unless([...new Set(faults)], "nobody can initialise anything again", evidence);
}

/** Only code of this package ever wrote the storage of proxies, timelock, judge and committee. */
export function storageHistory({ history }: Look): Outcome {
  const { faults, unknown, evidence } = history;
  if (faults.length > 0) return failed(faults.join("; "), evidence);
  if (unknown.length > 0) return notCheckable(unknown.join("; "), evidence);
  return passed(
    "whatever keeps storage was made by this package's code, and no other ever stood behind a proxy",
    evidence,
  );
}

/** What an address book says is what L1 says. */
export function addressBook({ facts, book }: Look): Outcome {
  if (book === undefined) return passed("none was asked: everything is from L1");
  const { proxies, parts, chain, escrow, registry, timelock, l1ChainId, fromBlock } = facts;
  const onL1 = new Map<string, string>([...proxies, ...parts].map(({ name, address }) => [name, address]));
  const faults: string[] = [];
  const compare = (what: string, said: unknown, found: unknown): void => {
    if (said !== found) faults.push(`it says ${what} is ${String(said)}; L1 says ${String(found)}`);
  };
  compare("the L1 chain id", book.l1ChainId, l1ChainId);
  for (const [name, record] of Object.entries(book.contracts)) {
    if (name === "SuiteFactory") continue;
    compare(name, record.address, onL1.get(name) ?? "none");
    const proxy = proxies.find((each) => each.name === name);
    if (proxy === undefined) continue;
    compare(
      `the implementation of ${name}`,
      record.implementation?.address ?? proxy.implementation,
      proxy.implementation,
    );
    compare(`the admin of ${name}`, record.proxyAdmin ?? proxy.admin, proxy.admin);
  }
  for (const [name] of onL1)
    if (!(name in book.contracts) && name !== "BlsKeys") faults.push(`it does not know ${name}`);
  const said = book.parameters;
  compare("proof", said.proof, facts.isOptimistic ? "fraud" : "validity");
  compare("da", said.da, facts.da);
  for (const name of [
    "challengeWindow",
    "forceInclusionDelay",
    "escapeDelay",
    "permissionlessDelay",
    "l2ChainId",
  ] as const) {
    compare(name, said[name], chain[name]);
  }
  for (const name of ["pauseDuration", "pauseCooldown", "guardian"] as const) compare(name, said[name], escrow[name]);
  compare("sequencerBond", said.sequencerBond, registry?.minimumBond);
  compare("bondWithdrawalDelay", said.bondWithdrawalDelay, registry?.withdrawalDelay);
  compare("upgradeDelay", said.upgradeDelay, timelock.own?.minimumDelay ?? timelock.delay);
  compare("the machine hash", book.program.machineHash, chain.machineHash);
  return unless(faults, "it says what L1 says", [
    { what: "contracts", value: `${Object.keys(book.contracts).length}` },
    { what: "events are read from block", value: `${fromBlock}` },
  ]);
}
