import { loadLedger } from "../../plugin/hardhat/ledger.js";
import { domainOf, sizeOf } from "../../plugin/hardhat/proof.js";
import { type SequencerData, sequencerOf, type SequencerSettings } from "../../plugin/hardhat/sequencer.js";
import type { L1Client } from "../../plugin/l1/client.js";
import { type ExecutorThread, startExecutorThread } from "../../plugin/sequencer/executor-client.js";
import { humanLine, jsonLine, type LogEvent } from "../../plugin/sequencer/log.js";
import { guestLedger } from "../../plugin/sequencer/guest-ledger.js";
import type { SequencerLedger } from "../../plugin/sequencer/ledger.js";
import { validityLedger } from "../../plugin/sequencer/validity/ledger.js";
import { serveRpc } from "../../plugin/sequencer/server.js";
import { openLevelStore } from "../../plugin/store/level.js";
import { memoryStore } from "../../plugin/store/memory.js";
import type { Hex } from "../../plugin/types.js";
import type { Output } from "./output.js";

export interface ServiceOptions {
  l1: L1Client;
  /** Folder of the database, where a thread of its own executes blocks. Without one everything stays in memory and in this thread. */
  storage?: string;
  host: string;
  port: number;
  settings: SequencerSettings & SequencerData;
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

/** Starts both; when anything stands in the way, nothing has been started. */
export async function startService({ l1, storage, host, port, settings, output }: ServiceOptions): Promise<Service> {
  const log = logTo(output);
  const senderLog = ({ kind, ...fields }: { kind: string }) => {
    log({ level: "info", event: `L1 transaction ${kind}`, ...fields });
  };
  /** What is open, in the order of closing. */
  const open: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of open.splice(0)) await end();
  };
  try {
    const store = storage === undefined ? memoryStore() : await openLevelStore(storage);
    open.unshift(() => store.close());
    const isFraud = l1.parameters.proof === "fraud";
    const executor = storage === undefined || !isFraud ? undefined : await executorOf(l1, storage);
    if (executor !== undefined) open.unshift(() => executor.close());
    const ledger = isFraud ? guestLedger(executor ?? loadLedger().execute) : await validityLedgerOf(l1);
    const sequencer = await sequencerOf(l1, ledger, store, { ...settings, log, senderLog });
    const server = await serveRpc({
      request: sequencer.request,
      host,
      port,
      onFault: (method, error) => {
        log({ level: "error", event: "request failed", method, error });
      },
    });
    open.unshift(() => server.close());
    await sequencer.start();
    open.splice(1, 0, () => sequencer.stop());
    return { url: server.url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function executorOf({ parameters, addresses }: L1Client, path: string): Promise<ExecutorThread> {
  return startExecutorThread({ path, l2ChainId: parameters.l2ChainId, bridge: addresses.bridge });
}

/** Its proofs take so long that a thread of its own would gain nothing. */
async function validityLedgerOf({ deployment, signer }: L1Client): Promise<SequencerLedger> {
  if (signer === undefined) throw new Error("a sequencer needs a signer on L1");
  const submitter = (await signer.getAddress()) as Hex;
  return validityLedger({ domain: domainOf(deployment), size: sizeOf(deployment.parameters), submitter });
}

/** One event per line: for people on stdout, as JSON on stderr. */
function logTo(output: Output): (event: LogEvent) => void {
  return (event) => {
    output.line(output.json ? jsonLine(event, new Date()) : humanLine(event, new Date()));
  };
}
