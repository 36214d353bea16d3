import { expect } from "chai";
import type { Provider, TransactionResponse } from "ethers";

import type { ConnectedAdjudicator } from "../../../plugin/channel/adjudicator.js";
import { channelDigests } from "../../../plugin/channel/hashes.js";
import { encodeCheckpoint } from "../../../plugin/channel/watchtower/payload.js";
import { hintOf, seal } from "../../../plugin/channel/watchtower/seal.js";
import type { Vault } from "../../../plugin/channel/watchtower/vault.js";
import {
  createWatch,
  REORG_DEPTH,
  type Watch,
  watchChallenges,
  type WatchEvent,
} from "../../../plugin/channel/watchtower/watch.js";
import { heldBlob } from "../../../plugin/channel/watchtower/wire.js";
import { L1UnavailableError } from "../../../plugin/l1/ask.js";
import { memoryStore } from "../../../plugin/store/memory.js";
import type { Store } from "../../../plugin/store/types.js";
import type { Hex } from "../../../plugin/types.js";
import { MockForceMoveApp__factory } from "../../../typechain-types/index.js";
import { failure } from "../../l1/support/failure.js";
import { intercept } from "../../l1/support/intercept.js";
import { describeOnEveryL1, startHardhat, type TestL1 } from "../../l1/support/l1.js";
import { BOND, challengeAt, channelsOn, type TestChannels } from "../support-l1.js";
import { channelOf, id, keyOf, type TestChannel, vaultIn } from "./support.js";

const FOREVER = 1n << 40n;
/** Accounts. */
const [LIAR, TOWER, SECOND] = [1, 2, 3];
const CLIENT = keyOf("client").address;

interface Setting {
  l1: TestL1;
  channels: TestChannels;
  liar: ConnectedAdjudicator;
}

async function settingOn(l1: TestL1): Promise<Setting> {
  const channels = await channelsOn(l1);
  return { l1, channels, liar: await channels.as(LIAR) };
}

let nonce = 100n;
/** A fresh channel of alice and bob. */
function channelIn({ channels }: Setting, names = ["alice", "bob"]): TestChannel {
  return channelOf(channels.domain, names.map(keyOf), nonce++);
}

async function hand(vault: Vault, channel: TestChannel, from: number, to = from + 1, client = CLIENT): Promise<void> {
  const before = channel.hashAt(from);
  const payload = encodeCheckpoint({ params: channel.params, signed: channel.signedAt(to) });
  await vault.hold(client, [heldBlob(hintOf(before), seal(before, payload))], FOREVER);
}
async function handAll(vault: Vault, channel: TestChannel, to: number, from = 0): Promise<void> {
  for (let turn = from; turn < to; turn++) await hand(vault, channel, turn);
}

/** Of one channel: the account of a tower is another test's as well. */
async function earningsOf({ vault }: Pick<TestTower, "vault">, { channelId }: TestChannel) {
  return (await vault.earnings()).filter((earning) => earning.channelId === channelId);
}

interface TestTower {
  watch: Watch;
  vault: Vault;
  adjudicator: ConnectedAdjudicator;
  events: WatchEvent[];
}

/** A tower as a process would start it: all that it knows is in the store and on L1. */
async function towerIn(
  { channels, l1 }: Setting,
  store: Store,
  {
    account = TOWER,
    paidOnly = false,
    provider = l1.provider,
  }: { account?: number; paidOnly?: boolean; provider?: Provider } = {},
): Promise<TestTower> {
  const vault = await vaultIn(store);
  const adjudicator = await channels.as(account, { provider, journal: vault.journal });
  const events: WatchEvent[] = [];
  const log = (event: WatchEvent): void => void events.push(event);
  const { fromBlock } = channels;
  return { watch: createWatch({ adjudicator, vault, fromBlock, paidOnly, log }), vault, adjudicator, events };
}

