import type { SignedTransaction } from "../ledger/transaction.js";
import type { Hex } from "../types.js";
import { TransactionRefusedError } from "./errors.js";

/** A transaction whose signature was checked. */
export interface SenderTransaction extends SignedTransaction {
  sender: Hex;
  /** Whose nonce it uses and whose balance pays it: the sender's, unless the ledger keeps several for each. */
  account: Hex;
  /** What it can take of that balance at most. */
  cost: bigint;
}

export interface MempoolLimits {
  /** Transactions in all. */
  total: number;
  /** Transactions of one account. */
  perAccount: number;
  /** Transactions of one account that wait for an earlier nonce or for funds. */
  heldPerAccount: number;
  /** Milliseconds that such a transaction waits before it is dropped. */
  heldFor: number;
}

export const MEMPOOL_LIMITS: MempoolLimits = {
  total: 200_000,
  perAccount: 1_024,
  heldPerAccount: 64,
  heldFor: 30 * 60_000,
};

/** An account as of the last block. */
export interface AccountState {
  nonce: bigint;
  /** In the smallest unit of what it holds; wei of ETH. */
  balance: bigint;
}

export interface MempoolOptions {
  limits: MempoolLimits;
  /** An account as of the last block; zeros when there is none. */
  account: (account: Hex) => AccountState;
}

/** `ready`: next in line; `taken`: in a block that is being built; `held`: waits for an earlier nonce or for funds. */
export type EntryState = "ready" | "taken" | "held";

export interface MempoolEntry {
  readonly transaction: SenderTransaction;
  /** Order of acceptance. */
  readonly sequence: bigint;
  readonly state: EntryState;
}

export interface TakeLimits {
  transactions: number;
  /** Raw bytes. */
  bytes: number;
  /** Distinct triples of priority fee, maximum fee and gas limit. */
  feeEntries: number;
  /** Only transactions up to this sequence number. */
  upTo: bigint;
}

export interface DroppedTransaction {
  transaction: SenderTransaction;
  sequence: bigint;
  reason: string;
}

/** What a block did to the transactions that were taken for it. */
export interface Settlement {
  /** Everything executed, own or forced: each account's nonces below `nonce` are used up. */
  used: Iterable<{ account: Hex; nonce: bigint }>;
  /** Hashes of taken transactions that the ledger skipped. Those neither used nor skipped are next in line again. */
  skipped: Iterable<Hex>;
}

/**
 * Transactions that are accepted and not yet in a block, first come first served. No input or output: time, state and order
 * numbers come from outside.
 */
export interface Mempool {
  /**
   * Accepts a transaction.
   * @param now Milliseconds.
   * @returns the transaction that it replaces.
   * @throws {TransactionRefusedError}
   */
  add(transaction: SenderTransaction, sequence: bigint, now: number): MempoolEntry | undefined;
  /** Takes back an accepted transaction, after a restart or a rollback. Without funds it is held, not refused. */
  restore(transaction: SenderTransaction, sequence: bigint, now: number): DroppedTransaction | undefined;
  /** Forgets a transaction. */
  remove(hash: Hex): void;
  /** The next transactions to execute. Settle or release them before taking more. */
  take(limits: TakeLimits): MempoolEntry[];
  /** Puts back what was taken, when no block came of it. */
  release(): void;
  /** Call when the state changed. @returns what can never be executed any more. */
  settle(settlement: Settlement): DroppedTransaction[];
  /** Drops what was held for too long. */
  expire(now: number): DroppedTransaction[];
  get(hash: Hex): MempoolEntry | undefined;
  /** First nonce of the account that no executable transaction uses. */
  nextNonce(address: Hex): bigint;
  /** All transactions in order of acceptance. */
  all(): MempoolEntry[];
  readonly size: number;
  readonly readyCount: number;
}

interface Entry {
  transaction: SenderTransaction;
  sequence: bigint;
  since: number;
  /** What it can cost at most. */
  cost: bigint;
  /** What is gone may still stand in the line of the ready. */
  state: EntryState | "gone";
}

