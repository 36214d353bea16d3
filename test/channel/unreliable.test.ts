import { expect } from "chai";

import { channelIdOf } from "../../plugin/channel/hashes.js";
import { memoryNetwork } from "../../plugin/channel/transport.js";
import { memoryStore } from "../../plugin/store/memory.js";
import { DOMAIN, fakeL1 } from "./support/fake-l1.js";
import { randomFrom, unreliable } from "./support/faults.js";
import { signatureLedger } from "./support/signatures.js";
import { ETH, outcomeOf, paramsOf, type Party, person, startParty } from "./support/world.js";

const RUNS = process.env.ROLLUP_TEST_LONG === "1" ? 60 : 4;

/** Everybody pays at once over a network that loses, repeats and reorders, and some begin again in between. */
async function play(seed: number, count: number): Promise<void> {
  const random = randomFrom(seed);
  const [l1, network, params, outcome] = [fakeL1(), memoryNetwork(), paramsOf(count), outcomeOf(count)];
  const id = channelIdOf(DOMAIN, params);
  const ledger = signatureLedger(params);
  const loss = random() * 0.3;
  const start = (i: number, store = memoryStore()): Promise<Party> =>
    startParty(i, l1, ledger.tap(unreliable(network.join(person(i).address), random, loss)), store, {
      resendInterval: 25,
    });
  const parties: Party[] = [];
  for (let i = 0; i < count; i++) parties.push(await start(i));
  const goOn = async (): Promise<void> => {
    for (const { client } of parties) await client.sync();
    await new Promise((resolve) => setTimeout(resolve, 1));
  };
  const turn = (i: number): bigint => parties[i]!.client.list()[0]?.latest?.state.turnNum ?? -1n;

  parties[0]!.client.open(params, outcome).catch(() => undefined);
  while (parties.some((_, i) => turn(i) < 1n)) await goOn();

  const payments: Promise<unknown>[] = [];
  const amounts = new Map<number, bigint>();
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < count; i++) {
      const amount = 1n + BigInt(Math.floor(random() * 20));
      amounts.set(i, (amounts.get(i) ?? 0n) + amount);
      const to = (i + 1 + Math.floor(random() * (count - 1))) % count;
      payments.push(parties[i]!.client.channel(id).pay({ to, amount, asset: ETH }));
    }
    if (random() < 0.5) await goOn();
  }
  await Promise.all(payments);
  const goal = parties.map((_, i) => turn(i)).reduce((a, b) => (a > b ? a : b));
  while (parties.some((_, i) => turn(i) < goal)) await goOn();

  expect(goal).to.equal(BigInt(1 + 6 * count));
  expect(ledger.doubles()).to.deep.equal([]);
  const ends = parties.map(({ client }) => client.channel(id).outcome);
  for (const end of ends) expect(end).to.deep.equal(ends[0]);

  // Somebody begins again, and somebody else closes.
  const again = Math.floor(random() * count);
  await parties[again]!.client.close();
  parties[again] = await start(again, parties[again]!.store);
  void parties[(again + 1) % count]!.client.channel(id)
    .close()
    .catch(() => undefined);
  while (parties.some(({ client }) => !client.channel(id).isEnded)) await goOn();
  for (const [i, { client, signer }] of parties.entries()) {
    expect(l1.balance(signer.address, ETH), `participant ${i}`).to.equal(client.channel(id).balance(ETH) - 1_000n);
    await client.close();
  }
}

describe("channel client over an unreliable network", () => {
  for (const count of [2, 3, 4]) {
    it(`comes to the same state everywhere, with every payment in it once, among ${count}`, async function () {
      this.timeout(60_000);
      for (let seed = 1; seed <= RUNS; seed++) await play(seed * 31 + count, count);
    });
  }
});
