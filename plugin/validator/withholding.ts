import { AvailabilityChallenge__factory } from "../../typechain-types/index.js";
import { proveChunk } from "../da/committee/chunks.js";
import { DataWithheldError } from "../da/committee/client.js";
import { ask } from "../l1/ask.js";
import { answerIntent, closeIntent, demandCreditIntent, demandIntent } from "../l1/availability.js";
import type { L1Client } from "../l1/client.js";
import type { Intent } from "../l1/intent.js";
import type { Mined } from "../l1/sender.js";
import type { PlacedEvent } from "../l1/types.js";
import type { Hex } from "../types.js";
import { type DemandMove, demandMoves, type Demands, demandsOf, type Withheld } from "./demands.js";
import type { PostedHeader } from "./history.js";
import type { OpenGame, ValidatorEvent } from "./types.js";

export interface WithholdingOptions {
  client: Pick<L1Client, "deployment" | "provider" | "addresses" | "now">;
  /** The account that plays. */
  account: Hex;
  /** Of a batch that it agrees or disagrees with. */
  dataOf: (posted: PostedHeader, signal?: AbortSignal) => Promise<Uint8Array>;
  log: (event: ValidatorEvent) => void;
}

/** Gets a transaction mined; undefined when that cannot be now. */
export type Attempt = (intent: Intent) => Promise<Mined | undefined>;

/** What a validator does about data that members attested and withhold; docs/data-availability.md §4. */
export interface Withholding {
  /**
   * Demands, publishes and closes what is due.
   * @param has Whether it has the data of a batch.
   * @returns how many transactions were mined, and until when nothing can be done about what is missing or demanded.
   */
  play(
    events: readonly PlacedEvent[],
    withheld: readonly Withheld[],
    has: (headerHash: Hex) => boolean,
    attempt: Attempt,
    signal?: AbortSignal,
  ): Promise<{ moves: number; waits: OpenGame[] }>;
  /** Takes bonds that came back or were earned. Returns how many transactions that took. */
  collect(block: number, attempt: Attempt, signal?: AbortSignal): Promise<number>;
}

/** Transactions between two looks at L1. */
const MOVES_AT_ONCE = 16;

export function createWithholding({ client, account, dataOf, log }: WithholdingOptions): Withholding {
  const { deployment, provider, addresses } = client;
  let known: { events: readonly PlacedEvent[]; demands: Demands } | undefined;
  /** What was sent about, until L1 tells of it. */
  let sent: { events: readonly PlacedEvent[]; ids: Set<Hex> } | undefined;

  function idOf(move: DemandMove): Hex {
    return move.kind === "demand" ? move.id : move.demand.id;
  }

  async function intentOf(move: DemandMove, to: Hex, signal?: AbortSignal): Promise<Intent | undefined> {
    const { header } = move.posted;
    if (move.kind === "close") return closeIntent(to, header, move.demand);
    if (move.kind === "demand") {
      const { certificate } = move.missing;
      const { demandBond } = deployment.parameters;
      return demandIntent(to, move.id, { header, certificate, chunk: move.chunk }, demandBond);
    }
    try {
      const data = await dataOf(move.posted, signal);
      return answerIntent(to, move.demand, proveChunk(data, move.demand.chunk.index));
    } catch (error) {
      // Who has none any more leaves it to others.
      if (error instanceof DataWithheldError) return undefined;
      throw error;
    }
  }

  return {
    async play(events, withheld, has, attempt, signal) {
      const { availability } = addresses;
      if (availability === undefined) return { moves: 0, waits: [] };
      if (known?.events !== events) known = { events, demands: demandsOf(events) };
      if (sent?.events !== events) sent = { events, ids: new Set() };
      const { ids } = sent;
      const now = await client.now(signal);
      const moves = demandMoves(known.demands, withheld, { account, terms: deployment.parameters, now, has });
      const waits = moves
        .filter(({ due, kind }) => due > now && kind !== "answer")
        .map(({ due, posted: { header, headerHash } }) => ({ index: header.index, headerHash, endsAt: due }));
      let count = 0;
      for (const move of moves.filter((each) => each.due <= now && !ids.has(idOf(each)))) {
        const intent = await intentOf(move, availability, signal);
        const mined = intent && (await attempt(intent));
        if (mined === undefined) continue;
        ids.add(idOf(move));
        const { index } = move.posted.header;
        const chunk = move.kind === "demand" ? move.chunk : move.demand.chunk.index;
        const kind = ({ demand: "demanded", answer: "published", close: "closed" } as const)[move.kind];
        log({ kind, index, chunk, gasUsed: mined.receipt.gasUsed });
        if (++count === MOVES_AT_ONCE) break;
      }
      return { moves: count, waits };
    },

    async collect(block, attempt, signal) {
      const { availability } = addresses;
      if (availability === undefined) return 0;
      const contract = AvailabilityChallenge__factory.connect(availability, provider);
      const amount = await ask("credit", () => contract.creditOf(account), { signal });
      if (amount === 0n) return 0;
      if ((await attempt(demandCreditIntent(availability, account, block))) === undefined) return 0;
      log({ kind: "paid", what: "bonds", amount });
      return 1;
    },
  };
}
