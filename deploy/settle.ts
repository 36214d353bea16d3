import { setTimeout as sleep } from "node:timers/promises";

import { formatUnits, type TransactionReceipt, type TransactionResponse } from "ethers";

import type { Hex } from "../plugin/types.js";
import { DeployError } from "./deploy-error.js";
import type { JournalEntry } from "./journal.js";
import type { RunState, Sending, StepEnvironment, StepName } from "./runner.js";

const RECEIPT_TIMEOUT = 10 * 60_000;
const DEFAULT_PATIENCE = 60_000;

/** What became of a transaction that an earlier run wrote down: its receipt, or the nonce to use again, or neither (it is void). */
export async function settle<State extends RunState>(
  step: StepName,
  sending: Sending,
  entry: JournalEntry,
  environment: StepEnvironment<State>,
  save: (changed: JournalEntry) => Promise<void>,
): Promise<{ receipt?: TransactionReceipt; reuseNonce?: number }> {
  const { provider, state } = environment;
  const known = entry.transaction === undefined ? null : await provider.getTransaction(entry.transaction);
  if (known !== null && known.blockNumber === null) {
    const hash = (await outbid(step, sending, known, environment)) ?? (known.hash as Hex);
    if (hash !== known.hash) await save({ ...entry, transaction: hash });
    return accept(await waitForReceipt(step.id, hash, environment));
  }
  const mined = await provider.getTransactionCount(state.deployer, "latest");
  if (mined <= entry.nonce) {
    const announced = await provider.getTransactionCount(state.deployer, "pending");
    if (announced <= entry.nonce) return { reuseNonce: entry.nonce };
    await waitForNonce(step, entry.nonce, environment);
  }
  const hash = known?.hash ?? (await findByNonce(sending, entry, environment));
  const receipt = hash === undefined ? null : await provider.getTransactionReceipt(hash);
  return receipt === null ? {} : accept(receipt);

  async function accept(candidate: TransactionReceipt): Promise<{ receipt?: TransactionReceipt }> {
    if (candidate.status !== 1) return {};
    return (await sending.holds(sending.addressAt(entry.nonce))) ? { receipt: candidate } : {};
  }
}

/** The transaction that used the nonce, when it is the one that the step asks for. */
async function findByNonce(
  { request }: Sending,
  entry: JournalEntry,
  { provider, state, signal }: StepEnvironment,
): Promise<string | undefined> {
  const head = await provider.getBlockNumber();
  for (let number = entry.sentAfterBlock + 1; number <= head; number++) {
    signal?.throwIfAborted();
    const block = await provider.getBlock(number, true);
    const found = block?.prefetchedTransactions.find(
      (transaction) => transaction.from === state.deployer && transaction.nonce === entry.nonce,
    );
    if (found !== undefined) {
      const same = (found.to ?? undefined) === request.to && found.data === request.data;
      return same ? found.hash : undefined;
    }
  }
  return undefined;
}

/** What a transaction offers for a unit of gas, and what L1 asks now, in wei. */
async function fees(transaction: TransactionResponse, { provider }: StepEnvironment) {
  const asked = (await provider.getBlock("latest"))?.baseFeePerGas ?? 0n;
  return { offered: transaction.maxFeePerGas ?? transaction.gasPrice, asked };
}

/**
 * Sends a pending transaction again, with the same nonce and content, when L1 asks for more than it offers. Only one of the two can be mined.
 * @returns The hash of the one that took its place.
 */
async function outbid(
  step: StepName,
  { request }: Sending,
  pending: TransactionResponse,
  environment: StepEnvironment,
): Promise<Hex | undefined> {
  const { provider, signer, onNotice } = environment;
  const { offered, asked } = await fees(pending, environment);
  if (offered >= asked) return undefined;
  const { maxFeePerGas, maxPriorityFeePerGas, gasPrice } = await provider.getFeeData();
  // Nodes take no replacement that offers less than a tenth more.
  const raised = (old: bigint, now: bigint | null) => max((old * 9n) / 8n + 1n, now ?? 0n);
  const price =
    pending.maxFeePerGas === null || pending.maxPriorityFeePerGas === null
      ? { gasPrice: raised(pending.gasPrice, gasPrice) }
      : {
          maxFeePerGas: raised(pending.maxFeePerGas, maxFeePerGas),
          maxPriorityFeePerGas: raised(pending.maxPriorityFeePerGas, maxPriorityFeePerGas),
        };
  onNotice?.(
    `step ${step.id}: transaction ${pending.hash} offers ${gwei(offered)} for gas, L1 asks for ${gwei(asked)}; ` +
      `sending it again with up to ${gwei(price.gasPrice ?? price.maxFeePerGas)}`,
  );
  const { hash } = await signer.sendTransaction({ ...request, nonce: pending.nonce, ...price });
  return hash as Hex;
}

/** Waits until a transaction is mined, and says so when that takes long. */
export async function waitForReceipt(
  step: string,
  hash: Hex,
  environment: StepEnvironment,
): Promise<TransactionReceipt> {
  const { provider } = environment;
  return poll(step, environment, {
    late: `transaction ${hash} is still pending`,
    read: () => provider.getTransactionReceipt(hash),
    onLate: () => explainDelay(step, hash, environment),
  });
}

async function waitForNonce(step: StepName, nonce: number, environment: StepEnvironment): Promise<void> {
  const { provider, state, onNotice } = environment;
  const late = `a transaction with nonce ${nonce} is pending`;
  await poll(step.id, environment, {
    late,
    read: async () => ((await provider.getTransactionCount(state.deployer, "latest")) > nonce ? true : null),
    onLate: () => Promise.resolve(onNotice?.(`step ${step.id}: ${late}; waiting until it is mined`)),
  });
}

/** @throws {DeployError} when the node has forgotten the transaction: nobody will mine it. */
async function explainDelay(step: string, hash: Hex, environment: StepEnvironment): Promise<void> {
  const { provider, onNotice } = environment;
  const transaction = await provider.getTransaction(hash);
  if (transaction === null) {
    throw new DeployError(
      step,
      `step ${step}: the node has forgotten transaction ${hash}; run the same command again to send it anew`,
    );
  }
  const { offered, asked } = await fees(transaction, environment);
  onNotice?.(
    offered < asked
      ? `step ${step}: transaction ${hash} is stuck: it offers ${gwei(offered)} for gas, L1 asks for ${gwei(asked)}; stop this and run the same command again to offer more`
      : `step ${step}: transaction ${hash} is still pending; waiting`,
  );
}

interface Wait<T> {
  /** What is late, for the error after ten minutes. */
  late: string;
  read: () => Promise<T | null>;
  /** Once, after some time. */
  onLate: () => Promise<void>;
}

async function poll<T>(step: string, environment: StepEnvironment, { late, read, onLate }: Wait<T>): Promise<T> {
  const { signal, patience = DEFAULT_PATIENCE } = environment;
  const start = Date.now();
  let isTold = false;
  for (let pause = 10; ; pause = Math.min(pause * 2, 2_000)) {
    const value = await read();
    if (value !== null) return value;
    const waited = Date.now() - start;
    if (waited > RECEIPT_TIMEOUT) {
      throw new DeployError(step, `step ${step}: ${late} after 10 minutes; run the same command again to go on`);
    }
    if (!isTold && waited >= patience) {
      isTold = true;
      await onLate();
    }
    await sleep(pause, undefined, signal === undefined ? {} : { signal });
  }
}

function gwei(wei: bigint): string {
  return `${formatUnits(wei, "gwei").replace(/\.0$/, "")} gwei`;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
