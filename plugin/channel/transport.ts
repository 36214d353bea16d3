import type { Hex } from "../types.js";

/** How messages get to the others. It may lose, repeat and reorder them; they carry their own signatures. */
export interface Transport {
  /** @param to Address of a participant, in lower case. Resolves when it has the message; rejects when that is not known. */
  send(to: Hex, bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  /**
   * Who gets what comes; one at a time.
   * @param handler `source` names where the bytes came from as far as the transport knows: it is not who signed them. False
   * when there is no room for more.
   */
  onMessage: (handler: (bytes: Uint8Array, source: string) => boolean) => void;
}

/** Participants of one process, for tests and demos. */
export interface MemoryNetwork {
  join(address: Hex): Transport;
  leave(address: Hex): void;
}

export function memoryNetwork(): MemoryNetwork {
  const handlers = new Map<Hex, (bytes: Uint8Array, source: string) => boolean>();
  return {
    join: (address) => ({
      async send(to, bytes) {
        // As over a network, the sender goes on before the receiver begins.
        await Promise.resolve();
        const isTaken = handlers.get(to)?.(bytes, address) ?? false;
        if (!isTaken) throw new Error(`${to} is not there, or takes no more`);
      },
      onMessage(handler) {
        handlers.set(address, handler);
      },
    }),
    leave(address) {
      handlers.delete(address);
    },
  };
}
