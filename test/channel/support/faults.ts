import type { Transport } from "../../../plugin/channel/transport.js";
import type { Adjudicator } from "../../../plugin/channel/types.js";
import type { Store } from "../../../plugin/store/types.js";

/** A process that ends at one of its durable points: before or after a write, a message, or a move on L1. */
export interface Fuse {
  /** Points that were passed. */
  readonly passed: number;
  readonly isBlown: boolean;
  /** Resolves when it ends. */
  readonly blown: Promise<void>;
  /** Passes a point; after the end nothing goes on any more. */
  point(): Promise<void>;
}

/** @param at Which point is its last; none where it is 0. */
export function createFuse(at = 0): Fuse {
  let [passed, isBlown] = [0, false];
  let blow: () => void = () => undefined;
  const blown = new Promise<void>((resolve) => (blow = resolve));
  return {
    get passed() {
      return passed;
    },
    get isBlown() {
      return isBlown;
    },
    blown,
    point() {
      passed++;
      if (passed === at) {
        isBlown = true;
        blow();
      }
      return isBlown ? new Promise<void>(() => undefined) : Promise.resolve();
    },
  };
}

async function guarded<T>(fuse: Fuse, act: () => Promise<T>): Promise<T> {
  await fuse.point();
  const result = await act();
  await fuse.point();
  return result;
}

export function fusedStore(store: Store, fuse: Fuse): Store {
  return { ...store, write: (operations, options) => guarded(fuse, () => store.write(operations, options)) };
}

export function fusedTransport(transport: Transport, fuse: Fuse): Transport {
  return {
    send: (to, bytes, signal) => guarded(fuse, () => transport.send(to, bytes, signal)),
    onMessage: (handler) => transport.onMessage((bytes, source) => !fuse.isBlown && handler(bytes, source)),
  };
}

export function fusedAdjudicator(adjudicator: Adjudicator, fuse: Fuse): Adjudicator {
  return {
    ...adjudicator,
    deposit: (...given) => guarded(fuse, () => adjudicator.deposit(...given)),
    concludeAndPay: (...given) => guarded(fuse, () => adjudicator.concludeAndPay(...given)),
  };
}

/** Numbers from 0 to below 1, the same ones for each seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A transport that loses, repeats and reorders. */
export function unreliable(transport: Transport, random: () => number, loss: number): Transport {
  const deliver = async (...given: Parameters<Transport["send"]>): Promise<void> => {
    for (let turns = Math.floor(random() * 6); turns > 0; turns--)
      await new Promise((resolve) => setImmediate(resolve));
    // Nobody is there, or it is full: lost as well.
    await transport.send(...given).catch(() => undefined);
  };
  return {
    onMessage: transport.onMessage,
    send(...given) {
      for (let copies = random() < loss ? 0 : random() < 0.2 ? 2 : 1; copies > 0; copies--) void deliver(...given);
      return Promise.resolve();
    },
  };
}
