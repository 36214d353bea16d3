import { rememberTrace } from "../dispute/strategy.js";
import type { StateTrace } from "../dispute/types.js";
import type { Hex } from "../types.js";

/** Runs that are held at once; one takes up to hundreds of megabytes, and is made again when it is wanted again. */
const MOST_RUNS = 4;

/** Traces of batches, made when they are first asked something. */
export interface Traces {
  /** @param make Runs the batch in the machine. What it throws is thrown by the trace. */
  of(headerHash: Hex, make: (signal?: AbortSignal) => Promise<StateTrace>): StateTrace;
  /** Lets go of all but these. */
  keep(headerHashes: ReadonlySet<Hex>): void;
}

export function createTraces(): Traces {
  const runs = new Map<Hex, Promise<StateTrace>>();
  /** What was computed stays when the run is let go. */
  const remembered = new Map<Hex, StateTrace>();

  function run(headerHash: Hex, make: () => Promise<StateTrace>): Promise<StateTrace> {
    const found = runs.get(headerHash) ?? make();
    // The one used last stands last.
    runs.delete(headerHash);
    runs.set(headerHash, found);
    found.catch(() => runs.delete(headerHash));
    const [oldest] = runs.keys();
    if (runs.size > MOST_RUNS && oldest !== undefined) runs.delete(oldest);
    return found;
  }

  return {
    of(headerHash, make) {
      const known = remembered.get(headerHash);
      if (known !== undefined) return known;
      const trace = rememberTrace({
        hashesAt: async (steps, signal) => (await run(headerHash, () => make(signal))).hashesAt(steps, signal),
        witnessAt: async (step, signal) => (await run(headerHash, () => make(signal))).witnessAt(step, signal),
      });
      remembered.set(headerHash, trace);
      return trace;
    },
    keep(headerHashes) {
      for (const known of [runs, remembered]) {
        for (const headerHash of known.keys()) if (!headerHashes.has(headerHash)) known.delete(headerHash);
      }
    },
  };
}
