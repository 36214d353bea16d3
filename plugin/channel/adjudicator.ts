import type { Provider, Signer } from "ethers";

import { IChannelAdjudicator__factory } from "../../typechain-types/index.js";
import { ask, L1UnavailableError } from "../l1/ask.js";
import type { Journal } from "../l1/journal.js";
import { readLogs } from "../l1/logs.js";
import { createSender, type Sender, type SenderOptions } from "../l1/sender.js";
import { type Hex, ZERO_ADDRESS } from "../types.js";
import { CHANNEL_TOPICS, decodeChannelEvent } from "./events.js";
import { createMoves } from "./moves.js";
import { type Revealed, statesShownIn } from "./revealed.js";
import type { Adjudicator, ChannelDomain, ChannelEvent, ChannelMode } from "./types.js";

export interface AdjudicatorOptions {
  provider: Provider;
  /** Who sends; or a sender that it shares with others. */
  account: Signer | Sender;
  domain: ChannelDomain;
  /** For a signer: where what is sent is written down; see `SenderOptions`. */
  journal?: Journal | undefined;
  log?: SenderOptions["log"];
  /** Blocks per eth_getLogs; halved whenever the provider refuses. Default 10,000. */
  maxRange?: number | undefined;
}

/** An adjudicator, and what only a watchtower asks of it. */
export interface ConnectedAdjudicator extends Adjudicator {
  /** The key that a participant registered, and until when (seconds) it signs; undefined where there is none. */
  sessionKeyOf(
    channelId: Hex,
    participant: Hex,
    signal?: AbortSignal,
  ): Promise<{ key: Hex; expiry: bigint } | undefined>;
  /** States that the transaction of a move shows before it; none where another contract called the adjudicator. */
  statesShown(channelId: Hex, transaction: Hex, signal?: AbortSignal): Promise<Revealed[]>;
  /** What a transaction cost in gas, in wei; undefined when L1 does not know it. */
  costOf(transaction: Hex, signal?: AbortSignal): Promise<bigint | undefined>;
}

/** The node is on another chain than the channels, or has no adjudicator where they are. */
export class NoAdjudicatorError extends Error {
  override readonly name = "NoAdjudicatorError";
}

/** In the order of the contract's ChannelMode. */
const MODES: readonly ChannelMode[] = ["open", "challenge", "arbitration", "finalized", "closed"];

/**
 * Connects to the adjudicator of a domain through any ethers 6 provider. Moves that can be made once only are sent at most once,
 * also by a process that was killed and began anew, where it has a journal.
 * @throws {NoAdjudicatorError | L1UnavailableError}
 */
export async function connectAdjudicator(options: AdjudicatorOptions): Promise<ConnectedAdjudicator> {
  const { provider, account, domain, journal, log, maxRange } = options;
  const { adjudicator: address } = domain;
  await checkPlace(provider, domain);
  const sender = "send" in account ? account : await createSender({ provider, signer: account, journal, log });
  const views = IChannelAdjudicator__factory.connect(address, provider);

  const challengeBond: Adjudicator["challengeBond"] = (signal) =>
    ask("bond of a challenge", () => views.challengeBond(), { signal });

  return {
    domain,
    account: sender.address.toLowerCase() as Hex,
    challengeBond,
    ...createMoves(provider, sender, domain, challengeBond),

    async statusOf(channelId, signal) {
      const found = await ask(`status of channel ${channelId}`, () => views.statusOf(channelId), { signal });
      const { turnNum, agreedTurnNum, finalizesAt, challenger, bondHeld, stateHash } = found;
      const mode = MODES[Number(found.mode)];
      if (mode === undefined) throw new RangeError(`the adjudicator tells of a mode ${found.mode}`);
      return {
        ...{ mode, turnNum, agreedTurnNum, finalizesAt, challenger: Number(challenger), bondHeld },
        stateHash: stateHash.toLowerCase() as Hex,
      };
    },
    depositedOf: (channelId, asset, signal) =>
      ask("deposits of the channel", () => views.depositedOf(channelId, asset), { signal }),
    holdingsOf: (channelId, asset, signal) =>
      ask("holdings of the channel", () => views.holdingsOf(channelId, asset), { signal }),
    paidOf: (channelId, asset, destination, signal) =>
      ask("payments of the channel", () => views.paidOf(channelId, asset, destination), { signal }),
    creditOf: (owner, asset, signal) => ask("credit", () => views.credit(owner, asset), { signal }),
    async sessionKeyOf(channelId, participant, signal) {
      const found = await ask("session key", () => views.sessionKeyOf(channelId, participant), { signal });
      const key = found.key.toLowerCase() as Hex;
      return key === ZERO_ADDRESS ? undefined : { key, expiry: found.expiry };
    },
    async statesShown(channelId, transaction, signal) {
      const found = await ask("transaction", () => provider.getTransaction(transaction), { signal });
      return found?.to?.toLowerCase() === address.toLowerCase() ? statesShownIn(channelId, found.data) : [];
    },
    async costOf(transaction, signal) {
      const receipt = await ask("receipt", () => provider.getTransactionReceipt(transaction), { signal });
      return receipt?.fee;
    },
    async now(signal) {
      const block = await ask("latest block", () => provider.getBlock("latest"), { signal });
      if (block === null) throw new L1UnavailableError("latest block", "the node reports none");
      return BigInt(block.timestamp);
    },
    height: (signal) => ask("block number", () => provider.getBlockNumber(), { signal }),
    async events(from, to, channelId, signal) {
      const topics = [[...CHANNEL_TOPICS], ...(channelId === undefined ? [] : [channelId])];
      const found: ChannelEvent[] = [];
      const query = { addresses: [address], topics, from, to };
      for await (const logs of readLogs(provider, query, "forward", { signal, maxRange })) {
        for (const each of logs) found.push(decodeChannelEvent(each));
      }
      return found;
    },
  };
}

async function checkPlace(provider: Provider, { adjudicator, l1ChainId }: ChannelDomain): Promise<void> {
  const { chainId } = await ask("chain id", () => provider.getNetwork());
  if (chainId !== l1ChainId)
    throw new NoAdjudicatorError(`the channels are of chain ${l1ChainId}, the L1 node is of chain ${chainId}`);
  const code = await ask("code of the adjudicator", () => provider.getCode(adjudicator));
  if (code === "0x") throw new NoAdjudicatorError(`chain ${chainId} has no contract at ${adjudicator}`);
}
