import type { Hex } from "../../types.js";
import { type KeySigner, signerOf } from "../signing.js";
import type { ChannelDomain } from "../types.js";
import { blobsHash, watchDigests } from "./signing.js";
import { type Vault, VaultFullError } from "./vault.js";
import { MAX_BLOBS, type TowerInfo, type Upload } from "./wire.js";

export interface TowerOptions {
  domain: ChannelDomain;
  vault: Vault;
  /** Signs the receipts. */
  key: KeySigner;
  /** L1's time, in seconds. */
  now: () => bigint;
  /** Longest promise, in seconds. */
  maxRetention: bigint;
  /** For `info`. */
  maxClientBytes: bigint;
  /** Clients whose blobs it takes; default everybody's. */
  clients?: readonly Hex[] | undefined;
  /** Blobs a second that it takes of a client for long; for a while {@link BURST_SECONDS} times as many. Default 2,000. */
  blobsPerSecond?: number | undefined;
}

/** What holds blobs and promises to act on them, without its transport and its eye on L1. */
export interface Tower {
  readonly info: TowerInfo;
  /** Holds the blobs, then signs a receipt for each. @throws {TowerRefusal} */
  accept(upload: Upload): Promise<{ client: Hex; receipts: Hex[] }>;
}

/** A tower does not hold blobs; the reason is one line. */
export class TowerRefusal extends Error {
  override readonly name = "TowerRefusal";
  constructor(
    readonly reason: string,
    /** Seconds after which asking again is right. */
    readonly retryAfter?: number,
  ) {
    super(reason);
  }
}

/** Of blobs a second that a client may be ahead. */
export const BURST_SECONDS = 10;
const DEFAULT_RATE = 2_000;
/** Seconds by which a client's clock may be ahead. */
const CLOCK_SLACK = 3_600n;
/** Clients whose rates are known; of the others nothing is known, so they have not sent lately. */
const MAX_RATES = 10_000;

export function createTower(options: TowerOptions): Tower {
  const { domain, vault, key, now, maxRetention, maxClientBytes, blobsPerSecond = DEFAULT_RATE } = options;
  const digests = watchDigests(domain);
  const tower = key.address;
  const clients = options.clients && new Set(options.clients.map((client) => client.toLowerCase()));
  const take = rateLimit(blobsPerSecond);

  return {
    info: {
      ...{ tower, l1ChainId: domain.l1ChainId, adjudicator: domain.adjudicator.toLowerCase() as Hex },
      ...{ maxRetention, maxClientBytes },
    },
    async accept({ blobs, until, signature }) {
      const time = now();
      if (until <= time || until > time + maxRetention + CLOCK_SLACK)
        throw new TowerRefusal(
          `the blobs would be held until ${until}; ${time + 1n} to ${time + maxRetention} is right`,
        );
      const client = signerOf(digests.upload({ tower, blobsHash: blobsHash(blobs), until }), signature);
      if (client === undefined) throw new TowerRefusal("nobody signed the request");
      if (clients?.has(client) === false) throw new TowerRefusal(`${client} is no client of this tower`);
      const wait = take(client, blobs.length);
      if (wait > 0)
        throw new TowerRefusal(`${client} sends more than ${blobsPerSecond} blobs a second; go on later`, wait);
      try {
        await vault.hold(client, blobs, until);
      } catch (error) {
        if (error instanceof VaultFullError) throw new TowerRefusal(error.message);
        throw error;
      }
      // Only now: what a receipt says is on disk.
      return {
        client,
        receipts: blobs.map(({ hint, blobHash }) => key.sign(digests.receipt({ hint, blobHash, until }))),
      };
    },
  };
}

/** @returns what takes `count` of a client's allowance, or says after how many seconds it will be there. */
function rateLimit(perSecond: number): (client: Hex, count: number) => number {
  const burst = Math.max(perSecond * BURST_SECONDS, MAX_BLOBS);
  const rates = new Map<Hex, { left: number; at: number }>();
  return (client, count) => {
    const at = performance.now();
    const known = rates.get(client);
    const left = known === undefined ? burst : Math.min(burst, known.left + ((at - known.at) / 1_000) * perSecond);
    if (left < count) return Math.ceil((count - left) / perSecond);
    rates.delete(client);
    rates.set(client, { left: left - count, at });
    if (rates.size > MAX_RATES) {
      const [oldest] = rates.keys();
      if (oldest !== undefined) rates.delete(oldest);
    }
    return 0;
  };
}
