import { fromHex, toHex } from "../ledger/bytes.js";
import { versionedHashOf } from "./blob.js";
import type { BlobSource } from "./source.js";

export interface BeaconOptions {
  /** Of one request, in milliseconds; default 30,000. */
  timeout?: number;
}

interface Schedule {
  genesis: bigint;
  secondsPerSlot: bigint;
}

/**
 * Blobs from a beacon node's API (ethereum/beacon-APIs), which has those of the last 18 days.
 * @param url Of the node, as `http://localhost:5052`.
 */
export function beaconSource(url: string, { timeout = 30_000 }: BeaconOptions = {}): BlobSource {
  const base = url.replace(/\/+$/, "");
  let schedule: Promise<Schedule> | undefined;

  /** The `data` of an answer; undefined where the node has no such thing. */
  async function get(path: string, signal?: AbortSignal): Promise<unknown> {
    const limit = AbortSignal.timeout(timeout);
    const response = await fetch(`${base}${path}`, {
      headers: { accept: "application/json" },
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
    if (response.status === 404 || response.status === 400) return undefined;
    if (!response.ok) throw new Error(`${path} answers ${response.status}`);
    return ((await response.json()) as { data?: unknown }).data;
  }

  async function readSchedule(signal?: AbortSignal): Promise<Schedule> {
    const [genesis, spec] = await Promise.all([
      get("/eth/v1/beacon/genesis", signal),
      get("/eth/v1/config/spec", signal),
    ]);
    const genesisTime = textOf(genesis, "genesis_time");
    const secondsPerSlot = textOf(spec, "SECONDS_PER_SLOT");
    if (genesisTime === undefined || secondsPerSlot === undefined || BigInt(secondsPerSlot) === 0n) {
      throw new Error("it tells neither when its chain began nor how long a slot is; is it a beacon node?");
    }
    return { genesis: BigInt(genesisTime), secondsPerSlot: BigInt(secondsPerSlot) };
  }

  return {
    name: base,
    async read({ versionedHash, timestamp }, signal) {
      schedule ??= readSchedule(signal);
      // A node that was down is asked again.
      schedule.catch(() => (schedule = undefined));
      const { genesis, secondsPerSlot } = await schedule;
      const slot = (timestamp - genesis) / secondsPerSlot;
      const blobs = await get(`/eth/v1/beacon/blobs/${slot}?versioned_hashes=${versionedHash}`, signal);
      if (Array.isArray(blobs) && blobs.length === 1 && typeof blobs[0] === "string") return fromHex(blobs[0]);
      // Nodes from before PeerDAS know sidecars only.
      const sidecars = await get(`/eth/v1/beacon/blob_sidecars/${slot}`, signal);
      for (const sidecar of Array.isArray(sidecars) ? (sidecars as unknown[]) : []) {
        const commitment = textOf(sidecar, "kzg_commitment");
        const blob = textOf(sidecar, "blob");
        if (commitment === undefined || blob === undefined) continue;
        if (toHex(versionedHashOf(fromHex(commitment))) === versionedHash) return fromHex(blob);
      }
      return undefined;
    },
  };
}

function textOf(value: unknown, field: string): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const found = (value as Record<string, unknown>)[field];
  return typeof found === "string" ? found : undefined;
}