interface Queue {
  address: Hex;
  entries: Map<bigint, Entry>;
  account: AccountState;
  /** State that `account` is of. */
  generation: number;
  /** First nonce that is neither ready nor taken. */
  next: bigint;
  held: number;
  /** What all entries can cost. */
  spend: bigint;
  /** What ready and taken entries can cost. */
  readySpend: bigint;
}

const BUMP_PERCENT = 10n;

export function createMempool({ limits, account }: MempoolOptions): Mempool {
  const queues = new Map<Hex, Queue>();
  const byHash = new Map<Hex, Entry>();
  /** Queues with held entries: a block may release them. */
  const waiting = new Set<Queue>();
  let ready: Entry[] = [];
  /** Position in `ready` of the first that was not taken. */
  let head = 0;
  let readyCount = 0;
  let taken: Entry[] = [];
  let generation = 0;

  function queueOf(address: Hex): Queue {
    let queue = queues.get(address);
    if (queue === undefined) {
      const state = account(address);
      const { nonce: next } = state;
      queue = { address, entries: new Map(), account: state, generation, next, held: 0, spend: 0n, readySpend: 0n };
      queues.set(address, queue);
    }
    if (queue.generation !== generation) {
      queue.account = account(address);
      queue.generation = generation;
      if (queue.next < queue.account.nonce) queue.next = queue.account.nonce;
    }
    return queue;
  }

  function discardIfEmpty(queue: Queue): void {
    if (queue.entries.size === 0) queues.delete(queue.address);
  }

  function insert(queue: Queue, entry: Entry): void {
    queue.entries.set(entry.transaction.nonce, entry);
    queue.spend += entry.cost;
    queue.held++;
    waiting.add(queue);
    byHash.set(entry.transaction.hash, entry);
  }

  /** Held entries become ready as far as nonces and funds allow. */
  function promote(queue: Queue): void {
    for (;;) {
      const entry = queue.entries.get(queue.next);
      if (entry?.state !== "held" || queue.readySpend + entry.cost > queue.account.balance) break;
      setState(queue, entry, "ready");
      ready.push(entry);
      queue.next++;
    }
    if (queue.held === 0) waiting.delete(queue);
  }

  function setState(queue: Queue, entry: Entry, state: Entry["state"]): void {
    const counts = (each: Entry["state"]): boolean => each === "ready" || each === "taken";
    if (counts(state) && !counts(entry.state)) queue.readySpend += entry.cost;
    if (!counts(state) && counts(entry.state)) queue.readySpend -= entry.cost;
    queue.held += Number(state === "held") - Number(entry.state === "held");
    readyCount += Number(state === "ready") - Number(entry.state === "ready");
    entry.state = state;
  }

  function erase(queue: Queue, entry: Entry): void {
    setState(queue, entry, "gone");
    queue.spend -= entry.cost;
    queue.entries.delete(entry.transaction.nonce);
    byHash.delete(entry.transaction.hash);
    if (queue.held === 0) waiting.delete(queue);
  }

  /** What came after a nonce that is no longer executable waits again. */
  function hold(queue: Queue, from: bigint): void {
    for (let nonce = from; nonce < queue.next; nonce++) {
      const entry = queue.entries.get(nonce);
      if (entry !== undefined && entry.state !== "held") setState(queue, entry, "held");
    }
    if (from < queue.next) queue.next = from;
    if (queue.held > 0) waiting.add(queue);
    ready = ready.filter((entry, i) => i >= head && entry.state === "ready");
    head = 0;
  }

  /** What was taken and is still there is next in line again. */
  function putBack(): void {
    const left = taken.filter((entry) => entry.state === "taken");
    for (const entry of left) setState(queueOf(entry.transaction.account), entry, "ready");
    if (left.length > 0) ready = [...left, ...ready.slice(head)];
    if (left.length > 0) head = 0;
    taken = [];
  }

  function checkSpace(queue: Queue, { nonce, account: owner }: SenderTransaction): void {
    if (byHash.size >= limits.total)
      throw new TransactionRefusedError(`txpool is full: ${byHash.size} transactions pending, limit ${limits.total}`);
    if (queue.entries.size >= limits.perAccount)
      throw new TransactionRefusedError(
        `account limit exceeded: ${owner} has ${queue.entries.size} pending transactions, limit ${limits.perAccount}`,
      );
    if (nonce > queue.next && queue.held >= limits.heldPerAccount)
      throw new TransactionRefusedError(
        `nonce too high: next nonce ${queue.next}, tx nonce ${nonce}, and ${queue.held} transactions already wait for an earlier one, limit ${limits.heldPerAccount}`,
      );
  }

  function place(transaction: SenderTransaction, sequence: bigint, now: number): Queue {
    const queue = queueOf(transaction.account);
    insert(queue, { transaction, sequence, since: now, cost: transaction.cost, state: "held" });
    promote(queue);
    return queue;
  }

  function add(transaction: SenderTransaction, sequence: bigint, now: number): MempoolEntry | undefined {
    if (byHash.has(transaction.hash)) throw new TransactionRefusedError(`already known: ${transaction.hash}`);
    const queue = queueOf(transaction.account);
    try {
      const { nonce, cost } = transaction;
      if (nonce < queue.account.nonce)
        throw new TransactionRefusedError(`nonce too low: next nonce ${queue.account.nonce}, tx nonce ${nonce}`);
      const previous = queue.entries.get(nonce);
      checkFunds(queue, cost, previous?.cost ?? 0n);
      if (previous === undefined) {
        checkSpace(queue, transaction);
        place(transaction, sequence, now);
        return undefined;
      }
      checkReplacement(previous, transaction);
      const replaced = view(previous);
      // The place in line stays.
      byHash.delete(previous.transaction.hash);
      queue.spend += cost - previous.cost;
      if (previous.state === "ready") queue.readySpend += cost - previous.cost;
      Object.assign(previous, { transaction, cost, sequence });
      byHash.set(transaction.hash, previous);
      promote(queue);
      return replaced;
    } finally {
      discardIfEmpty(queue);
    }
  }

  return {
    add,

    restore(transaction, sequence, now) {
      const queue = queueOf(transaction.account);
      const { nonce } = transaction;
      const entry = { transaction, sequence };
      let dropped: DroppedTransaction | undefined;
      if (nonce < queue.account.nonce)
        dropped = drop(entry, `nonce too low: next nonce ${queue.account.nonce}, tx nonce ${nonce}`);
      else if (queue.entries.has(nonce)) dropped = drop(entry, `another transaction with nonce ${nonce} is pending`);
      else place(transaction, sequence, now);
      discardIfEmpty(queue);
      return dropped;
    },

    remove(hash) {
      const entry = byHash.get(hash);
      if (entry === undefined) return;
      const queue = queueOf(entry.transaction.account);
      const wasReady = entry.state !== "held";
      erase(queue, entry);
      if (wasReady) hold(queue, entry.transaction.nonce);
      discardIfEmpty(queue);
    },

    take({ transactions, bytes, feeEntries, upTo }) {
      const fees = new Set<string>();
      let size = 0;
      while (head < ready.length && taken.length < transactions) {
        const entry = ready[head]!;
        if (entry.state === "ready") {
          const { transaction } = entry;
          fees.add(`${transaction.maxPriorityFeePerGas}/${transaction.maxFeePerGas}/${transaction.gasLimit}`);
          size += transaction.raw.length;
          if (entry.sequence > upTo || fees.size > feeEntries || (size > bytes && taken.length > 0)) break;
          setState(queues.get(transaction.account)!, entry, "taken");
          taken.push(entry);
        }
        head++;
      }
      if (2 * head > ready.length) {
        ready = ready.slice(head);
        head = 0;
      }
      return taken.map(view);
    },

    release() {
      for (const entry of taken)
        if (entry.state === "taken") setState(queueOf(entry.transaction.account), entry, "ready");
      ready = [...taken.filter((entry) => entry.state === "ready"), ...ready.slice(head)];
      head = 0;
      taken = [];
    },

    settle({ used, skipped }) {
      const dropped: DroppedTransaction[] = [];
      generation++;
      for (const { account: owner, nonce } of used) {
        const queue = queues.get(owner);
        const entry = queue?.entries.get(nonce);
        if (queue === undefined || entry === undefined) continue;
        if (entry.state !== "taken")
          dropped.push(drop(entry, `nonce too low: nonce ${nonce} was used by another transaction`));
        erase(queue, entry);
        discardIfEmpty(queue);
      }
      const failed = [...skipped].flatMap((hash) => byHash.get(hash) ?? []);
      for (const { transaction } of failed) hold(queueOf(transaction.account), transaction.nonce);
      putBack();
      for (const queue of [...waiting]) queueOf(queue.address);
      for (const entry of failed) {
        const { account: owner, nonce } = entry.transaction;
        const queue = queueOf(owner);
        // Held for an earlier nonce or for funds. There is no other reason to skip it, so trying again would not end.
        if (nonce !== queue.next || queue.readySpend + entry.cost > queue.account.balance) continue;
        erase(queue, entry);
        dropped.push(drop(entry, "the ledger skipped it"));
        discardIfEmpty(queue);
      }
      for (const queue of [...waiting]) promote(queue);
      return dropped;
    },

    expire(now) {
      const dropped: DroppedTransaction[] = [];
      for (const queue of [...waiting]) {
        for (const entry of [...queue.entries.values()]) {
          if (entry.state !== "held" || now - entry.since < limits.heldFor) continue;
          erase(queue, entry);
          dropped.push(drop(entry, `not executable for ${limits.heldFor / 1000} s`));
        }
        discardIfEmpty(queue);
      }
      return dropped;
    },

    get(hash) {
      const entry = byHash.get(hash);
      return entry && view(entry);
    },

    nextNonce(address) {
      const queue = queueOf(address);
      const { next } = queue;
      discardIfEmpty(queue);
      return next;
    },

    all: () => [...byHash.values()].sort((a, b) => (a.sequence < b.sequence ? -1 : 1)).map(view),

    get size() {
      return byHash.size;
    },

    get readyCount() {
      return readyCount;
    },
  };
}

