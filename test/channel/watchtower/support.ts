import { hexlify, keccak256, toUtf8Bytes } from "ethers";

import { channelDigests, channelIdOf, stateHash } from "../../../plugin/channel/hashes.js";
import { type KeySigner, keySigner } from "../../../plugin/channel/signing.js";
import type { ChannelDomain, ChannelParams, ChannelState, SignedState } from "../../../plugin/channel/types.js";
import { createTower, type Tower, type TowerOptions } from "../../../plugin/channel/watchtower/tower.js";
import { openVault, type Vault, type VaultLimits } from "../../../plugin/channel/watchtower/vault.js";
import type { Store } from "../../../plugin/store/types.js";
import type { Hex } from "../../../plugin/types.js";

export const DAY = 86_400n;
/** L1's time in tests without an L1. */
export const NOW = 1_800_000_000n;
export const LIMITS: VaultLimits = { clientBytes: 1n << 26n, totalBytes: 1n << 30n };

export const id = (text: string): Hex => keccak256(toUtf8Bytes(text)) as Hex;
export const keyOf = (name: string): KeySigner => keySigner(id(name));

export const SOME_DOMAIN: ChannelDomain = {
  l1ChainId: 31_337n,
  adjudicator: "0x00000000000000000000000000000000000000ad",
};

const SOME_APP: Hex = "0x00000000000000000000000000000000000000aa";

/** A channel whose states everybody can be made to sign. */
export interface TestChannel {
  domain: ChannelDomain;
  channelId: Hex;
  params: ChannelParams;
  signers: readonly KeySigner[];
  /** State of a turn; another one for each `fork`. */
  stateAt(turn: number, fork?: string): ChannelState;
  /** The same, signed by those at these positions, default everybody, with these keys, default their own. */
  signedAt(turn: number, options?: { fork?: string; by?: readonly number[]; as?: readonly KeySigner[] }): SignedState;
  /** The same with what is behind its hashes. */
  shownAt: TestChannel["signedAt"];
  hashAt(turn: number, fork?: string): Hex;
}

export function channelOf(
  domain: ChannelDomain,
  signers: readonly KeySigner[],
  nonce = 1n,
  app = SOME_APP,
): TestChannel {
  const params: ChannelParams = {
    participants: signers.map(({ address }) => address),
    channelNonce: nonce,
    appDefinition: app,
    challengeDuration: 3_600,
    appParamsHash: id("no parameters"),
  };
  const channelId = channelIdOf(domain, params);
  const digests = channelDigests(domain);
  const stateAt = (turn: number, fork = ""): ChannelState => ({
    ...{ turnNum: BigInt(turn), isFinal: false },
    ...{ appDataHash: id(`salt ${turn}${fork}`), outcomeHash: id(`outcome ${turn}${fork}`) },
  });
  const signedAt: TestChannel["signedAt"] = (turn, { fork = "", by = signers.map((_, i) => i), as = signers } = {}) => {
    const state = stateAt(turn, fork);
    const digest = digests.state(channelId, state);
    const signatures = as.map((signer, i) => (by.includes(i) ? signer.sign(digest) : undefined));
    return { state, signatures, appData: "0x", outcome: "0x" };
  };
  return {
    ...{ domain, channelId, params, signers, stateAt, signedAt },
    shownAt(turn, options = {}) {
      const name = `${turn}${options.fork ?? ""}`;
      const [appData, outcome] = [`salt ${name}`, `outcome ${name}`].map((text) => hexlify(toUtf8Bytes(text)) as Hex);
      return { ...signedAt(turn, options), appData: appData ?? "0x", outcome: outcome ?? "0x" };
    },
    hashAt: (turn, fork) => stateHash(channelId, stateAt(turn, fork)),
  };
}

/** What a tower keeps in a store. */
export function vaultIn(store: Store, limits: VaultLimits = LIMITS): Promise<Vault> {
  return openVault(store, { owner: id("an adjudicator"), place: "a store", limits });
}

/** A tower without an eye on L1. */
export function towerWith(vault: Vault, options: Partial<TowerOptions> = {}): Tower {
  return createTower({
    ...{ domain: SOME_DOMAIN, vault, key: keySigner(vault.receiptKey), now: () => NOW },
    ...{ maxRetention: 90n * DAY, maxClientBytes: LIMITS.clientBytes, ...options },
  });
}
