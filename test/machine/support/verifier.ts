import { expect } from "chai";
import type { Signer } from "ethers";

import { concat, word } from "../../../plugin/machine/bytes.js";
import type { ReferenceMachine } from "../../../plugin/machine/machine.js";
import { run, stateOf, step } from "../../../plugin/machine/machine.js";
import { hashState, Status } from "../../../plugin/machine/state.js";
import { makeWitness } from "../../../plugin/machine/witness.js";
import { OneStepVerifier__factory, OneStepVerifierBatch__factory } from "../../../typechain-types/index.js";
import { anvilPath, startAnvil } from "../../l1/support/anvil.js";
import { createConnection } from "../../support/env.js";

/** Arguments of the one-step verifier on L1. */
export interface Step {
  codeRoot: Uint8Array;
  stateHash: Uint8Array;
  witness: Uint8Array;
  gasLimit?: bigint;
}

const CALL_GAS = 10n ** 12n;
/** Of one step, where it is not the point. */
const GAS_LIMIT = 30_000_000n;
/** Of one call: bytes of witnesses, and steps. Hardhat's network keeps a trace of all that a call executes. */
const BATCH_BYTES = 200_000;
const BATCH_STEPS = 100;

/** As `OneStepVerifierBatch` has it. */
interface Result {
  isAccepted: boolean;
  data: string;
}

/** Calldata of `tryAll`, as the ABI has it: ethers takes more time to encode a step than the EVM to execute it. */
function encodeTryAll(selector: string, steps: Step[]): string {
  const words = (...values: (number | bigint)[]): Uint8Array[] => values.map((value) => word(BigInt(value)));
  const tails = steps.map(({ codeRoot, stateHash, witness, gasLimit = GAS_LIMIT }) => {
    const padding = new Uint8Array((32 - (witness.length % 32)) % 32);
    return concat([codeRoot, stateHash, ...words(128, gasLimit, witness.length), witness, padding]);
  });
  let offset = 32 * steps.length;
  const offsets = tails.map(({ length }) => (offset += length) - length);
  return selector + toHex(concat([...words(32, steps.length, ...offsets), ...tails]));
}

/** The verifier on an L1 of its own, whose calls have no gas limit. */
export interface Verifier {
  /** Bytes of the contract. */
  size: () => Promise<number>;
  /** Of each step the hash after it, or the name of the error; "" where the EVM itself gave up, as for want of gas. */
  tryAll: (steps: Step[]) => Promise<string[]>;
  /** The outcomes of one step with gas from `from` on, `stride` more each time. */
  tryWithGas: (one: Step, from: number, stride: number, count: number) => Promise<string[]>;
  close: () => Promise<void>;
}

interface Host {
  signer: Signer;
  /** eth_call; ethers adds to it more time than the EVM takes. */
  call: (request: { to: string; data: string; gas: string }) => Promise<string>;
  close: () => Promise<void>;
}

async function deployTo({ signer, call, close }: Host): Promise<Verifier> {
  const verifier = await new OneStepVerifier__factory(signer).deploy();
  const batch = await new OneStepVerifierBatch__factory(signer).deploy(verifier);
  const to = await batch.getAddress();
  const gas = `0x${CALL_GAS.toString(16)}`;
  const { selector } = batch.interface.getFunction("tryAll");

  const outcome = ({ isAccepted, data }: Result): string =>
    isAccepted || data === "0x" ? data.slice(2) : (verifier.interface.parseError(data)?.name ?? `error ${data}`);

  return {
    size: async () => ((await verifier.getDeployedCode()) ?? "0x").length / 2 - 1,
    tryAll: async (steps) => {
      const outcomes: string[] = [];
      for (let at = 0; at < steps.length;) {
        let [bytes, end] = [0, at];
        for (; end < steps.length && end - at < BATCH_STEPS && bytes < BATCH_BYTES; end++) {
          bytes += steps[end]?.witness.length ?? 0;
        }
        const returned = await call({ to, data: encodeTryAll(selector, steps.slice(at, end)), gas });
        const [results] = batch.interface.decodeFunctionResult("tryAll", returned) as unknown as [Result[]];
        outcomes.push(...results.map(outcome));
        at = end;
      }
      return outcomes;
    },
    tryWithGas: async (one, from, stride, count) =>
      (await batch.tryWithGas({ gasLimit: 0n, ...one }, from, stride, count)).map(outcome),
    close,
  };
}

