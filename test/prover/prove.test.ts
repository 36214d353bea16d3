import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { expect } from "chai";

import { compileCircuit, type CompiledCircuit } from "../../plugin/prover/compile.js";
import { ProofError, ProverProcessError, WitnessError } from "../../plugin/prover/errors.js";
import { openProver, type Prover } from "../../plugin/prover/prove.js";
import { developmentSetup } from "../../plugin/prover/setup.js";
import type { ProverProgress } from "../../plugin/prover/types.js";
import { compileProduct } from "./support/circuits.js";
import { failure } from "./support/errors.js";
import { childrenOf, finish, gone, printed, startScript } from "./support/script.js";

describe("the prover", function () {
  this.timeout(120_000);

  let cache: string;
  let circuit: CompiledCircuit;
  let zkey: string;
  let prover: Prover;

  before(async () => {
    cache = await mkdtemp(join(tmpdir(), "rollup-prover-"));
    circuit = await compileProduct(cache);
    ({ zkey } = await developmentSetup(circuit.r1cs, "prover", { cache }));
    prover = await openProver({ cache, wasm: circuit.wasm, zkey });
  });
  after(async () => {
    prover.close();
    await rm(cache, { recursive: true });
  });

  const input = (factor: bigint) => ({ product: factor * (factor - 2n), factors: [factor, factor - 2n] });

  it("proves what holds, with outputs before public inputs", async () => {
    const { proof, publicSignals } = await prover.prove(input(5n));
    expect(publicSignals).to.deep.equal([225n, 15n]);
    expect(proof).to.include({ protocol: "groth16", curve: "bn128" });
  });

  it("says how far it is and how long it will take", async () => {
    const seen: ProverProgress[] = [];
    await prover.prove(input(6n), { onProgress: (progress) => seen.push(progress) });
    const stages = seen.map(({ stage }) => stage);
    expect(stages.filter((stage, index) => stage !== stages[index - 1])).to.deep.equal(["witness", "proof", "verify"]);
    const proving = seen.filter(({ stage }) => stage === "proof");
    const done = proving.map((progress) => progress.done ?? Number.NaN);
    expect(done).to.have.length(7);
    expect(done).to.deep.equal(done.toSorted((a, b) => a - b));
    for (const { secondsLeft } of proving.slice(1)) expect(secondsLeft).to.be.within(0, 60);
  });

  it("names the constraint that does not hold", async () => {
    const error = await failure(prover.prove({ product: 16n, factors: [5n, 3n] }), WitnessError);
    expect(error.message).to.match(/^the input does not satisfy the circuit: .*Product/);
    const missing = await failure(prover.prove({ product: 16n }), WitnessError);
    expect(missing.message).to.match(/Not all inputs have been set/);
  });

  it("refuses numbers that the circuit would see as others", async () => {
    const r = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
    for (const product of [r + 15n, -1n]) {
      const error = await failure(prover.prove({ product, factors: [5n, 3n] }), WitnessError);
      expect(error.message).to.include("product is").and.to.include("no element of the field");
    }
  });

  it("takes several statements at once, in their order", async () => {
    const order: bigint[] = [];
    const proved = await Promise.all(
      [7n, 8n, 9n].map(async (factor) => {
        const { publicSignals } = await prover.prove(input(factor));
        order.push(factor);
        return publicSignals[1];
      }),
    );
    expect(proved).to.deep.equal([35n, 48n, 63n]);
    expect(order).to.deep.equal([7n, 8n, 9n]);
  });

  it("gives up only what was aborted, at once, waiting or at work", async () => {
    const [working, waiting] = [new AbortController(), new AbortController()];
    const first = prover.prove(input(10n), {
      signal: working.signal,
      onProgress: () => working.abort(new RangeError("first")),
    });
    const second = prover.prove(input(11n), { signal: waiting.signal });
    const third = prover.prove(input(12n));
    waiting.abort(new RangeError("second"));
    expect((await failure(second, RangeError)).message).to.equal("second");
    expect((await failure(first, RangeError)).message).to.equal("first");
    expect((await third).publicSignals[1]).to.equal(120n);
  });

  it("says that its process was killed, and goes on with another", async () => {
    prover.close();
    const others = new Set(childrenOf(process.pid));
    const onProgress = () => {
      for (const pid of childrenOf(process.pid)) if (!others.has(pid)) process.kill(pid, "SIGKILL");
    };
    const error = await failure(prover.prove(input(14n), { onProgress }), ProverProcessError);
    expect(error.message).to.equal("the prover's process ended (signal SIGKILL)");
    expect((await prover.prove(input(14n))).publicSignals[1]).to.equal(168n);
  });

  it("returns no proof under the key of another circuit", async () => {
    // As many wires and inputs, so nothing but the check of the proof can tell.
    const other = await compileProduct(cache, 3);
    const key = await developmentSetup(other.r1cs, "prover", { cache });
    const wrong = await openProver({ cache, wasm: circuit.wasm, zkey: key.zkey });
    const error = await failure(wrong.prove(input(5n)), ProofError);
    wrong.close();
    expect(error.message).to.equal("the proof does not verify: the key is not one of this circuit");
  });

  /** A script that proves two statements, the second of a circuit that takes a while, and tells of each. */
  const script = (long: CompiledCircuit, key: string): string => `
    import { openProver } from "#prover/prove.ts";
    const open = (wasm, zkey) => openProver({ cache: ${JSON.stringify(cache)}, wasm, zkey });
    const short = await open(${JSON.stringify(circuit.wasm)}, ${JSON.stringify(zkey)});
    const seen = [];
    await short.prove({ product: 195n, factors: [15n, 13n] }, { onProgress: ({ stage }) => seen.push(stage) });
    console.log(seen.length === 0 ? "short from cache" : "short computed");
    const long = await open(${JSON.stringify(long.wasm)}, ${JSON.stringify(key)});
    await long.prove({ start: 3n }, { onProgress: ({ stage }) => console.log("long", stage) });
    console.log("long proved");
  `;

  it("goes on after a kill with what was not yet proved, ends by itself and leaves no process", async () => {
    const long = await compileCircuit("test/prover/circuits/squares.circom", {
      cache,
      template: "Squares",
      parameters: [4_000],
    });
    const key = await developmentSetup(long.r1cs, "prover", { cache });
    const source = script(long, resolve(key.zkey));

    const killed = startScript(source);
    const first = finish(killed);
    await printed(killed, "long proof");
    const children = childrenOf(killed.pid);
    expect(children).not.to.deep.equal([]);
    killed.kill("SIGKILL");
    expect((await first).output)
      .to.include("short computed")
      .and.not.to.include("long proved");
    await gone(children);

    const { code, output } = await finish(startScript(source));
    expect(output).to.include("short from cache").and.to.include("long proved");
    expect(code).to.equal(0);
    const left = (await readdir(join(cache, "proofs"))).filter((name) => name.endsWith(".partial"));
    expect(left).to.deep.equal([]);
  });
});
