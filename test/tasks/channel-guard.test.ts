import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { channelIdOf, stateHash } from "../../plugin/channel/hashes.js";
import type { ChannelReport } from "../../plugin/channel/report.js";
import { serveTower } from "../../plugin/channel/watchtower/server.js";
import type { Vault } from "../../plugin/channel/watchtower/vault.js";
import { walk } from "../../plugin/channel/watchtower/walk.js";
import type { Service } from "../../plugin/net/service.js";
import { memoryStore } from "../../plugin/store/memory.js";
import { openGuard } from "../../tasks/channel/guard.js";
import { DOMAIN } from "../channel/support/fake-l1.js";
import { calm, openWorld, startParty, type World } from "../channel/support/world.js";
import { towerWith, vaultIn } from "../channel/watchtower/support.js";

describe("what a participant hands to its watchtower", () => {
  let world: World;
  let folder: string;
  let vault: Vault;
  let tower: Service;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "rollup-guard-"));
    vault = await vaultIn(memoryStore());
    tower = await serveTower({ tower: towerWith(vault, { domain: DOMAIN, now: machineTime }), port: 0 });
    world = await openWorld(2);
  });
  afterEach(async () => {
    await world.close();
    await tower.close();
    await rm(folder, { recursive: true });
  });

  const alice = () => world.parties[0]!;
  const handle = () => alice().client.channel(channelIdOf(DOMAIN, world.params));
  async function pay(times: number): Promise<void> {
    for (let i = 0; i < times; i++) await handle().pay({ to: 1, amount: 1n });
    await calm(world.parties);
  }

  /** Another process of Alice's on the same store. */
  async function restart(log?: (report: ChannelReport) => void): Promise<void> {
    await alice().client.close();
    const transport = world.network.join(alice().signer.address);
    world.parties[0] = await startParty(0, world.l1, transport, alice().store, log === undefined ? {} : { log });
    await world.settle();
  }

  /** A process that does something with the watchtower. */
  async function watched(work: () => Promise<void>, url = tower.url): Promise<void> {
    const guard = await openGuard({ domain: DOMAIN, storage: join(folder, "alice") }, url);
    try {
      await restart((report) => guard.log(report));
      guard.follow(alice().client);
      await work();
      expect(await guard.settled(new AbortController().signal)).to.equal(undefined);
    } finally {
      await guard.close();
    }
  }

  /** Where the watchtower gets to from each turn before the last. */
  async function reached(held = vault): Promise<number[]> {
    const last = Number(handle().latest!.state.turnNum);
    return Promise.all(
      Array.from({ length: last }, async (_, turn) => {
        const past = handle().past(BigInt(turn));
        if (past === undefined) throw new Error(`nothing is kept of turn ${turn}`);
        const found = await walk({
          ...{ domain: DOMAIN, channelId: handle().id, vault: held },
          from: [{ stateHash: stateHash(handle().id, past), turnNum: BigInt(turn) }],
          sessionKeyOf: () => Promise.resolve(undefined),
        });
        return Number(found?.signed.state.turnNum);
      }),
    );
  }
  const allTheWay = (): number[] => {
    const last = Number(handle().latest!.state.turnNum);
    return Array.from({ length: last }, () => last);
  };

  it("is each state, as the answer to the one before", async () => {
    await watched(() => pay(3));
    expect(await reached()).to.deep.equal(allTheWay());
  });

  it("is at the next start what was signed without the watchtower, in the beginning and between", async () => {
    await pay(2);
    await watched(() => pay(2));
    await restart();
    await pay(3);
    expect(await reached()).not.to.deep.equal(allTheWay());
    await watched(() => Promise.resolve());
    expect(await reached()).to.deep.equal(allTheWay());
    expect(handle().latest!.state.turnNum >= 8n).to.equal(true);
  });

  it("is nothing twice", async () => {
    await watched(() => pay(2));
    const { bytes } = vault;
    await watched(() => Promise.resolve());
    expect(vault.bytes).to.equal(bytes);
  });

  it("is what was signed while the client started, before anybody followed it", async () => {
    const guard = await openGuard({ domain: DOMAIN, storage: join(folder, "alice") }, tower.url);
    await restart((report) => guard.log(report));
    await pay(2);
    guard.follow(alice().client);
    await pay(1);
    expect(await guard.settled(new AbortController().signal)).to.equal(undefined);
    await guard.close();
    expect(await reached()).to.deep.equal(allTheWay());
  });

  it("is everything, to another watchtower than before", async () => {
    await watched(() => pay(2));
    const second = await vaultIn(memoryStore());
    const other = await serveTower({ tower: towerWith(second, { domain: DOMAIN, now: machineTime }), port: 0 });
    await watched(() => Promise.resolve(), other.url);
    await other.close();
    expect(await reached(second)).to.deep.equal(allTheWay());
  });
});

function machineTime(): bigint {
  return BigInt(Math.floor(Date.now() / 1_000));
}
