import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { encodeProof, encodePublicValues, programIdOf, verifierArguments } from "../../plugin/prover/encode.js";
import { KeyRefusedError } from "../../plugin/prover/errors.js";
import { R } from "../../plugin/prover/field.js";
import { openProver } from "../../plugin/prover/prove.js";
import { developmentSetup } from "../../plugin/prover/setup.js";
import type { ProvedStatement, VerifyingKey } from "../../plugin/prover/types.js";
import { Groth16Verifier__factory, type Groth16Verifier } from "../../typechain-types/index.js";
import { type Connection, createConnection } from "../support/env.js";
import { compileProduct } from "./support/circuits.js";

describe("keys and proofs on L1", function () {
  this.timeout(120_000);

  let cache: string;
  let connection: Connection;
  let vkey: VerifyingKey;
  let proved: ProvedStatement;
  let verifier: Groth16Verifier;

  before(async () => {
    cache = await mkdtemp(join(tmpdir(), "rollup-encode-"));
    connection = await createConnection();
    const [deployer] = await connection.ethers.getSigners();
    const { r1cs, wasm } = await compileProduct(cache);
    const { zkey } = await developmentSetup(r1cs, "encode", { cache });
    const prover = await openProver({ cache, wasm, zkey });
    ({ vkey } = prover);
    proved = await prover.prove({ product: 15n, factors: [5n, 3n] });
    prover.close();
    const args = verifierArguments(vkey, { chainId: 31337n, publicInputs: 2 });
    verifier = await new Groth16Verifier__factory(deployer!).deploy(...args);
  });
  after(async () => {
    await connection.close();
    await rm(cache, { recursive: true });
  });

  it("the verifier has the key's id and knows that it is for development", async () => {
    expect(await verifier.KEY_ID()).to.equal(programIdOf(vkey));
    expect(await verifier.IS_DEVELOPMENT()).to.equal(true);
  });

  it("the verifier accepts the proof of these inputs and of no others", async () => {
    const verify = (inputs: bigint[]) =>
      verifier.verify(programIdOf(vkey), encodePublicValues(inputs), encodeProof(proved.proof));
    await verify(proved.publicSignals);
    await expect(verify([225n, 16n])).to.be.revertedWithCustomError(verifier, "Groth16ProofInvalid");
  });

  it("public inputs that are no field elements are not sent", () => {
    for (const value of [R, -1n]) {
      expect(() => encodePublicValues([1n, value])).to.throw(RangeError, `public input 1 is ${value}, not below r`);
    }
  });

  it("a development key is not deployed to a chain that is not local", () => {
    const stripped = { ...vkey };
    delete stripped.development;
    for (const key of [vkey, stripped]) {
      expect(() => verifierArguments(key, { chainId: 11155111n })).to.throw(KeyRefusedError, /made for development/);
    }
  });

  it("nor can its stamp be kept from the verifier there", async () => {
    const elsewhere = await createConnection({ chainId: 11155111 });
    const [other] = await elsewhere.ethers.getSigners();
    const [key, inputs] = verifierArguments(vkey, {});
    const factory = new Groth16Verifier__factory(other!);
    for (const isDevelopment of [true, false]) {
      await expect(factory.deploy(key, inputs, isDevelopment))
        .to.be.revertedWithCustomError(factory, "Groth16DevelopmentKey")
        .withArgs(11155111n);
    }
    await elsewhere.close();
  });
});