function view({ transaction, sequence, state }: Entry): MempoolEntry {
  if (state === "gone") throw new Error(`${transaction.hash} is not in the mempool any more`);
  return { transaction, sequence, state };
}

function drop({ transaction, sequence }: Pick<Entry, "transaction" | "sequence">, reason: string): DroppedTransaction {
  return { transaction, sequence, reason };
}

function checkFunds(queue: Queue, cost: bigint, replacedCost: bigint): void {
  const { balance } = queue.account;
  const queued = queue.spend - replacedCost;
  if (queued + cost <= balance) return;
  throw new TransactionRefusedError(
    queued === 0n
      ? `insufficient funds for gas * price + value: address ${queue.address} have ${balance} want ${cost}`
      : `insufficient funds for gas * price + value: balance ${balance}, queued cost ${queued}, tx cost ${cost}, overshot ${queued + cost - balance}`,
  );
}

function checkReplacement(
  { transaction: old, state }: Entry,
  { maxFeePerGas, maxPriorityFeePerGas }: SenderTransaction,
): void {
  if (state === "taken")
    throw new TransactionRefusedError(
      `replacement transaction underpriced: ${old.hash} with nonce ${old.nonce} is being executed and cannot be replaced`,
    );
  const fee = bumped(old.maxFeePerGas);
  const tip = bumped(old.maxPriorityFeePerGas);
  if (maxFeePerGas >= fee && maxPriorityFeePerGas >= tip) return;
  throw new TransactionRefusedError(
    `replacement transaction underpriced: needs maxFeePerGas ${fee} and maxPriorityFeePerGas ${tip}, got ${maxFeePerGas} and ${maxPriorityFeePerGas}`,
  );
}

/** At least ten percent more. */
function bumped(fee: bigint): bigint {
  return (fee * (100n + BUMP_PERCENT) + 99n) / 100n;
}
