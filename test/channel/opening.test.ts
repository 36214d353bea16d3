import { expect } from "chai";

import type { ChannelClientOptions } from "../../plugin/channel/client.js";
import { ChannelRefusedError, ClientStoppedError, UnknownChannelError } from "../../plugin/channel/errors.js";
import { channelIdOf } from "../../plugin/channel/hashes.js";
import { guarantee, simple } from "../../plugin/channel/outcome.js";
import { memoryNetwork } from "../../plugin/channel/transport.js";
import type { Outcome } from "../../plugin/channel/types.js";
import { memoryStore } from "../../plugin/store/memory.js";
import type { Hex } from "../../plugin/types.js";
import { DOMAIN, fakeL1 } from "./support/fake-l1.js";
import { APP, calm, createWorld, ETH, openWorld, outcomeOf, paramsOf, person, startParty } from "./support/world.js";

async function failure(promise: Promise<unknown>): Promise<Error> {
  return await promise.then(
    () => new Error("it came about"),
    (error: unknown) => error as Error,
  );
}

describe("opening a channel", () => {
  const [params, outcome] = [paramsOf(2), outcomeOf(2)];
  const stranger: Hex = `0x${"99".repeat(20)}`;

  it("refuses what no channel can be, before anything is signed", async () => {
    const world = await createWorld(2);
    const { client } = world.parties[0]!;
    const cases: [RegExp, typeof params, Outcome][] = [
      [/2 to 32 participants, not 1/, { ...params, participants: params.participants.slice(0, 1) }, outcome],
      [/stands twice/, { ...params, participants: [person(0).address, person(0).address] }, outcome],
      [/zero address/, { ...params, participants: [person(0).address, ETH] }, outcome],
      [/we are no participant/, { ...params, participants: [stranger, person(1).address] }, outcome],
      [
        /challenge of 3599 seconds is too short to answer; at least 3600/,
        { ...params, challengeDuration: 3_599 },
        outcome,
      ],
      [/nobody deposits for/, params, [{ asset: ETH, allocations: [simple(stranger, 1n)] }]],
      [
        /nobody deposits for/,
        params,
        [{ asset: ETH, allocations: [guarantee(`0x${"c3".repeat(32)}`, 1n, person(0).address, person(1).address)] }],
      ],
    ];
    for (const [reason, badParams, badOutcome] of cases) {
      const error = await failure(client.open(badParams, badOutcome));
      expect(error).to.be.instanceOf(ChannelRefusedError);
      expect(error.message).to.match(reason);
    }
    expect(client.list()).to.deep.equal([]);
    expect(() => client.channel(channelIdOf(DOMAIN, params))).to.throw(UnknownChannelError);
    await world.close();
  });

  it("takes from others only what it is told to: by default apps that it knows, and nothing to deposit", async () => {
    const l1 = fakeL1();
    const network = memoryNetwork();
    const free: Outcome = [
      { asset: ETH, allocations: [simple(person(0).address, 10n), simple(person(1).address, 0n)] },
    ];
    const start = async (i: number, more: Partial<ChannelClientOptions>) =>
      startParty(i, l1, network.join(person(i).address), memoryStore(), { accept: undefined, ...more });
    const alice = await start(0, {});
    const bob = await start(1, { apps: [APP] });
    const open = async (change: Partial<typeof params>, first: Outcome): Promise<string> => {
      const opened = failure(alice.client.open({ ...params, ...change }, first));
      await calm([alice, bob]);
      return (await opened).message;
    };
    expect(await open({ appDefinition: stranger }, free)).to.match(
      /refused: participant 1: app 0x9+ is none that we know/,
    );
    expect(await open({ channelNonce: 2n }, outcome)).to.match(
      /refused: participant 1: we would have to deposit 0x0+$/,
    );
    expect(bob.client.list()).to.deep.equal([]);
    const ending = new AbortController();
    const opened = alice.client.open({ ...params, channelNonce: 3n }, free, { signal: ending.signal });
    opened.catch(() => undefined);
    await calm([alice, bob]);
    expect(bob.client.list()).to.have.length(1);
    ending.abort(new Error("enough"));
    for (const { client } of [alice, bob]) await client.close();
  });

  it("is for one first outcome, and for one adjudicator", async () => {
    const world = await openWorld(2);
    const [alice] = world.parties;
    expect((await alice!.client.open(world.params, world.outcome)).id).to.equal(channelIdOf(DOMAIN, world.params));
    const other = [{ asset: ETH, allocations: [simple(person(0).address, 1n)] }];
    expect((await failure(alice!.client.open(world.params, other))).message).to.match(/with another first outcome/);
    await world.close();
    const moved = { ...DOMAIN, l1ChainId: 1n };
    const started = startParty(0, world.l1, world.network.join(person(0).address), alice!.store, { domain: moved });
    expect((await failure(started)).message).to.match(/of another adjudicator or participant/);
  });

  it("ends at once, and for good, when the store fails", async () => {
    const store = memoryStore();
    let isBroken = false;
    const l1 = fakeL1();
    const network = memoryNetwork();
    const broken = {
      ...store,
      write: (...given: Parameters<typeof store.write>) =>
        isBroken ? Promise.reject(new Error("disk full")) : store.write(...given),
    };
    const alice = await startParty(0, l1, network.join(person(0).address), broken);
    const bob = await startParty(1, l1, network.join(person(1).address), memoryStore());
    let isOpen = false;
    const opened = alice.client.open(params, outcome);
    void opened.then(() => (isOpen = true));
    while (!isOpen) {
      for (const { client } of [alice, bob]) await client.sync();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const channel = await opened;
    const { turnNum } = channel.latest!.state;
    isBroken = true;
    expect(await failure(channel.pay({ to: 1, amount: 1n }))).to.be.instanceOf(ClientStoppedError);
    await calm([alice, bob]);
    // The payment's signature never left.
    expect(bob.client.list()[0]!.latest!.state.turnNum).to.equal(turnNum);
    const fault = alice.reports.find((report) => report.kind === "fault");
    expect(fault).to.include({ channelId: channel.id, isFatal: true });
    expect((fault?.error as Error).message).to.equal("disk full");
    expect(await failure(channel.pay({ to: 1, amount: 1n }))).to.be.instanceOf(ClientStoppedError);
    for (const { client } of [alice, bob]) await client.close();
  });
});
