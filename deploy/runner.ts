import { setTimeout as sleep } from "node:timers/promises";

import { getCreateAddress, type Provider, type Signer, type TransactionReceipt } from "ethers";

import type { Hex, MachineProgram, RollupParameters, ValidityKeys } from "../plugin/types.js";
import type { Journal, JournalEntry, JournalStore } from "./journal.js";

/** What steps of every deployment are built from; grows as contracts come into being. */
export interface RunState {
  readonly deployer: Hex;
  readonly l1ChainId: bigint;
  /** Addresses of what finished steps created, by step id. */
  readonly created: ReadonlyMap<string, Hex>;
}

/** What a rollup's suite is deployed with. */
export interface SuiteGiven {
  readonly parameters: RollupParameters;
  /** The guest program. */
  readonly program: MachineProgram;
  /** Of the circuits of validity proofs. */
  readonly keys: ValidityKeys | undefined;
  /** Whether the deployer becomes the first sequencer. */
  readonly bond: boolean;
}

/** What steps of a rollup's suite are built from. */
export type DeployState = RunState & SuiteGiven;

export interface StepRequest {
  /** Absent: the transaction creates a contract. */
  to?: Hex;
  data: Hex;
  /** Wei. */
  value?: bigint;
}

/** One transaction of a deployment. Its request is a pure function of the state, so that a resumed run asks the same. */
export interface Step<State extends RunState = DeployState> {
  /** Number and name, as in the file name; the order of the numbers is the order of the steps. */
  readonly id: string;
  /** What it does, for people. */
  readonly title: string;
  request(state: State): Promise<StepRequest>;
  /** For calls: whether their effect is on the chain. Creations are judged by their code. */
  isDone?(state: State, provider: Provider): Promise<boolean>;
  /** For creations whose code knows its own address: what it is at one. */
  codeAt?(address: Hex, state: State, provider: Provider): Promise<string>;
}

/** A step, for people. */
export type StepName = Pick<Step, "id" | "title">;

export interface StepReport {
  id: string;
  title: string;
  /** `sent` in this run, `found` on the chain from an earlier one. */
  outcome: "sent" | "found";
  transaction: Hex;
  block: number;
  gasUsed: bigint;
  address?: Hex;
}