describeOnEveryL1("A watchtower", (l1) => {
  let setting: Setting;
  before(async () => {
    setting = await settingOn(l1());
  });

  it("answers a stale challenge with the latest state, and is paid the bond to the wei", async () => {
    const channel = channelIn(setting);
    const { watch, vault, adjudicator, events } = await towerIn(setting, memoryStore());
    await handAll(vault, channel, 12);
    await challengeAt(setting.liar, channel, 3, 0);
    const before = await l1().provider.getBalance(adjudicator.account);
    expect(await watch.look()).to.equal(1);
    const status = await adjudicator.statusOf(channel.channelId);
    expect(status).to.deep.include({ mode: "open", turnNum: 12n, bondHeld: false });
    const [earning] = await earningsOf({ vault }, channel);
    expect(earning).to.include({ channelId: channel.channelId, reward: BOND });
    expect(await l1().provider.getBalance(adjudicator.account)).to.equal(before + BOND - (earning?.cost ?? 0n));
    expect(events).to.deep.equal([
      {
        kind: "answered",
        channelId: channel.channelId,
        turnNum: 12n,
        transaction: earning?.transaction,
        reward: BOND,
        cost: earning?.cost,
      },
    ]);
    expect(await watch.look()).to.equal(0);
    expect(await earningsOf({ vault }, channel)).to.deep.equal([earning]);
  });

  it("leaves a challenge with the latest state alone", async () => {
    const channel = channelIn(setting);
    const { watch, vault, adjudicator } = await towerIn(setting, memoryStore());
    await handAll(vault, channel, 5);
    await challengeAt(setting.liar, channel, 5, 0);
    const nonceBefore = await l1().provider.getTransactionCount(adjudicator.account);
    expect(await watch.look()).to.equal(0);
    expect(await watch.look()).to.equal(0);
    expect(await l1().provider.getTransactionCount(adjudicator.account)).to.equal(nonceBefore);
    expect((await adjudicator.statusOf(channel.channelId)).mode).to.equal("challenge");
  });

  it("survives that its transaction is taken out by a reorganisation, and counts it once", async () => {
    const channel = channelIn(setting);
    const { watch, vault, adjudicator, events } = await towerIn(setting, memoryStore());
    await handAll(vault, channel, 9);
    await challengeAt(setting.liar, channel, 2, 0);
    const snapshot = await l1().send("evm_snapshot");
    expect(await watch.look()).to.equal(1);
    expect(await watch.look()).to.equal(0);
    await l1().send("evm_revert", snapshot);
    expect((await adjudicator.statusOf(channel.channelId)).mode).to.equal("challenge");
    await l1().mine(3);
    expect(await watch.look()).to.equal(1);
    expect((await adjudicator.statusOf(channel.channelId)).turnNum).to.equal(9n);
    expect(await watch.look()).to.equal(0);
    expect(await earningsOf({ vault }, channel)).to.have.length(1);
    expect(events.filter(({ kind }) => kind === "answered")).to.have.length(2);
  });
});

