import { expect } from "chai";

import { L1UnavailableError } from "../../plugin/l1/ask.js";
import { L1RevertError } from "../../plugin/l1/errors.js";
import { type Journal, memoryJournal, readSlot } from "../../plugin/l1/journal.js";
import {
  appendBatchCall,
  BatchConflictError,
  type BatchPoster,
  type BatchToPost,
  createBatchPoster,
  ParentMissingError,
} from "../../plugin/l1/poster.js";
import type { Intent, SenderEvent } from "../../plugin/l1/intent.js";
import { createSender, type Sender, type SenderOptions } from "../../plugin/l1/sender.js";
import { GasLimitError, InsufficientFundsError, RejectedError } from "../../plugin/l1/sender-errors.js";
import { type BatchHeader, type Hex, ZERO_HASH } from "../../plugin/types.js";
import { random } from "./support/fake-chain.js";
import { CHAIN, type FakeL1, fakeL1, GENESIS } from "./support/fake-l1.js";
import { failure } from "./support/failure.js";

/** What a `kill -9` leaves of a call: nothing. */
class KilledError extends Error {
  override readonly name = "KilledError";
}

function batchAfter(parent: BatchHeader, data: string): BatchToPost {
  const stateRoot: Hex = `0x${Buffer.from(data).toString("hex").padStart(64, "0")}`;
  return {
    parent,
    claim: {
      ...{ stateRoot, withdrawalsRoot: ZERO_HASH, inboxAcc: ZERO_HASH, inboxTo: parent.inboxTo },
      l2BlockTo: parent.l2BlockTo + 1n,
    },
    data: new TextEncoder().encode(data),
  };
}

async function start(
  l1: FakeL1,
  options: Partial<SenderOptions> = {},
): Promise<{ sender: Sender; poster: BatchPoster }> {
  const sender = await createSender({
    ...{ provider: l1.provider, signer: l1.wallet, journal: memoryJournal(), pollInterval: 1, bumpAfter: 5 },
    ...options,
  });
  return { sender, poster: createBatchPoster({ client: l1.client, sender, recheckAfter: 1 }) };
}

/** Mines at every look for a receipt, from the `after`-th on. */
function mineWhenWatched(l1: FakeL1, after = 1): void {
  let looks = 0;
  l1.fault = (at, moment) => {
    if (at === "getTransactionReceipt" && moment === "before" && ++looks >= after) l1.mine();
  };
}

