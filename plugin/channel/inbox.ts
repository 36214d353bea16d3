/** Messages that wait, by where they came from. Sources take turns, so that none starves the others. */
export interface Inbox<T> {
  /** @returns false when the source has too many waiting, or there are too many sources. */
  add(source: string, message: T): boolean;
  /** Resolves once nothing waits. */
  idle(): Promise<void>;
}

/**
 * @param perSource Most messages that wait from one source.
 * @param sources Most sources of which messages wait.
 * @param handle Told of one message after the other; must not throw.
 */
export function createInbox<T>(
  { perSource, sources }: { perSource: number; sources: number },
  handle: (message: T) => void | Promise<void>,
): Inbox<T> {
  // A map keeps the order of insertion: whoever was served goes to the end.
  const waiting = new Map<string, T[]>();
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
      if (messages.length > 0) waiting.set(source, messages);
      const done = handle(message);
      if (done !== undefined) await done;
    }
  }

  return {
    add(source, message) {
      const queue = waiting.get(source);
      if (queue === undefined) {
        if (waiting.size >= sources) return false;
        waiting.set(source, [message]);
      } else {
        if (queue.length >= perSource) return false;
        queue.push(message);
      }
      working ??= Promise.resolve().then(work);
      return true;
    },
    async idle() {
      while (working !== undefined) await working;
    },
  };
}
