import { elementOf, packBlobs } from "../da/blob.js";
import { decodeBatch, encodeBatch } from "../ledger/batch.js";
import { abiWords, concat, equal, fromHex, toHex } from "../ledger/bytes.js";
import type { ExecuteOptions } from "../ledger/execute.js";
import { messageHash, messageWords, outputHash, withdrawalsRoot } from "../ledger/hashes.js";
import { traceLedger } from "../ledger/trace.js";
import { recoverAddress } from "../ledger/transaction.js";
import { accountKey, leafPreimage, proveLeaf, readAccount, readMeta } from "../ledger/state.js";
import type { BatchTransaction, LedgerInput, LedgerOutput, NodeReader } from "../ledger/types.js";
import type { BlobElement, Oracle } from "../machine/hostCalls.js";
import { keccak256 } from "../machine/keccak.js";
import type { MachineState } from "../machine/state.js";
import { hashState } from "../machine/state.js";
import type { Trace } from "../machine/trace.js";
import type { Machine } from "./challenger.js";
import { type Hex, type InboxMessage, ZERO_ADDRESS } from "../types.js";

// Lies for tests, the demo and rehearsals. Each is a host that answers one thing falsely; all else is computed as always, so
// a liar has a trace of its own that leads to what it claims, and can play the dispute down to the instruction of its lie.

/** What a sequencer can lie about, and in which words. */
export const FAULTS = {
  balance: "an account has a thousand ETH more than it was given",
  drop: "an inbox message is left out",
  reorder: "two inbox messages are applied in the other order",
  signature: "a transaction that its sender never signed is executed",
  withdrawals: "a withdrawal that nobody asked for is in the tree",
  data: "data that does not decode is executed as if it did",
  state: "the run ends in a state of the sequencer's liking",
} as const;

export type Fault = keyof typeof FAULTS;

export function isFault(name: string): name is Fault {
  return Object.hasOwn(FAULTS, name);
}

/** This batch gives no occasion for the lie. */
export class FaultError extends Error {
  override readonly name = "FaultError";

  constructor(
    readonly fault: Fault,
    needs: string,
  ) {
    super(`fault "${fault}" needs ${needs}; the batch has none`);
  }
}

/** What a false batch claims, and the state behind it where there is one. */
export type ForgedOutput = Pick<LedgerOutput, "stateRoot" | "withdrawalsRoot" | "l2BlockTo" | "nodes">;

/** A lie about one batch. */
export interface Forgery {
  fault: Fault;
  /** What the batch is: its data is what goes to L1. */
  input: LedgerInput;
  output: ForgedOutput;
  lies: Lies;
}

/** How a liar's host answers. */
interface Lies {
  /** False contents, by the hash that they do not have. */
  preimages: ReadonlyMap<string, Uint8Array>;
  /** False field elements of blobs, by those that stand there. */
  elements?: ReadonlyMap<string, Uint8Array>;
  recover?: ExecuteOptions["recover"];
  /** What the machine says at its end, whatever it computed. */
  outputHash?: Hex;
}

/** The ledger, run natively. */
export type Execute = (input: LedgerInput, nodes: NodeReader, options?: ExecuteOptions) => LedgerOutput;

/** What a lie is made from: a batch, its state, and what it truly leads to. */
interface Occasion {
  input: LedgerInput;
  nodes: NodeReader;
  execute: Execute;
  truth: LedgerOutput;
}

const INFLATION = 1_000n * 10n ** 18n;
const BOUNTY = 10n ** 18n;
/** Who gains by the lies. */
const THIEF: Hex = `0x${"7e".repeat(20)}`;
/** No account has a signature with these. */
const FORGED_SCALAR = abiWords(1n);
const TRANSFER_GAS = 21_000n;
/** Bytes of data that one hash stands for; docs/protocol.md §3. */
const DATA_CHUNK = 4_096;
/** Pairs of messages that are tried for one whose order matters. */
const PAIRS = 32;

/**
 * Makes a false batch of a true one.
 * @param input The batch as an honest sequencer would post it.
 * @param nodes The state before it.
 * @throws {FaultError} when the batch gives no occasion for this lie.
 */
export function forge(fault: Fault, input: LedgerInput, nodes: NodeReader, execute: Execute): Forgery {
  const forgery = FORGERS[fault]({ input, nodes, execute, truth: execute(input, nodes) });
  const truth = fault === "data" || fault === "signature" ? execute(forgery.input, nodes) : execute(input, nodes);
  if (outputHash(truth) === outputHash(forgery.output)) throw new FaultError(fault, "something that the lie changes");
  return { fault, ...forgery };
}