async function onHardhat(): Promise<Host> {
  const connection = await createConnection({ blockGasLimit: CALL_GAS, transactionGasCap: false });
  const [signer] = await connection.ethers.getSigners();
  return {
    signer: signer as unknown as Signer,
    call: async (request) => (await connection.provider.request({ method: "eth_call", params: [request] })) as string,
    close: () => connection.close(),
  };
}

/** Anvil keeps no traces and works in a process of its own: four times as fast. */
async function onAnvil(path: string): Promise<Host> {
  const anvil = await startAnvil(path, "--disable-block-gas-limit");
  const headers = { "content-type": "application/json" };
  return {
    signer: await anvil.provider.getSigner(0),
    async call(request) {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_call", params: [request, "latest"] });
      const answer = await (await fetch(anvil.url, { method: "POST", headers, body })).json();
      const { result, error } = answer as { result?: string; error?: { message: string } };
      if (result === undefined) throw new Error(`eth_call: ${error?.message ?? "no result"}`);
      return result;
    },
    close: () => anvil.stop(),
  };
}

function use(start: () => Promise<Host>): () => Verifier {
  let verifier: Verifier | undefined;
  before(async () => {
    const host = await start();
    verifier = await deployTo(host).catch(async (error: unknown) => {
      await host.close();
      throw error;
    });
  });
  after(() => verifier?.close());
  return () => {
    if (verifier === undefined) throw new Error("no verifier: use it inside a test");
    return verifier;
  };
}

/** Deploys the verifier for a `describe`. */
export function useVerifier(): () => Verifier {
  return use(onHardhat);
}

/** Deploys it where it is fastest, for very many steps: on anvil, if npm has that for this platform. */
export function useFastVerifier(): () => Verifier {
  const path = anvilPath();
  return use(path === undefined ? onHardhat : () => onAnvil(path));
}

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Steps of runs, to be held against the verifier. */
export interface Trace {
  steps: Step[];
  /** Of the state that each leads to. */
  expected: string[];
  /** What each is. */
  where: string[];
}

export function emptyTrace(): Trace {
  return { steps: [], expected: [], where: [] };
}

/** Runs a machine to its end, or until the trace has `limit` steps, and keeps the steps that `isChosen`. */
export function tracedRun(
  machine: ReferenceMachine,
  trace: Trace,
  isChosen: () => boolean,
  limit = Number.POSITIVE_INFINITY,
): void {
  const { program, memory, oracle } = machine;
  while (machine.registers.status === Status.RUNNING && trace.steps.length < limit) {
    if (!isChosen()) {
      run(machine, machine.steps + 1);
      continue;
    }
    const before = stateOf(machine);
    const { witness } = makeWitness(before, program.codeTree, memory, oracle);
    trace.steps.push({ codeRoot: program.codeRoot, stateHash: hashState(before), witness });
    trace.where.push(`pc ${before.pc}, step ${machine.steps}`);
    step(machine);
    trace.expected.push(toHex(hashState(stateOf(machine))));
  }
}

/** The verifier agrees with every step of the trace; their number. */
export async function expectProved({ tryAll }: Verifier, trace: Trace, name: string): Promise<number> {
  const outcomes = await tryAll(trace.steps);
  for (const [i, expected] of trace.expected.entries()) {
    // Not by chai: there are millions.
    if (outcomes[i] !== expected) expect(outcomes[i], `${name}: ${trace.where[i] ?? ""}`).to.equal(expected);
  }
  return trace.steps.length;
}

/** True for the first `count` times at a place. */
export function firstVisits(count: number): (place: number | string) => boolean {
  const visits = new Map<number | string, number>();
  return (place) => {
    const before = visits.get(place) ?? 0;
    visits.set(place, before + 1);
    return before < count;
  };
}