export interface RunOptions<Given extends object = SuiteGiven> {
  steps: readonly Step<RunState & Given>[];
  given: Given;
  /** Pays and signs; its provider is the L1. */
  signer: Signer;
  suiteHash: Hex;
  journal: JournalStore;
  /** A development chain that was restarted is a new chain: start over instead of refusing. */
  restartOnNewChain: boolean;
  onStart?: ((step: StepName, position: number) => void) | undefined;
  onStep?: ((report: StepReport) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** What an earlier step created. */
export function createdBy(state: Pick<RunState, "created">, { id }: Pick<StepName, "id">): Hex {
  const address = state.created.get(id);
  if (address === undefined) throw new DeployError(id, `step ${id} must come first`);
  return address;
}

/** A deployment could not go on; the same command continues it once the cause is gone. */
export class DeployError extends Error {
  constructor(
    readonly step: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "DeployError";
  }
}

const RECEIPT_TIMEOUT_MS = 10 * 60_000;

/**
 * Runs the steps in order, each once over all runs: the journal is written before a transaction is sent, when the node took it, and after its
 * receipt, and what the journal says is checked against the chain before it is believed.
 * @throws {DeployError} naming the step.
 */
export async function runSteps<Given extends object>(options: RunOptions<Given>): Promise<StepReport[]> {
  const release = await options.journal.lock();
  try {
    return await runLocked(options);
  } finally {
    await release();
  }
}

async function runLocked<Given extends object>(options: RunOptions<Given>): Promise<StepReport[]> {
  const { signer, steps } = options;
  const provider = providerOf(signer);
  const deployer = (await signer.getAddress()) as Hex;
  const journal = await openJournal(options, provider, deployer);
  const created = new Map<string, Hex>();
  const { chainId: l1ChainId } = await provider.getNetwork();
  const state: RunState & Given = { ...options.given, deployer, l1ChainId, created };
  const environment: StepEnvironment<RunState & Given> = {
    signer,
    store: options.journal,
    signal: options.signal,
    provider,
    state,
    journal,
  };
  const reports: StepReport[] = [];

  for (const [position, step] of steps.entries()) {
    options.signal?.throwIfAborted();
    options.onStart?.(step, position);
    try {
      const report = await runStep(step, environment);
      if (report.address !== undefined) created.set(step.id, report.address);
      reports.push(report);
      options.onStep?.(report);
    } catch (error) {
      if (error instanceof DeployError || options.signal?.aborted === true) throw error;
      throw new DeployError(step.id, `step ${step.id} failed`, { cause: error });
    }
  }
  return reports;
}

interface StepEnvironment<State extends RunState = RunState> {
  signer: Signer;
  store: JournalStore;
  signal: AbortSignal | undefined;
  provider: Provider;
  state: State;
  journal: Journal;
}

async function runStep<State extends RunState>(
  step: Step<State>,
  environment: StepEnvironment<State>,
): Promise<StepReport> {
  const { journal, provider, state, signer } = environment;
  const request = await step.request(state);
  const entry = journal.entries[step.id];
  const save = async (changed: JournalEntry) => {
    journal.entries[step.id] = changed;
    await environment.store.save(journal);
  };

  let nonce: number | undefined;
  if (entry !== undefined) {
    const earlier = await settle(step, request, entry, environment);
    if (earlier.receipt !== undefined) {
      const finished = finish(step, request, entry, earlier.receipt, state.deployer);
      await save(finished.entry);
      return { ...finished.report, outcome: "found" };
    }
    nonce = earlier.reuseNonce;
  }

  const pending: JournalEntry = {
    nonce: nonce ?? (await provider.getTransactionCount(state.deployer, "pending")),
    sentAfterBlock: await provider.getBlockNumber(),
  };
  await save(pending);
  const response = await signer.sendTransaction({ ...request, nonce: pending.nonce });
  pending.transaction = response.hash as Hex;
  await save(pending);
  const receipt = await waitForReceipt(step, pending.transaction, environment);
  const finished = finish(step, request, pending, receipt, state.deployer);
  await save(finished.entry);
  return { ...finished.report, outcome: "sent" };
}

/** What became of a transaction that an earlier run wrote down: its receipt, or the nonce to use again, or neither (it is void). */
async function settle<State extends RunState>(
  step: Step<State>,
  request: StepRequest,
  entry: JournalEntry,
  environment: StepEnvironment<State>,
): Promise<{ receipt?: TransactionReceipt; reuseNonce?: number }> {
  const { provider, state } = environment;
  const known = entry.transaction === undefined ? null : await provider.getTransaction(entry.transaction);
  if (known !== null && known.blockNumber === null) {
    return accept(await waitForReceipt(step, known.hash as Hex, environment));
  }
  const mined = await provider.getTransactionCount(state.deployer, "latest");
  if (mined <= entry.nonce) {
    const announced = await provider.getTransactionCount(state.deployer, "pending");
    if (announced <= entry.nonce) return { reuseNonce: entry.nonce };
    await waitForNonce(step, entry.nonce, environment);
  }
  const hash = known?.hash ?? (await findByNonce(request, entry, environment));
  const receipt = hash === undefined ? null : await provider.getTransactionReceipt(hash);
  return receipt === null ? {} : accept(receipt);

  async function accept(candidate: TransactionReceipt): Promise<{ receipt?: TransactionReceipt }> {
    if (candidate.status !== 1) return {};
    const holds =
      request.to === undefined
        ? await codeMatches(step, request, candidate.contractAddress, environment)
        : ((await step.isDone?.(state, provider)) ?? true);
    return holds ? { receipt: candidate } : {};
  }
}

/** The transaction that used the nonce, when it is the one that the step asks for. */
async function findByNonce(
  request: StepRequest,
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

async function codeMatches<State extends RunState>(
  step: Step<State>,
  request: StepRequest,
  address: string | null,
  { provider, state }: StepEnvironment<State>,
): Promise<boolean> {
  if (address === null) return false;
  const [code, expected] = await Promise.all([
    provider.getCode(address),
    step.codeAt?.(address as Hex, state, provider) ?? provider.call({ from: state.deployer, data: request.data }),
  ]);
  return code !== "0x" && code === expected;
}

function finish(
  step: StepName,
  request: StepRequest,
  entry: JournalEntry,
  receipt: TransactionReceipt,
  deployer: Hex,
): { entry: JournalEntry; report: Omit<StepReport, "outcome"> } {
  if (receipt.status !== 1) {
    throw new DeployError(
      step.id,
      `step ${step.id}: transaction ${receipt.hash} was mined but failed; run the same command again`,
    );
  }
  const address =
    request.to === undefined ? (getCreateAddress({ from: deployer, nonce: entry.nonce }) as Hex) : undefined;
  const transaction = receipt.hash as Hex;
  const placed = { transaction, ...(address === undefined ? {} : { address }), block: receipt.blockNumber };
  return {
    entry: { ...entry, ...placed, gasUsed: receipt.gasUsed.toString() },
    report: { id: step.id, title: step.title, ...placed, gasUsed: receipt.gasUsed },
  };
}

async function waitForReceipt(
  step: StepName,
  hash: Hex,
  { provider, signal }: StepEnvironment,
): Promise<TransactionReceipt> {
  return poll(step, signal, `transaction ${hash} is still pending`, () => provider.getTransactionReceipt(hash));
}

async function waitForNonce(
  step: StepName,
  nonce: number,
  { provider, state, signal }: StepEnvironment,
): Promise<void> {
  await poll(step, signal, `the transaction with nonce ${nonce} is still pending`, async () =>
    (await provider.getTransactionCount(state.deployer, "latest")) > nonce ? true : null,
  );
}

async function poll<T>(
  step: StepName,
  signal: AbortSignal | undefined,
  late: string,
  read: () => Promise<T | null>,
): Promise<T> {
  const deadline = Date.now() + RECEIPT_TIMEOUT_MS;
  for (let pause = 10; ; pause = Math.min(pause * 2, 2_000)) {
    const value = await read();
    if (value !== null) return value;
    if (Date.now() > deadline) {
      throw new DeployError(step.id, `step ${step.id}: ${late} after 10 minutes; run the same command again to go on`);
    }
    await sleep(pause, undefined, signal === undefined ? {} : { signal });
  }
}

type JournalOptions = Pick<RunOptions, "journal" | "suiteHash" | "restartOnNewChain">;

async function openJournal(options: JournalOptions, provider: Provider, deployer: Hex): Promise<Journal> {
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
    entries: {},
  };
  await options.journal.save(journal);
  return journal;
}

async function mismatch(
  journal: Journal,
  options: JournalOptions,
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
  if (journal.suiteHash !== options.suiteHash) {
    return { newChain: false, message: `an unfinished deployment has other parameters or other contracts; ${remedy}` };
  }
  return undefined;
}

async function blockHash(provider: Provider, number: number): Promise<string | null> {
  if ((await provider.getBlockNumber()) < number) return null;
  return (await provider.getBlock(number))?.hash ?? null;
}

function providerOf(signer: Signer): Provider {
  if (signer.provider === null) throw new DeployError("signer", "the deployer's signer has no provider");
  return signer.provider;
}
