import { join } from "node:path";

import { AbiCoder, formatEther, isAddress, keccak256, type Provider } from "ethers";

import { formatTime, parseTime } from "../deploy/parameters.js";
import { connectAdjudicator } from "../plugin/channel/adjudicator.js";
import { keySigner } from "../plugin/channel/signing.js";
import type { ChannelDomain } from "../plugin/channel/types.js";
import { serveTower, type TowerServerEvent } from "../plugin/channel/watchtower/server.js";
import { createTower } from "../plugin/channel/watchtower/tower.js";
import { openVault, type Vault } from "../plugin/channel/watchtower/vault.js";
import { createWatch, watchChallenges, type WatchEvent } from "../plugin/channel/watchtower/watch.js";
import { createSender } from "../plugin/l1/sender.js";
import { openLevelStore } from "../plugin/store/level.js";
import type { Hex } from "../plugin/types.js";
import { action, ArgumentError, type CommonArguments } from "./support/action.js";
import { portArgument } from "./support/arguments.js";
import { openChannels } from "./support/channels.js";
import { explain } from "./support/explain.js";
import { accountOf } from "./support/network.js";
import { untilInterrupted } from "./support/signal.js";

interface WatchtowerArguments extends CommonArguments {
  channels: string | undefined;
  from: string | undefined;
  host: string;
  port: number;
  storage: string | undefined;
  promise: string | undefined;
  clients: string | undefined;
  quota: number;
  capacity: number;
  paidOnly: boolean;
}

/** Milliseconds between looks at L1. */
const POLL_INTERVAL = 4_000;
/** Milliseconds without being mined after which an answer pays more. */
const BUMP_AFTER = 30_000;
const MEGABYTE = 1_000_000n;

export default action<WatchtowerArguments>(async (input, { hre, output }) => {
  const port = portArgument("port", input.port);
  const maxRetention = promiseArgument(input.promise);
  const clients = clientsArgument(input.clients);
  const limits = {
    clientBytes: megabytesArgument("quota", input.quota),
    totalBytes: megabytesArgument("capacity", input.capacity),
  };
  const connection = await hre.network.getOrCreate();
  const { deployment, domain } = await openChannels(hre, connection, input.channels);
  const { signer, address } = await accountOf(connection, input.from);
  const { provider } = connection.ethers;
  const storage = input.storage ?? join(hre.config.paths.root, ".rollup", `${connection.networkName}-watchtower`);
  const { signal, release } = untilInterrupted();
  /** What is open, in the order of closing. */
  const open: (() => Promise<void>)[] = [];
  try {
    const store = await openLevelStore(storage);
    open.unshift(() => store.close());
    const vault = await openVault(store, { owner: await ownerOf(domain, provider), place: storage, limits });
    const sender = await createSender({ provider, signer, journal: vault.journal, bumpAfter: BUMP_AFTER });
    const adjudicator = await connectAdjudicator({ provider, account: sender, domain });
    const log = (event: WatchEvent): void => {
      output.line(watchLine(event));
      if (event.kind === "answered") void earningsLine(vault).then((line) => output.line(line));
    };
    const { paidOnly } = input;
    const watch = createWatch({ adjudicator, vault, fromBlock: Number(deployment.fromBlock), paidOnly, log });
    const key = keySigner(vault.receiptKey);
    const tower = createTower({
      ...{ domain, vault, key, clients, maxRetention, maxClientBytes: limits.clientBytes },
      now: () => watch.now(),
    });
    const server = await serveTower({
      ...{ tower, host: input.host, port },
      onEvent: (event) => {
        const line = serverLine(event);
        if (line !== undefined) output.line(line);
      },
    });
    open.unshift(() => server.close());
    output.line(
      `Watchtower ${key.address} of the adjudicator ${domain.adjudicator} (chain ${domain.l1ChainId}) at ${server.url}, store in ${storage}; ${address} answers; promises ${formatTime(maxRetention)} at most`,
    );
    output.line(await earningsLine(vault));
    const document = {
      ...{ url: server.url, tower: key.address, account: address, storage, maxRetention },
      ...{ adjudicator: domain.adjudicator, l1ChainId: domain.l1ChainId },
    };
    output.document(document);
    await watchChallenges(watch, { signal, log, pollInterval: POLL_INTERVAL });
    output.line("Stopping; everything with a receipt is on disk.");
    return { ...document, ...(await earned(vault)) };
  } finally {
    release();
    for (const end of open) await end();
  }
});

/** Stands for this adjudicator of this chain; a development chain that was started anew is another one. */
async function ownerOf({ l1ChainId, adjudicator }: ChannelDomain, provider: Provider): Promise<Hex> {
  const first = await provider.getBlock(0);
  const genesis = first?.hash ?? keccak256("0x");
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(["uint256", "address", "bytes32"], [l1ChainId, adjudicator, genesis]),
  ) as Hex;
}

async function earned(vault: Vault): Promise<{ answers: number; rewards: bigint; costs: bigint }> {
  const earnings = await vault.earnings();
  return {
    answers: earnings.length,
    rewards: earnings.reduce((sum, { reward }) => sum + reward, 0n),
    costs: earnings.reduce((sum, { cost }) => sum + cost, 0n),
  };
}

async function earningsLine(vault: Vault): Promise<string> {
  const { answers, rewards, costs } = await earned(vault);
  return `Answers so far: ${answers}, which brought ${formatEther(rewards)} ETH of bonds and cost ${formatEther(costs)} ETH of gas`;
}

function watchLine(event: WatchEvent): string {
  switch (event.kind) {
    case "answered":
      return `channel ${event.channelId}: a stale challenge was answered with turn ${event.turnNum} in ${event.transaction}; reward ${formatEther(event.reward)} ETH, gas ${formatEther(event.cost)} ETH`;
    case "unpaid":
      return `channel ${event.channelId}: turn ${event.turnNum} would answer the challenge, and nobody would pay for it`;
    case "refused":
      return `channel ${event.channelId}: not answered: ${event.reason}`;
    case "poor":
      return `NOT ENOUGH MONEY to answer a challenge: ${formatEther(event.present)} ETH, ${formatEther(event.needed)} ETH are needed`;
    case "undone":
      return `L1 was reorganised: transaction ${event.transaction} is not on it any more`;
    case "unavailable":
      return `error: ${event.reason}`;
  }
}

/** Blobs come by thousands: only what went wrong has a line. */
function serverLine(event: TowerServerEvent): string | undefined {
  if (event.kind === "held") return undefined;
  return event.kind === "refused" ? `refused: ${event.reason}` : `error: ${explain(event.error).join("; ")}`;
}

/** Longest promise, in seconds. */
function promiseArgument(given = "90d"): bigint {
  const seconds = parseTime(given);
  if (seconds !== undefined && seconds >= 3_600n) return seconds;
  throw new ArgumentError(
    "promise",
    `--promise ${given} is no time of an hour or more: seconds, or a number with s, m, h, d or w`,
  );
}

function megabytesArgument(name: string, given: number): bigint {
  if (Number.isInteger(given) && given > 0) return BigInt(given) * MEGABYTE;
  throw new ArgumentError(name, `--${name} ${given} is no number of megabytes above 0`);
}

function clientsArgument(given: string | undefined): Hex[] | undefined {
  return given?.split(",").map((client) => {
    if (!isAddress(client.trim()))
      throw new ArgumentError("clients", `--clients has "${client}"; addresses with commas between them are right`);
    return client.trim() as Hex;
  });
}
