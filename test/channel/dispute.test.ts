import { expect } from "chai";

import { channelDigests, channelIdOf } from "../../plugin/channel/hashes.js";
import type { ChannelHandle } from "../../plugin/channel/handle.js";
import type { Adjudicator, SignedState } from "../../plugin/channel/types.js";
import { memoryStore } from "../../plugin/store/memory.js";
import { DOMAIN } from "./support/fake-l1.js";
import { calm, createWorld, ETH, openWorld, person, startParty, TOKEN, type World } from "./support/world.js";

const kinds = (world: World, i: number): string[] => world.parties[i]!.reports.map(({ kind }) => kind);

function handlesOf(world: World): ChannelHandle[] {
  const id = channelIdOf(DOMAIN, world.params);
  return world.parties.map(({ client }) => client.channel(id));
}

/** Posts a state as a participant would that does not use our client. */
async function challengeWith(world: World, challenger: number, signed: SignedState): Promise<void> {
  const { signer } = world.parties[challenger]!;
  const digest = channelDigests(DOMAIN).challenge(channelIdOf(DOMAIN, world.params), signed.state);
  await world.l1.adjudicator(signer.address).challenge(world.params, [signed], challenger, signer.sign(digest));
}

describe("channel client in a dispute", () => {
  let world: World;
  let handles: ChannelHandle[];
  beforeEach(async () => {
    world = await openWorld(2);
    handles = handlesOf(world);
    await handles[0]!.pay({ to: 1, amount: 100n });
    await calm(world.parties);
  });
  afterEach(() => world.close());

  it("answers an old state by the last one, is paid the bond, and goes on", async () => {
    const old = handles[0]!.latest!;
    await handles[0]!.pay({ to: 1, amount: 200n });
    await handles[1]!.pay({ to: 0, amount: 1n });
    await calm(world.parties);
    await challengeWith(world, 0, old);
    expect(world.l1.balance(person(0).address, ETH)).to.equal(-2_000n);
    await world.parties[1]!.client.sync();
    expect(world.l1.balance(person(1).address, ETH)).to.equal(0n);
    const moves = world.parties[1]!.reports.flatMap((report) => (report.kind === "l1Move" ? [report.move] : []));
    expect(moves.at(-1)).to.equal("checkpoint");
    await world.settle();
    expect(handles[1]!.status?.mode).to.equal("open");
    await handles[0]!.pay({ to: 1, amount: 3n });
    expect(handles[0]!.balance(ETH)).to.equal(698n);
  });

  it("ends with a silent participant after its time, and pays both", async () => {
    await world.parties[1]!.client.close();
    world.network.leave(person(1).address);
    const challenged = handles[0]!.challenge();
    await world.parties[0]!.client.sync();
    await challenged;
    expect(handles[0]!.status?.mode).to.equal("challenge");
    world.l1.pass(7_201n);
    await world.parties[0]!.client.sync();
    expect(handles[0]!.isEnded).to.equal(true);
    expect(world.l1.balance(person(0).address, ETH)).to.equal(-100n);
    expect(world.l1.balance(person(1).address, ETH)).to.equal(100n);
    expect(world.l1.balance(person(1).address, TOKEN)).to.equal(0n);
    expect(kinds(world, 0)).to.include("ended");
  });

  it("signs no update that L1 may not see before a challenge ends", async () => {
    // By who moves next: the other one would risk its bond by signing second.
    const next = Number((handles[0]!.latest!.state.turnNum + 1n) % 2n);
    await challengeWith(world, next, handles[0]!.latest!);
    await world.settle();
    const signed = await handles[1]!.pay({ to: 0, amount: 1n });
    await calm(world.parties);
    // It is later than the challenge's: whoever looks first shows it, and the dispute is over.
    await world.settle();
    expect(handles[0]!.status).to.include({ mode: "open", turnNum: signed.state.turnNum });

    await challengeWith(world, 0, handles[0]!.latest!);
    world.l1.pass(7_000n);
    await world.settle();
    const ending = new AbortController();
    const late = handles[0]!.pay({ to: 1, amount: 1n }, ending.signal);
    await calm(world.parties);
    expect(handles[1]!.latest!.state.turnNum).to.equal(signed.state.turnNum);
    ending.abort(new Error("gave up"));
    expect(await late.catch((error: unknown) => (error as Error).message)).to.equal("gave up");
  });

  it("signs nothing second while its own challenge stands, which would give its bond away", async () => {
    const { turnNum } = handles[0]!.latest!.state;
    const mover = Number((turnNum + 1n) % 2n);
    await challengeWith(world, 1 - mover, handles[0]!.latest!);
    await world.settle();
    const ending = new AbortController();
    const refused = handles[mover]!.pay({ to: 1 - mover, amount: 1n }, ending.signal);
    await calm(world.parties);
    expect(handles.map(({ latest }) => latest!.state.turnNum)).to.deep.equal([turnNum, turnNum]);
    ending.abort(new Error("gave up"));
    expect(await refused.catch((error: unknown) => (error as Error).message)).to.equal("gave up");
  });

  it("goes on with a state whose signatures somebody gave to L1 only", async () => {
    // Bob takes Alice's proposal to L1, and never answers her: what she has in full is too old for L1 now.
    await handles[1]!.pay({ to: 0, amount: 1n });
    await calm(world.parties);
    await world.parties[1]!.client.close();
    const digests = channelDigests(DOMAIN);
    world.network.leave(person(1).address);
    const late = handles[0]!.pay({ to: 1, amount: 7n });
    late.catch(() => undefined);
    await world.parties[0]!.client.idle();
    const proposal = handles[0]!.pending!;
    const { id } = handles[0]!;
    const signatures = [proposal.signatures[0], person(1).sign(digests.state(id, proposal.state))];
    await world.l1.adjudicator(person(1).address).checkpoint(world.params, { ...proposal, signatures });
    await world.parties[0]!.client.sync();
    expect((await late).state.turnNum).to.equal(proposal.state.turnNum);
    const challenged = handles[0]!.challenge();
    await world.parties[0]!.client.sync();
    await challenged;
    expect(handles[0]!.status?.mode).to.equal("challenge");
  });

  it("is paid by an old state that nobody answered, because it was away", async () => {
    const old = handles[0]!.latest!;
    for (const amount of [300n, 200n]) await handles[0]!.pay({ to: 1, amount });
    await calm(world.parties);
    const { store } = world.parties[1]!;
    await world.parties[1]!.client.close();
    await challengeWith(world, 0, old);
    world.l1.pass(7_201n);
    // The liar has itself paid and nobody else; who comes back knows what is behind the old state's hashes.
    const again = await startParty(1, world.l1, world.network.join(person(1).address), store);
    world.parties[1] = again;
    await again.client.sync();
    expect(world.l1.balance(person(1).address, ETH)).to.equal(100n);
    expect(world.l1.balance(person(1).address, TOKEN)).to.equal(0n);
    expect(again.client.list()[0]!.isEnded).to.equal(true);
  });

  it("gets its deposit back from a channel that nobody else funds", async () => {
    const other = await createWorld(2, { resendInterval: 5 });
    const id = channelIdOf(DOMAIN, other.params);
    const opening = new AbortController();
    const opened = other.parties[0]!.client.open(other.params, other.outcome, { signal: opening.signal });
    opened.catch(() => undefined);
    while (other.parties[0]!.client.list()[0]?.latest === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await calm(other.parties);
    }
    await other.parties[0]!.client.sync();
    expect(other.l1.balance(person(0).address, ETH)).to.equal(-1_000n);
    opening.abort(new Error("enough"));
    const challenged = other.parties[0]!.client.channel(id).challenge();
    await other.parties[0]!.client.sync();
    await challenged;
    other.l1.pass(7_201n);
    await other.parties[0]!.client.sync();
    expect(other.l1.balance(person(0).address, ETH)).to.equal(0n);
    expect(other.l1.balance(person(0).address, TOKEN)).to.equal(0n);
    await other.close();
  });

  it("concludes what another one closed and left", async () => {
    let time = 0;
    const later = await openWorld(2, { clock: () => time });
    const id = channelIdOf(DOMAIN, later.params);
    const closing = later.parties[0]!.client.channel(id).close();
    closing.catch(() => undefined);
    await calm(later.parties);
    await later.parties[0]!.client.close();
    await later.parties[1]!.client.sync();
    expect(later.l1.sent).not.to.include("concludeAndPay");
    time += 600_001;
    await later.parties[1]!.client.sync();
    expect(later.l1.sent).to.include("concludeAndPay");
    expect(later.l1.balance(person(0).address, ETH)).to.equal(0n);
    await later.close();
  });

  it("is paid alone where all cannot be paid at once", async () => {
    const { store } = world.parties[0]!;
    await world.parties[0]!.client.close();
    const { address } = person(0);
    const whole = world.l1.adjudicator(address);
    const sent: number[][] = [];
    const adjudicator: Adjudicator = {
      ...whole,
      concludeAndPay: () => Promise.reject(new Error("a recipient burns all gas")),
      payout(id, final, assetIndex, indices, signal) {
        if (indices.length === 0) return Promise.reject(new Error("a recipient burns all gas"));
        sent.push([assetIndex, ...indices]);
        return whole.payout(id, final, assetIndex, indices, signal);
      },
    };
    world.parties[0] = await startParty(0, world.l1, world.network.join(address), store, { adjudicator });
    await world.settle();
    const channel = handlesOf(world)[0]!;
    void channel.close().catch(() => undefined);
    await calm(world.parties);
    await world.parties[0].client.sync();
    expect(channel.isEnded).to.equal(true);
    expect(world.l1.sent).to.include("conclude");
    expect(sent).to.deep.equal([
      [0, 0],
      [1, 0],
    ]);
    expect(world.l1.balance(address, ETH)).to.equal(-100n);
  });

  it("takes out while the channel is open what everybody signs for, and no more", async () => {
    const withdrawn = handles[1]!.withdraw(ETH, 600n);
    await calm(world.parties);
    await world.settle();
    await withdrawn;
    expect(world.l1.balance(person(1).address, ETH)).to.equal(-400n);
    expect(await failure(handles[1]!.withdraw(ETH, 1_101n))).to.match(
      /1101 of 0x0+ is more than its entitlement, 1100/,
    );
    expect(await failure(handles[1]!.pay({ to: 0, amount: 501n }))).to.match(/may have got 600/);
    await handles[1]!.pay({ to: 0, amount: 500n });
    await calm(world.parties);
    const closed = handles[1]!.close();
    await calm(world.parties);
    await world.settle();
    await closed;
    expect(world.l1.balance(person(0).address, ETH)).to.equal(400n);
    expect(world.l1.balance(person(1).address, ETH)).to.equal(-400n);
  });

  it("remembers after a restart what it signed a withdrawal for", async () => {
    const withdrawn = handles[1]!.withdraw(ETH, 1_100n);
    await calm(world.parties);
    await world.settle();
    await withdrawn;
    const { store } = world.parties[0]!;
    await world.parties[0]!.client.close();
    const again = await startParty(0, world.l1, world.network.join(person(0).address), store);
    world.parties[0] = again;
    await world.settle();
    const [, bob] = handlesOf(world);
    // Its own client would not, so it lies to it.
    const refused = bob!.update((_, outcome) => ({
      outcome: outcome.map((entry) => ({
        ...entry,
        allocations: entry.allocations.map((one, i) => ({ ...one, amount: one.amount + (i === 0 ? 1n : -1n) })),
      })),
    }));
    expect(await failure(refused)).to.match(/may have got 1100/);
  });

  it("trusts no session key that expires before a dispute could end", async () => {
    const session = person(40);
    const store = memoryStore();
    const { l1, params, outcome } = await createWorld(2);
    l1.registerKey(params, 1, session.address, 1_000_000n + 20_000n);
    const network = world.network;
    const alice = await startParty(0, l1, network.join(person(0).address), memoryStore());
    const bob = await startParty(1, l1, network.join(person(1).address), store, {
      signer: session,
      account: person(1).address,
    });
    const opened = alice.client.open(params, outcome);
    opened.catch(() => undefined);
    const turn = (): bigint => bob.client.list()[0]?.latest?.state.turnNum ?? -1n;
    while (turn() < 1n) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      for (const { client } of [alice, bob]) await client.sync();
    }
    await (await opened).pay({ to: 1, amount: 5n });
    // 20,000 seconds of life less 2 x 7,200 of dispute and 3,600 of margin.
    l1.pass(2_100n);
    for (const { client } of [alice, bob]) await client.sync();
    const ending = new AbortController();
    const late = alice.client.list()[0]!.pay({ to: 1, amount: 5n }, ending.signal);
    late.catch(() => undefined);
    await calm([alice, bob]);
    expect(turn()).to.equal(2n);
    expect(alice.reports.map(({ kind }) => kind)).to.include("keyExpires");
    ending.abort(new Error("enough"));
    for (const { client } of [alice, bob]) await client.close();
  });
});

async function failure(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => "it came about",
    (error: unknown) => (error as Error).message,
  );
}
