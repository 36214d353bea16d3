import type { GameNode } from "../../../plugin/dispute/tree.js";
import { type ToyRun, toyState } from "./toy.js";

/** Number of a node's first false state; -1 where all are true. */
export function firstFalse(run: ToyRun, { list, offset, stride }: GameNode): number {
  return list.findIndex((state, i) => state !== toyState(run, offset + (i + 1) * stride));
}

/** Whether all states of a node are true. */
export function isTrueNode(run: ToyRun, node: GameNode): boolean {
  return firstFalse(run, node) < 0;
}

/** Whether a node starts from a true state, and everything above it does. */
export function startsTrue(run: ToyRun, { claim, offset, parent }: GameNode): boolean {
  return claim === undefined || (claim.start === toyState(run, offset) && startsTrue(run, parent!));
}

/** Whether a false node is one that decides about the batch: from it up to the batch, lies and true answers take turns. */
export function isDecisive(run: ToyRun, node: GameNode): boolean {
  for (
    let [at, isLie]: [GameNode | undefined, boolean] = [node, true];
    at !== undefined;
    [at, isLie] = [at.parent, !isLie]
  )
    if (isTrueNode(run, at) === isLie) return false;
  return startsTrue(run, node);
}