describe("A watchtower's eye on L1", () => {
  let setting: Setting;
  before(async () => {
    setting = await settingOn(await startHardhat());
  });
  const statusOf = (channel: TestChannel) => setting.liar.statusOf(channel.channelId);
  const nonceOf = ({ adjudicator }: TestTower): Promise<number> =>
    setting.l1.provider.getTransactionCount(adjudicator.account);

  it("answers also where nothing is paid for it, unless it is told not to", async () => {
    // Turn 6 is alice's: she proposed it and may never have got it back.
    const channel = channelIn(setting);
    const store = memoryStore();
    const greedy = await towerIn(setting, store, { paidOnly: true });
    await handAll(greedy.vault, channel, 6);
    await challengeAt(setting.liar, channel, 5, 0);
    expect(await greedy.watch.look()).to.equal(0);
    expect(greedy.events).to.deep.equal([{ kind: "unpaid", channelId: channel.channelId, turnNum: 6n }]);
    const tower = await towerIn(setting, store);
    expect(await tower.watch.look()).to.equal(1);
    expect(await statusOf(channel)).to.include({ mode: "open", turnNum: 6n });
    const [earning] = await earningsOf(tower, channel);
    expect(earning?.reward).to.equal(0n);
    expect(earning?.cost).to.be.above(0n);
    expect(await tower.watch.look()).to.equal(0);
    expect(await earningsOf(tower, channel)).to.deep.equal([earning]);
  });

  it("is paid for the turn that the challenger signed second", async () => {
    const channel = channelIn(setting);
    const tower = await towerIn(setting, memoryStore(), { paidOnly: true });
    await handAll(tower.vault, channel, 6);
    await challengeAt(setting.liar, channel, 5, 1);
    expect(await tower.watch.look()).to.equal(1);
    expect((await earningsOf(tower, channel))[0]?.reward).to.equal(BOND);
  });

  it("shows no state that is older than what L1 knows", async () => {
    const channel = channelIn(setting);
    const tower = await towerIn(setting, memoryStore());
    await handAll(tower.vault, channel, 8);
    await setting.liar.checkpoint(channel.params, channel.signedAt(20));
    await challengeAt(setting.liar, channel, 20, 0);
    await hand(tower.vault, channel, 20, 21);
    const before = await nonceOf(tower);
    const later = channelIn(setting);
    expect(await tower.watch.look()).to.equal(1);
    expect(await statusOf(channel)).to.include({ mode: "open", turnNum: 21n });
    expect(await nonceOf(tower)).to.equal(before + 1);
    expect((await statusOf(later)).turnNum).to.equal(0n);
  });

  it("answers a second challenge of a channel", async () => {
    const channel = channelIn(setting);
    const tower = await towerIn(setting, memoryStore());
    await handAll(tower.vault, channel, 4);
    await challengeAt(setting.liar, channel, 1, 0);
    expect(await tower.watch.look()).to.equal(1);
    await handAll(tower.vault, channel, 10, 4);
    await challengeAt(setting.liar, channel, 4, 1);
    expect(await tower.watch.look()).to.equal(1);
    expect(await statusOf(channel)).to.include({ mode: "open", turnNum: 10n });
    expect(await earningsOf(tower, channel)).to.have.length(2);
  });

  it("answers as soon as what was missing arrives", async () => {
    const channel = channelIn(setting);
    const tower = await towerIn(setting, memoryStore());
    await challengeAt(setting.liar, channel, 1, 0);
    expect(await tower.watch.look()).to.equal(0);
    await handAll(tower.vault, channel, 6);
    expect(await tower.watch.look()).to.equal(1);
    expect((await statusOf(channel)).turnNum).to.equal(6n);
  });

  it("passes over garbage and states that were never signed, whoever put them there", async () => {
    const channel = channelIn(setting);
    const tower = await towerIn(setting, memoryStore());
    await handAll(tower.vault, channel, 6);
    const before = channel.hashAt(2);
    const forged = { ...channel.signedAt(30), state: channel.stateAt(31) };
    const garbage = [
      Buffer.alloc(500, 1),
      seal(before, Buffer.from("no checkpoint")),
      seal(before, encodeCheckpoint({ params: channel.params, signed: forged })),
    ].map((blob) => heldBlob(hintOf(before), blob));
    for (const name of ["bob", "somebody"]) await tower.vault.hold(keyOf(name).address, garbage, FOREVER);
    await challengeAt(setting.liar, channel, 2, 0);
    expect(await tower.watch.look()).to.equal(1);
    expect((await statusOf(channel)).turnNum).to.equal(6n);
  });

  it("lets one of two towers be paid, and the other lose nothing but a look", async () => {
    const channel = channelIn(setting);
    const first = await towerIn(setting, memoryStore());
    const second = await towerIn(setting, memoryStore(), { account: SECOND });
    for (const { vault } of [first, second]) await handAll(vault, channel, 7);
    await challengeAt(setting.liar, channel, 2, 0);
    const answered = await Promise.all([first.watch.look(), second.watch.look()]);
    expect(answered.reduce((a, b) => a + b)).to.be.within(1, 2);
    expect((await statusOf(channel)).turnNum).to.equal(7n);
    for (const { watch } of [first, second]) expect(await watch.look()).to.equal(0);
    const rewards = [...(await earningsOf(first, channel)), ...(await earningsOf(second, channel))].map(
      ({ reward }) => reward,
    );
    expect(rewards.reduce((a, b) => a + b)).to.equal(BOND);
  });

  it("says why it did not answer when another tower was first in the same block", async () => {
    const channel = channelIn(setting);
    const slow = await towerIn(setting, memoryStore());
    await handAll(slow.vault, channel, 7);
    await challengeAt(setting.liar, channel, 2, 0);
    const rival = await setting.channels.as(SECOND);
    const late = await towerIn(setting, memoryStore(), {
      account: SECOND + 1,
      provider: intercept(setting.l1.provider, {
        broadcastTransaction: async (raw) => {
          // The rival is mined between the estimate and the sending.
          await rival.checkpoint(channel.params, channel.signedAt(7));
          return setting.l1.provider.broadcastTransaction(raw);
        },
      }),
    });
    await handAll(late.vault, channel, 7);
    expect(await late.watch.look()).to.equal(0);
    expect(late.events.map(({ kind }) => kind)).to.deep.equal(["refused"]);
    expect((late.events[0] as { reason: string }).reason).to.match(/turn 8 or later is needed/);
    expect(await late.watch.look()).to.equal(0);
    expect(await earningsOf(late, channel)).to.deep.equal([]);
  });

  it("answers with a session key's signature while it lasts, and with what is left after", async () => {
    const channel = channelIn(setting);
    const key = keyOf("alice's session key");
    const bob = keyOf("bob");
    const tower = await towerIn(setting, memoryStore());
    const expiry = (await setting.liar.now()) + 10_000n;
    const digest = setting.liar.domain;
    await registerKey(setting, channel, 0, key.address, expiry);
    expect(await tower.adjudicator.sessionKeyOf(channel.channelId, channel.params.participants[0]!)).to.deep.equal({
      key: key.address,
      expiry,
    });
    expect(digest).to.equal(setting.channels.domain);
    await handAll(tower.vault, channel, 5);
    const before = channel.hashAt(5);
    const signed = channel.signedAt(6, { as: [key, bob] });
    await tower.vault.hold(
      CLIENT,
      [heldBlob(hintOf(before), seal(before, encodeCheckpoint({ params: channel.params, signed })))],
      FOREVER,
    );
    const snapshot = await setting.l1.send("evm_snapshot");
    await challengeAt(setting.liar, channel, 2, 0);
    expect(await tower.watch.look()).to.equal(1);
    expect((await statusOf(channel)).turnNum).to.equal(6n);
    await setting.l1.send("evm_revert", snapshot);
    await setting.l1.pass(20_000n);
    await challengeAt(setting.liar, channel, 2, 0);
    expect(await tower.watch.look()).to.equal(0);
    expect(await tower.watch.look()).to.equal(1);
    expect((await statusOf(channel)).turnNum).to.equal(5n);
  });

  it("answers moves by a state that everybody signed, later than what they go on from", async () => {
    const yes = await new MockForceMoveApp__factory(setting.l1.wallet(0)).deploy();
    await yes.setAnswer(1);
    const app = (await yes.getAddress()).toLowerCase() as Hex;
    const channel = channelOf(setting.channels.domain, ["alice", "bob"].map(keyOf), nonce++, app);
    const tower = await towerIn(setting, memoryStore());
    await handAll(tower.vault, channel, 6);
    // Everybody signed turn 6, and bob would rather have played it in another way.
    const forks = [6, 7].map((turn) => channel.shownAt(turn, { fork: "another", by: [1] }));
    const support = [channel.shownAt(5), ...forks];
    const digest = channelDigests(channel.domain).challenge(channel.channelId, support[2]!.state);
    await setting.liar.challenge(channel.params, support, 1, channel.signers[1]!.sign(digest));
    expect(await statusOf(channel)).to.include({ turnNum: 7n, agreedTurnNum: 5n });
    expect(await tower.watch.look()).to.equal(1);
    expect(await statusOf(channel)).to.include({ mode: "open", turnNum: 6n, agreedTurnNum: 6n });
    expect((await earningsOf(tower, channel)).map(({ reward }) => reward)).to.deep.equal([0n]);
  });

  it("answers while an app's judge looks at the dispute", async () => {
    const judge = await new MockForceMoveApp__factory(setting.l1.wallet(0)).deploy();
    await judge.setAnswer(1);
    const app = (await judge.getAddress()).toLowerCase() as Hex;
    const channel = channelOf(setting.channels.domain, ["alice", "bob"].map(keyOf), nonce++, app);
    const tower = await towerIn(setting, memoryStore());
    await handAll(tower.vault, channel, 6);
    const support = [channel.shownAt(3), channel.shownAt(4, { fork: "another", by: [0] })];
    const digest = channelDigests(channel.domain).challenge(channel.channelId, support[1]!.state);
    await setting.liar.challenge(channel.params, support, 0, channel.signers[0]!.sign(digest));
    const params = { ...channel.params, participants: [...channel.params.participants] };
    await (await judge.openArbitration(setting.channels.domain.adjudicator, params)).wait();
    expect((await statusOf(channel)).mode).to.equal("arbitration");
    expect(await tower.watch.look()).to.equal(1);
    expect(await statusOf(channel)).to.include({ mode: "open", turnNum: 6n });
  });

  it("sends nothing when the time to answer is over", async () => {
    const channel = channelIn(setting);
    const tower = await towerIn(setting, memoryStore());
    await handAll(tower.vault, channel, 6);
    await challengeAt(setting.liar, channel, 3, 0);
    await setting.l1.pass(3_600n);
    const before = await nonceOf(tower);
    expect(await tower.watch.look()).to.equal(0);
    expect(await nonceOf(tower)).to.equal(before);
    expect((await statusOf(channel)).mode).to.equal("finalized");
  });

  it("does nothing with another key: of whose channel it holds blobs it cannot tell", async () => {
    const channel = channelIn(setting);
    const tower = await towerIn(setting, memoryStore());
    for (let turn = 0; turn < 6; turn++) {
      const payload = encodeCheckpoint({ params: channel.params, signed: channel.signedAt(turn + 1) });
      const blob = heldBlob(hintOf(channel.hashAt(turn)), seal(id(`a wrong key ${turn}`), payload));
      await tower.vault.hold(CLIENT, [blob], FOREVER);
    }
    await challengeAt(setting.liar, channel, 2, 0);
    expect(await tower.watch.look()).to.equal(0);
    expect((await statusOf(channel)).mode).to.equal("challenge");
  });

  it("tells who has no money, and answers once there is some", async () => {
    const channel = channelIn(setting);
    const tower = await towerIn(setting, memoryStore(), { account: 15 });
    await handAll(tower.vault, channel, 4);
    await challengeAt(setting.liar, channel, 1, 0);
    await setting.l1.send("hardhat_setBalance", tower.adjudicator.account, "0x1");
    expect(await tower.watch.look()).to.equal(0);
    expect(tower.events.map(({ kind }) => kind)).to.deep.equal(["poor"]);
    await setting.l1.send("hardhat_setBalance", tower.adjudicator.account, "0xde0b6b3a7640000");
    expect(await tower.watch.look()).to.equal(1);
  });

  it("forgets what is long settled, and remembers what is not", async () => {
    const channel = channelIn(setting);
    const waiting = channelIn(setting);
    const store = memoryStore();
    const tower = await towerIn(setting, store);
    await handAll(tower.vault, channel, 4);
    const { blockNumber } = await challengeAt(setting.liar, waiting, 1, 0);
    await challengeAt(setting.liar, channel, 1, 0);
    expect(await tower.watch.look()).to.equal(1);
    await setting.l1.mine(REORG_DEPTH + 5);
    await tower.watch.look();
    // Other tests' challenges wait as well.
    expect(tower.vault.cursor()).to.be.at.most(blockNumber);
    // A new process still knows of the challenge that waits.
    const again = await towerIn(setting, store);
    await handAll(again.vault, waiting, 4);
    expect(await again.watch.look()).to.equal(1);
    await setting.l1.pass(3_600n);
    await again.watch.look();
    expect(again.vault.cursor()).to.equal(await setting.l1.provider.getBlockNumber());
  });

  it("goes on after L1 was away", async () => {
    const channel = channelIn(setting);
    let isAway = true;
    const provider = intercept(setting.l1.provider, {
      getLogs: (filter) =>
        isAway
          ? Promise.reject(new L1UnavailableError("logs", "the node is away"))
          : setting.l1.provider.getLogs(filter),
    });
    const tower = await towerIn(setting, memoryStore(), { provider });
    await handAll(tower.vault, channel, 4);
    await challengeAt(setting.liar, channel, 1, 0);
    expect(await failure(tower.watch.look())).to.be.instanceOf(L1UnavailableError);
    const stop = new AbortController();
    const log = (event: WatchEvent): void => {
      tower.events.push(event);
      isAway = false;
    };
    const watching = watchChallenges(tower.watch, { signal: stop.signal, log, pollInterval: 5 });
    while ((await statusOf(channel)).mode === "challenge") await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort();
    await watching;
    expect(tower.events.filter(({ kind }) => kind === "unavailable")).to.have.length(1);
  });

  it("is the same tower after a death between any two steps: it answers once", async () => {
    let survived = false;
    let deaths = 0;
    // With an account of its own, which has earned nothing yet.
    const account = 7;
    for (let death = 0; !survived; death++) {
      const snapshot = await setting.l1.send("evm_snapshot");
      const channel = channelIn(setting);
      const store = memoryStore();
      const { vault } = await towerIn(setting, store, { account });
      await handAll(vault, channel, 6);
      await challengeAt(setting.liar, channel, 2, 0);
      const counter = { left: death };
      const first = await towerIn(setting, mortalStore(store, counter), {
        ...{ account, provider: mortalL1(setting.l1.provider, counter) },
      });
      const before = await nonceOf(first);
      counter.left = death;
      survived = await first.watch.look().then(
        // A node that dies refuses what is sent to it.
        () => counter.left >= 0,
        () => false,
      );
      if (!survived) deaths++;
      const second = await towerIn(setting, store, { account });
      await second.watch.look();
      await second.watch.look();
      expect(await nonceOf(second), `death at step ${death}`).to.equal(before + 1);
      expect(await statusOf(channel)).to.include({ mode: "open", turnNum: 6n });
      const earnings = await earningsOf(second, channel);
      expect(earnings.map(({ reward }) => reward)).to.deep.equal([BOND]);
      await setting.l1.send("evm_revert", snapshot);
    }
    expect(deaths).to.be.above(10);
  });
});

