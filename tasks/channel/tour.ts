import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { formatEther, parseEther, type Provider, type Signer, Wallet, ZeroHash } from "ethers";

import type { ChannelsDeployment } from "../../deploy/channel-book.js";
import { type ConnectedAdjudicator, connectAdjudicator } from "../../plugin/channel/adjudicator.js";
import { type ChannelClient, createChannelClient } from "../../plugin/channel/client.js";
import type { ChannelHandle } from "../../plugin/channel/handle.js";
import { channelDigests, channelIdOf } from "../../plugin/channel/hashes.js";
import { simple } from "../../plugin/channel/outcome.js";
import type { ChannelReport } from "../../plugin/channel/report.js";
import { type KeySigner, keySigner, randomKey } from "../../plugin/channel/signing.js";
import { type MemoryNetwork, memoryNetwork } from "../../plugin/channel/transport.js";
import type { ChannelDomain, ChannelParams, Mined, Outcome, SignedState } from "../../plugin/channel/types.js";
import { createWatchClient, type WatchClient } from "../../plugin/channel/watchtower/client.js";
import { serveTower } from "../../plugin/channel/watchtower/server.js";
import { createTower } from "../../plugin/channel/watchtower/tower.js";
import { openVault, type Vault } from "../../plugin/channel/watchtower/vault.js";
import { createWatch, type Watch } from "../../plugin/channel/watchtower/watch.js";
import { openLevelStore } from "../../plugin/store/level.js";
import { memoryStore } from "../../plugin/store/memory.js";
import type { Store } from "../../plugin/store/types.js";
import { type Hex, ZERO_ADDRESS } from "../../plugin/types.js";
import { type StandardToken, StandardToken__factory } from "../../typechain-types/index.js";
import type { Narrator } from "../support/narrator.js";

const SHARE = { eth: parseEther("1"), token: 1_000n * 10n ** 18n };
/** Wei that a participant has beside its share, for gas and a bond. */
const PURSE = parseEther("1");
const DAY = 86_400;
/** Payments that each side has on their way. */
const AT_ONCE = 4;
/** The liar comes back to the state after one in so many of the updates. */
const OLD_PART = 4;

export interface TourOptions {
  updates: number;
  /** Each state is on disk before its signature leaves; else in memory. */
  onDisk: boolean;
}

export interface ChannelFigures {
  channelId: Hex;
  updates: { count: number; seconds: number; perSecond: number };
  /** Gas of L1 transactions, in the order of the tour. */
  gas: { deposits: bigint[]; challenge: bigint; answer: bigint; conclusion: bigint };
  tower: { blobs: number; reward: bigint; cost: bigint };
  checks: { compared: number; wrong: string[] };
}

interface Party {
  name: string;
  wallet: Wallet;
  signer: KeySigner;
  store: Store;
  adjudicator: ConnectedAdjudicator;
}

interface Place {
  provider: Provider;
  domain: ChannelDomain;
  deployment: ChannelsDeployment;
  token: StandardToken;
  /** Rules of the channel. */
  app: Hex;
  network: MemoryNetwork;
}

/**
 * Two parties open a channel with ETH and a token, pay each other, one tries an old state while the other is away, a watchtower
 * answers and is paid, and every balance is compared with books of our own.
 */
export async function takeChannelTour(
  funder: Signer,
  provider: Provider,
  deployment: ChannelsDeployment,
  { updates, onDisk }: TourOptions,
  narrator: Narrator,
): Promise<ChannelFigures> {
  const opened = await openStores(onDisk);
  const { stores } = opened;
  try {
    const token = await new StandardToken__factory(funder).deploy();
    await token.waitForDeployment();
    const domain = { l1ChainId: deployment.l1ChainId, adjudicator: deployment.contracts.ChannelAdjudicator.address };
    const app = deployment.contracts.ConsensusApp.address;
    const place = { provider, domain, deployment, token, app, network: memoryNetwork() };
    const alice = await partyOf("Alice", place, funder, stores[0]);
    const bob = await partyOf("Bob", place, funder, stores[1]);
    const watching = { store: stores[2], wallet: await funded(place, funder, PURSE) };
    return await tour(place, alice, bob, watching, { updates, onDisk }, narrator);
  } finally {
    await opened.close();
  }
}

