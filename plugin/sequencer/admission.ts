import { TransactionError, type SignedTransaction } from "../ledger/transaction.js";
import type { NodeReader } from "../ledger/types.js";
import type { Hex } from "../types.js";
import type { Chain } from "./chain.js";
import { put, remove, type Database } from "./database.js";
import { TransactionRefusedError } from "./errors.js";
import { senderTransaction, type SequencerLedger } from "./ledger.js";
import type { SenderTransaction } from "./mempool.js";

/** Gas limit of L2 blocks as wallets see it; no transaction may ask for more. */
export const BLOCK_GAS_LIMIT = 30_000_000n;
/** Most bytes of a raw transaction: 1,024 of data and what surrounds them. */
export const MAX_RAW_LENGTH = 2_048;

export interface AdmissionOptions {
  l2ChainId: bigint;
  /** Wei per gas. */
  baseFee: bigint;
  /** Least priority fee, wei per gas. */
  minPriorityFee: bigint;
  chain: Chain;
  ledger: SequencerLedger;
  database: Database;
  nodes: NodeReader;
  /** Milliseconds. */
  clock: () => number;
}

/** Takes transactions in. */
export interface Admission {
  /**
   * Checks a transaction and accepts it. It is on disk when this resolves.
   * @returns its hash.
   * @throws {TransactionRefusedError}
   */
  submit(raw: Uint8Array): Promise<Hex>;
  /** Everything accepted up to this sequence number is on disk. */
  durable: () => bigint;
  /** Resolves once nothing waits and nothing is being written. */
  idle(): Promise<void>;
}

const MAX_SEQUENCE = (1n << 64n) - 1n;
/** Milliseconds of checking at a time: between two slices others have their turn, such as a block that is ready. */
const SLICE = 5;

interface Offered {
  raw: Uint8Array;
  done: (hash: Hex) => void;
  failed: (error: unknown) => void;
}

interface Waiting {
  transaction: SenderTransaction;
  sequence: bigint;
  /** Of the transaction that it replaces. */
  replaced: bigint | undefined;
  done: (hash: Hex) => void;
  failed: (error: unknown) => void;
}

export function createAdmission(options: AdmissionOptions): Admission {
  const { chain, ledger, database, nodes, clock } = options;
  let waiting: Waiting[] = [];
  let writing: Waiting[] = [];
  let written: Promise<void> = Promise.resolve();
  let offered: Offered[] = [];
  let checked: Promise<void> | undefined;

  /** One write, and one wait for the disk, for all that came while the last one was under way. */
  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const group = (writing = waiting);
      waiting = [];
      try {
        await database.write(
          group.flatMap(({ transaction, sequence, replaced }) => [
            ...(replaced === undefined ? [] : [remove.pending(replaced)]),
            put.pending(sequence, transaction.sender, transaction.raw),
          ]),
          { sync: true },
        );
        for (const { transaction, done } of group) done(transaction.hash);
      } catch (error) {
        for (const { transaction, failed } of group) {
          chain.mempool.remove(transaction.hash);
          failed(error);
        }
      }
      writing = [];
    }
  }

  /** Checks a transaction and gives it its place; it is not on disk yet. */
  function accept({ raw, done, failed }: Offered): void {
    try {
      const transaction = parse(raw, ledger);
      checkStateless(transaction, options);
      const sender = refusing(() => ledger.senderOf(transaction, nodes, chain.head.stateRoot));
      const accepted = senderTransaction(ledger, transaction, sender);
      const sequence = chain.nextSequence();
      const replaced = chain.mempool.add(accepted, sequence, clock())?.sequence;
      waiting.push({ transaction: accepted, sequence, replaced, done, failed });
    } catch (error) {
      failed(error);
    }
  }

  /** A signature takes as long as a hundred of anything else here: a flood of them must not hold up the rest. */
  async function checkAll(): Promise<void> {
    while (offered.length > 0) {
      await new Promise((resume) => setImmediate(resume));
      const until = performance.now() + SLICE;
      let next = 0;
      while (next < offered.length && performance.now() < until) accept(offered[next++]!);
      offered = offered.slice(next);
      if (writing.length === 0) written = writeAll();
    }
    checked = undefined;
  }

  return {
    durable: () => {
      const first = writing[0] ?? waiting[0];
      return first === undefined ? MAX_SEQUENCE : first.sequence - 1n;
    },
    async idle() {
      await checked;
      await written;
    },
    submit: (raw) =>
      new Promise<Hex>((done, failed) => {
        offered.push({ raw, done, failed });
        checked ??= checkAll();
      }),
  };
}

function parse(raw: Uint8Array, ledger: SequencerLedger): SignedTransaction {
  if (raw.length > MAX_RAW_LENGTH)
    throw new TransactionRefusedError(`oversized data: transaction size ${raw.length}, limit ${MAX_RAW_LENGTH}`);
  return refusing(() => ledger.parse(raw));
}

const PREFIX: Partial<Record<TransactionError["fault"], string>> = {
  type: "transaction type not supported: ",
  encoding: "rlp: ",
  "data-size": "oversized data: ",
  signature: "invalid sender: ",
};

function refusing<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof TransactionError)) throw error;
    throw new TransactionRefusedError(`${PREFIX[error.fault] ?? ""}${error.message}`);
  }
}

/** What is wrong whatever the state. */
function checkStateless(
  transaction: SignedTransaction,
  { l2ChainId, baseFee, minPriorityFee, ledger }: AdmissionOptions,
): void {
  const { chainId, maxFeePerGas: fee, maxPriorityFeePerGas: tip, gasLimit, to, data } = transaction;
  const refuse = (message: string): never => {
    throw new TransactionRefusedError(message);
  };
  if (chainId !== l2ChainId) refuse(`invalid chain id for signer: have ${chainId} want ${l2ChainId}`);
  if (tip > fee)
    refuse(`max priority fee per gas higher than max fee per gas: maxPriorityFeePerGas: ${tip}, maxFeePerGas: ${fee}`);
  if (fee < baseFee) refuse(`max fee per gas less than block base fee: maxFeePerGas: ${fee}, baseFee: ${baseFee}`);
  if (tip < minPriorityFee) refuse(`transaction underpriced: gas tip cap ${tip}, minimum needed ${minPriorityFee}`);
  const gas = ledger.gas(to, data);
  if (gasLimit < gas) refuse(`intrinsic gas too low: gas ${gasLimit}, minimum needed ${gas}`);
  if (gasLimit > BLOCK_GAS_LIMIT) refuse(`exceeds block gas limit: gas ${gasLimit}, limit ${BLOCK_GAS_LIMIT}`);
}
