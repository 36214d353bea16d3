import { readFile } from "node:fs/promises";

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
  load(): Promise<Journal | undefined>;
  save(journal: Journal): Promise<void>;
}

/** For chains that end with the process. */
export function memoryJournal(): JournalStore {
  let text: string | undefined;
  return {
    load: () => Promise.resolve(text === undefined ? undefined : (JSON.parse(text) as Journal)),
    save: (journal) => {
      text = JSON.stringify(journal);
      return Promise.resolve();
    },
  };
}

export function fileJournal(path: string): JournalStore {
  return {
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
