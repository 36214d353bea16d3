/** L1 cannot be asked right now: the node is down, unreachable or too slow. Trying again later is right. */
export class L1UnavailableError extends Error {
  override readonly name = "L1UnavailableError";

  /**
   * @param action What was being asked.
   * @param reason What went wrong.
   */
  constructor(
    readonly action: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`L1 is unavailable (${action}): ${reason}`, options);
  }
}

/** The provider's answers do not fit together: a reorg during the reading, a lagging node, or events left out. Trying again is right. */
export class L1InconsistentError extends Error {
  override readonly name = "L1InconsistentError";

  constructor(readonly reason: string) {
    super(`L1's answers do not fit together: ${reason}; it will be read again`);
  }
}

export interface AskOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds after which the node counts as down; default 30,000. */
  timeout?: number | undefined;
}

const DEFAULT_TIMEOUT = 30_000;

const CONNECTION_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "NETWORK_ERROR",
  "TIMEOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_SOCKET",
]);

/**
 * One request to L1, bounded in time: a provider that retries for ever must not hang its caller.
 * @throws {L1UnavailableError} when the node cannot be reached or is silent; the signal's reason when aborted; else
 * whatever the node answered.
 */
export async function ask<T>(action: string, request: () => Promise<T>, options: AskOptions = {}): Promise<T> {
  const { signal, timeout = DEFAULT_TIMEOUT } = options;
  signal?.throwIfAborted();
  let stop: () => void = () => undefined;
  const interrupted = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => {
      reject(new L1UnavailableError(action, `no answer within ${timeout} ms`));
    }, timeout);
    const abort = (): void => {
      reject(signal?.reason instanceof Error ? signal.reason : new Error("aborted"));
    };
    signal?.addEventListener("abort", abort, { once: true });
    stop = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
  });
  try {
    return await Promise.race([request(), interrupted]);
  } catch (error) {
    const reason = connectionFailure(error);
    if (reason === undefined || error instanceof L1UnavailableError) throw error;
    throw new L1UnavailableError(action, reason, { cause: error });
  } finally {
    stop();
  }
}

/** The reason when `error`, or something it was caused by, is a failed connection. */
function connectionFailure(error: unknown): string | undefined {
  for (const cause of causes(error)) {
    const { code, message } = cause as { code?: unknown; message?: unknown };
    if (typeof code === "string" && CONNECTION_CODES.has(code)) {
      return typeof message === "string" && message !== "" ? message : code;
    }
    const status = (cause as { response?: { statusCode?: unknown } }).response?.statusCode;
    if (typeof status === "number" && (status === 429 || status >= 500)) return `HTTP status ${status}`;
  }
  return undefined;
}

/** `error` and what it names as its causes, outermost first. */
export function causes(error: unknown): object[] {
  const found: object[] = [];
  const pending: unknown[] = [error];
  while (pending.length > 0 && found.length < 32) {
    const next = pending.shift();
    if (typeof next !== "object" || next === null || found.includes(next)) continue;
    found.push(next);
    const { cause, error: inner, info, data, errors } = next as Record<string, unknown>;
    pending.push(cause, inner, info, data, ...(Array.isArray(errors) ? (errors as unknown[]) : []));
  }
  return found;
}

/** Waits, or rejects with the signal's reason. */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason instanceof Error ? signal.reason : new Error("aborted"));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
