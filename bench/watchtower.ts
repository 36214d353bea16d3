// What a watchtower costs its client, and how long it takes from a challenge to the latest of 10,000 states.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { channelDigests, channelIdOf, hashOf, stateHash } from "../plugin/channel/hashes.js";
import { keySigner, randomKey } from "../plugin/channel/signing.js";
import type { ChannelDomain, ChannelParams, SignedState } from "../plugin/channel/types.js";
import { createWatchClient } from "../plugin/channel/watchtower/client.js";
import { serveTower } from "../plugin/channel/watchtower/server.js";
import { createTower } from "../plugin/channel/watchtower/tower.js";
import { openVault } from "../plugin/channel/watchtower/vault.js";
import { walk } from "../plugin/channel/watchtower/walk.js";
import { openLevelStore } from "../plugin/store/level.js";
import { ZERO_ADDRESS, ZERO_HASH } from "../plugin/types.js";

const COUNT = Number(process.argv[2] ?? 10_000);
const domain: ChannelDomain = { l1ChainId: 1n, adjudicator: "0x00000000000000000000000000000000000000ad" };
const signers = [keySigner(randomKey()), keySigner(randomKey())];
const params: ChannelParams = {
  participants: signers.map(({ address }) => address),
  ...{ channelNonce: 1n, appDefinition: ZERO_ADDRESS, challengeDuration: 3_600, appParamsHash: ZERO_HASH },
};
const channelId = channelIdOf(domain, params);
const digests = channelDigests(domain);

const states = Array.from({ length: COUNT + 1 }, (_, turn): SignedState => {
  const appDataHash = hashOf(`0x${turn.toString(16).padStart(64, "0")}`);
  const state = { turnNum: BigInt(turn), isFinal: false, appDataHash, outcomeHash: ZERO_HASH };
  const digest = digests.state(channelId, state);
  return { state, signatures: signers.map((signer) => signer.sign(digest)), appData: "0x", outcome: "0x" };
});

const folder = await mkdtemp(join(tmpdir(), "watchtower-"));
const stores = await Promise.all(["tower", "client"].map((name) => openLevelStore(join(folder, name))));
const [towerStore, clientStore] = stores as [(typeof stores)[0], (typeof stores)[0]];
const limits = { clientBytes: 1n << 30n, totalBytes: 1n << 32n };
const vault = await openVault(towerStore, { owner: ZERO_HASH, place: folder, limits });
const now = (): bigint => BigInt(Math.floor(Date.now() / 1_000));
const tower = createTower({
  ...{ domain, vault, key: keySigner(vault.receiptKey), now, maxRetention: 10_000_000n },
  ...{ maxClientBytes: limits.clientBytes, blobsPerSecond: COUNT },
});
const server = await serveTower({ tower, port: 0 });
const client = await createWatchClient({ domain, url: server.url, store: clientStore });

const time = async (what: string, work: () => Promise<unknown>): Promise<void> => {
  const [begin, cpu] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(cpu);
  const wall = performance.now() - begin;
  const each = `${(wall / COUNT).toFixed(3)} ms each`;
  console.log(`${what}: ${wall.toFixed(0)} ms, ${((user + system) / 1_000).toFixed(0)} ms of CPU, ${each}`);
};

console.log(`${COUNT.toLocaleString("en")} states of two participants`);
await time("hand (what the channel waits for)", () => {
  for (const [turn, signed] of states.entries()) {
    const previous = states[turn - 1];
    if (previous !== undefined) client.hand(channelId, previous.state, signed, params);
  }
  return Promise.resolve();
});
await time("seal, upload, hold, sign and verify receipts (client and tower in one process)", () => client.settled());
const first = states[0];
if (first === undefined) throw new Error("there are no states");
const from = [{ turnNum: 0n, stateHash: stateHash(channelId, first.state) }];
await time("walk from the first to the last", async () => {
  const found = await walk({ domain, vault, channelId, from, sessionKeyOf: () => Promise.resolve(undefined) });
  if (found?.signed.state.turnNum !== BigInt(COUNT)) throw new Error("the walk ended early");
});
console.log(`held: ${vault.bytes.toLocaleString("en")} bytes`);

await client.close();
await server.close();
for (const store of stores) await store.close();
await rm(folder, { recursive: true });
