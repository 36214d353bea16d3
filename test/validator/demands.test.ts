import { expect } from "chai";

import { chunkRoot } from "../../plugin/da/committee/chunks.js";
import { genesisHeader } from "../../plugin/ledger/header.js";
import { demandIdOf } from "../../plugin/l1/availability.js";
import type { L1Event, PlacedEvent } from "../../plugin/l1/types.js";
import { type Hex, ZERO_HASH } from "../../plugin/types.js";
import { demandMoves, demandsOf, type Withheld } from "../../plugin/validator/demands.js";

const [ME, OTHER] = [`0x${"a".repeat(40)}`, `0x${"b".repeat(40)}`] as [Hex, Hex];
const BATCH: Hex = `0x${"11".repeat(32)}`;
/** Posted at 1,000; demands until 1,100, answers within 200, all before 1,500. */
const TERMS = { demandWindow: 100n, answerTime: 200n, answerMargin: 50n, demandBond: 7n };
const header = { ...genesisHeader(1_000n, ZERO_HASH), index: 1n, finalizesAt: 1_500n };
const posted = { header, headerHash: BATCH, transaction: ZERO_HASH };
const certificate = {
  ...{ length: 9_000n, epoch: 0n, expiry: 9_999n, root: chunkRoot(new Uint8Array(9_000)) },
  ...{ signers: 1n, signatures: "0x" as Hex },
};
const WITHHELD: Withheld = { posted, missing: { certificate, chunks: [0, 2] } };
const idOf = (chunk: number): Hex => demandIdOf(BATCH, certificate, chunk);

const placed = (event: L1Event): PlacedEvent => ({
  ...event,
  block: { number: 1, hash: ZERO_HASH, timestamp: 1_000n },
  logIndex: 0,
});
const append = placed({ kind: "batch", ...posted });
const demanded = (chunk: number, claimant: Hex, answerBy = 1_300n): PlacedEvent =>
  placed({
    ...{ kind: "chunkDemanded", id: idOf(chunk), batchIndex: 1n, claimant, dataHash: header.dataHash, answerBy },
    chunk: { headerHash: BATCH, root: certificate.root, length: certificate.length, index: chunk },
  });

function movesAt(now: bigint, events: readonly PlacedEvent[], withheld: Withheld[] = [], has = false) {
  const found = demandMoves(demandsOf([append, ...events]), withheld, {
    ...{ account: ME, terms: TERMS, now, has: () => has },
  });
  return found.map((move) => ({
    kind: move.kind,
    chunk: move.kind === "demand" ? move.chunk : move.demand.chunk.index,
    due: move.due,
  }));
}

describe("what a validator does about data that are missing or demanded", () => {
  it("demands every chunk that nobody gives, from half of the time for demands to its end", () => {
    const all = [0, 2].map((chunk) => ({ kind: "demand", chunk, due: 1_050n }));
    expect(movesAt(1_001n, [], [WITHHELD])).to.deep.equal(all);
    expect(movesAt(1_099n, [], [WITHHELD])).to.deep.equal(all);
    expect(movesAt(1_100n, [], [WITHHELD])).to.deep.equal([]);
  });

  it("demands none that L1 would refuse for want of time to answer", () => {
    const short = { ...posted, header: { ...header, finalizesAt: 1_290n } };
    const withheld = [{ ...WITHHELD, posted: short }];
    // 40 seconds are left of the 100.
    expect(movesAt(1_039n, [], withheld).map(({ due }) => due)).to.deep.equal([1_020n, 1_020n]);
    expect(movesAt(1_040n, [], withheld)).to.deep.equal([]);
  });

  it("demands no chunk that somebody demanded, nor data of a batch that falls, is gone or final", () => {
    expect(movesAt(1_060n, [demanded(0, OTHER)], [WITHHELD])).to.deep.include({
      kind: "demand",
      chunk: 2,
      due: 1_050n,
    });
    const over: L1Event[] = [
      { kind: "batchUnavailable", headerHash: BATCH, demandId: idOf(0), claimant: OTHER },
      { kind: "reverted", fromIndex: 1n, toIndex: 1n },
      { kind: "finalized", index: 1n, headerHash: BATCH },
    ];
    for (const event of over) expect(movesAt(1_060n, [placed(event)], [WITHHELD]), event.kind).to.deep.equal([]);
  });

  it("closes its own demands, and others' for data that it misses, once they cannot be answered", () => {
    const [own, others] = [demanded(0, ME), demanded(2, OTHER)];
    expect(movesAt(1_301n, [own, others])).to.deep.equal([{ kind: "close", chunk: 0, due: 1_300n }]);
    expect(movesAt(1_301n, [own, others], [WITHHELD]).map(({ chunk }) => chunk)).to.deep.equal([0, 2]);
    const ends: L1Event[] = [
      { kind: "chunkAnswered", id: idOf(0), answerer: OTHER },
      { kind: "demandClosed", id: idOf(0), isUpheld: true },
    ];
    for (const end of ends) expect(movesAt(1_301n, [own, placed(end)]), end.kind).to.deep.equal([]);
    // Also where the batch is gone: the bond comes back.
    const reverted = placed({ kind: "reverted", fromIndex: 1n, toIndex: 1n });
    expect(movesAt(1_301n, [own, reverted])).to.deep.equal([{ kind: "close", chunk: 0, due: 1_300n }]);
  });

  it("publishes what it has, when half of the time to answer is over", () => {
    expect(movesAt(1_120n, [demanded(2, OTHER)], [], true)).to.deep.equal([{ kind: "answer", chunk: 2, due: 1_200n }]);
    expect(movesAt(1_300n, [demanded(2, OTHER)], [], true)).to.deep.equal([]);
  });
});
