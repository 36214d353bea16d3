import { getCreateAddress, type Provider, type Signer, type TransactionReceipt } from "ethers";

import { type Hex, type MachineProgram, type RollupParameters, type ValidityKeys, ZERO_HASH } from "../plugin/types.js";
import { DeployError } from "./deploy-error.js";
import { deterministicAddress, deterministicCreation, ensureDeploymentProxy } from "./deterministic.js";
import { type Journal, type JournalEntry, type JournalStore, openJournal } from "./journal.js";
import { settle, waitForReceipt } from "./settle.js";

export { DeployError } from "./deploy-error.js";

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
  /** For calls of contracts at deterministic addresses, which may have been called before any journal: the transaction that did. */
  find?(state: State, provider: Provider): Promise<Hex | undefined>;
}

/** A step, for people. */
export type StepName = Pick<Step, "id" | "title">;

export interface StepReport {
  id: string;
  title: string;
  /** `sent` in this run, `found` on the chain: of an earlier run, or at a deterministic address of anybody. */
  outcome: "sent" | "found";
  /** Zero for what somebody else created. */
  transaction: Hex;
  /** Absent for what somebody else created. */
  block?: number;
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
  /** Create by CREATE2 with this salt, through the deployment proxy; absent: by plain transactions. */
  salt?: Hex | undefined;
  /** How long a transaction may be pending before `onNotice` is told, in milliseconds. Default: a minute. */
  patience?: number | undefined;
  /** Told in one line what a person should know while the deployment goes on. */
  onNotice?: ((line: string) => void) | undefined;
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
  const { signer, steps, salt } = options;
  const provider = providerOf(signer);
  const deployer = (await signer.getAddress()) as Hex;
  const journal = await openJournal(options, provider, deployer);
  const created = new Map<string, Hex>();
  const { chainId: l1ChainId } = await provider.getNetwork();
  const state: RunState & Given = { ...options.given, deployer, l1ChainId, created };
  const environment: StepEnvironment<RunState & Given> = {
    ...options,
    store: options.journal,
    provider,
    state,
    journal,
  };
  if (salt !== undefined) {
    const wait = (hash: Hex) => waitForReceipt("salt", hash, environment);
    await ensureDeploymentProxy(signer, provider, { mayCreate: options.restartOnNewChain, wait });
  }
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

/** Where a deployment with a salt puts its contracts, by step id: known before anything is sent. */
export async function plannedAddresses<Given extends object>({
  steps,
  given,
  salt,
  ...place
}: Pick<RunOptions<Given>, "steps" | "given"> & { salt: Hex; deployer: Hex; l1ChainId: bigint }): Promise<
  ReadonlyMap<string, Hex>
> {
  const created = new Map<string, Hex>();
  for (const step of steps) {
    const request = await step.request({ ...given, ...place, created });
    if (request.to === undefined) created.set(step.id, deterministicAddress(salt, request.data));
  }
  return created;
}

export interface StepEnvironment<State extends RunState = RunState> extends Pick<
  RunOptions,
  "signer" | "signal" | "salt" | "patience" | "onNotice"
> {
  store: JournalStore;
  provider: Provider;
  state: State;
  journal: Journal;
}

/** A step's transaction, and what must be true once it is mined. */
export interface Sending {
  request: StepRequest;
  /** Where a contract is created; undefined for calls. @param nonce Of the transaction. */
  addressAt: (nonce: number) => Hex | undefined;
  /** Whether its effect is on the chain. @param address Of the contract that it creates. */
  holds: (address: Hex | undefined) => Promise<boolean>;
}

function sendingOf<State extends RunState>(
  step: Step<State>,
  request: StepRequest,
  { provider, state, salt }: StepEnvironment<State>,
): Sending {
  if (request.to !== undefined) {
    return {
      request,
      addressAt: () => undefined,
      holds: async () => (await step.isDone?.(state, provider)) ?? true,
    };
  }
  const holds = async (address: Hex | undefined): Promise<boolean> => {
    if (address === undefined) return false;
    const code = await provider.getCode(address);
    if (code === "0x") return false;
    const simulated =
      step.codeAt?.(address, state, provider) ?? provider.call({ from: state.deployer, data: request.data });
    return code === (await simulated);
  };
  if (salt === undefined) {
    return { request, holds, addressAt: (nonce) => getCreateAddress({ from: state.deployer, nonce }) as Hex };
  }
  const address = deterministicAddress(salt, request.data);
  return { request: deterministicCreation(salt, request.data), holds, addressAt: () => address };
}

async function runStep<State extends RunState>(
  step: Step<State>,
  environment: StepEnvironment<State>,
): Promise<StepReport> {
  const { journal, provider, state, signer, store } = environment;
  const sending = sendingOf(step, await step.request(state), environment);
  const entry = journal.entries[step.id];
  const save = async (changed: JournalEntry | undefined) => {
    if (changed === undefined) delete journal.entries[step.id];
    else journal.entries[step.id] = changed;
    await store.save(journal);
  };
  const finished = async (written: JournalEntry, receipt: TransactionReceipt): Promise<Omit<StepReport, "outcome">> => {
    const done = finish(step, sending, written, receipt);
    await save(done.entry);
    return done.report;
  };

  let nonce: number | undefined;
  if (entry !== undefined) {
    const earlier = await settle(step, sending, entry, environment, save);
    if (earlier.receipt !== undefined) return { ...(await finished(entry, earlier.receipt)), outcome: "found" };
    nonce = earlier.reuseNonce;
  }
  const before = await foundElsewhere(step, sending, environment);
  if (before !== undefined) {
    if (entry !== undefined) await save(undefined);
    return before;
  }

  const pending: JournalEntry = {
    nonce: nonce ?? (await provider.getTransactionCount(state.deployer, "pending")),
    sentAfterBlock: await provider.getBlockNumber(),
  };
  // INVARIANT: steps take nonces in their order; an earlier one's that is free again was undone with its block.
  const undone = Object.entries(journal.entries).find(([id, { nonce }]) => id < step.id && nonce >= pending.nonce);
  if (undone !== undefined) {
    throw new DeployError(
      step.id,
      `L1 took back step ${undone[0]}, or this node lags behind; run the same command again`,
    );
  }
  await save(pending);
  try {
    const response = await signer.sendTransaction({ ...sending.request, nonce: pending.nonce });
    pending.transaction = response.hash as Hex;
    await save(pending);
    const receipt = await waitForReceipt(step.id, pending.transaction, environment);
    return { ...(await finished(pending, receipt)), outcome: "sent" };
  } catch (error) {
    // Whoever saw it pending may have been faster with the same.
    const meanwhile = await foundElsewhere(step, sending, environment).catch(() => undefined);
    if (meanwhile === undefined) throw error;
    await save(undefined);
    return meanwhile;
  }
}

/** What is at its deterministic address already, whoever put it there: it can only be what this step would create. */
async function foundElsewhere<State extends RunState>(
  step: Step<State>,
  sending: Sending,
  { salt, provider, state }: StepEnvironment<State>,
): Promise<StepReport | undefined> {
  if (salt === undefined) return undefined;
  const address = sending.addressAt(0);
  const report = { id: step.id, title: step.title, outcome: "found", gasUsed: 0n } as const;
  if (address !== undefined) {
    return (await sending.holds(address)) ? { ...report, transaction: ZERO_HASH, address } : undefined;
  }
  const hash = await step.find?.(state, provider);
  if (hash === undefined) return undefined;
  const earlier = await provider.getTransaction(hash);
  if (earlier?.to !== sending.request.to || earlier?.data !== sending.request.data || earlier.blockNumber === null) {
    throw new DeployError(
      step.id,
      `the deployer has another rollup with this salt (transaction ${hash}); finish it as it was begun, or choose another --salt`,
    );
  }
  return { ...report, transaction: hash, block: earlier.blockNumber };
}

function finish(
  step: StepName,
  { addressAt }: Sending,
  entry: JournalEntry,
  receipt: TransactionReceipt,
): { entry: JournalEntry; report: Omit<StepReport, "outcome"> } {
  if (receipt.status !== 1) {
    throw new DeployError(
      step.id,
      `step ${step.id}: transaction ${receipt.hash} was mined but failed; run the same command again`,
    );
  }
  const address = addressAt(entry.nonce);
  const transaction = receipt.hash as Hex;
  const placed = { transaction, ...(address === undefined ? {} : { address }), block: receipt.blockNumber };
  return {
    entry: { ...entry, ...placed, gasUsed: receipt.gasUsed.toString() },
    report: { id: step.id, title: step.title, ...placed, gasUsed: receipt.gasUsed },
  };
}

function providerOf(signer: Signer): Provider {
  if (signer.provider === null) throw new DeployError("signer", "the deployer's signer has no provider");
  return signer.provider;
}
