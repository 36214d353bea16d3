import { join } from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";

import type { ChannelsDeployment } from "../../deploy/channel-book.js";
import { presetFor } from "../../deploy/parameters.js";
import { type ConnectedAdjudicator, connectAdjudicator } from "../../plugin/channel/adjudicator.js";
import { type ChannelClient, createChannelClient } from "../../plugin/channel/client.js";
import type { Offer } from "../../plugin/channel/opening.js";
import { channelJournal } from "../../plugin/channel/record.js";
import type { ChannelReport } from "../../plugin/channel/report.js";
import { keySigner } from "../../plugin/channel/signing.js";
import { httpTransport } from "../../plugin/channel/transport-http.js";
import type { ChannelDomain } from "../../plugin/channel/types.js";
import { parseMember } from "../../plugin/da/committee/directory.js";
import { keyringOf } from "../../plugin/hardhat/signers.js";
import { openLevelStore } from "../../plugin/store/level.js";
import type { Hex } from "../../plugin/types.js";
import { ArgumentError, type CommonArguments } from "../support/action.js";
import { portArgument } from "../support/arguments.js";
import { openChannels } from "../support/channels.js";
import { accountOf } from "../support/network.js";
import { openGuard } from "./guard.js";
import { type Peers, readPeers, writePeers } from "./peers.js";

/** Options of everything that one participant does. */
export interface PartyArguments extends CommonArguments {
  channels: string | undefined;
  from: string | undefined;
  host: string;
  port: number;
  storage: string | undefined;
  peers: string | undefined;
  watchtower: string | undefined;
}

/** Where a participant is, before anything is open. */
export interface Place {
  connection: NetworkConnection;
  deployment: ChannelsDeployment;
  domain: ChannelDomain;
  address: Hex;
  /** Folder of its states. */
  storage: string;
  peers: Peers;
}

/** A participant, listening and with its store open. */
export interface Party extends Place {
  client: ChannelClient;
  adjudicator: ConnectedAdjudicator;
  /** Where others reach it. */
  url: string;
  /** Others that it can reach from now on; kept. */
  meet(peers: Peers): Promise<void>;
  /** Resolves once the watchtower has signed for everything, or with why it has not; undefined without a watchtower. */
  watched(signal: AbortSignal): Promise<string | undefined>;
  close(): Promise<void>;
}

export interface PartyOptions {
  /** Why an offered channel is not taken; without it channels in which we deposit nothing are. */
  accept?: ((offer: Offer) => string | undefined) | undefined;
  log?: ((report: ChannelReport) => void) | undefined;
}

/** Milliseconds between looks at L1. */
const POLL = { local: 500, real: 12_000 };
const EXAMPLE = "0x…=http://host:8561";

/** Reads what names the participant and the others. */
export async function placeOf(hre: HardhatRuntimeEnvironment, input: PartyArguments): Promise<Place> {
  const connection = await hre.network.getOrCreate();
  const { deployment, domain } = await openChannels(hre, connection, input.channels);
  const { address } = await accountOf(connection, input.from);
  const folder = `${connection.networkName}-channels-${address.slice(2, 10).toLowerCase()}`;
  const storage = input.storage ?? join(hre.config.paths.root, ".rollup", folder);
  const peers = {
    ...(await readPeers(storage)),
    ...(input.peers === undefined ? {} : peersArgument("peers", input.peers)),
  };
  return { connection, deployment, domain, address, storage, peers };
}

/** Others by their addresses in lower case, and where they listen. */
export function peersArgument(name: string, list: string): Peers {
  return Object.fromEntries(
    list.split(",").map((entry) => {
      const { address, url } = parseMember(entry.trim()) ?? {};
      if (address === undefined || url === undefined)
        throw new ArgumentError(name, `--${name} ${entry} does not say who is where, for example --${name} ${EXAMPLE}`);
      return [address.toLowerCase(), url];
    }),
  );
}

/** Opens the store, and begins to listen and to follow L1. When anything stands in the way, nothing stays open. */
export async function openParty(place: Place, input: PartyArguments, options: PartyOptions = {}): Promise<Party> {
  const port = portArgument("port", input.port);
  const { connection, deployment, domain, storage } = place;
  const { provider } = connection.ethers;
  const { signer } = await accountOf(connection, input.from);
  const key = keySigner(await keyringOf(connection.networkName, connection.networkConfig).keyOf(signer));
  const isLocal = presetFor(domain.l1ChainId) === "dev";
  const peers: Peers = { ...place.peers };
  /** What is open, in the order of closing. */
  const open: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of open.splice(0)) await end();
  };
  try {
    const store = await openLevelStore(storage);
    open.unshift(() => store.close());
    await writePeers(storage, peers);
    const transport = await httpTransport({
      urlOf: (participant) => peers[participant.toLowerCase() as Hex],
      host: input.host,
      port,
    });
    open.unshift(() => transport.close());
    const adjudicator = await connectAdjudicator({ provider, account: signer, domain, journal: channelJournal(store) });
    const guard = input.watchtower === undefined ? undefined : await openGuard(place, input.watchtower, options.log);
    if (guard !== undefined) open.unshift(() => guard.close());
    const client = await createChannelClient({
      ...{ domain, signer: key, store, transport, adjudicator },
      ...{ apps: [deployment.contracts.ConsensusApp.address], accept: options.accept, log: guard?.log ?? options.log },
      startBlock: Number(deployment.fromBlock),
      pollInterval: isLocal ? POLL.local : POLL.real,
      // A network of one's own makes blocks only for transactions, and does not reorganise.
      ...(isLocal ? { confirmations: 0 } : {}),
    });
    open.unshift(() => client.close());
    guard?.follow(client);
    // Which channels L1 has ended, it says.
    await client.sync();
    return {
      ...place,
      ...{ client, adjudicator, url: transport.url, close },
      watched: (signal) => guard?.settled(signal) ?? Promise.resolve(undefined),
      async meet(more) {
        Object.assign(peers, more);
        await writePeers(storage, peers);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
