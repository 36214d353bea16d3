import { keccak256 } from "../machine/keccak.js";
import { GuestTrap, MissingPreimage, type GuestRun, type GuestRunOptions } from "../machine/native.js";
import { PreimageMap } from "../machine/preimage-map.js";
import { ZERO_HASH, type Hex, type Withdrawal } from "../types.js";
import { blobIn, elementOf } from "../da/blob.js";
import { concat, fromHex, toBigInt, toHex } from "./bytes.js";
import type { LedgerGuest } from "./guest.js";
import { dataHashOf, inputWords, messageWords, outputHash, type PreimageSink, withdrawalsRoot } from "./hashes.js";
import { readReceipts } from "./receipts.js";
import { MissingNodeError } from "./state.js";
import { recoverAddress } from "./transaction.js";
import type { LedgerInput, LedgerOutput, NodeReader, StateNode } from "./types.js";

const NODE_LENGTH = 64;
const STATE_LEAF_LENGTH = 128;
const WITHDRAWAL_LEAF_LENGTH = 224;
const OUTPUT_LENGTH = 128;

export interface ExecuteOptions {
  /**
   * Who signed a hash, or undefined for nobody; recoverAddress if not given. Whoever has recovered the senders before
   * (a sequencer when it accepted them) can answer from memory.
   */
  recover?: typeof recoverAddress;
}

/** A run that ended in a trap, or whose output does not fit its own hashes: never a verdict about the batch. */
export class LedgerExecutionError extends Error {
  override readonly name = "LedgerExecutionError";
}

/**
 * Runs the ledger guest natively over one batch.
 * @param nodes The state behind `input.prevStateRoot`.
 * @throws LedgerExecutionError when the run itself fails; MissingNodeError when the state is incomplete.
 */
export function executeLedger(
  guest: LedgerGuest,
  input: LedgerInput,
  nodes: NodeReader,
  options: ExecuteOptions = {},
): LedgerOutput {
  const given = new PreimageMap();
  const { inputHash, inboxAcc } = collectInput(input, given);
  const run = runGuest(guest, input.prevStateRoot, {
    input: inputHash,
    preimage: (hash) => given.get(hash) ?? nodes.get(hash),
    blob: (hash, index) => {
      const blob = blobIn(input, hash);
      return blob && elementOf(blob.bytes, index);
    },
    recover: options.recover ?? recoverAddress,
  });
  const { hashed } = run;
  const { stateRoot, withdrawalsRoot: root, l2BlockTo } = readOutput(run.output, hashed);
  return {
    stateRoot,
    withdrawalsRoot: root,
    l2BlockTo,
    inboxAcc: toHex(inboxAcc),
    inputHash: toHex(inputHash),
    outputHash: toHex(run.output),
    withdrawals: readWithdrawals(root, hashed),
    receipts: readReceipts(run.receipts),
    nodes: newNodes(fromHex(stateRoot), hashed),
  };
}

function runGuest(guest: LedgerGuest, prevStateRoot: Hex, run: GuestRunOptions): GuestRun {
  try {
    return guest.run(run);
  } catch (error) {
    // All of the input was given, so only a node can be missing.
    if (error instanceof MissingPreimage) throw new MissingNodeError(toHex(error.hash), prevStateRoot);
    if (error instanceof GuestTrap) throw new LedgerExecutionError(error.message, { cause: error });
    throw error;
  }
}

/** Puts everything into `given` that `inputHash` leads to, but for the state. */
export function collectInput(input: LedgerInput, given: PreimageMap): { inputHash: Uint8Array; inboxAcc: Uint8Array } {
  const add = (preimage: Uint8Array): Uint8Array => {
    const hash = keccak256(preimage);
    given.set(hash, preimage);
    return hash;
  };
  let acc = fromHex(input.prevInboxAcc, 32);
  input.messages.forEach((message, i) => {
    const index = input.inboxFrom + BigInt(i);
    if (message.index !== index) throw new RangeError(`message ${index} is expected, got ${message.index}`);
    // Only the data of a transaction message is ever opened.
    if (message.kind === 1) add(fromHex(message.data));
    acc = add(concat(acc, add(messageWords(message))));
  });
  const inboxAcc = toHex(acc);
  const inboxTo = input.inboxFrom + BigInt(input.messages.length);
  const sink: PreimageSink = (digest, preimage) => given.set(digest, preimage);
  const hash = dataHashOf(input, sink);
  return { inputHash: add(inputWords({ ...input, inboxTo, inboxAcc, dataHash: hash })), inboxAcc: acc };
}

/** The words behind `outputHash`, checked against it. */
function readOutput(
  hash: Uint8Array,
  hashed: PreimageMap,
): Pick<LedgerOutput, "stateRoot" | "withdrawalsRoot" | "l2BlockTo"> {
  const words = hashed.get(hash);
  if (words?.length !== OUTPUT_LENGTH) throw new LedgerExecutionError("the guest's output is no hash that it computed");
  const output = {
    stateRoot: toHex(words.subarray(32, 64)),
    withdrawalsRoot: toHex(words.subarray(64, 96)),
    l2BlockTo: toBigInt(words.subarray(96)),
  };
  if (outputHash(output) !== toHex(hash)) throw new LedgerExecutionError("the guest's output has another domain");
  return output;
}

/** The leaves of the withdrawals tree, in order, through what the guest hashed to make it. */
function readWithdrawals(root: Hex, hashed: PreimageMap): Withdrawal[] {
  if (root === ZERO_HASH) return [];
  const withdrawals: Withdrawal[] = [];
  const walk = (hash: Uint8Array): void => {
    const preimage = hashed.get(hash);
    if (preimage?.length === WITHDRAWAL_LEAF_LENGTH) {
      withdrawals.push({
        nonce: toBigInt(preimage.subarray(32, 64)),
        sender: toHex(preimage.subarray(76, 96)),
        target: toHex(preimage.subarray(108, 128)),
        token: toHex(preimage.subarray(140, 160)),
        amount: toBigInt(preimage.subarray(160, 192)),
        data: "0x",
      });
    } else if (preimage?.length === NODE_LENGTH) {
      walk(preimage.subarray(0, 32));
      walk(preimage.subarray(32));
    } // else padding: the check below finds anything else that is missing
  };
  walk(fromHex(root));
  const found = withdrawalsRoot(withdrawals);
  if (found !== root) throw new LedgerExecutionError(`withdrawals hash to ${found}, but their root is ${root}`);
  return withdrawals;
}

/** Nodes and leaves below `root` that the guest hashed. */
function newNodes(root: Uint8Array, hashed: PreimageMap): StateNode[] {
  const nodes: StateNode[] = [];
  const walk = (hash: Uint8Array): void => {
    const preimage = hashed.get(hash);
    if (preimage === undefined) return; // an old node, and so is everything below it
    // Views: they keep in memory what was hashed, which is little else than these nodes.
    nodes.push({ hash, preimage });
    if (preimage.length === STATE_LEAF_LENGTH) return;
    walk(preimage.subarray(0, 32));
    walk(preimage.subarray(32));
  };
  walk(root);
  return nodes;
}
