import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

import { MultiProcessMutex, MultiProcessMutexTimeoutError } from "@nomicfoundation/hardhat-utils/synchronization";

import type { Hex } from "../plugin/types.js";
import { AddressBookError, isMissing, toJson, writeFileAtomically } from "./address-book.js";

/** One transaction of a deployment. Written before it is sent (without `transaction`), after sending, and after its receipt. */
export interface JournalEntry {
  /** Nonce of the deployer; tells on a resumed run whether the transaction was mined. */
  nonce: number;
  /** L1 head before sending; the transaction cannot be in an earlier block. */
  sentAfterBlock: number;
  /** Hash, once the node took it. */
  transaction?: Hex;
  /** Block of its receipt; absent while it is not known to be mined. */
  block?: number;
  gasUsed?: string;
  /** What it created; absent for calls. */
  address?: Hex;
}

/** What a deployment has done so far. */
export interface Journal {
  version: 1;
  l1ChainId: string;
  /** A block of the chain it runs on: a restarted development chain lacks it. */
  anchor: { number: number; hash: Hex };
  deployer: Hex;
  /** keccak256 over parameters and init codes: a resumed run must mean the same suite. */
  suiteHash: Hex;
  entries: Record<string, JournalEntry>;
}

/** Where a journal is kept. `save` returns when it would survive a crash. */
export interface JournalStore {
  /**
   * Keeps every other process from this journal until the function that it returns is called, or this process is dead.
   * @throws {JournalBusyError} when another one has it.
   */
  lock(): Promise<() => Promise<void>>;
  load(): Promise<Journal | undefined>;
  save(journal: Journal): Promise<void>;
}

/** Two processes that deploy by one journal would each send what the other sends. */
export class JournalBusyError extends Error {
  override readonly name = "JournalBusyError";
  constructor(readonly lockPath: string) {
    super(`another rollup:deploy works on this deployment; wait until it ends (it holds ${lockPath})`);
  }
}

/** For chains that end with the process. */
export function memoryJournal(): JournalStore {
  let text: string | undefined;
  return {
    lock: () => Promise.resolve(() => Promise.resolve()),
    load: () => Promise.resolve(text === undefined ? undefined : (JSON.parse(text) as Journal)),
    save: (journal) => {
      text = JSON.stringify(journal);
      return Promise.resolve();
    },
  };
}

/** How long another process may take to end, in milliseconds. */
const LOCK_PATIENCE = 500;

export function fileJournal(path: string): JournalStore {
  const lockPath = resolve(`${path}.lock`);
  return {
    async lock() {
      try {
        return await new MultiProcessMutex(lockPath, LOCK_PATIENCE).acquire();
      } catch (error) {
        if (error instanceof MultiProcessMutexTimeoutError) throw new JournalBusyError(lockPath);
        throw error;
      }
    },
    async load() {
      let text: string;
      try {
        text = await readFile(path, "utf8");
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
      return parseJournal(text, path);
    },
    save: (journal) => writeFileAtomically(path, toJson(journal)),
  };
}

function parseJournal(text: string, path: string): Journal {
  let journal: Partial<Journal> | undefined;
  try {
    journal = JSON.parse(text) as Partial<Journal>;
  } catch {
    journal = undefined;
  }
  if (journal?.version !== 1 || journal.entries === undefined || journal.anchor === undefined) {
    throw new AddressBookError(
      path,
      "is not a journal of rollup:deploy; restore it, or remove it to deploy from the start",
    );
  }
  return journal as Journal;
}
