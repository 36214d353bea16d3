import { createChannelClient, type ChannelClient, type ChannelClientOptions } from "../../../plugin/channel/client.js";
import { simple } from "../../../plugin/channel/outcome.js";
import type { ChannelReport } from "../../../plugin/channel/report.js";
import { type KeySigner, keySigner } from "../../../plugin/channel/signing.js";
import { type MemoryNetwork, memoryNetwork, type Transport } from "../../../plugin/channel/transport.js";
import type { ChannelParams, Outcome } from "../../../plugin/channel/types.js";
import { memoryStore } from "../../../plugin/store/memory.js";
import type { Store } from "../../../plugin/store/types.js";
import type { Hex } from "../../../plugin/types.js";
import { DOMAIN, fakeL1, type FakeL1 } from "./fake-l1.js";

export const ETH: Hex = `0x${"0".repeat(40)}`;
export const TOKEN: Hex = `0x${"70".repeat(20)}`;
export const APP: Hex = `0x${"a0".repeat(20)}`;

/** Somebody with a key; `i` names it. */
export function person(i: number): KeySigner {
  return keySigner(`0x${(i + 1).toString(16).padStart(64, "0")}`);
}

/** Somebody whose client can be stopped and started again on what its store has. */
export interface Party {
  signer: KeySigner;
  store: Store;
  client: ChannelClient;
  reports: ChannelReport[];
}

export interface World {
  l1: FakeL1;
  network: MemoryNetwork;
  params: ChannelParams;
  outcome: Outcome;
  parties: Party[];
  /** Lets everything that is under way happen, L1 included. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export const paramsOf = (count: number, nonce = 1n): ChannelParams => ({
  participants: Array.from({ length: count }, (_, i) => person(i).address),
  channelNonce: nonce,
  appDefinition: APP,
  challengeDuration: 7_200,
  appParamsHash: `0x${"0".repeat(64)}`,
});

/** Each has 1,000 of ETH and of a token. */
export const outcomeOf = (count: number): Outcome =>
  [ETH, TOKEN].map((asset) => ({
    asset,
    allocations: Array.from({ length: count }, (_, i) => simple(person(i).address, 1_000n)),
  }));

export async function startParty(
  i: number,
  l1: FakeL1,
  transport: Transport,
  store: Store,
  more: Partial<ChannelClientOptions> = {},
): Promise<Party> {
  const signer = person(i);
  const reports: ChannelReport[] = [];
  const client = await createChannelClient({
    domain: DOMAIN,
    signer,
    store,
    transport,
    adjudicator: l1.adjudicator(signer.address),
    accept: () => undefined,
    pollInterval: "manual",
    confirmations: 0,
    resendInterval: 20,
    log: (report) => reports.push(report),
    ...more,
  });
  return { signer, store, client, reports };
}

export async function createWorld(count: number, more: Partial<ChannelClientOptions> = {}): Promise<World> {
  const l1 = fakeL1();
  const network = memoryNetwork();
  const parties: Party[] = [];
  for (let i = 0; i < count; i++) {
    parties.push(await startParty(i, l1, network.join(person(i).address), memoryStore(), more));
  }
  return {
    l1,
    network,
    params: paramsOf(count),
    outcome: outcomeOf(count),
    parties,
    settle: () => settle(parties),
    async close() {
      for (const { client } of parties) await client.close();
    },
  };
}

export async function settle(parties: readonly Party[]): Promise<void> {
  for (let i = 0; i < 4; i++) {
    for (const { client } of parties) {
      await client.sync();
      await calm(parties);
    }
  }
}

/** Until nothing is on its way between clients. */
export async function calm(parties: readonly Party[]): Promise<void> {
  for (let i = 0; i < 10; i++) {
    for (const { client } of parties) await client.idle();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The channel, open and funded, as each party has it. */
export async function openWorld(count: number, more: Partial<ChannelClientOptions> = {}): Promise<World> {
  const world = await createWorld(count, more);
  const opened = world.parties[0]!.client.open(world.params, world.outcome);
  // An offer that is being looked at loses what comes behind it; it comes again.
  let isOpen = false;
  void opened.then(() => (isOpen = true));
  while (!isOpen) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    await world.settle();
  }
  await opened;
  return world;
}