async function registerKey(
  { channels, liar }: Setting,
  channel: TestChannel,
  participant: number,
  key: Hex,
  expiry: bigint,
): Promise<void> {
  const owner = channel.params.participants[participant]!;
  const digests = channelDigests(channels.domain);
  const signature = channel.signers[participant]!.sign(
    digests.sessionKey(channel.channelId, { participant: owner, key, expiry }),
  );
  await liar.registerSessionKey(channel.params, { participant, key, expiry, signature });
}

/** What dies with its process: everything, once as many steps were made as were left. */
interface Mortality {
  left: number;
}

function step(counter: Mortality): void {
  if (counter.left-- <= 0) throw new Error("killed");
}

function mortalStore(store: Store, counter: Mortality): Store {
  return {
    ...store,
    async write(operations, options) {
      step(counter);
      await store.write(operations, options);
      step(counter);
    },
  };
}

function mortalL1(provider: Provider, counter: Mortality): Provider {
  return intercept(provider, {
    getLogs: (filter) => {
      step(counter);
      return provider.getLogs(filter);
    },
    getTransactionReceipt: (hash) => {
      step(counter);
      return provider.getTransactionReceipt(hash);
    },
    async broadcastTransaction(raw): Promise<TransactionResponse> {
      step(counter);
      const response = await provider.broadcastTransaction(raw);
      step(counter);
      return response;
    },
  });
}
