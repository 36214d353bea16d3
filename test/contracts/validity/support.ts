import { type BaseContract, type BytesLike, type Interface, type Signer } from "ethers";

import type { Hex } from "../../../plugin/types.js";
import {
  type CallProbe,
  CallProbe__factory,
  type IValidityVerifier,
  IValidityVerifier__factory,
  SP1Adapter__factory,
} from "../../../typechain-types/index.js";
import { type Connection, createConnection } from "../../support/env.js";

/** More than any call here takes. */
const PLENTY = 5_000_000n;

/** A statement and its proof, as `verify` takes them. */
export interface Run {
  readonly programId: string;
  readonly values: string;
  readonly proof: string;
}

export interface Outcome {
  /** "verified", the name of an error, "no error" for a revert without one. */
  readonly result: string;
  readonly gasUsed: bigint;
}

/** Verifiers under test. */
export interface Bench {
  readonly connection: Connection;
  readonly deployer: Signer;
  /** What becomes of `verify` for each run. */
  outcomes(verifier: BaseContract, runs: readonly Run[]): Promise<Outcome[]>;
  /** What becomes of one call with gas from `from` on, `stride` more each time. */
  sweep(verifier: BaseContract, call: BytesLike, from: number, stride: number, count: number): Promise<Outcome[]>;
}

export const hook: IValidityVerifier["interface"] = IValidityVerifier__factory.createInterface();

/** Errors that a contract passes on from a verifier behind it. */
const passedOn = SP1Adapter__factory.createInterface();

export const verifyCall = ({ programId, values, proof }: Run): Hex =>
  hook.encodeFunctionData("verify", [programId, values, proof]) as Hex;

/** Of one program. */
export function verifyManyCall(runs: readonly Run[]): Hex {
  const [first] = runs;
  if (first === undefined) throw new Error("at least one run");
  const values = runs.map((run) => run.values);
  const proofs = runs.map((run) => run.proof);
  return hook.encodeFunctionData("verifyMany", [first.programId, values, proofs]) as Hex;
}

async function createBench(connection: Connection): Promise<Bench> {
  const [deployer] = await connection.ethers.getSigners();
  if (deployer === undefined) throw new Error("an account");
  const probe = await new CallProbe__factory(deployer).deploy();
  const read = (verifier: BaseContract, outcomes: CallProbe.OutcomeStructOutput[]): Outcome[] =>
    outcomes.map(({ success, data, gasUsed }) => {
      if (success) return { result: data === "0x" ? "verified" : "returned something", gasUsed };
      return { result: errorName(verifier.interface, data), gasUsed };
    });
  return {
    connection,
    deployer,
    async outcomes(verifier, runs) {
      const results: Outcome[] = [];
      // All in one call would need more gas than a block has; so it is below.
      for (let from = 0; from < runs.length; from += 10) {
        const calls = runs.slice(from, from + 10).map(verifyCall);
        results.push(...read(verifier, await probe.tryAll(verifier, calls, PLENTY)));
      }
      return results;
    },
    async sweep(verifier, call, from, stride, count) {
      const results: Outcome[] = [];
      for (let done = 0; done < count; done += 10) {
        const some = Math.min(10, count - done);
        results.push(...read(verifier, await probe.tryWithGas(verifier, call, from + done * stride, stride, some)));
      }
      return results;
    },
  };
}

function errorName(known: Interface, data: string): string {
  if (data === "0x") return "no error";
  return known.parseError(data)?.name ?? passedOn.parseError(data)?.name ?? `unknown error ${data.slice(0, 10)}`;
}

/** A bench for the tests of a `describe`, on a chain with the given id. */
export function useBench(chainId?: number): () => Bench {
  let bench: Bench;
  before(async () => {
    bench = await createBench(await createConnection(chainId === undefined ? {} : { chainId }));
  });
  after(() => bench.connection.close());
  return () => bench;
}
