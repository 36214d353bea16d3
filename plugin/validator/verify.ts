import { decodeBatch, encodeBatch } from "../ledger/batch.js";
import { toHex } from "../ledger/bytes.js";
import { withdrawalsRoot } from "../ledger/hashes.js";
import { MalformedBatchError } from "../ledger/reader.js";
import type { BatchContent, BatchOutput, LedgerInput, NodeReader } from "../ledger/types.js";
import type { BatchHeader, Hex, Withdrawal } from "../types.js";
import type { Difference, Program } from "./types.js";

/** The first field of `header` that is not what running the batch gives; undefined when all are. */
export function firstDifference(
  header: BatchHeader,
  parent: BatchHeader,
  input: LedgerInput,
  output: BatchOutput,
  program: Program,
  nodes: NodeReader,
): Difference | undefined {
  const different = (field: Difference["field"], expected: string | bigint): Difference | undefined =>
    String(header[field]).toLowerCase() === String(expected).toLowerCase()
      ? undefined
      : { field, expected: String(expected), got: String(header[field]) };

  const outside = different("prevStateRoot", parent.stateRoot) ?? different("inboxAcc", output.inboxAcc);
  if (outside !== undefined) return outside;
  const length = different("l2BlockTo", output.l2BlockTo);
  if (length !== undefined) {
    const last = header.l2BlockTo < output.l2BlockTo ? header.l2BlockTo : output.l2BlockTo;
    return { ...length, l2Block: last + 1n };
  }
  const state = different("stateRoot", output.stateRoot);
  if (state !== undefined) {
    return locate(state, input, output, program, nodes, ({ stateRoot }) => stateRoot === header.stateRoot);
  }
  const withdrawals = different("withdrawalsRoot", output.withdrawalsRoot);
  if (withdrawals === undefined) return undefined;
  return locate(
    withdrawals,
    input,
    output,
    program,
    nodes,
    (after) => after.withdrawalsRoot === header.withdrawalsRoot,
  );
}

interface AfterBlock {
  /** 0 stands for before the first block. */
  blocks: number;
  stateRoot: Hex;
  withdrawalsRoot: Hex;
}

/**
 * Adds the block from which on the claim is wrong, when the claim is what some prefix of the batch gives. L1 has no roots
 * in between, so of another lie only the batch can be told; unless it has a single block.
 */
function locate(
  difference: Difference,
  input: LedgerInput,
  output: BatchOutput,
  program: Program,
  nodes: NodeReader,
  isClaim: (after: AfterBlock) => boolean,
): Difference {
  const content = contentOf(input);
  if (content === undefined || content.blocks.length === 1) return { ...difference, l2Block: input.l2BlockFrom + 1n };
  const prefixes = runBlockwise(content, input, program, nodes);
  // Block by block must lead where the whole batch does, else it tells nothing.
  if (prefixes.at(-1)?.stateRoot !== output.stateRoot) return difference;
  const last = prefixes.findLast(isClaim);
  return last === undefined ? difference : { ...difference, l2Block: input.l2BlockFrom + BigInt(last.blocks) + 1n };
}

function contentOf({ data, messages, timestamp }: LedgerInput): BatchContent | undefined {
  try {
    return decodeBatch(data, { messages: messages.length, timestamp });
  } catch (error) {
    if (error instanceof MalformedBatchError) return undefined;
    throw error;
  }
}

/** Roots after every prefix of the batch, each block run as a batch of its own. */
function runBlockwise(
  { coinbase, baseFee, blocks }: BatchContent,
  input: LedgerInput,
  program: Program,
  nodes: NodeReader,
): AfterBlock[] {
  const added = new Map<string, Uint8Array>();
  const reader: NodeReader = { get: (hash) => added.get(toHex(hash)) ?? nodes.get(hash) };
  const withdrawals: Withdrawal[] = [];
  const after: AfterBlock[] = [
    { blocks: 0, stateRoot: input.prevStateRoot, withdrawalsRoot: withdrawalsRoot(withdrawals) },
  ];
  let from = input;
  for (const [position, block] of blocks.entries()) {
    const consumed = from.messages.slice(0, block.messages);
    const data = encodeBatch({ coinbase, baseFee, blocks: [block] });
    const output = program.execute({ ...from, messages: consumed, data, blobs: undefined }, reader);
    for (const { hash, preimage } of output.nodes) added.set(toHex(hash), preimage);
    withdrawals.push(...output.withdrawals);
    const { stateRoot } = output;
    after.push({ blocks: position + 1, stateRoot, withdrawalsRoot: withdrawalsRoot(withdrawals) });
    from = {
      ...from,
      inboxFrom: from.inboxFrom + BigInt(consumed.length),
      l2BlockFrom: output.l2BlockTo,
      prevStateRoot: stateRoot,
      prevInboxAcc: output.inboxAcc,
      messages: from.messages.slice(consumed.length),
    };
  }
  return after;
}
