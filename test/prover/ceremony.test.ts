import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { checkCeremony } from "../../plugin/prover/ceremony.js";
import type { CompiledCircuit } from "../../plugin/prover/compile.js";
import { KeyRefusedError } from "../../plugin/prover/errors.js";
import { checkKey, exportVerifyingKey, isDevelopmentKey } from "../../plugin/prover/key.js";
import { openProver } from "../../plugin/prover/prove.js";
import { developmentSetup } from "../../plugin/prover/setup.js";
import { holdCeremony, snarkjs, type Ceremony } from "./support/ceremony.js";
import { compileProduct } from "./support/circuits.js";
import { failure } from "./support/errors.js";

describe("keys from a ceremony", function () {
  this.timeout(180_000);

  let folder: string;
  let circuit: CompiledCircuit;
  let ceremony: Ceremony;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rollup-ceremony-"));
    circuit = await compileProduct(folder);
    ceremony = await holdCeremony(folder, circuit.r1cs, 4);
  });
  after(() => rm(folder, { recursive: true }));

  it("pass where they follow from circuit and powers of tau, for any chain", async () => {
    const key = await checkCeremony({ r1cs: circuit.r1cs, ptau: ceremony.ptau, zkey: ceremony.final });
    expect(isDevelopmentKey(key)).to.equal(false);
    expect(() => checkKey(key, { chainId: 1n })).not.to.throw();
  });

  it("prove like any other", async () => {
    const prover = await openProver({ cache: folder, wasm: circuit.wasm, zkey: ceremony.final });
    const { publicSignals } = await prover.prove({ product: 15n, factors: [5n, 3n] });
    prover.close();
    expect(publicSignals).to.deep.equal([225n, 15n]);
  });

  it("are refused before anybody contributed: delta = gamma", async () => {
    for (const use of [
      () => exportVerifyingKey(ceremony.fresh),
      () => checkCeremony({ r1cs: circuit.r1cs, ptau: ceremony.ptau, zkey: ceremony.fresh }),
      () => openProver({ cache: folder, wasm: circuit.wasm, zkey: ceremony.fresh }),
    ]) {
      expect(await failure(use(), KeyRefusedError)).to.include({ fault: "delta" });
    }
  });

  it("are refused for another circuit", async () => {
    const other = await compileProduct(folder, 3);
    const work = checkCeremony({ r1cs: other.r1cs, ptau: ceremony.ptau, zkey: ceremony.final });
    const error = await failure(work, KeyRefusedError);
    expect(error).to.include({ fault: "ceremony" });
    expect(error.message).to.match(/^the key is refused: it does not follow from \S+ and \S+: \S/);
  });

  it("never come from a development key, whoever contributes to it", async () => {
    const { zkey } = await developmentSetup(circuit.r1cs, "ceremony", { cache: folder });
    const contributed = join(folder, "contributed.zkey");
    await snarkjs("zkey", "contribute", zkey, contributed, "--name=three", "-e=three");
    const key = await exportVerifyingKey(contributed);
    delete key.development;
    expect(isDevelopmentKey(key)).to.equal(true);
    const work = checkCeremony({ r1cs: circuit.r1cs, ptau: ceremony.ptau, zkey: contributed });
    expect(await failure(work, KeyRefusedError)).to.include({ fault: "development" });
  });
});
