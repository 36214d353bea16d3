import { expect } from "chai";
import { concat, keccak256, ZeroHash } from "ethers";

import {
  EmbeddedVerifier__factory,
  type Groth16Verifier,
  Groth16Verifier__factory,
} from "../../../typechain-types/index.js";
import { g1, mod, Q, R } from "../../support/bn254.js";
import {
  decodeWords,
  encodeWords,
  forge,
  keyOf,
  programIdOf,
  type ProofWords,
  readFixture,
  rerandomise,
  scalarOf,
  secretsOf,
  withWord,
} from "../../support/groth16.js";
import { type Run, useBench, verifyCall, verifyManyCall } from "./support.js";

const FIXTURES = ["risc0-v2_0", "rln-depth20", "sp1-v3.0.0"];
const WORD_LIMIT = 1n << 256n;
/** Twice the price of a pairing of four pairs, and what else a call takes. */
const MOST_GAS = 420_000n;

/** All values that are `value` modulo `modulus`, but `value`. */
function aliases(value: bigint, modulus: bigint): bigint[] {
  const found: bigint[] = [];
  for (let alias = value + modulus; alias < WORD_LIMIT; alias += modulus) found.push(alias);
  return found;
}

/** The run with another word in its values or its proof. */
const withOther = (run: Run, part: "values" | "proof", index: number, value: bigint): Run => ({
  ...run,
  [part]: withWord(run[part], 32 * index, value),
});

