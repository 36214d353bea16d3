/** Messages that wait, by where they came from. Sources take turns, so that none starves the others. */
export interface Inbox<T> {
  /** @returns false when too much waits, of the source or of all. */
  add(source: string, message: T): boolean;
  /** Resolves once nothing waits. */
  idle(): Promise<void>;
}

/** How much may wait. */
export interface InboxLimits<T> {
  /** Messages from one source. */
  perSource: number;
  /** Sources. */
  sources: number;
  /** Of what `sizeOf` counts, from one source and from all. */
  size: { perSource: number; all: number };
  sizeOf: (message: T) => number;
}

/**
 * @param handle Told of one message after the other; must not throw.
 */
export function createInbox<T>(
  { perSource, sources, size, sizeOf }: InboxLimits<T>,
  handle: (message: T) => void | Promise<void>,
): Inbox<T> {
  // A map keeps the order of insertion: whoever was served goes to the end.
  const waiting = new Map<string, T[]>();
  const sizes = new Map<string, number>();
  let sizeOfAll = 0;
  let working: Promise<void> | undefined;

  async function work(): Promise<void> {
    for (;;) {
      const [first] = waiting;
      if (first === undefined) {
        // At once with the end of the loop: what is added from here on starts the next one.
        working = undefined;
        return;
      }
      const [source, messages] = first;
      const message = messages.shift()!;
      waiting.delete(source);
      count(source, -sizeOf(message));
      if (messages.length > 0) waiting.set(source, messages);
      const done = handle(message);
      if (done !== undefined) await done;
    }
  }

  function count(source: string, change: number): void {
    sizeOfAll += change;
    const left = (sizes.get(source) ?? 0) + change;
    if (left > 0) sizes.set(source, left);
    else sizes.delete(source);
  }

  return {
    add(source, message) {
      const queue = waiting.get(source);
      const more = sizeOf(message);
      if (sizeOfAll + more > size.all || (sizes.get(source) ?? 0) + more > size.perSource) return false;
      if (queue === undefined) {
        if (waiting.size >= sources) return false;
        waiting.set(source, [message]);
      } else {
        if (queue.length >= perSource) return false;
        queue.push(message);
      }
      count(source, more);
      working ??= Promise.resolve().then(work);
      return true;
    },
    async idle() {
      while (working !== undefined) await working;
    },
  };
}
