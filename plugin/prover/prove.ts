import { join } from "node:path";
import { readFile, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

import { cached, cacheKey, findCached, hashFile } from "./cache.js";
import { ProofError, WitnessError } from "./errors.js";
import { R } from "./field.js";
import { exportVerifyingKey } from "./key.js";
import { startProcess, type ProverProcess } from "./process.js";
import type { NestedStrings, NestedValue, ProveAnswer, ProveJob } from "./prove-process.js";
import { findProverTools } from "./tools.js";
import type { CircuitInput, ProvedStatement, SignalValue, VerifyingKey, WorkOptions } from "./types.js";

export interface ProverOptions {
  /** Folder of the prover's cache. */
  cache: string;
  /** Path of the circuit's witness program, made by `compileCircuit`. */
  wasm: string;
  /** Path of the proving key. */
  zkey: string;
  /** Milliseconds after which an idle process ends and gives its memory back. Default 5,000. */
  idleAfter?: number;
}

export interface Prover {
  readonly vkey: VerifyingKey;
  /**
   * Proves that the input satisfies the circuit; several calls wait for each other, in their order. Each proof is verified
   * before it is returned, and cached by circuit, key and input: after a kill, what was proved is not proved again.
   * Aborting ends the work at once. Throws {@link WitnessError} and {@link ProofError}.
   */
  prove(input: CircuitInput, options?: WorkOptions): Promise<ProvedStatement>;
  /** Ends its process. A forgotten call leaves nothing running either: the process ends with this one, or when idle. */
  close(): void;
}

const IDLE_AFTER = 5_000;
const FILE = "proof.json";

/** Opens circuit and key. The key is checked (`exportVerifyingKey`); so are the tools. */
export async function openProver({ cache, wasm, zkey, idleAfter = IDLE_AFTER }: ProverOptions): Promise<Prover> {
  const { snarkjsModule } = await findProverTools();
  const vkey = await exportVerifyingKey(zkey);
  const statement = { wasm: await hashFile(wasm), zkey: await hashFile(zkey) };
  const shelf = join(cache, "proofs");
  let worker: ProverProcess<ProveJob, ProveAnswer> | undefined;
  let idle: NodeJS.Timeout | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function compute(input: NestedStrings, options: WorkOptions): Promise<ProvedStatement> {
    clearTimeout(idle);
    if (worker?.isAlive() !== true) worker = startProcess("prove-process");
    try {
      const job: ProveJob = { snarkjs: pathToFileURL(snarkjsModule).href, wasm, zkey, vkey, input };
      const answer = await worker.run(job, options);
      if (answer.kind === "unsatisfied") throw new WitnessError(answer.problem);
      if (answer.kind === "failed") throw new ProofError(answer.problem);
      return { proof: answer.proof, publicSignals: answer.publicSignals.map(BigInt) };
    } finally {
      idle = setTimeout(close, idleAfter).unref();
    }
  }

  function close(): void {
    clearTimeout(idle);
    worker?.stop();
    worker = undefined;
  }

  async function prove(input: CircuitInput, options: WorkOptions): Promise<ProvedStatement> {
    options.signal?.throwIfAborted();
    const strings = toStrings(input);
    const key = cacheKey({ ...statement, input: canonical(strings) });
    const found = await findCached(shelf, key);
    if (found !== undefined) return readProof(found);
    const folder = await cached(shelf, key, async (partial) => {
      const proved = await compute(strings, options);
      await writeFile(
        join(partial, FILE),
        JSON.stringify({ ...proved, publicSignals: proved.publicSignals.map(String) }),
      );
    });
    return readProof(folder);
  }

  return {
    vkey,
    prove: (input, options = {}) => {
      const mine = last.then(() => prove(input, options));
      last = mine.catch(() => undefined);
      return abortable(mine, options.signal);
    },
    close,
  };
}

async function readProof(folder: string): Promise<ProvedStatement> {
  const { proof, publicSignals } = JSON.parse(await readFile(join(folder, FILE), "utf8")) as {
    proof: ProvedStatement["proof"];
    publicSignals: string[];
  };
  return { proof, publicSignals: publicSignals.map(BigInt) };
}

/** Rejects as soon as the signal is aborted, also while the work waits for its turn. */
function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason as Error);
    if (signal.aborted) aborted();
    signal.addEventListener("abort", aborted, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}

function toStrings(input: CircuitInput): NestedStrings {
  const convert = (name: string, value: SignalValue): NestedValue => {
    if (typeof value !== "bigint") return value.map((item) => convert(name, item));
    // The witness program would reduce it without a word.
    if (value < 0n || value >= R) throw new WitnessError(`${name} is ${value}, which is no element of the field`);
    return String(value);
  };
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name, convert(name, value)]));
}

/** Signals in the order of their names. */
function canonical(input: NestedStrings): [string, NestedValue][] {
  return Object.entries(input).sort(([a], [b]) => (a < b ? -1 : 1));
}
