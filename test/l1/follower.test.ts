import { expect } from "chai";

import { L1InconsistentError, L1UnavailableError } from "../../plugin/l1/ask.js";
import {
  createFollower,
  cursorFromText,
  cursorToText,
  type FollowerCursor,
  type L1Source,
} from "../../plugin/l1/follower.js";
import type { PlacedEvent } from "../../plugin/l1/types.js";
import { applyUpdate, batch, fakeChain, message, random } from "./support/fake-chain.js";
import { failure } from "./support/failure.js";

describe("L1 follower", () => {
  it("reports every event once, in order, with the head", async () => {
    const chain = fakeChain();
    chain.mine(message(0n), message(1n));
    chain.mine();
    chain.mine(batch(1n));
    const follower = createFollower({ source: chain, fromBlock: 1 });

    const first = await follower.poll();
    expect(first.events).to.deep.equal(chain.canonical());
    expect(first.head.number).to.equal(3);
    expect(first).not.to.have.property("rollbackTo");

    expect((await follower.poll()).events).to.be.empty;
    chain.mine(message(2n));
    expect((await follower.poll()).events.map(({ block }) => block.number)).to.deep.equal([4]);
  });

  it("waits for the confirmations it was asked for", async () => {
    const chain = fakeChain();
    chain.mine(message(0n));
    const follower = createFollower({ source: chain, fromBlock: 0, confirmations: 2 });
    expect((await follower.poll()).events).to.be.empty;
    chain.mine();
    expect((await follower.poll()).events).to.be.empty;
    chain.mine();
    const update = await follower.poll();
    expect(update.events).to.have.length(1);
    expect(update.head.number).to.equal(1);
  });

  it("does not see a reorg among blocks that it has not reported", async () => {
    const chain = fakeChain();
    for (let i = 0; i < 5; i++) chain.mine(message(BigInt(i)));
    const follower = createFollower({ source: chain, fromBlock: 0, confirmations: 2 });
    await follower.poll();
    chain.drop(2);
    chain.mine(message(3n));
    const update = await follower.poll();
    expect(update).to.not.have.property("rollbackTo");
    expect(update.events).to.be.empty;
  });

  it("rolls back to the last common block and reports the new branch", async () => {
    const chain = fakeChain();
    for (let i = 0; i < 6; i++) chain.mine(message(BigInt(i)));
    const follower = createFollower({ source: chain, fromBlock: 0 });
    await follower.poll();
    chain.drop(2);
    chain.mine(batch(1n));
    chain.mine(message(4n));

    const update = await follower.poll();
    expect(update.rollbackTo).to.equal(4);
    expect(update.events.map(({ kind }) => kind)).to.deep.equal(["batch", "message"]);
    expect(await follower.poll()).to.deep.equal({ events: [], head: update.head });
  });

  it("rolls back when the chain only becomes shorter", async () => {
    const chain = fakeChain();
    for (let i = 0; i < 6; i++) chain.mine(message(BigInt(i)));
    const follower = createFollower({ source: chain, fromBlock: 0 });
    await follower.poll();
    chain.drop(3);
    expect(await follower.poll()).to.deep.include({ rollbackTo: 3, events: [] });
  });

  it("starts over when the reorg is deeper than the hashes it keeps", async () => {
    const chain = fakeChain();
    chain.mine();
    for (let i = 0; i < 40; i++) chain.mine(message(BigInt(i)));
    const follower = createFollower({ source: chain, fromBlock: 2, depth: 4 });
    await follower.poll();
    expect(follower.cursor()).to.have.length(5);
    chain.drop(30);
    chain.mine(message(10n));
    const update = await follower.poll();
    expect(update.rollbackTo).to.equal(1);
    expect(update.events).to.deep.equal(chain.canonical());
  });

  it("goes on from a cursor that was stored as text", async () => {
    const chain = fakeChain();
    chain.mine(message(0n));
    chain.mine(batch(1n));
    const follower = createFollower({ source: chain, fromBlock: 0 });
    await follower.poll();
    chain.mine(message(1n));
    const cursor = cursorFromText(cursorToText(follower.cursor()));
    expect(cursor).to.deep.equal(follower.cursor());
    const update = await createFollower({ source: chain, fromBlock: 0, cursor }).poll();
    expect(update.events.map(({ kind }) => kind)).to.deep.equal(["message"]);
  });

  it("changes nothing when the provider fails in the middle of a poll", async () => {
    const chain = fakeChain();
    chain.mine(message(0n));
    let broken = false;
    const source: L1Source = {
      ...chain,
      counts: (at) =>
        broken ? Promise.reject(new L1UnavailableError("counters", "connection refused")) : chain.counts(at),
    };
    const follower = createFollower({ source, fromBlock: 0 });
    await follower.poll();
    chain.drop(1);
    chain.mine(batch(1n));
    chain.mine(message(0n));
    broken = true;
    const before = follower.cursor();
    for (let i = 0; i < 3; i++) expect(await failure(follower.poll())).to.be.instanceOf(L1UnavailableError);
    expect(follower.cursor()).to.equal(before);
    broken = false;
    const update = await follower.poll();
    expect(update.rollbackTo).to.equal(-1);
    expect(update.events).to.deep.equal(chain.canonical());
  });

  const omissions: [string, (events: PlacedEvent[]) => PlacedEvent[]][] = [
    ["in the middle", (events) => events.filter((_, i) => i !== 1)],
    ["at the end", (events) => events.slice(0, -1)],
    ["altogether", () => []],
    ["twice", (events) => events.flatMap((event) => [event, event])],
  ];
  for (const [where, tamper] of omissions) {
    it(`refuses answers with events left out or repeated: ${where}`, async () => {
      const chain = fakeChain();
      for (let i = 0; i < 3; i++) chain.mine(message(BigInt(i)));
      let lying = true;
      const source: L1Source = {
        ...chain,
        events: async (from, to) => (lying ? tamper(await chain.events(from, to)) : chain.events(from, to)),
      };
      const follower = createFollower({ source, fromBlock: 0 });
      expect(await failure(follower.poll())).to.be.instanceOf(L1InconsistentError);
      lying = false;
      expect((await follower.poll()).events).to.deep.equal(chain.canonical());
    });
  }

  it("refuses a batch of answers when the head was replaced meanwhile", async () => {
    const chain = fakeChain();
    chain.mine(message(0n));
    let once = true;
    const source: L1Source = {
      ...chain,
      events: async (from, to) => {
        const events = await chain.events(from, to);
        if (once) {
          once = false;
          chain.drop(1);
          chain.mine(message(0n));
        }
        return events;
      },
    };
    const follower = createFollower({ source, fromBlock: 0 });
    expect(await failure(follower.poll())).to.be.instanceOf(L1InconsistentError);
    expect((await follower.poll()).events).to.deep.equal(chain.canonical());
  });

  it("gives polls that overlap one after the other, so nothing is reported twice", async () => {
    const chain = fakeChain();
    chain.mine(message(0n));
    const follower = createFollower({ source: chain, fromBlock: 0 });
    const updates = await Promise.all([follower.poll(), follower.poll(), follower.poll()]);
    expect(updates.map(({ events }) => events.length)).to.deep.equal([1, 0, 0]);
  });

  it("stops at once when aborted", async () => {
    const chain = fakeChain();
    const controller = new AbortController();
    const source: L1Source = {
      ...chain,
      block: (at, signal) => {
        controller.abort(new Error("stopped by the test"));
        signal?.throwIfAborted();
        return chain.block(at);
      },
    };
    const error = await failure(createFollower({ source, fromBlock: 0 }).poll(controller.signal));
    expect(error.message).to.equal("stopped by the test");
  });

  it("replays to exactly the canonical events over random forks, failures and restarts", async () => {
    for (let seed = 1; seed <= 300; seed++) await randomRun(seed);
  });
});