describe("L1 sender and batch poster", () => {
  let l1: FakeL1;
  beforeEach(() => {
    l1 = fakeL1();
  });

  it("posts a batch and returns the header that the next one continues", async () => {
    const { poster } = await start(l1);
    mineWhenWatched(l1);
    const first = await poster.post(batchAfter(GENESIS, "one"));
    const second = await poster.post(batchAfter(first.header, "two"));
    expect(second.header.index).to.equal(2n);
    expect(l1.batches().map(({ data }) => new TextDecoder().decode(data))).to.deep.equal(["one", "two"]);
    expect(l1.mined).to.have.length(2);
  });

  it("sends nothing when the batch is on L1 already", async () => {
    const { poster } = await start(l1);
    mineWhenWatched(l1);
    const batch = batchAfter(GENESIS, "one");
    const first = await poster.post(batch);
    expect((await poster.post(batch)).header).to.deep.equal(first.header);
    const stranger = await start(l1);
    expect((await stranger.poster.post(batch)).header).to.deep.equal(first.header);
    expect(l1.mined).to.have.length(1);
  });

  it("names the first field in which L1 has another batch", async () => {
    const { poster } = await start(l1);
    mineWhenWatched(l1);
    await poster.post(batchAfter(GENESIS, "one"));
    const other = batchAfter(GENESIS, "one");
    other.claim.l2BlockTo = 7n;
    const error = await failure(poster.post(other));
    expect(error).to.be.instanceOf(BatchConflictError);
    expect(error.message).to.equal("L1 has another batch 1: its l2BlockTo is 1, not 7");
  });

  it("refuses a batch whose parent L1 does not have", async () => {
    const { poster } = await start(l1);
    const error = await failure(poster.post(batchAfter({ ...GENESIS, index: 3n }, "four")));
    expect(error).to.be.instanceOf(ParentMissingError);
    expect(error.message).to.match(/^batch 4 continues batch 3 with header hash 0x.*; its last batch is 0$/);
    expect(l1.broadcast.size).to.equal(0);
  });

  it("raises both fees by an eighth or more until the transaction is mined", async () => {
    const events: SenderEvent[] = [];
    const { poster } = await start(l1, { log: (event) => events.push(event) });
    l1.fault = (at, moment) => {
      if (at !== "getTransactionReceipt" || moment !== "before" || l1.fees.length < 4) return;
      l1.baseFee = 250n;
      l1.mine();
    };
    await poster.post(batchAfter(GENESIS, "one"));
    expect(l1.fees.length).to.be.at.least(4);
    for (const [i, fee] of l1.fees.slice(1).entries()) expect(fee * 8n >= (l1.fees[i] ?? 0n) * 9n).to.equal(true);
    expect([...l1.broadcast.keys()]).to.deep.equal([0]);
    expect(events.map(({ kind }) => kind)).to.include.members(["sent", "replaced", "mined"]);
  });

  it("never pays more than its cap, and waits there", async () => {
    const events: SenderEvent[] = [];
    const { poster } = await start(l1, { maxFeePerGas: 230n, log: (event) => events.push(event) });
    let looks = 0;
    l1.baseFee = 110n;
    l1.fault = (at, moment) => {
      if (at === "getTransactionReceipt" && moment === "before" && ++looks > 30) l1.mine();
    };
    await poster.post(batchAfter(GENESIS, "one"));
    expect(l1.fees.every((fee) => fee <= 230n)).to.equal(true);
    expect(events.some(({ kind }) => kind === "capped")).to.equal(true);
  });

  it("broadcasts the same transaction again when the mempool forgot it", async () => {
    const { poster } = await start(l1, { maxFeePerGas: 201n });
    let forgotten = false;
    l1.fault = (at, moment) => {
      if (at !== "getTransactionReceipt" || moment !== "before") return;
      if (!forgotten && l1.pending.size > 0) {
        l1.forget();
        forgotten = true;
      } else l1.mine();
    };
    await poster.post(batchAfter(GENESIS, "one"));
    expect(forgotten).to.equal(true);
    expect(l1.broadcast.get(0)?.size).to.equal(1);
  });

  it("pays over what somebody left pending at its nonce", async () => {
    await l1.inject(0, 1_000n);
    const { poster } = await start(l1, { bumpAfter: 10_000 });
    l1.fault = (at, moment) => {
      const fee = l1.pending.get(0)?.maxFeePerGas ?? 0n;
      if (at === "getTransactionReceipt" && moment === "before" && fee > 1_000n) l1.mine();
    };
    await poster.post(batchAfter(GENESIS, "one"));
    expect(l1.mined).to.have.length(1);
    expect((l1.mined[0]?.transaction.maxFeePerGas ?? 0n) >= 1_100n).to.equal(true);
  });

  it("goes on with the next nonce when a foreign transaction took its own", async () => {
    const { poster } = await start(l1, { bumpAfter: 10_000 });
    let injected = false;
    const waiting: Promise<void>[] = [];
    l1.fault = (at, moment) => {
      if (at !== "getTransactionReceipt" || moment !== "before") return;
      if (!injected) {
        injected = true;
        waiting.push(l1.inject(0, 5_000n).then(() => void l1.mine()));
      } else if (l1.mined.length > 0) l1.mine();
    };
    const posted = await poster.post(batchAfter(GENESIS, "one"));
    await Promise.all(waiting);
    expect(posted.header.index).to.equal(1n);
    expect(l1.mined).to.have.length(2);
  });

  it("posts again when a reorg dropped the batch, with the very same transaction", async () => {
    const { poster } = await start(l1);
    mineWhenWatched(l1);
    const batch = batchAfter(GENESIS, "one");
    const first = await poster.post(batch);
    l1.reorg(1, false);
    const again = await poster.post(batch);
    expect(again.header.parentHash).to.equal(first.header.parentHash);
    expect(l1.broadcast.get(0)?.size).to.equal(1);
    expect(l1.batches()).to.have.length(1);
  });

  it("notices a reorg while it waits for confirmations", async () => {
    const events: SenderEvent[] = [];
    const { poster } = await start(l1, { confirmations: 3, log: (event) => events.push(event) });
    let reorged = false;
    l1.fault = (at, moment) => {
      if (moment !== "before") return;
      if (at === "getBlockNumber" && !reorged) {
        reorged = true;
        l1.reorg(1, false);
      }
      if (at === "getTransactionReceipt" || at === "getBlockNumber") l1.mine();
    };
    await poster.post(batchAfter(GENESIS, "one"));
    expect(events.map(({ kind }) => kind)).to.include("vanished");
    expect(l1.batches()).to.have.length(1);
  });

  it("posts a batch again that was reverted after it had been mined", async () => {
    const { poster } = await start(l1);
    mineWhenWatched(l1);
    const batch = batchAfter(GENESIS, "one");
    await poster.post(batch);
    l1.revertHead();
    const again = await poster.post(batch);
    expect(again.header.index).to.equal(1n);
    expect(l1.mined).to.have.length(2);
    expect(l1.batches()).to.have.length(1);
  });

  it("writes the signed transaction down before the node sees it, and sends the same one after a kill in between", async () => {
    const journal = memoryJournal();
    const batch = batchAfter(GENESIS, "one");
    const { poster } = await start(l1, { journal });
    l1.fault = (at) => {
      if (at === "broadcastTransaction") throw new KilledError();
    };
    expect(await failure(poster.post(batch))).to.be.instanceOf(RejectedError);
    const written = (await readSlot(journal, l1.wallet.address))?.attempts[0];
    expect(written?.raw).to.match(/^0x02/);

    mineWhenWatched(l1);
    await (await start(l1, { journal })).poster.post(batch);
    expect(l1.mined.map(({ transaction }) => transaction.hash)).to.deep.equal([written?.hash]);
  });

  it("sends nothing when it could not write it down", async () => {
    const journal: Journal = { ...memoryJournal(), put: () => Promise.reject(new Error("disk full")) };
    const { poster } = await start(l1, { journal });
    expect((await failure(poster.post(batchAfter(GENESIS, "one")))).message).to.equal("disk full");
    expect(l1.broadcast.size).to.equal(0);
  });

  it("lets only one of two different batches through, when the first was sent before a kill", async () => {
    for (const firstIsMined of [true, false]) {
      l1 = fakeL1();
      const journal = memoryJournal();
      const killed = await start(l1, { journal });
      l1.fault = (at, moment) => {
        if (at === "broadcastTransaction" && moment === "after") throw new KilledError();
      };
      await failure(killed.poster.post(batchAfter(GENESIS, "one")));
      let mineFirst = firstIsMined;
      l1.fault = (at, moment) => {
        if (moment !== "before") return;
        if (mineFirst && at === "getBalance") {
          mineFirst = false;
          l1.mine();
        } else if (at === "getTransactionReceipt" && l1.fees.length > 1) l1.mine();
      };
      const { poster } = await start(l1, { journal });
      const result = await poster.post(batchAfter(GENESIS, "other")).catch((error: unknown) => error);
      expect(l1.batches()).to.have.length(1);
      const data = new TextDecoder().decode(l1.batches()[0]?.data);
      if (firstIsMined) {
        expect(result).to.be.instanceOf(BatchConflictError);
        expect(data).to.equal("one");
      } else expect(data).to.equal("other");
    }
  });

  it("says in one line what the account lacks", async () => {
    l1.balance = 5n;
    const { poster } = await start(l1);
    const error = await failure(poster.post(batchAfter(GENESIS, "one")));
    expect(error).to.be.instanceOf(InsufficientFundsError);
    expect(error.message).to.match(
      new RegExp(`^${l1.wallet.address} has 5 wei on L1, batch 1 needs \\d+ wei; send it \\d+ wei or more$`),
    );
    expect(l1.broadcast.size).to.equal(0);
  });

  it("refuses a batch that needs more gas than any transaction may", async () => {
    const { poster } = await start(l1);
    const batch = batchAfter(GENESIS, "one");
    batch.data = new Uint8Array(450_000).fill(1);
    const error = await failure(poster.post(batch));
    expect(error).to.be.instanceOf(GasLimitError);
    expect(error.message).to.match(/^batch 1 needs \d+ gas, L1 allows 16777216 per transaction \(EIP-7825\)/);
  });

  it("passes a refusal of the chain on in words", async () => {
    const { sender, poster } = await start(l1);
    mineWhenWatched(l1);
    await poster.post(batchAfter(GENESIS, "one"));
    const stale: Intent = {
      ...{ key: "x", what: "batch 1", to: CHAIN },
      data: (l1.mined[0]?.transaction.data ?? "0x") as Hex,
    };
    const error = await failure(sender.send(stale));
    expect(error).to.be.instanceOf(L1RevertError);
    expect(error.message).to.match(/^L1 refuses batch 1: the head of the chain is 0x.*another batch came first/);
  });

  it("throws what the node rejects for good", async () => {
    l1.fault = (at, moment) => {
      if (at === "broadcastTransaction" && moment === "before") throw new Error("oversized data");
    };
    const { poster } = await start(l1);
    const error = await failure(poster.post(batchAfter(GENESIS, "one")));
    expect(error.message).to.equal("the L1 node rejects the transaction for batch 1: oversized data");
  });

  it("stops waiting when aborted, and the next call finishes the work", async () => {
    const journal = memoryJournal();
    const controller = new AbortController();
    const batch = batchAfter(GENESIS, "one");
    const { poster } = await start(l1, { journal });
    setTimeout(() => controller.abort(new Error("stopped by the test")), 20);
    expect((await failure(poster.post(batch, controller.signal))).message).to.equal("stopped by the test");
    mineWhenWatched(l1);
    await (await start(l1, { journal })).poster.post(batch);
    expect(l1.batches()).to.have.length(1);
  });

  it("does not mistake a node that shows receipts late for a displaced transaction", async () => {
    const { sender } = await start(l1);
    let hidden = 3;
    const original = l1.provider.getTransactionReceipt.bind(l1.provider);
    l1.provider.getTransactionReceipt = (hash) => {
      l1.mine();
      return hidden-- > 0 ? Promise.resolve(null) : original(hash);
    };
    const data = appendBatchCall(batchAfter(GENESIS, "one"));
    const { receipt } = await sender.send({ key: "x", what: "batch 1", to: CHAIN, data });
    expect(receipt.status).to.equal(1);
    expect(l1.mined).to.have.length(1);
  });

  it("gets every batch onto L1 exactly once through kills, lost and repeated answers, dropped mempools and reorgs", async () => {
    for (let seed = 1; seed <= 60; seed++) await randomRun(seed);
  }).timeout(60_000);
});

