import { expect } from "chai";

import { concat, word } from "../../../plugin/machine/bytes.js";
import type { Machine } from "../../../plugin/machine/machine.js";
import { run, stateOf, step } from "../../../plugin/machine/machine.js";
import { hashState, Status } from "../../../plugin/machine/state.js";
import { makeWitness } from "../../../plugin/machine/witness.js";
import { createConnection } from "../../support/env.js";

/** Arguments of the one-step verifier on L1. */
export interface Step {
  codeRoot: Uint8Array;
  stateHash: Uint8Array;
  witness: Uint8Array;
  gasLimit?: bigint;
}

const BLOCK_GAS = 10n ** 12n;
/** Of one step, where it is not the point. */
const GAS_LIMIT = 30_000_000n;
/** Of one call: bytes of witnesses, and steps. The network keeps a trace of all that a call executes. */
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

/** The contract on an L1 of its own, whose calls have no gas limit. */
export async function deployVerifier() {
  const connection = await createConnection({ blockGasLimit: BLOCK_GAS, transactionGasCap: false });
  const verifier = await connection.ethers.deployContract("OneStepVerifier");
  const batch = await connection.ethers.deployContract("OneStepVerifierBatch", [verifier]);
  const to = await batch.getAddress();
  const { selector } = batch.interface.getFunction("tryAll");

  /** The hash after the step, or the name of the error; "" where the EVM itself gave up, as for want of gas. */
  const outcome = ({ isAccepted, data }: Result): string =>
    isAccepted || data === "0x" ? data.slice(2) : (verifier.interface.parseError(data)?.name ?? `error ${data}`);

  return {
    connection,
    /** Bytes of the contract. */
    size: async (): Promise<number> => ((await verifier.getDeployedCode()) ?? "0x").length / 2 - 1,
    tryAll: async (steps: Step[]): Promise<string[]> => {
      const outcomes: string[] = [];
      for (let at = 0; at < steps.length;) {
        let [bytes, end] = [0, at];
        for (; end < steps.length && end - at < BATCH_STEPS && bytes < BATCH_BYTES; end++) {
          bytes += steps[end]?.witness.length ?? 0;
        }
        const call = { to, data: encodeTryAll(selector, steps.slice(at, end)) };
        const returned = (await connection.provider.request({ method: "eth_call", params: [call] })) as string;
        const [results] = batch.interface.decodeFunctionResult("tryAll", returned) as unknown as [Result[]];
        outcomes.push(...results.map(outcome));
        at = end;
      }
      return outcomes;
    },
    /** The outcomes of one step with gas from `from` on, `stride` more each time. */
    tryWithGas: async (one: Step, from: number, stride: number, count: number): Promise<string[]> => {
      const results = await batch.tryWithGas({ gasLimit: 0n, ...one }, from, stride, count);
      return results.map(outcome);
    },
  };
}

export type Verifier = Awaited<ReturnType<typeof deployVerifier>>;

/** Deploys the verifier for a `describe`. */
export function useVerifier(): () => Verifier {
  let verifier: Verifier | undefined;
  before(async () => {
    verifier = await deployVerifier();
  });
  after(() => verifier?.connection.close());
  return () => {
    if (verifier === undefined) throw new Error("no verifier: use it inside a test");
    return verifier;
  };
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

/** Runs a machine to its end and keeps the steps that `isChosen`. */
export function tracedRun(machine: Machine, trace: Trace, isChosen: () => boolean): void {
  const { program, memory, oracle } = machine;
  while (machine.registers.status === Status.RUNNING) {
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

/** The verifier agrees with every step. Empties the trace. */
export async function expectProved({ tryAll }: Verifier, trace: Trace, name: string): Promise<number> {
  const outcomes = await tryAll(trace.steps);
  for (const [i, expected] of trace.expected.entries()) {
    // Not by chai: there are hundreds of thousands.
    if (outcomes[i] !== expected) expect(outcomes[i], `${name}: ${trace.where[i] ?? ""}`).to.equal(expected);
  }
  const count = trace.steps.length;
  Object.assign(trace, emptyTrace());
  return count;
}
