import { copyFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";

import { expect } from "chai";

import { compileCircuit } from "../../plugin/prover/compile.js";
import { CircuitCompileError, ProverToolMissingError } from "../../plugin/prover/errors.js";
import { findProverTools } from "../../plugin/prover/tools.js";
import { compileProduct } from "./support/circuits.js";
import { failure } from "./support/errors.js";
import { finish, printed, startScript } from "./support/script.js";

describe("compiling a circuit", function () {
  this.timeout(60_000);

  let cache: string;

  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), "rollup-circuits-"));
  });
  afterEach(() => rm(cache, { recursive: true }));

  it("gives the constraint system, the witness program and its sizes", async () => {
    const circuit = await compileProduct(cache);
    expect(circuit).to.include({ constraints: 3, publics: 2, wires: 5 });
    expect(await readFile(circuit.sym, "utf8")).to.match(/main\.product$/m);
  });

  it("compiles once, and again when a parameter or an included file changes", async () => {
    const folder = join(cache, "source");
    await writeSources(folder, "a * b");
    const compile = async (parameter: number) => {
      let compiled = false;
      const { hash } = await compileCircuit(join(folder, "main.circom"), {
        cache,
        template: "Main",
        parameters: [parameter],
        onProgress: () => (compiled = true),
      });
      return { hash, compiled };
    };
    const first = await compile(1);
    expect(first.compiled).to.equal(true);
    expect(await compile(1)).to.deep.equal({ hash: first.hash, compiled: false });
    const second = await compile(2);
    await writeSources(folder, "a * a");
    const third = await compile(2);
    expect(new Set([first.hash, second.hash, third.hash]).size).to.equal(3);
    expect([second.compiled, third.compiled]).to.deep.equal([true, true]);
  });

  it("takes sources of any name, its own files' included", async () => {
    const { r1cs } = await compileProduct(cache);
    for (const name of ["circuit.circom", basename(r1cs).replace(".r1cs", ".circom")]) {
      const source = join(cache, name);
      await copyFile("test/prover/circuits/product.circom", source);
      const options = { cache, template: "Product", parameters: [2] };
      expect(await compileCircuit(source, options)).to.include({ constraints: 3 });
    }
  });

  it("makes anew what was changed in the cache", async () => {
    const { r1cs } = await compileProduct(cache);
    await writeFile(r1cs, "nothing");
    expect(await compileProduct(cache)).to.include({ constraints: 3 });
  });

  it("says where a circuit is wrong, and which file is missing", async () => {
    const folder = join(cache, "source");
    await writeSources(folder, "a * b * a");
    const options = { cache, template: "Main", parameters: [1] };
    const wrong = await failure(compileCircuit(join(folder, "main.circom"), options), CircuitCompileError);
    expect(wrong.message).to.match(/main\.circom does not compile: error\[T3001\]: Non quadratic constraints/);
    await rm(join(folder, "part.circom"));
    const missing = await failure(compileCircuit(join(folder, "main.circom"), options), CircuitCompileError);
    expect(missing.message).to.include(`"part.circom" is neither beside it nor in`);
    expect(await readdir(join(cache, "circuits"))).to.deep.equal([]);
  });

  it("leaves no broken circuit behind when it is killed", async () => {
    const child = startScript(`
      import { compileCircuit } from "#prover/compile.ts";
      await compileCircuit(${JSON.stringify(resolve("bench/circuits/chain.circom"))}, {
        cache: ${JSON.stringify(cache)}, template: "Chain", parameters: [20],
        onProgress: ({ text }) => console.log(text),
      });
    `);
    const ended = finish(child);
    await printed(child, "compiling chain.circom");
    child.kill("SIGKILL");
    await ended;
    const shelf = join(cache, "circuits");
    expect((await readdir(shelf)).join()).to.match(/\.partial$/);

    const circuit = await compileProduct(cache);
    expect(await readdir(shelf)).to.deep.equal([circuit.hash]);
  });

  it("stops at once when it is aborted", async () => {
    const controller = new AbortController();
    const work = compileCircuit("bench/circuits/chain.circom", {
      cache,
      template: "Chain",
      parameters: [200],
      signal: controller.signal,
      onProgress: () => controller.abort(new RangeError("enough")),
    });
    expect((await failure(work, RangeError)).message).to.equal("enough");
    expect(await readdir(join(cache, "circuits"))).to.deep.equal([]);
  });

  it("names what to install where the tools are missing", async () => {
    const error = await failure(findProverTools(join(cache, "file.js")), ProverToolMissingError);
    expect(error.message).to.match(
      /^proof: "validity" needs circom2, which is not installed: run npm install --save-dev circom2@\S+ snarkjs@\S+ circomlib@\S+$/,
    );
  });
});

async function writeSources(folder: string, expression: string): Promise<void> {
  await cp("test/prover/circuits", folder, { recursive: true });
  const part =
    "pragma circom 2.1.5;\ntemplate Part() { signal input a; signal input b; signal output c; c <== EXPRESSION; }\n";
  await writeFile(join(folder, "part.circom"), part.replace("EXPRESSION", expression));
  const main = [
    "pragma circom 2.1.5;",
    'include "part.circom";',
    '// include "nowhere.circom";',
    "template Main(n) { signal input a; signal output c; component p = Part(); p.a <== a; p.b <== a + n; c <== p.c; }",
  ];
  await writeFile(join(folder, "main.circom"), main.join("\n"));
}