const FORGERS: Record<Fault, (occasion: Occasion) => Omit<Forgery, "fault">> = {
  balance(occasion) {
    const { input, nodes, execute, truth } = occasion;
    for (const { sender } of truth.receipts) {
      const { leaf } = proveLeaf(nodes, input.prevStateRoot, accountKey(sender));
      if (leaf === undefined || !equal(leaf.key, accountKey(sender))) continue;
      const forged = leafPreimage({ ...leaf, word1: leaf.word1 + INFLATION });
      const preimages = new Map([[toHex(keccak256(leafPreimage(leaf))), forged]]);
      const lying: NodeReader = { get: (hash) => preimages.get(toHex(hash)) ?? nodes.get(hash) };
      const output = execute(input, lying);
      if (output.stateRoot !== truth.stateRoot) return { input, output, lies: { preimages } };
    }
    const deposit = input.messages.find(({ kind, token }) => kind === 0 && token === ZERO_ADDRESS);
    if (deposit === undefined) throw new FaultError("balance", "an ETH deposit, or a transaction of an older account");
    return withMessages(occasion, new Map([[deposit.index, { ...deposit, amount: deposit.amount + INFLATION }]]));
  },

  drop(occasion) {
    const deposit = occasion.input.messages.findLast(({ kind }) => kind === 0);
    if (deposit === undefined) throw new FaultError("drop", "a deposit");
    // In its place a withdrawal that nobody can afford: nothing happens.
    const nothing: InboxMessage = { ...deposit, kind: 2, sender: ZERO_ADDRESS, token: ZERO_ADDRESS };
    return withMessages(occasion, new Map([[deposit.index, nothing]]));
  },

  reorder(occasion) {
    const { messages } = occasion.input;
    for (let i = 0; i + 1 < Math.min(messages.length, PAIRS); i++) {
      const [first, second] = [messages[i], messages[i + 1]];
      if (first === undefined || second === undefined) break;
      const swapped = new Map([
        [first.index, { ...second, index: first.index }],
        [second.index, { ...first, index: second.index }],
      ]);
      const forgery = withMessages(occasion, swapped);
      if (outputHash(forgery.output) !== outputHash(occasion.truth)) return forgery;
    }
    throw new FaultError("reorder", "two messages whose order matters, as deposits of two new accounts");
  },

  signature({ input, nodes, execute, truth }) {
    const { data, messages, timestamp } = input;
    const content = decodeBatch(data, { messages: messages.length, timestamp });
    const after = overlay(truth, nodes);
    const maxFeePerGas = content.baseFee;
    const fee = TRANSFER_GAS * maxFeePerGas;
    for (const victim of accountsOf(input, truth)) {
      const account = readAccount(after, truth.stateRoot, victim);
      if (account === undefined || account.balance <= fee) continue;
      const forged: BatchTransaction = {
        nonce: account.nonce,
        maxPriorityFeePerGas: 0n,
        maxFeePerGas,
        gasLimit: TRANSFER_GAS,
        to: THIEF,
        value: account.balance - fee,
        data: new Uint8Array(),
        yParity: 0,
        r: FORGED_SCALAR,
        s: FORGED_SCALAR,
      };
      const blocks = content.blocks.map((block, i) =>
        i + 1 < content.blocks.length ? block : { ...block, transactions: [...block.transactions, forged] },
      );
      const posted = { ...input, data: encodeBatch({ ...content, blocks }) };
      const recover = recoverAs(victim);
      return { input: posted, output: execute(posted, nodes, { recover }), lies: { preimages: new Map(), recover } };
    }
    throw new FaultError("signature", "an account with ETH");
  },

  withdrawals({ input, nodes, truth }) {
    const { withdrawalNonce } = readMeta(overlay(truth, nodes), truth.stateRoot);
    const invented = {
      nonce: withdrawalNonce,
      sender: THIEF,
      target: THIEF,
      token: ZERO_ADDRESS,
      amount: BOUNTY,
      data: "0x",
    } as const;
    const output = { ...truth, withdrawalsRoot: withdrawalsRoot([...truth.withdrawals, invented]) };
    return { input, output, lies: { preimages: new Map(), outputHash: outputHash(output) } };
  },

  data({ input, truth }) {
    // Another version than the one there is: nothing of it is read.
    const [version = 0] = input.data;
    const posted = concat(Uint8Array.of(version ^ 0xff), input.data.subarray(1));
    const [good, bad] = [firstChunk(input.data), firstChunk(posted)];
    const preimages = new Map([[toHex(keccak256(bad)), good]]);
    // In a blob the first element has the version, and nothing else differs.
    const elements = new Map([[toHex(firstElement(bad)), firstElement(good)]]);
    return { input: { ...input, data: posted }, output: truth, lies: { preimages, elements } };
  },

  state({ input, truth }) {
    const output = { ...truth, stateRoot: toHex(keccak256(fromHex(truth.stateRoot))) };
    return { input, output, lies: { preimages: new Map(), outputHash: outputHash(output) } };
  },
};

