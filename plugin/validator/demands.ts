import type { Missing } from "../da/committee/client.js";
import { demandIdOf } from "../l1/availability.js";
import type { DemandEvent, PlacedEvent } from "../l1/types.js";
import type { Hex, RollupParameters } from "../types.js";
import type { PostedHeader } from "./history.js";

/** A pending batch, and what nobody gives of its data. */
export interface Withheld {
  posted: PostedHeader;
  missing: Missing;
}

/** Times in seconds, the bond in wei. */
export type DemandTerms = Pick<RollupParameters, "demandWindow" | "answerTime" | "answerMargin" | "demandBond">;

export interface Demand extends Omit<Extract<DemandEvent, { kind: "chunkDemanded" }>, "kind"> {
  status: "open" | "answered" | "closed";
}

/** What is to be done on L1 about data that are demanded or missing; docs/data-availability.md §4. */
export type DemandMove = {
  posted: PostedHeader;
  /** L1 time in seconds from which on. */
  due: bigint;
} & ({ kind: "demand"; id: Hex; missing: Missing; chunk: number } | { kind: "answer" | "close"; demand: Demand });

/** What L1's events tell of demands, and of batches that were posted. */
export interface Demands {
  byId: ReadonlyMap<Hex, Demand>;
  posted: ReadonlyMap<Hex, PostedHeader>;
  /** Batches that fall when their games are over. */
  lost: ReadonlySet<Hex>;
  /** Batches that L1 has now and that are not final. */
  pending: ReadonlySet<Hex>;
}

export function demandsOf(events: readonly PlacedEvent[]): Demands {
  const byId = new Map<Hex, Demand>();
  const posted = new Map<Hex, PostedHeader>();
  const lost = new Set<Hex>();
  const onChain: Hex[] = [];
  let finalized = 0;
  const end = (id: Hex, status: Demand["status"]): void => {
    const demand = byId.get(id);
    if (demand !== undefined) byId.set(id, { ...demand, status });
  };
  for (const event of events) {
    if (event.kind === "batch") {
      posted.set(event.headerHash, event);
      onChain.length = Number(event.header.index) - 1;
      onChain.push(event.headerHash);
    }
    if (event.kind === "reverted") onChain.length = Number(event.fromIndex) - 1;
    if (event.kind === "finalized") finalized = Number(event.index);
    if (event.kind === "chunkDemanded") byId.set(event.id, { ...event, status: "open" });
    if (event.kind === "chunkAnswered") end(event.id, "answered");
    if (event.kind === "demandClosed") end(event.id, "closed");
    if (event.kind === "batchUnavailable") lost.add(event.headerHash);
  }
  return { byId, posted, lost, pending: new Set(onChain.slice(finalized)) };
}

/**
 * What one account does. It demands what is missing once half of the time for demands is over: members may be down for a while.
 * It closes its own demands, and those for data that it misses. It answers for data that it has, when half of the time to
 * answer is over: those whose task it is come first.
 * @param has Whether it has the data of a batch.
 * @param now L1 time in seconds. What is due later is among the moves; what is too late is not.
 */
export function demandMoves(
  { byId, posted, lost, pending }: Demands,
  withheld: readonly Withheld[],
  { account, terms, now, has }: { account: Hex; terms: DemandTerms; now: bigint; has: (headerHash: Hex) => boolean },
): DemandMove[] {
  const moves: DemandMove[] = [];
  const missed = new Set(withheld.map((each) => each.posted.headerHash));
  for (const { posted: batch, missing } of withheld) {
    const { header, headerHash } = batch;
    const until = lesser(
      header.timestamp + terms.demandWindow,
      header.finalizesAt - terms.answerTime - terms.answerMargin,
    );
    if (now >= until || lost.has(headerHash) || !pending.has(headerHash)) continue;
    const due = header.timestamp + (until - header.timestamp) / 2n;
    for (const chunk of missing.chunks) {
      const id = demandIdOf(headerHash, missing.certificate, chunk);
      if (!byId.has(id)) moves.push({ kind: "demand", posted: batch, due, id, missing, chunk });
    }
  }
  for (const demand of byId.values()) {
    const { headerHash } = demand.chunk;
    const batch = posted.get(headerHash);
    if (demand.status !== "open" || batch === undefined) continue;
    const isOwn = demand.claimant.toLowerCase() === account.toLowerCase();
    if (now < demand.answerBy && has(headerHash) && pending.has(headerHash))
      moves.push({ kind: "answer", posted: batch, due: demand.answerBy - terms.answerTime / 2n, demand });
    else if (isOwn || missed.has(headerHash))
      moves.push({ kind: "close", posted: batch, due: demand.answerBy, demand });
  }
  return moves;
}

function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