describe("Groth16Verifier", () => {
  const bench = useBench();

  async function deploy(inputs: number, seed: string) {
    const secrets = secretsOf(inputs, seed);
    const key = keyOf(secrets);
    const verifier = await new Groth16Verifier__factory(bench().deployer).deploy(key, inputs, false);
    const programId = programIdOf(key);
    const run = (name: string): Run => {
      const values = Array.from({ length: inputs }, (_, i) => scalarOf(`${name} input ${i}`));
      return { programId, values: encodeWords(values), proof: encodeWords(forge(secrets, values, name)) };
    };
    return { secrets, key, verifier, programId, run };
  }

  for (const name of FIXTURES) {
    describe(`a proof made by others: ${name}`, () => {
      const { key, inputs, proof } = readFixture(name);
      const run = { programId: programIdOf(key), values: encodeWords(inputs), proof: encodeWords(proof) };
      let verifier: Groth16Verifier;
      before(async () => {
        verifier = await new Groth16Verifier__factory(bench().deployer).deploy(key, inputs.length, false);
      });
      const results = async (runs: readonly Run[]) =>
        (await bench().outcomes(verifier, runs)).map(({ result }) => result);

      it("holds", async () => {
        expect(await results([run])).to.deep.equal(["verified"]);
        expect(await verifier.KEY_ID()).to.equal(run.programId);
        expect(await verifier.INPUTS()).to.equal(inputs.length);
      });

      it("holds for no other input", async () => {
        const others = inputs.flatMap((value, i) =>
          [mod(value + 1n, R), mod(value - 1n, R), mod(-value, R), 0n, value ^ (1n << 100n)].map((other) =>
            withOther(run, "values", i, other),
          ),
        );
        for (const result of await results(others)) expect(result).to.equal("Groth16ProofInvalid");
        const swapped = encodeWords([...inputs.slice(1), ...inputs.slice(0, 1)]);
        expect(await results([{ ...run, values: swapped }])).to.deep.equal(["Groth16ProofInvalid"]);
      });

      it("holds for no input that is the same modulo the order of the groups", async () => {
        const others = inputs.flatMap((value, i) =>
          aliases(value, R).map((alias) => withOther(run, "values", i, alias)),
        );
        expect(others.length).to.be.at.least(4 * inputs.length);
        for (const result of await results(others)) expect(result).to.equal("Groth16InputOutOfField");
      });

      it("holds with no other point", async () => {
        const others = proof.flatMap((value, i) =>
          [value + 1n, value ^ 1n, mod(-value, Q), 0n].map((other) => withOther(run, "proof", i, other)),
        );
        const infinities = [
          [0, 2],
          [2, 6],
          [6, 8],
        ].map(([from = 0, to = 0]) => ({
          ...run,
          proof: encodeWords(proof.map((word, i) => (i >= from && i < to ? 0n : word))),
        }));
        const found = await results([...others, ...infinities]);
        // A point with one coordinate negated is on its curve in three of eight cases.
        for (const result of found) expect(result).to.be.oneOf(["BN254PointInvalid", "Groth16ProofInvalid"]);
        expect(found.slice(-3)).to.deep.equal(["Groth16ProofInvalid", "Groth16ProofInvalid", "Groth16ProofInvalid"]);
      });

      it("holds with no coordinate that is the same modulo the field's modulus, and costs little more then", async () => {
        const others = proof.flatMap((value, i) => aliases(value, Q).map((alias) => withOther(run, "proof", i, alias)));
        expect(others.length).to.be.at.least(32);
        for (const { result, gasUsed } of await bench().outcomes(verifier, others)) {
          expect(result).to.equal("BN254PointInvalid");
          expect(gasUsed).to.be.below(MOST_GAS);
        }
      });

      it("holds with its points in no other order", async () => {
        const [ax = 0n, ay = 0n, bx1 = 0n, bx0 = 0n, by1 = 0n, by0 = 0n, cx = 0n, cy = 0n] = proof;
        const orders = [
          [cx, cy, bx1, bx0, by1, by0, ax, ay],
          [ax, ay, bx0, bx1, by0, by1, cx, cy],
          [ay, ax, bx1, bx0, by1, by0, cx, cy],
        ];
        for (const result of await results(orders.map((words) => ({ ...run, proof: encodeWords(words) })))) {
          expect(result).to.be.oneOf(["BN254PointInvalid", "Groth16ProofInvalid"]);
        }
      });

      it("is for one program, and has one length", async () => {
        const other = FIXTURES.find((fixture) => fixture !== name) ?? "";
        expect(
          await results([
            { ...run, programId: ZeroHash },
            { ...run, programId: programIdOf(readFixture(other).key) },
            { ...run, proof: `${run.proof}00` },
            { ...run, proof: run.proof.slice(0, -2) },
            { ...run, proof: "0x" },
            { ...run, values: `${run.values}${"00".repeat(32)}` },
            { ...run, values: run.values.slice(0, -64) },
            { ...run, values: `${run.values}00` },
            { ...run, values: "0x" },
          ]),
        ).to.deep.equal([
          "ValidityUnknownProgram",
          "ValidityUnknownProgram",
          "Groth16ProofLength",
          "Groth16ProofLength",
          "Groth16ProofLength",
          "Groth16ValuesLength",
          "Groth16ValuesLength",
          "Groth16ValuesLength",
          "Groth16ValuesLength",
        ]);
      });

      it("has others of the same statement: a proof is no id", async () => {
        const others = [2n, 3n, R - 1n].map((factor) => ({
          ...run,
          proof: encodeWords(rerandomise(proof, factor)),
        }));
        expect(new Set([run, ...others].map((one) => one.proof)).size).to.equal(4);
        expect(await results(others)).to.deep.equal(["verified", "verified", "verified"]);
      });
    });
  }

  it("takes keys of 1 to 16 inputs, each of which counts", async () => {
    for (let inputs = 1; inputs <= 16; inputs++) {
      const { verifier, run } = await deploy(inputs, `of ${inputs}`);
      const one = run("one");
      const others = decodeWords(one.values).map((value, i) => withOther(one, "values", i, mod(value + 1n, R)));
      const found = (await bench().outcomes(verifier, [one, ...others])).map(({ result }) => result);
      expect(found).to.deep.equal(["verified", ...new Array<string>(inputs).fill("Groth16ProofInvalid")]);
    }
  });

  it("takes inputs at the ends of their range", async () => {
    const { verifier, secrets, programId } = await deploy(3, "ends");
    const values = [0n, R - 1n, 1n];
    const run = { programId, values: encodeWords(values), proof: encodeWords(forge(secrets, values, "ends")) };
    const beyond = withOther(run, "values", 1, R);
    expect((await bench().outcomes(verifier, [run, beyond])).map(({ result }) => result)).to.deep.equal([
      "verified",
      "Groth16InputOutOfField",
    ]);
  });

  it("gives its verdict with enough gas only", async () => {
    const { verifier, run } = await deploy(3, "gas");
    const good = run("good");
    const bad = withOther(good, "values", 0, 1n);
    const off = withOther(good, "proof", 0, 1n);
    const patterns = [
      [verifyCall(good), "verified", 0],
      [verifyCall(bad), "Groth16ProofInvalid", 0],
      [verifyCall(off), "BN254PointInvalid", 0],
      [verifyManyCall([good, run("two")]), "verified", 1],
      [verifyManyCall([good, bad]), "Groth16ProofInvalid", 1],
    ] as const;
    for (const [call, verdict] of patterns) {
      const found = await bench().sweep(verifier, call, 0, 6_000, 100);
      const from = found.findIndex(({ result }) => result === verdict);
      expect(from, verdict).to.be.above(20);
      for (const { result } of found.slice(0, from)) {
        expect(result).to.be.oneOf(["no error", "Groth16TooLittleGas", "BN254TooLittleGas"]);
      }
      for (const { result } of found.slice(from)) expect(result).to.equal(verdict);
      // And around the turn, gas by gas unit of a hundred.
      const near = await bench().sweep(verifier, call, 6_000 * (from - 1), 60, 101);
      const turn = near.findIndex(({ result }) => result === verdict);
      for (const { result } of near.slice(0, turn)) {
        expect(result).to.be.oneOf(["no error", "Groth16TooLittleGas", "BN254TooLittleGas"]);
      }
      for (const { result } of near.slice(turn)) expect(result).to.equal(verdict);
    }
  });

  it("loses a bounded amount of gas to a point off its curve", async () => {
    const { verifier, run } = await deploy(3, "burn");
    const others = [...Array(8).keys()].map((i) => withOther(run("one"), "proof", i, 5n));
    for (const { result, gasUsed } of await bench().outcomes(verifier, others)) {
      expect(result).to.equal("BN254PointInvalid");
      expect(gasUsed).to.be.below(MOST_GAS);
    }
  });

  it("lets a contract that calls it from inside go on", async () => {
    const { secrets, key, run } = await deploy(3, "embedded");
    const embedded = await new EmbeddedVerifier__factory(bench().deployer).deploy(key, 3);
    const runs = ["a", "b", "c"].map(run);
    const values = runs.map((one) => one.values);
    await embedded.count(
      programIdOf(keyOf(secrets)),
      values,
      runs.map(({ proof }) => proof),
    );
    expect(await embedded.verified()).to.equal(4);
  });

  describe("several proofs in one call", () => {
    const many = async (verifier: Groth16Verifier, runs: readonly Run[]) => {
      const [outcome] = await bench().sweep(verifier, verifyManyCall(runs), 5_000_000, 0, 1);
      return outcome?.result;
    };

    it("hold together when each holds", async () => {
      const { verifier, run } = await deploy(3, "batch");
      const runs = [...Array(8).keys()].map((i) => run(`run ${i}`));
      for (let count = 1; count <= 8; count++) expect(await many(verifier, runs.slice(0, count))).to.equal("verified");
      const [first] = runs;
      if (first === undefined) throw new Error("a run");
      expect(await many(verifier, [first, first])).to.equal("verified");
    });

    it("fail together when any word of any is another", async () => {
      const { verifier, run } = await deploy(2, "batch");
      const runs = ["a", "b", "c"].map(run);
      for (const [at, one] of runs.entries()) {
        for (const part of ["values", "proof"] as const) {
          for (const [index, word] of decodeWords(one[part]).entries()) {
            const broken = runs.with(at, withOther(one, part, index, word ^ 2n));
            expect(await many(verifier, broken)).to.be.oneOf(["Groth16ProofInvalid", "BN254PointInvalid"]);
          }
          const modulus = part === "values" ? R : Q;
          for (const [index, word] of decodeWords(one[part]).entries()) {
            const broken = runs.with(at, withOther(one, part, index, word + modulus));
            expect(await many(verifier, broken)).to.be.oneOf(["Groth16InputOutOfField", "BN254PointInvalid"]);
          }
        }
      }
    });

    it("fail together when two are false by opposite amounts", async () => {
      const { verifier, run } = await deploy(2, "cancel");
      const [first, second] = [run("a"), run("b")];
      const shifted = (one: Run, by: bigint): Run => {
        const words = decodeWords(one.proof);
        const sum = g1.add([words[6] ?? 0n, words[7] ?? 0n], g1.multiply(g1.generator, by));
        if (sum === "infinity") throw new Error("another amount");
        return { ...one, proof: encodeWords([...words.slice(0, 6), ...sum]) };
      };
      for (const by of [1n, scalarOf("shift")]) {
        expect(await many(verifier, [shifted(first, by), shifted(second, -by)])).to.equal("Groth16ProofInvalid");
        expect(await many(verifier, [shifted(second, by), shifted(first, -by)])).to.equal("Groth16ProofInvalid");
      }
    });

    it("fail together when two are false by amounts that the weights of others would cancel", async () => {
      const { verifier, secrets, programId } = await deploy(2, "adaptive");
      // With one name the two have the same A and B.
      const values = [
        [3n, 5n],
        [7n, 11n],
      ];
      const rows = values.map((inputs) => [...inputs, ...forge(secrets, inputs, "one")]);
      // Weight of the second of two.
      const seed = keccak256(concat([programId, encodeWords(rows.flat())]));
      const weight = 1n + (BigInt(keccak256(concat([seed, encodeWords([1n])]))) % (R - 1n));
      /** Both rows with a point of G1 moved: the first by minus the weight, the second by one. */
      const moved = (at: number) =>
        rows.map((row, i) => {
          const by = g1.multiply(g1.generator, i === 0 ? -weight : 1n);
          const sum = g1.add([row[at] ?? 0n, row[at + 1] ?? 0n], by);
          if (sum === "infinity") throw new Error("another amount");
          return row.with(at, sum[0]).with(at + 1, sum[1]);
        });
      const attacks = {
        inputs: rows.map((row, i) => row.with(1, mod((row[1] ?? 0n) + (i === 0 ? -weight : 1n), R))),
        A: moved(2),
        C: moved(8),
      };
      for (const [name, attack] of Object.entries(attacks)) {
        const runs = attack.map((row) => ({
          programId,
          values: encodeWords(row.slice(0, 2)),
          proof: encodeWords(row.slice(2)),
        }));
        expect(await many(verifier, runs), name).to.equal("Groth16ProofInvalid");
      }
    });

    it("fail together when they belong to each other's values", async () => {
      const { verifier, run } = await deploy(2, "swap");
      const [a, b] = [run("a"), run("b")];
      const crossed = [
        { ...a, proof: b.proof },
        { ...b, proof: a.proof },
      ];
      expect(await many(verifier, crossed)).to.equal("Groth16ProofInvalid");
      expect(await many(verifier, [b, a])).to.equal("verified");
    });

    it("are as many as their values, and at least one, of the one program", async () => {
      const { verifier, run } = await deploy(2, "counts");
      const { programId, values, proof } = run("a");
      const call = (id: string, allValues: string[], proofs: string[]) => verifier.verifyMany(id, allValues, proofs);
      const { ethers } = bench().connection;
      for (const [allValues, proofs] of [
        [[], []],
        [[values], []],
        [[], [proof]],
        [[values, values], [proof]],
        [[values], [proof, proof]],
      ] as [string[], string[]][]) {
        await expect(call(programId, allValues, proofs))
          .to.be.revertedWithCustomError(verifier, "ValidityCounts")
          .withArgs(allValues.length, proofs.length);
      }
      await expect(call(ethers.ZeroHash, [values, values], [proof, proof]))
        .to.be.revertedWithCustomError(verifier, "ValidityUnknownProgram")
        .withArgs(ethers.ZeroHash, programId);
      await expect(call(programId, [values, values], [proof, `${proof}00`]))
        .to.be.revertedWithCustomError(verifier, "Groth16ProofLength")
        .withArgs(257, 256);
    });
  });

  it("is stamped when its key is for development", async () => {
    const key = keyOf(secretsOf(1, "development"));
    for (const isDevelopment of [true, false]) {
      const verifier = await new Groth16Verifier__factory(bench().deployer).deploy(key, 1, isDevelopment);
      expect(await verifier.IS_DEVELOPMENT()).to.equal(isDevelopment);
    }
  });

  it("proves nothing that a proof of the paper would not: C of another input", async () => {
    const { verifier, run } = await deploy(1, "mixed");
    const [a, b] = [decodeWords(run("a").proof), decodeWords(run("b").proof)];
    const mixed: ProofWords = [...a.slice(0, 6), ...b.slice(6)];
    const found = await bench().outcomes(verifier, [{ ...run("a"), proof: encodeWords(mixed) }]);
    expect(found.map(({ result }) => result)).to.deep.equal(["Groth16ProofInvalid"]);
  });
});
