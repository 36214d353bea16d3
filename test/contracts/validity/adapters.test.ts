import { expect } from "chai";
import { type BaseContract, concat, dataSlice, getBytes, hexlify, ZeroHash } from "ethers";

import { RiscZeroAdapter__factory, SP1Adapter__factory } from "../../../typechain-types/index.js";
import { Q, R } from "../../support/bn254.js";
import {
  encodeWords,
  forge,
  keyOf,
  readFixture,
  rerandomise,
  scalarOf,
  secretsOf,
  withWord,
} from "../../support/groth16.js";
import { type Run, useBench, verifyCall, verifyManyCall } from "./support.js";

interface SP1File {
  sp1: { programVKey: string; publicValues: string; proofBytes: string; verifierHash: string; vkRoot?: string };
}

interface RiscZeroFile {
  risc0: {
    seal: string;
    selector: string;
    imageId: string;
    journal: string;
    controlRoot: string;
    bn254ControlId: string;
  };
}

/** Every byte of `data` changed, one at a time. */
const changed = (data: string): string[] =>
  [...getBytes(data).keys()].map((i) => {
    const bytes = getBytes(data);
    bytes[i] = (bytes[i] ?? 0) ^ 1;
    return hexlify(bytes);
  });

const REFUSED = ["Groth16ProofInvalid", "BN254PointInvalid"];

