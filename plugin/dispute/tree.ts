import { ZERO_ADDRESS, type Hex } from "../types.js";
import { closesAt, strideOf, usedBy } from "./rules.js";
import type { DisputeClaim, DisputedBatch, DisputeEvent, DisputeParameters } from "./types.js";

/** A statement that can be countered: the batch, or a claim. */
export interface GameNode {
  /** Header hash of the batch, or the claim's id. */
  readonly id: Hex;
  /** 0 for the batch. */
  readonly depth: number;
  /** Its content as moves name it; undefined for the batch. */
  readonly claim?: DisputeClaim;
  readonly parent?: GameNode;
  /** Which state of the parent's list it holds false; 0 for the batch. */
  readonly index: number;
  readonly list: readonly Hex[];
  /** Instructions before its segment. State `i` of its list is the one at step `offset + (i + 1) * stride`. */
  readonly offset: number;
  readonly stride: number;
  /** Who holds its bond; undefined for the batch. */
  readonly claimant?: Hex;
  /** L1 times in seconds. It can be answered before `closesAt`, and resolved from then on. */
  readonly postedAt: bigint;
  readonly closesAt: bigint;
  /** Seconds that its line has used of its clock. */
  readonly used: bigint;
  /** Claims that counter it, in the order in which they were made. */
  readonly children: readonly GameNode[];
  readonly status: "open" | "standing" | "refuted";
  /** Of a batch: its data were demanded on L1 and withheld, so it falls whatever is claimed. */
  readonly isUnavailable?: boolean;
  /** Who got its bond, or for the batch the reward; zero address where nobody did. Undefined while open. */
  readonly payee?: Hex;
}

/** A game's claims. Made of events alone: after a reorganisation of L1, make a new one from the events that remain. */
export interface GameTree {
  readonly parameters: DisputeParameters;
  readonly batch: DisputedBatch;
  /** The batch. */
  readonly root: GameNode;
  /** The batch or a claim of this game. */
  get(id: Hex): GameNode | undefined;
  /** The batch and all claims; parents before children. */
  nodes(): IterableIterator<GameNode>;
  /** @throws UnknownClaimError when the event is about no claim of this game. */
  apply(event: DisputeEvent): void;
}

/** An event about a claim that the game does not have. */
export class UnknownClaimError extends Error {
  override readonly name = "UnknownClaimError";

  constructor(
    readonly headerHash: Hex,
    readonly id: Hex,
  ) {
    super(
      `the game about batch ${headerHash} has no claim ${id}: events must come in L1's order, from the game's begin`,
    );
  }
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Node = Writable<Omit<GameNode, "children">> & { readonly children: GameNode[]; readonly parent?: Node };

/** The game about a batch after `events`. */
export function createGameTree(
  parameters: DisputeParameters,
  batch: DisputedBatch,
  events: Iterable<DisputeEvent> = [],
): GameTree {
  const root: Node = {
    id: batch.headerHash,
    depth: 0,
    index: 0,
    list: [batch.end],
    offset: 0,
    stride: strideOf(parameters, 0),
    postedAt: 0n,
    closesAt: batch.finalizesAt,
    used: 0n,
    children: [],
    status: "open",
  };
  const nodes = new Map<Hex, Node>([[root.id, root]]);

  function known(id: Hex): Node {
    const node = nodes.get(id);
    if (node === undefined) throw new UnknownClaimError(batch.headerHash, id);
    return node;
  }

  function end(node: Node, isRefuted: boolean, payee: Hex): void {
    node.status = isRefuted ? "refuted" : "standing";
    node.payee = payee;
  }

  function apply(event: DisputeEvent): void {
    switch (event.kind) {
      case "claimMade": {
        const parent = known(event.claim.parent);
        const node = claimNode(parameters, parent, event);
        parent.children.push(node);
        nodes.set(node.id, node);
        return;
      }
      case "claimStepped":
        end(known(event.id), true, event.winner);
        return;
      case "claimResolved":
        end(known(event.id), event.isRefuted, event.payee);
        return;
      case "batchUnavailable":
        root.isUnavailable = true;
        return;
      case "gameResolved":
        end(known(event.headerHash), event.winner !== ZERO_ADDRESS, event.winner);
    }
  }

  for (const event of events) apply(event);
  return { parameters, batch, root, get: (id) => nodes.get(id), nodes: () => nodes.values(), apply };
}

function claimNode(
  parameters: DisputeParameters,
  parent: Node,
  { id, claim, claimant, list, timestamp }: Extract<DisputeEvent, { kind: "claimMade" }>,
): Node {
  const depth = parent.depth + 1;
  return {
    id,
    depth,
    claim,
    parent,
    index: claim.index,
    list,
    offset: parent.offset + claim.index * parent.stride,
    stride: strideOf(parameters, depth),
    claimant,
    postedAt: timestamp,
    closesAt: closesAt(parameters, timestamp, parent.used),
    used: usedBy(parameters, parent.parent?.used, parent.postedAt, timestamp),
    children: [],
    status: "open",
  };
}

/** The claim that wins against a node if nothing more is moved: docs/dispute.md §4. */
export function winningChild(node: GameNode): GameNode | undefined {
  let winner: GameNode | undefined;
  for (const child of node.children)
    if (stands(child) && (winner === undefined || precedes(child, winner))) winner = child;
  return winner;
}

/** Whether a node stands if nothing more is moved. */
export function stands(node: GameNode): boolean {
  if (node.status !== "open") return node.status === "standing";
  return node.isUnavailable !== true && winningChild(node) === undefined;
}

function precedes(a: GameNode, b: GameNode): boolean {
  if (a.index !== b.index) return a.index < b.index;
  if (a.postedAt !== b.postedAt) return a.postedAt < b.postedAt;
  // L1 keeps the winner in one word, which has room for seven bytes of the id.
  const [idOfA, idOfB] = [a, b].map(({ id }) => id.slice(2, 16));
  if (idOfA !== idOfB) return idOfA! < idOfB!;
  return (a.claimant ?? "").toLowerCase() < (b.claimant ?? "").toLowerCase();
}

/** What can be answered at `now`, the earliest to close first. */
export function openNodes(tree: GameTree, now: bigint): GameNode[] {
  return [...tree.nodes()].filter((node) => node.status === "open" && now < node.closesAt).sort(byClosing);
}

export function byClosing(a: { closesAt: bigint }, b: { closesAt: bigint }): number {
  return a.closesAt < b.closesAt ? -1 : a.closesAt > b.closesAt ? 1 : 0;
}

/** What can be resolved at `now`, in an order in which L1 takes it: children before parents, the batch last. */
export function resolvable(tree: GameTree, now: bigint): GameNode[] {
  const order: GameNode[] = [];
  function isDone(node: GameNode): boolean {
    if (node.status !== "open") return true;
    // Every child is visited, also where an earlier one is not done.
    const isReady = node.children.map(isDone).every(Boolean) && now >= node.closesAt;
    if (isReady) order.push(node);
    return isReady;
  }
  isDone(tree.root);
  return order;
}

/** From when on the game can be over if nothing more is moved, in seconds. */
export function endsAt(tree: GameTree): bigint {
  let latest = tree.root.closesAt;
  for (const { status, closesAt } of tree.nodes()) if (status === "open" && closesAt > latest) latest = closesAt;
  return latest;
}
