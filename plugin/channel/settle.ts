/** How a promise that waits for something elsewhere is ended. */
export interface Settle<T> {
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
}

/** A promise that is settled by `begin`'s caller, or rejects when the signal is aborted. @param begin Returns what is undone in the end. */
export function settled<T>(signal: AbortSignal, begin: (settle: Settle<T>) => () => unknown): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let undo: () => unknown = () => undefined;
    const end = (): void => {
      signal.removeEventListener("abort", onAbort);
      undo();
    };
    const fail = (error: unknown): void => {
      reject(error instanceof Error ? error : new Error(String(error)));
      end();
    };
    const onAbort = (): void => fail(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    undo = begin({
      resolve(value) {
        resolve(value);
        end();
      },
      reject: fail,
    });
  });
}