describe("proofs of other systems", () => {
  const bench = useBench();
  const results = async (verifier: BaseContract, runs: readonly Run[]) =>
    (await bench().outcomes(verifier, runs)).map(({ result }) => result);
  const many = async (verifier: BaseContract, runs: readonly Run[]) =>
    (await bench().sweep(verifier, verifyManyCall(runs), 5_000_000, 0, 1)).map(({ result }) => result);

  async function sp1(name: string) {
    const { key, proof, file } = readFixture<SP1File>(name);
    const { programVKey, publicValues, proofBytes, verifierHash, vkRoot = ZeroHash } = file.sp1;
    const adapter = await new SP1Adapter__factory(bench().deployer).deploy(key, verifierHash, vkRoot);
    return { adapter, proof, run: { programId: programVKey, values: publicValues, proof: proofBytes } };
  }

  async function riscZero() {
    const { key, proof, file } = readFixture<RiscZeroFile>("risc0-v2_0");
    const { seal, selector, imageId, journal, controlRoot, bn254ControlId } = file.risc0;
    const adapter = await new RiscZeroAdapter__factory(bench().deployer).deploy(key, controlRoot, bn254ControlId);
    return { adapter, proof, selector, run: { programId: imageId, values: journal, proof: seal } };
  }

  for (const [name, prefix, setUp] of [
    ["SP1 of version 3, two inputs", 4, () => sp1("sp1-v3.0.0")],
    ["SP1 of version 6, five inputs", 100, () => sp1("sp1-v6.0.0")],
    ["RISC Zero of version 2", 4, riscZero],
  ] as const) {
    describe(name, () => {
      let built: Awaited<ReturnType<typeof setUp>>;
      before(async () => {
        built = await setUp();
      });

      it("holds as it was made, alone and with itself", async () => {
        const { adapter, run } = built;
        expect(await adapter.selector()).to.equal(dataSlice(run.proof, 0, 4));
        expect(await results(adapter, [run])).to.deep.equal(["verified"]);
        expect(await many(adapter, [run, run])).to.deep.equal(["verified"]);
      });

      it("holds for no other program", async () => {
        const { adapter, run } = built;
        const others = changed(run.programId).map((programId) => ({ ...run, programId }));
        for (const result of await results(adapter, others)) {
          expect(result).to.be.oneOf([...REFUSED, "Groth16InputOutOfField"]);
        }
      });

      it("holds for no other values, longer and shorter ones included", async () => {
        const { adapter, run } = built;
        const { values } = run;
        const others = [...changed(values), `${values}00`, values.slice(0, -2), "0x"].map((other) => ({
          ...run,
          values: other,
        }));
        for (const result of await results(adapter, others)) expect(result).to.equal("Groth16ProofInvalid");
      });

      it("holds with no other byte of its points", async () => {
        const { adapter, run } = built;
        const head = dataSlice(run.proof, 0, prefix);
        // Of each word the first byte, which may leave the field, some within, and the last.
        const others = changed(dataSlice(run.proof, prefix))
          .filter((_, i) => [0, 1, 17, 31].includes(i % 32))
          .map((points) => ({ ...run, proof: concat([head, points]) }));
        for (const result of await results(adapter, others)) expect(result).to.be.oneOf(REFUSED);
        const aliases = built.proof.map((word, i) => ({
          ...run,
          proof: withWord(run.proof, prefix + 32 * i, word + Q),
        }));
        for (const result of await results(adapter, aliases)) expect(result).to.equal("BN254PointInvalid");
      });

      it("is refused with another selector, and when it is shorter or longer", async () => {
        const { adapter, run } = built;
        const rest = dataSlice(run.proof, 4);
        const others = [...changed(dataSlice(run.proof, 0, 4)), "0x00000000", "0xffffffff"];
        expect(
          await results(
            adapter,
            others.map((selector) => ({ ...run, proof: concat([selector, rest]) })),
          ),
        ).to.deep.equal(others.map(() => "ValidityWrongSelector"));
        const lengths = [
          "0x",
          dataSlice(run.proof, 0, 3),
          dataSlice(run.proof, 0, 4),
          rest,
          run.proof.slice(0, -2),
          `${run.proof}00`,
        ];
        expect(
          await results(
            adapter,
            lengths.map((proof) => ({ ...run, proof })),
          ),
        ).to.deep.equal(lengths.map(() => "Groth16ProofLength"));
        expect(await many(adapter, [run, { ...run, proof: concat(["0x00000000", rest]) }])).to.deep.equal([
          "ValidityWrongSelector",
        ]);
      });

      it("has others of the same statement", async () => {
        const { adapter, run, proof } = built;
        const points = encodeWords(rerandomise(proof, 7n));
        const other = { ...run, proof: concat([dataSlice(run.proof, 0, prefix), points]) };
        expect(other.proof).not.to.equal(run.proof);
        expect(await results(adapter, [other])).to.deep.equal(["verified"]);
        expect(await many(adapter, [run, other, run])).to.deep.equal(["verified"]);
      });

      it("gets its verdict with enough gas only", async () => {
        const { adapter, run } = built;
        const found = await bench().sweep(adapter, verifyCall(run), 0, 4_000, 70);
        const from = found.findIndex(({ result }) => result === "verified");
        expect(from).to.be.above(45);
        for (const [i, { result }] of found.entries()) {
          if (i >= from) expect(result).to.equal("verified");
          else expect(result).to.be.oneOf(["no error", "Groth16TooLittleGas", "BN254TooLittleGas"]);
        }
      });
    });
  }

  it("a selector of RISC Zero follows from key, control root and control id", async () => {
    const { key, file } = readFixture<RiscZeroFile>("risc0-v2_0");
    const { selector, controlRoot, bn254ControlId } = file.risc0;
    const factory = new RiscZeroAdapter__factory(bench().deployer);
    const selectorOf = async (...given: Parameters<typeof factory.deploy>) =>
      (await factory.deploy(...given)).selector();
    expect(await selectorOf(key, controlRoot, bn254ControlId)).to.equal(selector);
    expect(await selectorOf(key, bn254ControlId, bn254ControlId)).not.to.equal(selector);
    expect(await selectorOf(key, controlRoot, controlRoot)).not.to.equal(selector);
    const turned = { ...key, ic: [...key.ic.slice(0, 4), ...key.ic.slice(4).reverse()] };
    expect(await selectorOf(turned, controlRoot, bn254ControlId)).not.to.equal(selector);
  });

  it("SP1 of version 6 holds for programs that ended well, with keys of that version, whatever the nonce", async () => {
    const secrets = secretsOf(5, "sp1");
    const [hash, root, programId, values] = [`0x${"5b".repeat(32)}`, 77n, scalarOf("program"), "0x1234"];
    const adapter = await new SP1Adapter__factory(bench().deployer).deploy(keyOf(secrets), hash, encodeWords([root]));
    const digest = BigInt("0x3a103a4e5729ad68c02a678ae39accfbc0ae208096437401b7ceab63cca0622f") % (1n << 253n);
    const run = (exitCode: bigint, keyRoot: bigint, nonce: bigint): Run => {
      const points = forge(secrets, [programId, digest, exitCode, keyRoot, nonce], "sp1");
      const proof = concat(["0x5b5b5b5b", encodeWords([exitCode, keyRoot, nonce]), encodeWords(points)]);
      return { programId: encodeWords([programId]), values, proof };
    };
    expect(
      await results(adapter, [
        run(0n, root, 0n),
        run(0n, root, R - 1n),
        run(0n, root, R),
        run(1n, root, 0n),
        run(0n, root + 1n, 0n),
      ]),
    ).to.deep.equal(["verified", "verified", "Groth16InputOutOfField", "SP1ExitCode", "SP1KeyRoot"]);
    const aliased = { ...run(0n, root, 0n), programId: encodeWords([programId + R]) };
    expect(await results(adapter, [aliased])).to.deep.equal(["Groth16InputOutOfField"]);
  });

  it("an adapter takes a key of its number of inputs only", async () => {
    const [two, five] = [readFixture("sp1-v3.0.0").key, readFixture("sp1-v6.0.0").key];
    const hash = ZeroHash;
    const factory = new SP1Adapter__factory(bench().deployer);
    await expect(factory.deploy(five, hash, ZeroHash))
      .to.be.revertedWithCustomError(factory, "Groth16KeyInputs")
      .withArgs(5, 2);
    await expect(factory.deploy(two, hash, encodeWords([1n])))
      .to.be.revertedWithCustomError(factory, "Groth16KeyInputs")
      .withArgs(2, 5);
    const other = new RiscZeroAdapter__factory(bench().deployer);
    await expect(other.deploy(two, hash, hash))
      .to.be.revertedWithCustomError(other, "Groth16KeyInputs")
      .withArgs(2, 5);
  });
});
