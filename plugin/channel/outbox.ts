import type { Hex } from "../types.js";
import type { Transport } from "./transport.js";

/** Sends to each participant in order, and to all at once. What cannot be delivered is dropped: the protocol sends it again. */
export interface Outbox {
  add(to: Hex, bytes: Uint8Array): void;
}

const MAX_WAITING = 1_024;

/** @param onFailure Told of the first failure in a row, for each participant. */
export function createOutbox(
  transport: Transport,
  signal: AbortSignal,
  onFailure: (to: Hex, error: unknown) => void,
): Outbox {
  const queues = new Map<Hex, Uint8Array[]>();
  const failing = new Set<Hex>();

  async function work(to: Hex, queue: Uint8Array[]): Promise<void> {
    for (let bytes = queue.shift(); bytes !== undefined && !signal.aborted; bytes = queue.shift()) {
      try {
        await transport.send(to, bytes, signal);
        failing.delete(to);
      } catch (error) {
        // What waits behind it would wait for nothing.
        queue.length = 0;
        if (!failing.has(to) && !signal.aborted) onFailure(to, error);
        failing.add(to);
      }
    }
    queues.delete(to);
  }

  return {
    add(to, bytes) {
      const queue = queues.get(to);
      if (queue === undefined) {
        const fresh = [bytes];
        queues.set(to, fresh);
        void work(to, fresh);
      } else if (queue.length < MAX_WAITING) {
        queue.push(bytes);
      }
    },
  };
}
