import { expect } from "chai";

import type { ChannelClient } from "../../plugin/channel/client.js";
import { channelIdOf } from "../../plugin/channel/hashes.js";
import { memoryNetwork, type Transport } from "../../plugin/channel/transport.js";
import { memoryStore } from "../../plugin/store/memory.js";
import { DOMAIN, fakeL1 } from "./support/fake-l1.js";
import { createFuse, type Fuse, fusedAdjudicator, fusedStore, fusedTransport } from "./support/faults.js";
import { signatureLedger } from "./support/signatures.js";
import { ETH, outcomeOf, paramsOf, type Party, person, startParty, TOKEN } from "./support/world.js";

const UPDATES = 10;
/** Rounds in which everything must have come about. */
const PATIENCE = 200;

/** Opens, pays and closes; one of the participants ends at its point `at`, and starts again on what its store has. */
async function play(count: number, victim: number, at: number): Promise<Fuse> {
  const [l1, network, params, outcome] = [fakeL1(), memoryNetwork(), paramsOf(count), outcomeOf(count)];
  const id = channelIdOf(DOMAIN, params);
  const ledger = signatureLedger(params);
  const fuse = createFuse(at);
  const ending = new AbortController();
  const parties: Party[] = [];
  let isCut = false;
  /** What a participant that begins again does before it hears of anybody. */
  let first: (client: ChannelClient) => void = () => undefined;
  const start = async (i: number, isFused: boolean, store = memoryStore()): Promise<Party> => {
    const { address } = person(i);
    const transport = ledger.tap(cuttable(network.join(address), () => isCut && i === victim));
    const plain = l1.adjudicator(address);
    const party = startParty(
      i,
      l1,
      isFused ? fusedTransport(transport, fuse) : transport,
      isFused ? fusedStore(store, fuse) : store,
      { adjudicator: isFused ? fusedAdjudicator(plain, fuse) : plain, ...(isFused ? { signal: ending.signal } : {}) },
    );
    return { ...(await party), store };
  };
  for (let i = 0; i < count; i++) parties.push(await start(i, i === victim));

  /** Puts the victim in its place again, once it ended. */
  const revive = async (): Promise<void> => {
    if (!fuse.isBlown || ending.signal.aborted) return;
    const { store, reports } = parties[victim]!;
    ending.abort();
    network.leave(person(victim).address);
    isCut = true;
    parties[victim] = await start(victim, false, store);
    first(parties[victim].client);
    await parties[victim].client.sync();
    isCut = false;
    const last = turnsOf(reports).at(-1) ?? -1n;
    expect(latest(parties[victim].client) >= last, "a supported state was lost").to.equal(true);
  };
  const latest = (client: ChannelClient): bigint =>
    client.list().find((handle) => handle.id === id)?.latest?.state.turnNum ?? -1n;
  /** Goes on, over an end, until `done`. */
  const until = async (what: string, done: () => boolean): Promise<void> => {
    for (let i = 0; i < PATIENCE; i++) {
      await revive();
      if (done()) return;
      const isRevived = ending.signal.aborted;
      const settled = goOn(parties);
      await (isRevived ? settled : Promise.race([settled, fuse.blown]));
      // What was lost is sent again in a while.
      if (i > 20) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`${what} did not come about`);
  };

  const open = (): void => void parties[0]!.client.open(params, outcome).catch(() => undefined);
  open();
  await until("the channel", () => {
    // Who ended before anything was written has forgotten that it wanted to open one.
    if (parties[0]!.client.list().length === 0) open();
    return parties.every(({ client }) => latest(client) >= 1n);
  });
  for (let i = 0; i < UPDATES; i++) {
    const payer = i % count;
    const before = latest(parties[payer]!.client);
    let isDone = false;
    const pay = (client: ChannelClient, amount: bigint): void => {
      const payment = { to: (i + 1) % count, amount, asset: i % 2 === 0 ? ETH : TOKEN };
      client
        .channel(id)
        .pay(payment)
        .then(
          () => (isDone = true),
          () => undefined,
        );
    };
    pay(parties[payer]!.client, BigInt(i + 1));
    first = (client) => {
      // It has forgotten what it did not write down, and wants something else now.
      if (payer === victim) pay(client, BigInt(i + 20));
    };
    await until(`update ${i}`, () => isDone || (fuse.isBlown && latest(parties[payer]!.client) > before));
    first = () => undefined;
  }
  const closer = (victim + 1) % count;
  void parties[closer]!.client.channel(id)
    .close()
    .catch(() => undefined);
  await until("the end", () => parties.every(({ client }) => client.channel(id).isEnded));

  expect(ledger.doubles(), "two states of one turn").to.deep.equal([]);
  const ends = parties.map(({ client }) => client.channel(id).outcome);
  for (const end of ends) expect(end).to.deep.equal(ends[0]);
  for (const asset of [ETH, TOKEN]) {
    let sum = 0n;
    for (const { client, signer } of parties) {
      const moved = l1.balance(signer.address, asset);
      expect(moved).to.equal(client.channel(id).balance(asset) - 1_000n);
      sum += moved;
    }
    expect(sum).to.equal(0n);
  }
  for (const { client } of parties) await client.close();
  return fuse;
}

function cuttable(transport: Transport, isCut: () => boolean): Transport {
  return {
    onMessage: (handler) => transport.onMessage((bytes, source) => !isCut() && handler(bytes, source)),
    send: (...given) => (isCut() ? Promise.reject(new Error("the line is cut")) : transport.send(...given)),
  };
}

/** Everybody looks at L1, and what is under way gets on. */
async function goOn(parties: readonly Party[]): Promise<void> {
  for (const { client } of parties) await client.sync();
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

function turnsOf(reports: Party["reports"]): bigint[] {
  return reports.flatMap((report) => (report.kind === "supported" ? [report.signed.state.turnNum] : []));
}

const IS_LONG = process.env.ROLLUP_TEST_LONG === "1";

describe("channel client ended at every durable point", () => {
  for (const [count, step] of [
    [2, 1],
    [3, IS_LONG ? 1 : 5],
  ] as const) {
    it(`signs no two states of one turn, loses none, and goes on, among ${count}`, async function () {
      this.timeout(120_000);
      for (let victim = 0; victim < count; victim++) {
        const { passed } = await play(count, victim, 0);
        expect(passed).to.be.greaterThan(2 * UPDATES);
        // Each participant ends at other ones of the points that a short run looks at.
        for (let at = 1 + (victim % step); at <= passed; at += step) {
          try {
            await play(count, victim, at);
          } catch (error) {
            throw new Error(`participant ${victim} ended at point ${at} of ${passed}`, { cause: error });
          }
        }
      }
    });
  }
});
