import { createGameTree, type GameTree } from "../dispute/tree.js";
import type { DisputeEvent, DisputeParameters } from "../dispute/types.js";
import type { PlacedEvent } from "../l1/types.js";
import type { BatchHeader, Hex } from "../types.js";
import type { PostedHeader } from "./history.js";

/** A batch that was posted, wherever it is now, and the claims about it. */
export interface Game {
  posted: PostedHeader;
  parent: BatchHeader;
  /** Whether L1 has the batch now. */
  isOnChain: boolean;
  tree: GameTree;
}

/** What a game is about, and by which rules. */
export interface Rules {
  /** Of the game contract; undefined when it is not one that can be played. */
  parametersOf(resolver: Hex): DisputeParameters | undefined;
  /** Hashes of the machine's first state and of the last one that the batch claims; docs/dispute.md §1. */
  statementOf(header: BatchHeader): { start: Hex; end: Hex };
}

/**
 * The games that L1's events tell of, and one without claims for each batch in `disputable`.
 * @param genesis Parent of the first batch.
 */
export function gamesOf(
  events: readonly PlacedEvent[],
  genesis: { header: BatchHeader; headerHash: Hex },
  disputable: ReadonlySet<Hex>,
  rules: Rules,
): Game[] {
  const posted = new Map<Hex, PostedHeader>();
  const onChain: Hex[] = [];
  const moves = new Map<Hex, DisputeEvent[]>();
  /** Header hash by the id of a claim. */
  const gameOf = new Map<Hex, Hex>();
  const add = (headerHash: Hex | undefined, event: DisputeEvent): void => {
    if (headerHash === undefined) return;
    moves.set(headerHash, [...(moves.get(headerHash) ?? []), event]);
  };
  for (const event of events) {
    switch (event.kind) {
      case "batch":
        posted.set(event.headerHash, event);
        onChain.length = Number(event.header.index) - 1;
        onChain.push(event.headerHash);
        break;
      case "reverted":
        onChain.length = Number(event.fromIndex) - 1;
        break;
      case "claimMade":
        gameOf.set(event.id, gameOf.get(event.claim.parent) ?? event.claim.parent);
        add(gameOf.get(event.id), { ...event, timestamp: event.block.timestamp });
        break;
      case "claimStepped":
      case "claimResolved":
        add(gameOf.get(event.id), event);
        break;
      case "batchUnavailable":
      case "gameResolved":
        add(event.headerHash, event);
    }
  }

  const games: Game[] = [];
  const isOnChain = new Set(onChain);
  for (const headerHash of new Set([...moves.keys(), ...disputable])) {
    const batch = posted.get(headerHash);
    if (batch === undefined) continue;
    const { header } = batch;
    const parameters = rules.parametersOf(header.resolver);
    const parent = header.parentHash === genesis.headerHash ? genesis.header : posted.get(header.parentHash)?.header;
    if (parameters === undefined || parent === undefined) continue;
    const { finalizesAt } = header;
    const statement = { headerHash, finalizesAt, ...rules.statementOf(header) };
    const tree = createGameTree(parameters, statement, moves.get(headerHash));
    games.push({ posted: batch, parent, isOnChain: isOnChain.has(headerHash), tree });
  }
  return games;
}