async function randomRun(seed: number): Promise<void> {
  const pick = random(seed * 2_654_435_761);
  const reorgs = seed % 2 === 0;
  const l1 = fakeL1();
  const journal = memoryJournal();
  let calm = false;
  const killing: Journal = {
    async get(key) {
      return journal.get(key);
    },
    async put(key, value) {
      if (!calm && pick(15) === 0) throw new KilledError();
      await journal.put(key, value);
      if (!calm && pick(15) === 0) throw new KilledError();
    },
  };
  l1.fault = (at, moment) => {
    if (pick(3) === 0) l1.mine();
    if (calm) return;
    if (moment === "before" && pick(200) === 0) l1.forget();
    if (reorgs && pick(150) === 0) l1.reorg(1 + pick(2), pick(2) === 0);
    if (pick(60) === 0) throw new KilledError();
    if (pick(60) === 0) throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
    if (pick(100) === 0) l1.baseFee = 50n + BigInt(pick(200));
    if (at === "getFeeData" && pick(10) === 0) l1.baseFee += 10n;
  };

  const goal = ["a", "b", "c", "d", "e"];
  let running = await start(l1, { journal: killing, bumpAfter: 3 });
  for (let round = 0; l1.batches().length < goal.length; round++) {
    expect(round, `rounds of seed ${seed}`).to.be.below(2_000);
    calm = round > 300;
    const { head } = await l1.client.heads();
    const parent = (await l1.client.batch(head)).header;
    const data = goal[Number(head)] ?? "";
    try {
      await running.poster.post(batchAfter(parent, data));
    } catch (error) {
      if (!isExpected(error)) throw error;
      running = await start(l1, { journal: killing, bumpAfter: 3 });
    }
  }
  const posted = l1.batches().map((batch) => new TextDecoder().decode(batch.data));
  expect(posted, `seed ${seed}`).to.deep.equal(goal);
  if (!reorgs)
    expect(
      l1.mined.filter(({ receipt }) => receipt.status === 0),
      `seed ${seed}`,
    ).to.be.empty;
}

function isExpected(error: unknown): boolean {
  if (error instanceof RejectedError) return error.cause instanceof KilledError;
  return (
    error instanceof KilledError ||
    error instanceof L1UnavailableError ||
    error instanceof ParentMissingError ||
    error instanceof BatchConflictError
  );
}
