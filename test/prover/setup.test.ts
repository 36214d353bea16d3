import { createHash } from "node:crypto";
import { copyFile, mkdtemp, open, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import type { CompiledCircuit } from "../../plugin/prover/compile.js";
import { isInG2 } from "../../plugin/prover/curve.js";
import { DEVELOPMENT_GAMMA, DEVELOPMENT_GAMMA_POINT, DEVELOPMENT_MARK } from "../../plugin/prover/development.js";
import { KeyRefusedError, ProverFileError } from "../../plugin/prover/errors.js";
import { lagrangeAt, R, rootOfUnity } from "../../plugin/prover/field.js";
import { bestWindow } from "../../plugin/prover/fixed-base.js";
import { checkKey, exportVerifyingKey } from "../../plugin/prover/key.js";
import { readR1cs } from "../../plugin/prover/r1cs.js";
import { developmentSetup } from "../../plugin/prover/setup.js";
import { readZkey } from "../../plugin/prover/zkey.js";
import { compileProduct } from "./support/circuits.js";
import { failure } from "./support/errors.js";

describe("the set-up for development", function () {
  this.timeout(60_000);

  let cache: string;
  let circuit: CompiledCircuit;

  before(async () => {
    cache = await mkdtemp(join(tmpdir(), "rollup-setup-"));
    circuit = await compileProduct(cache);
  });
  after(() => rm(cache, { recursive: true }));

  it("gives the same key for the same seed, byte for byte, and another for another", async () => {
    const first = await developmentSetup(circuit.r1cs, "one", { cache });
    const again = await developmentSetup(circuit.r1cs, "one", { cache: join(cache, "elsewhere") });
    const other = await developmentSetup(circuit.r1cs, "two", { cache });
    expect((await readFile(again.zkey)).equals(await readFile(first.zkey))).to.equal(true);
    expect(again.vkey).to.deep.equal(first.vkey);
    expect(other.vkey.vk_alpha_1).not.to.deep.equal(first.vkey.vk_alpha_1);
    expect(other.vkey.vk_delta_2).not.to.deep.equal(first.vkey.vk_delta_2);
  });

  it("tells how far it is", async () => {
    const done: number[] = [];
    await developmentSetup(circuit.r1cs, "progress", {
      cache,
      onProgress: (progress) => done.push(progress.done ?? Number.NaN),
    });
    expect(done).to.deep.equal(done.toSorted((a, b) => a - b));
    expect(done.at(-1)).to.equal(1);
  });

  it("stamps its keys: in the verifying key, in gamma, in the file", async () => {
    const { zkey, vkey } = await developmentSetup(circuit.r1cs, "one", { cache });
    expect(vkey.development).to.equal(true);
    expect(vkey.vk_gamma_2.slice(0, 2).flat().map(BigInt)).to.deep.equal(
      [DEVELOPMENT_GAMMA_POINT.x, DEVELOPMENT_GAMMA_POINT.y].flat(),
    );
    expect((await readZkey(zkey)).circuitHash.equals(DEVELOPMENT_MARK)).to.equal(true);

    expect(() => checkKey(vkey, { chainId: 1337n })).not.to.throw();
    const stripped = { ...vkey };
    delete stripped.development;
    for (const key of [vkey, stripped]) {
      expect(() => checkKey(key, { chainId: 1n }))
        .to.throw(
          KeyRefusedError,
          /made for development, anybody could prove anything on chain 1 \(local chains: 31337/,
        )
        .with.property("fault", "development");
    }
  });

  it("takes gamma from a name that nobody chose for its discrete logarithm", () => {
    const digest = createHash("sha512").update("hardhat-rollup development gamma").digest("hex");
    expect(DEVELOPMENT_GAMMA).to.equal(BigInt(`0x${digest}`) % R);
    expect(isInG2(DEVELOPMENT_GAMMA_POINT)).to.equal(true);
    expect(DEVELOPMENT_MARK.length).to.equal(64);
  });

  it("is cancelled at once", async () => {
    const controller = new AbortController();
    const work = developmentSetup(circuit.r1cs, "cancelled", {
      cache,
      signal: controller.signal,
      onProgress: () => controller.abort(new RangeError("enough")),
    });
    expect((await failure(work, RangeError)).message).to.equal("enough");
    const left = (await readdir(join(cache, "development-keys"))).filter((name) => name.endsWith(".partial"));
    expect(left).to.deep.equal([]);
  });

  it("refuses files that are cut off or of another kind, whatever byte they end at", async () => {
    const bytes = await readFile(circuit.r1cs);
    const path = join(cache, "broken.r1cs");
    const { zkey } = await developmentSetup(circuit.r1cs, "one", { cache });
    for (const length of [0, 5, 12, 20, 60, 100, bytes.length - 400, bytes.length - 1]) {
      await copyFile(circuit.r1cs, path);
      const file = await open(path, "r+");
      await file.truncate(length);
      await file.close();
      await failure(readR1cs(path), ProverFileError);
    }
    expect((await failure(readR1cs(zkey), ProverFileError)).message).to.equal(`${zkey}: not a r1cs file`);
    await failure(exportVerifyingKey(circuit.r1cs), ProverFileError);
  });

  it("evaluates Lagrange polynomials: their sum is one, their moments are powers of the point", () => {
    const x = 123_456_789n;
    for (const log of [1, 4, 9]) {
      const values = lagrangeAt(x, log);
      const root = rootOfUnity(log);
      let [sum, moment, element] = [0n, 0n, 1n];
      for (const value of values) {
        sum += value;
        moment += value * element;
        element = (element * root) % R;
      }
      expect(element).to.equal(1n);
      expect(sum % R).to.equal(1n);
      expect(moment % R).to.equal(x);
    }
    expect(() => lagrangeAt(rootOfUnity(3), 4)).to.throw(RangeError, "in the subgroup");
  });

  it("chooses wider windows for more points", () => {
    expect([10, 1_000, 100_000].map(bestWindow)).to.deep.equal([3, 8, 13]);
  });
});
