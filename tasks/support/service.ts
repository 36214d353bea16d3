import { loadLedger } from "../../plugin/hardhat/ledger.js";
import { sequencerOf, type SequencerSettings } from "../../plugin/hardhat/sequencer.js";
import type { L1Client } from "../../plugin/l1/client.js";
import { humanLine, jsonLine, type LogEvent } from "../../plugin/sequencer/log.js";
import { serveRpc } from "../../plugin/sequencer/server.js";
import type { Store } from "../../plugin/store/types.js";
import type { Output } from "./output.js";

export interface ServiceOptions {
  l1: L1Client;
  store: Store;
  host: string;
  port: number;
  settings: SequencerSettings;
  output: Output;
}

/** A sequencer with its JSON-RPC server. */
export interface Service {
  url: string;
  close(): Promise<void>;
}

/** What a sequencer of its own process does: blocks at once, batches when they are worth it, and a look at L1 every second. */
export const DEFAULT_SETTINGS = {
  blocks: "auto",
  batches: { bytes: 100_000, age: 60_000 },
  pollInterval: 1_000,
} as const;

/** Starts both; when the port is in use, nothing has been started. */
export async function startService({ l1, store, host, port, settings, output }: ServiceOptions): Promise<Service> {
  const log = logTo(output);
  const senderLog = ({ kind, ...fields }: { kind: string }) => {
    log({ level: "info", event: `L1 transaction ${kind}`, ...fields });
  };
  const sequencer = await sequencerOf(l1, loadLedger(), store, { ...settings, log, senderLog });
  const server = await serveRpc({
    request: sequencer.request,
    host,
    port,
    onFault: (method, error) => {
      log({ level: "error", event: "request failed", method, error });
    },
  });
  try {
    await sequencer.start();
  } catch (error) {
    await server.close();
    throw error;
  }
  return {
    url: server.url,
    async close() {
      await server.close();
      await sequencer.stop();
    },
  };
}

/** One event per line: for people on stdout, as JSON on stderr. */
function logTo(output: Output): (event: LogEvent) => void {
  return (event) => {
    output.line(output.json ? jsonLine(event, new Date()) : humanLine(event, new Date()));
  };
}
