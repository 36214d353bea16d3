import type { HDNodeWallet, Provider } from "ethers";

import { deployChannels } from "../../deploy/channels.js";
import { memoryJournal } from "../../deploy/journal.js";
import { type ConnectedAdjudicator, connectAdjudicator } from "../../plugin/channel/adjudicator.js";
import { channelDigests } from "../../plugin/channel/hashes.js";
import { type KeySigner, keySigner } from "../../plugin/channel/signing.js";
import type { ChannelDomain, Mined } from "../../plugin/channel/types.js";
import type { Journal } from "../../plugin/l1/journal.js";
import type { Hex } from "../../plugin/types.js";
import type { TestL1 } from "../l1/support/l1.js";
import type { TestChannel } from "./watchtower/support.js";

/** Of a challenge, in wei. */
export const BOND = 10n ** 17n;

/** Channels on a local L1. */
export interface TestChannels {
  domain: ChannelDomain;
  /** Block of the adjudicator's creation. */
  fromBlock: number;
  /** The adjudicator as an account uses it. */
  as(index: number, options?: { provider?: Provider; journal?: Journal }): Promise<ConnectedAdjudicator>;
}

export async function channelsOn(l1: TestL1): Promise<TestChannels> {
  const { deployment } = await deployChannels({
    ...{ network: "test", challengeBond: BOND, signer: l1.wallet(0), journal: memoryJournal() },
    restartOnNewChain: false,
  });
  const { address } = deployment.contracts.ChannelAdjudicator;
  const domain = { l1ChainId: deployment.l1ChainId, adjudicator: address };
  return {
    domain,
    fromBlock: Number(deployment.fromBlock),
    as: (index, { provider = l1.provider, journal } = {}) =>
      connectAdjudicator({ provider, account: l1.wallet(index), domain, journal }),
  };
}

/** The key of an account that signs by itself. */
export function keyOfWallet(wallet: object): KeySigner {
  return keySigner((wallet as HDNodeWallet).privateKey as Hex);
}

/** Participant `by` challenges with the state of a turn that everybody signed; any account sends it. */
export async function challengeAt(
  adjudicator: ConnectedAdjudicator,
  channel: TestChannel,
  turn: number,
  by: number,
): Promise<Mined> {
  const digest = channelDigests(adjudicator.domain).challenge(channel.channelId, channel.stateAt(turn));
  const signature = channel.signers[by]?.sign(digest) ?? "0x";
  return adjudicator.challenge(channel.params, [channel.signedAt(turn)], by, signature);
}
