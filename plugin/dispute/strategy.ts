import { toHex } from "../ledger/bytes.js";
import type { Hex } from "../types.js";
import { bondOf, claimId, listHash, strideOf } from "./rules.js";
import { byClosing, type GameNode, type GameTree } from "./tree.js";
import type { StateTrace } from "./types.js";

interface Answer {
  /** What it answers: the batch or a claim, with all that the move must name. */
  against: GameNode;
  /** Which state of its list is the first false one. */
  index: number;
  /** L1 time in seconds before which the move must be in a block. */
  closesAt: bigint;
}

/** What an honest participant does. `counter` against the batch is `counterBatch` on L1. */
export type Move =
  | (Answer & {
      kind: "counter";
      /** Id of the claim that the move makes. */
      id: Hex;
      list: Hex[];
      /** Wei to send. */
      bond: bigint;
    })
  | (Answer & { kind: "step"; witness: Uint8Array });

/**
 * The honest strategy (docs/dispute.md §4): for everything that starts from a true state and has a false one, post the true child
 * at the first false state, or step. What somebody has answered so already is left alone, and what starts from a false
 * state is not looked at, nor is anything below it.
 * @param now L1 time at which the moves can be in a block at the earliest: what is closed by then is not answered.
 * @param skip Ids of the batch or claims whose answers are already on their way.
 * @returns The moves, most urgent first.
 */
export async function answers(
  tree: GameTree,
  trace: StateTrace,
  now: bigint,
  { skip = new Set(), signal }: { skip?: ReadonlySet<Hex>; signal?: AbortSignal | undefined } = {},
): Promise<Move[]> {
  const unanswered = (await findUnanswered(tree, trace, signal))
    .filter(({ against }) => now < against.closesAt && !skip.has(against.id))
    .sort(byClosing);
  const segments = unanswered.map(({ against, index }) => childSteps(tree, against, index));
  const lists = await statesAt(trace, segments, signal);
  const moves: Move[] = [];
  for (const [i, answer] of unanswered.entries()) {
    const { against, index } = answer;
    if (against.depth === tree.parameters.levels) {
      moves.push({ ...answer, kind: "step", witness: await trace.witnessAt(against.offset + index, signal) });
      continue;
    }
    const list = lists[i]!;
    const start = index > 0 ? against.list[index - 1]! : (against.claim?.start ?? tree.batch.start);
    const id = claimId({ parent: against.id, index, start, listHash: listHash(list) });
    moves.push({ ...answer, kind: "counter", id, list, bond: bondOf(tree.parameters, against.depth + 1) });
  }
  return moves;
}

/** A trace that computes each hash and witness once. Keep it as long as the game. */
export function rememberTrace(trace: StateTrace): StateTrace {
  const hashes = new Map<number, Uint8Array>();
  const witnesses = new Map<number, Uint8Array>();
  return {
    async hashesAt(steps, signal) {
      const missing = steps.filter((step) => !hashes.has(step));
      const found = missing.length === 0 ? [] : await trace.hashesAt(missing, signal);
      missing.forEach((step, i) => hashes.set(step, found[i]!));
      return steps.map((step) => hashes.get(step)!);
    },
    async witnessAt(step, signal) {
      const witness = witnesses.get(step) ?? (await trace.witnessAt(step, signal));
      witnesses.set(step, witness);
      return witness;
    },
  };
}

/** Everything open that starts from a true state, has a false one and no true child there; also what is closed already. */
async function findUnanswered(tree: GameTree, trace: StateTrace, signal?: AbortSignal): Promise<Answer[]> {
  const unanswered = new Map<GameNode, Answer>();
  // Depth by depth: whether a claim starts from a true state is known when its parent's states are judged.
  for (let nodes = [tree.root]; nodes.length > 0;) {
    const truths = await statesAt(trace, nodes.map(ownSteps), signal);
    const below: GameNode[] = [];
    nodes.forEach((node, i) => {
      const isTrue = node.list.map((state, j) => state === truths[i]![j]);
      const index = isTrue.indexOf(false);
      if (index >= 0 && node.status === "open") {
        unanswered.set(node, { against: node, index, closesAt: node.closesAt });
      } else if (index < 0 && node.parent !== undefined && unanswered.get(node.parent)?.index === node.index) {
        unanswered.delete(node.parent);
      }
      // What counters a resolved claim is resolved.
      if (node.status === "open")
        below.push(...node.children.filter((child) => child.index === 0 || isTrue[child.index - 1]));
    });
    nodes = below;
  }
  return [...unanswered.values()];
}

/** Steps of a node's states. */
function ownSteps({ list, offset, stride }: GameNode): number[] {
  return list.map((_, i) => offset + (i + 1) * stride);
}

/** Steps of the states of a child that counters state `index`; none where an instruction cannot be dissected. */
function childSteps({ parameters }: GameTree, { depth, offset, stride }: GameNode, index: number): number[] {
  if (depth === parameters.levels) return [];
  const childStride = strideOf(parameters, depth + 1);
  const start = offset + index * stride;
  return Array.from({ length: 2 ** parameters.bits }, (_, i) => start + (i + 1) * childStride);
}

/** True states at lists of steps, asked of the trace at once. */
async function statesAt(trace: StateTrace, lists: number[][], signal?: AbortSignal): Promise<Hex[][]> {
  const steps = [...new Set(lists.flat())].sort((a, b) => a - b);
  const hashes = steps.length === 0 ? [] : await trace.hashesAt(steps, signal);
  const states = new Map(steps.map((step, i) => [step, toHex(hashes[i]!)]));
  return lists.map((list) => list.map((step) => states.get(step)!));
}
