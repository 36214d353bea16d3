import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

import { MultiProcessMutex, MultiProcessMutexTimeoutError } from "@nomicfoundation/hardhat-utils/synchronization";
import type { Provider } from "ethers";

import type { Hex } from "../plugin/types.js";
import { AddressBookError, isMissing, toJson, writeFileAtomically } from "./address-book.js";
import { DeployError } from "./deploy-error.js";

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
  /** Of deterministic addresses. */
  salt?: Hex;
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
  constructor(
    readonly lockPath: string,
    readonly task: string,
  ) {
    super(`another ${task} works on this deployment; wait until it ends (it holds ${lockPath})`);
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

/** @param task Named in errors. */
export function fileJournal(path: string, task = "rollup:deploy"): JournalStore {
  const lockPath = resolve(`${path}.lock`);
  return {
    async lock() {
      try {
        return await new MultiProcessMutex(lockPath, LOCK_PATIENCE).acquire();
      } catch (error) {
        if (error instanceof MultiProcessMutexTimeoutError) throw new JournalBusyError(lockPath, task);
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
      "is no journal of a deployment; restore it, or remove it to deploy from the start",
    );
  }
  return journal as Journal;
}

interface JournalMeaning {
  journal: JournalStore;
  suiteHash: Hex;
  salt?: Hex | undefined;
  restartOnNewChain: boolean;
}

/** The journal of this deployment, a new one if there is none. @throws {DeployError} when it is of another. */
export async function openJournal(options: JournalMeaning, provider: Provider, deployer: Hex): Promise<Journal> {
  const { chainId } = await provider.getNetwork();
  const found = await options.journal.load();
  if (found !== undefined) {
    const problem = await mismatch(found, options, provider, deployer, chainId);
    if (problem === undefined) return found;
    if (!(problem.newChain && options.restartOnNewChain)) throw new DeployError("journal", problem.message);
  }
  const head = await provider.getBlock("latest");
  if (head?.hash === undefined || head.hash === null)
    throw new DeployError("journal", "the L1 node reports no latest block");
  const journal: Journal = {
    version: 1,
    l1ChainId: chainId.toString(),
    anchor: { number: head.number, hash: head.hash as Hex },
    deployer,
    suiteHash: options.suiteHash,
    ...(options.salt === undefined ? {} : { salt: options.salt }),
    entries: {},
  };
  await options.journal.save(journal);
  return journal;
}

async function mismatch(
  journal: Journal,
  options: JournalMeaning,
  provider: Provider,
  deployer: Hex,
  chainId: bigint,
): Promise<{ message: string; newChain: boolean } | undefined> {
  const remedy = "finish that deployment as it was begun, or remove its journal to start another";
  if (journal.l1ChainId !== chainId.toString()) {
    return {
      newChain: true,
      message: `the journal is of chain ${journal.l1ChainId}, the L1 is ${chainId}; ${remedy}`,
    };
  }
  const anchor = await blockHash(provider, journal.anchor.number);
  if (anchor !== journal.anchor.hash) {
    return {
      newChain: true,
      message: `the journal is of another chain: block ${journal.anchor.number} differs; ${remedy}`,
    };
  }
  if (journal.deployer !== deployer) {
    return { newChain: false, message: `the journal is of deployer ${journal.deployer}, not ${deployer}; ${remedy}` };
  }
  if (journal.salt !== options.salt) {
    const named = (salt: Hex | undefined) => (salt === undefined ? "no salt" : `salt ${salt}`);
    return {
      newChain: false,
      message: `the unfinished deployment has ${named(journal.salt)}, this one has ${named(options.salt)}; ${remedy}`,
    };
  }
  if (journal.suiteHash !== options.suiteHash) {
    return { newChain: false, message: `an unfinished deployment has other parameters or other contracts; ${remedy}` };
  }
  return undefined;
}

async function blockHash(provider: Provider, number: number): Promise<string | null> {
  if ((await provider.getBlockNumber()) < number) return null;
  return (await provider.getBlock(number))?.hash ?? null;
}
