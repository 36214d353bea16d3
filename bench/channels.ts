// Updates per second of a channel between two parties in one process: each signs, verifies and stores every update.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { ChannelHandle } from "../plugin/channel/handle.js";
import { memoryNetwork } from "../plugin/channel/transport.js";
import { signerOf } from "../plugin/channel/signing.js";
import { openLevelStore } from "../plugin/store/level.js";
import { memoryStore } from "../plugin/store/memory.js";
import type { Store } from "../plugin/store/types.js";
import { fakeL1 } from "../test/channel/support/fake-l1.js";
import { outcomeOf, paramsOf, person, settle, startParty } from "../test/channel/support/world.js";

/** Payments that each side has on their way: with the next one at hand it goes along with a countersignature. */
const AT_ONCE = 4;

interface Rate {
  perSecond: number;
  /** Microseconds of this process for an update, of both sides. */
  cpu: number;
}

async function measure(updates: number, stores: readonly Store[], isOneWay = false): Promise<Rate> {
  const [l1, network] = [fakeL1(), memoryNetwork()];
  const parties = [];
  for (const [i, store] of stores.entries()) {
    parties.push(await startParty(i, l1, network.join(person(i).address), store));
  }
  const rich = outcomeOf(2).map(({ asset, allocations }) => ({
    asset,
    allocations: allocations.map((one) => ({ ...one, amount: 1_000_000n })),
  }));
  const opened = parties[0]!.client.open(paramsOf(2), rich);
  let isOpen = false;
  void opened.then(() => (isOpen = true));
  while (!isOpen) await settle(parties);
  const { id } = await opened;

  const handles = parties.map(({ client }) => client.channel(id));
  const before = Number(handles[0]!.latest!.state.turnNum);
  const [begin, cpuBefore] = [performance.now(), process.cpuUsage()];
  await Promise.all(
    handles.flatMap((handle, i) => {
      if (isOneWay && i > 0) return [];
      const each = updates / AT_ONCE / (isOneWay ? 1 : 2);
      return Array.from({ length: AT_ONCE }, () => pay(handle, each));
    }),
  );
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const made = Number(handles[0]!.latest!.state.turnNum) - before;
  for (const { client } of parties) await client.close();
  if (made < updates) throw new Error(`${made} updates were made, not ${updates}`);
  return { perSecond: made / seconds, cpu: (user + system) / made };
}

/** What the two signatures of an update and their checks take, in microseconds of this process. */
function measureSignatures(): number {
  const [signer, digest, count] = [person(0), new Uint8Array(32).fill(7), 2_000];
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) signerOf(digest, signer.sign(digest));
  const { user, system } = process.cpuUsage(before);
  return (2 * (user + system)) / count;
}

/** To and fro, so that nobody runs dry. */
async function pay(handle: ChannelHandle, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await handle.pay({ to: 1 - handle.me, amount: 1n });
}

function print({ perSecond, cpu }: Rate, what: string): void {
  console.log(
    `${Math.round(perSecond).toLocaleString("en").padStart(7)} updates/s (${Math.round(cpu)} µs of CPU each), ${what}`,
  );
}

const [UPDATES, ON_DISK] = [10_000, 2_000];
const inMemory = (): Store[] => [memoryStore(), memoryStore()];
// The first run compiles.
await measure(400, inMemory());
print(await measure(UPDATES, inMemory()), `${UPDATES} payments to and fro, stores in memory`);
print(
  await measure(ON_DISK, inMemory(), true),
  `${ON_DISK} payments one way, every second asked for, stores in memory`,
);
console.log(`        ${Math.round(measureSignatures())} µs of each are two signatures and their checks`);
const directory = await mkdtemp(join(tmpdir(), "bench-channels-"));
try {
  const stores = [await openLevelStore(join(directory, "a")), await openLevelStore(join(directory, "b"))];
  print(await measure(ON_DISK, stores), `${ON_DISK} payments to and fro, stores on disk, each write synced`);
  for (const store of stores) await store.close();
} finally {
  await rm(directory, { recursive: true });
}