/** The batch with other contents of some messages, by index. */
function withMessages(
  { input, nodes, execute }: Occasion,
  changed: ReadonlyMap<bigint, InboxMessage>,
): Omit<Forgery, "fault"> {
  const messages = input.messages.map((message) => changed.get(message.index) ?? message);
  const preimages = new Map<string, Uint8Array>();
  for (const message of input.messages) {
    const other = changed.get(message.index);
    if (other !== undefined) preimages.set(messageHash(message), messageWords(other));
  }
  return { input, output: execute({ ...input, messages }, nodes), lies: { preimages } };
}

function firstChunk(data: Uint8Array): Uint8Array {
  return data.slice(0, DATA_CHUNK);
}

function firstElement(data: Uint8Array): Uint8Array {
  return elementOf(packBlobs(data)[0] ?? new Uint8Array(), 0);
}

function recoverAs(victim: Hex): NonNullable<ExecuteOptions["recover"]> {
  return (hash, yParity, r, s) =>
    equal(r, FORGED_SCALAR) && equal(s, FORGED_SCALAR) ? fromHex(victim) : recoverAddress(hash, yParity, r, s);
}

/** Who may have something in the batch. */
function accountsOf({ messages }: LedgerInput, { receipts }: LedgerOutput): Set<Hex> {
  return new Set([...messages.map(({ target }) => target), ...receipts.map(({ sender }) => sender)]);
}

/** The state after a run. */
function overlay({ nodes: added }: LedgerOutput, nodes: NodeReader): NodeReader {
  const fresh = new Map(added.map(({ hash, preimage }) => [toHex(hash), preimage]));
  return { get: (hash) => fresh.get(toHex(hash)) ?? nodes.get(hash) };
}

/**
 * The oracle of a machine that makes the forged output: `traceLedger`'s option.
 */
export function lyingOracle({ lies }: Forgery): (truth: Oracle) => Oracle {
  const { preimages, elements, recover } = lies;
  return (truth) => ({
    ...truth,
    preimage: (hash) => preimages.get(toHex(hash)) ?? truth.preimage(hash),
    ...(elements === undefined ? {} : { blob: (hash, index) => lieInBlob(elements, truth.blob?.(hash, index)) }),
    ...(recover === undefined ? {} : { recover }),
  });
}

/** What a blob's element is said to be. Its proof is that of the true one, made when it is asked for: there is no other. */
function lieInBlob(elements: ReadonlyMap<string, Uint8Array>, truth: BlobElement | undefined): BlobElement | undefined {
  const value = truth && elements.get(toHex(truth.value));
  if (truth === undefined || value === undefined) return truth;
  return {
    value,
    commitment: truth.commitment,
    get proof() {
      return truth.proof;
    },
  };
}

/** The trace as the liar tells it: where the machine has an output, it has the forged one. */
export function lyingTrace({ lies }: Forgery, trace: Trace): Trace {
  const { outputHash: forged } = lies;
  if (forged === undefined) return trace;
  const forge = (state: MachineState): MachineState =>
    isZero(state.outputHash) ? state : { ...state, outputHash: fromHex(forged) };
  const stateAt: Trace["stateAt"] = async (step, signal) => forge(await trace.stateAt(step, signal));
  const stateHashAt: Trace["stateHashAt"] = async (step, signal) => hashState(await stateAt(step, signal));
  return {
    ...trace,
    stateAt,
    stateHashAt,
    async hashesAt(steps, signal) {
      const hashes: Uint8Array[] = [];
      for (const step of steps) hashes.push(await stateHashAt(step, signal));
      return hashes;
    },
  };
}

function isZero(word: Uint8Array): boolean {
  return word.every((byte) => byte === 0);
}

/** A program that lies about some batches, natively and in the machine alike: a validator with it is a liar. */
export function lyingLedger<Ledger extends LyingLedger>(
  ledger: Ledger,
  lieAbout: (input: LedgerInput, nodes: NodeReader) => Forgery | undefined,
): Ledger {
  return {
    ...ledger,
    execute(input: LedgerInput, nodes: NodeReader, options?: ExecuteOptions) {
      const truth = ledger.execute(input, nodes, options);
      const { stateRoot, withdrawalsRoot: root, l2BlockTo, nodes: state } = lieAbout(input, nodes)?.output ?? truth;
      return { ...truth, stateRoot, withdrawalsRoot: root, l2BlockTo, nodes: state };
    },
    async trace(input: LedgerInput, nodes: NodeReader, signal?: AbortSignal) {
      const forgery = lieAbout(input, nodes);
      if (forgery === undefined) return ledger.trace(input, nodes, signal);
      const oracle = lyingOracle(forgery);
      return lyingTrace(forgery, await traceLedger(ledger.program(), input, nodes, { signal, oracle }));
    },
  };
}

/** What a liar is made from. */
type LyingLedger = Machine & { execute: Execute };