/** Alice's, Bob's and the tower's. */
async function openStores(onDisk: boolean): Promise<{ stores: [Store, Store, Store]; close(): Promise<void> }> {
  if (!onDisk) return { stores: [memoryStore(), memoryStore(), memoryStore()], close: () => Promise.resolve() };
  const folder = await mkdtemp(join(tmpdir(), "channel-demo-"));
  const open = (name: string): Promise<Store> => openLevelStore(join(folder, name));
  const stores: [Store, Store, Store] = [await open("alice"), await open("bob"), await open("tower")];
  return {
    stores,
    async close() {
      for (const store of stores) await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function tour(
  place: Place,
  alice: Party,
  bob: Party,
  towerOf: { store: Store; wallet: Wallet },
  { updates, onDisk }: TourOptions,
  narrator: Narrator,
): Promise<ChannelFigures> {
  const { provider, token } = place;
  const tokenAddress = (await token.getAddress()).toLowerCase() as Hex;
  const tower = await startTower(place, towerOf.store, towerOf.wallet);
  const checks = { compared: 0, wrong: [] as string[] };
  const compare = (what: string, expected: bigint, found: bigint): void => {
    checks.compared++;
    if (expected !== found) checks.wrong.push(`${what}: expected ${expected}, found ${found}`);
  };
  try {
    narrator.heading("Open: each side locks 1 ETH and 1,000 tokens");
    const params = paramsOf(place, [alice, bob]);
    const channelId = channelIdOf(place.domain, params);
    const deposits: bigint[] = [];
    const watched = watchOver(tower.client, channelId, params);
    let old: SignedState | undefined;
    const oldTurn = BigInt(Math.max(2, Math.floor(updates / OLD_PART)));
    const listen = (report: ChannelReport): void => {
      if (report.kind === "l1Move" && report.move === "deposit") deposits.push(report.mined.gasUsed);
    };
    const clients = {
      alice: await clientOf(place, alice, (report) => {
        listen(report);
        if (report.kind !== "supported") return;
        watched.hand(report.signed);
        if (report.signed.state.turnNum === oldTurn) old = report.signed;
      }),
      bob: await clientOf(place, bob, listen),
    };
    const opened = await narrator.progress("Opening", () =>
      clients.alice.open(params, outcomeOf([alice, bob], tokenAddress)),
    );
    await clients.bob.channel(channelId).ready();
    narrator.line(`Channel ${channelId}; the deposits cost ${deposits.map(show).join(", ")} gas.`);

    narrator.heading(
      `Pay: ${show(updates)} updates, each signed, verified and stored ${onDisk ? "on disk " : ""}by both sides`,
    );
    const handles = [opened, clients.bob.channel(channelId)] as const;
    const begin = performance.now();
    await narrator.progress("Paying", () => payToAndFro(handles, updates, tokenAddress));
    const seconds = (performance.now() - begin) / 1000;
    const perSecond = Math.round(updates / seconds);
    narrator.line(`${show(updates)} updates in ${seconds.toFixed(1)} s: ${show(perSecond)} a second.`);
    const entitled = handles.map((handle) => ({
      eth: handle.balance(ZERO_ADDRESS),
      token: handle.balance(tokenAddress),
    }));
    await narrator.progress("The tower signs for what it holds", () => tower.client.settled());
    narrator.line(`The watchtower holds ${show(watched.count())} sealed states, of which it can read none.`);

    if (old === undefined) throw new Error("no old state was kept");
    narrator.heading(`Lie: Alice is away, and Bob shows L1 the state of turn ${show(old.state.turnNum)}`);
    await clients.alice.close();
    await clients.bob.close();
    const challenge = await cheat(bob, channelId, params, old);
    const before = await provider.getBalance(towerOf.wallet);
    const answered = await tower.watch.look();
    if (answered !== 1) throw new Error(`the tower answered ${answered} challenges, not one`);
    const [earning] = await tower.vault.earnings();
    if (earning === undefined) throw new Error("the tower was not paid");
    const status = await alice.adjudicator.statusOf(channelId);
    const receipt = await provider.getTransactionReceipt(earning.transaction);
    narrator.line(
      `The tower answers with turn ${show(status.turnNum)} (${show(receipt?.gasUsed ?? 0n)} gas), and Bob's bond of ${formatEther(earning.reward)} ETH is its.`,
    );
    compare("the tower's reward", place.deployment.challengeBond, earning.reward);
    compare("the tower's balance", before + earning.reward - earning.cost, await provider.getBalance(towerOf.wallet));

    narrator.heading("Close: Alice is back, both go on from what they stored, and sign the end");
    const again = { alice: await clientOf(place, alice), bob: await clientOf(place, bob) };
    const balances = await balancesOf(place, [alice, bob]);
    const conclusion = await closeTogether(place, again, channelId);
    const after = await balancesOf(place, [alice, bob]);
    [alice, bob].forEach(({ name, wallet }, i) => {
      const paid = conclusion.from === wallet.address.toLowerCase() ? conclusion.cost : 0n;
      compare(`${name}'s ETH`, balances[i]!.eth + entitled[i]!.eth - paid, after[i]!.eth);
      compare(`${name}'s tokens`, balances[i]!.token + entitled[i]!.token, after[i]!.token);
      narrator.line(
        `${name}: ${formatEther(entitled[i]!.eth)} ETH and ${formatEther(entitled[i]!.token)} tokens, paid by L1.`,
      );
    });
    const { address } = place.deployment.contracts.ChannelAdjudicator;
    compare("ETH left with the adjudicator", 0n, await provider.getBalance(address));
    compare("tokens left with the adjudicator", 0n, await token.balanceOf(address));
    for (const client of [again.alice, again.bob]) await client.close();
    return {
      channelId,
      updates: { count: updates, seconds, perSecond },
      gas: { deposits, challenge: challenge.gasUsed, answer: receipt?.gasUsed ?? 0n, conclusion: conclusion.gasUsed },
      tower: { blobs: watched.count(), reward: earning.reward, cost: earning.cost },
      checks,
    };
  } finally {
    await tower.close();
  }
}

async function partyOf(name: string, place: Place, funder: Signer, store: Store): Promise<Party> {
  const wallet = await funded(place, funder, SHARE.eth + PURSE);
  await (await place.token.mint(wallet, SHARE.token)).wait();
  const signer = keySigner(wallet.privateKey as Hex);
  const adjudicator = await connectAdjudicator({ ...place, account: wallet });
  return { name, wallet, signer, store, adjudicator };
}

/** A fresh account with ether. */
async function funded({ provider }: Place, funder: Signer, value: bigint): Promise<Wallet> {
  const wallet = new Wallet(randomKey(), provider);
  await (await funder.sendTransaction({ to: wallet.address, value })).wait();
  return wallet;
}

function clientOf(place: Place, party: Party, log?: (report: ChannelReport) => void): Promise<ChannelClient> {
  const { signer, store, adjudicator } = party;
  return createChannelClient({
    ...{ domain: place.domain, signer, store, adjudicator, log },
    transport: place.network.join(signer.address),
    apps: [place.app],
    accept: () => undefined,
    // A network of one's own does not reorganise.
    confirmations: 0,
    pollInterval: 200,
    startBlock: Number(place.deployment.fromBlock),
  });
}

function paramsOf({ app }: Place, parties: readonly Party[]): ChannelParams {
  return {
    participants: parties.map(({ signer }) => signer.address),
    channelNonce: 1n,
    appDefinition: app,
    challengeDuration: DAY,
    appParamsHash: ZeroHash as Hex,
  };
}

function outcomeOf(parties: readonly Party[], token: Hex): Outcome {
  const assets: [Hex, bigint][] = [
    [ZERO_ADDRESS, SHARE.eth],
    [token, SHARE.token],
  ];
  return assets.map(([asset, share]) => ({
    asset,
    allocations: parties.map(({ signer }) => simple(signer.address, share)),
  }));
}

/** Both sides pay small amounts in ETH and tokens, a few at once. */
async function payToAndFro(
  handles: readonly [ChannelHandle, ChannelHandle],
  updates: number,
  token: Hex,
): Promise<void> {
  let left = updates;
  const pay = async (handle: ChannelHandle): Promise<void> => {
    while (left > 0) {
      const i = left--;
      // Bob gives a little more than he gets.
      const amount = BigInt(handle.me === 0 ? 1 + (i % 7) : 2 + (i % 11)) * 10n ** 9n;
      await handle.pay({ to: 1 - handle.me, asset: i % 3 === 0 ? token : ZERO_ADDRESS, amount });
    }
  };
  await Promise.all(handles.flatMap((handle) => Array.from({ length: AT_ONCE }, () => pay(handle))));
}

/** Hands each state to the tower as the answer to the one before. */
function watchOver(client: WatchClient, channelId: Hex, params: ChannelParams) {
  let previous: SignedState | undefined;
  let count = 0;
  return {
    hand(signed: SignedState): void {
      if (previous !== undefined) {
        client.hand(channelId, previous.state, signed, params);
        count++;
      }
      previous = signed;
    },
    count: () => count,
  };
}

interface RunningTower {
  client: WatchClient;
  vault: Vault;
  watch: Watch;
  close(): Promise<void>;
}

/** A watchtower as `channel:watchtower` runs it, and a client of it, over HTTP. */
async function startTower(
  { provider, domain, deployment }: Place,
  store: Store,
  wallet: Wallet,
): Promise<RunningTower> {
  const limits = { clientBytes: 1n << 28n, totalBytes: 1n << 28n };
  const vault = await openVault(store, { owner: domain.adjudicator, place: "the demo's tower", limits });
  const adjudicator = await connectAdjudicator({ provider, account: wallet, domain, journal: vault.journal });
  const watch = createWatch({ adjudicator, vault, fromBlock: Number(deployment.fromBlock) });
  await watch.look();
  const tower = createTower({
    ...{ domain, vault, key: keySigner(wallet.privateKey as Hex), now: () => watch.now() },
    ...{ maxRetention: BigInt(90 * DAY), maxClientBytes: limits.clientBytes },
  });
  const server = await serveTower({ tower, port: 0 });
  const client = await createWatchClient({ domain, url: server.url, store: memoryStore(), now: () => watch.now() });
  return {
    ...{ client, vault, watch },
    async close() {
      await client.close();
      await server.close();
    },
  };
}

/** What an honest client never does. */
async function cheat(liar: Party, channelId: Hex, params: ChannelParams, old: SignedState): Promise<Mined> {
  const index = params.participants.indexOf(liar.signer.address);
  const signature = liar.signer.sign(channelDigests(liar.adjudicator.domain).challenge(channelId, old.state));
  return liar.adjudicator.challenge(params, [old], index, signature);
}

/** Ends the channel by both signatures. */
async function closeTogether(
  { provider }: Place,
  { alice, bob }: { alice: ChannelClient; bob: ChannelClient },
  channelId: Hex,
): Promise<{ from: string; gasUsed: bigint; cost: bigint }> {
  const mined = await alice.channel(channelId).close();
  await Promise.all([alice, bob].map((client) => client.channel(channelId).ended()));
  if (mined === undefined) throw new Error("somebody else sent the conclusion");
  const receipt = await provider.getTransactionReceipt(mined.transaction);
  if (receipt === null) throw new Error(`L1 has lost ${mined.transaction}`);
  return { from: receipt.from.toLowerCase(), gasUsed: receipt.gasUsed, cost: receipt.fee };
}

async function balancesOf({ provider, token }: Place, parties: readonly Party[]) {
  return Promise.all(
    parties.map(async ({ wallet }) => ({
      eth: await provider.getBalance(wallet),
      token: await token.balanceOf(wallet),
    })),
  );
}

function show(value: bigint | number): string {
  return value.toLocaleString("en");
}