async function randomRun(seed: number): Promise<void> {
  const pick = random(seed * 2_654_435_761);
  const chain = fakeChain();
  const confirmations = pick(3);
  const options = { fromBlock: 0, confirmations, depth: 1 + pick(12) };
  const source = flaky(chain, pick);
  let saved: { cursor: FollowerCursor; known: PlacedEvent[] } = { cursor: [], known: [] };
  let follower = createFollower({ source, ...options });

  for (let round = 0; round < 25; round++) {
    if (pick(4) === 0) chain.drop(pick(chain.height + 1));
    for (let n = pick(5); n > 0; n--) chain.mineRandom(pick);
    if (pick(6) === 0)
      follower = createFollower({ source, ...options, cursor: cursorFromText(cursorToText(saved.cursor)) });
    try {
      const update = await follower.poll();
      saved = { known: applyUpdate(saved.known, update), cursor: follower.cursor() };
    } catch (error) {
      if (!(error instanceof L1UnavailableError)) throw error;
    }
  }

  const final = createFollower({ source: chain, ...options, confirmations: 0, cursor: saved.cursor });
  const known = applyUpdate(saved.known, await final.poll());
  expect(known, `seed ${seed}`).to.deep.equal(chain.canonical());
}

/** Fails now and then, at any request. */
function flaky(source: L1Source, pick: (limit: number) => number): L1Source {
  const maybe = <T>(answer: () => Promise<T>): Promise<T> =>
    pick(40) === 0 ? Promise.reject(new L1UnavailableError("anything", "flaky")) : answer();
  return {
    block: (at) => maybe(() => source.block(at)),
    events: (from, to) => maybe(() => source.events(from, to)),
    counts: (at) => maybe(() => source.counts(at)),
  };
}
