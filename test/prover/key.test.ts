import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { isInG2 } from "../../plugin/prover/curve.js";
import { KeyRefusedError, type KeyFault } from "../../plugin/prover/errors.js";
import { Q } from "../../plugin/prover/field.js";
import { checkKey, exportVerifyingKey, importVerifyingKey } from "../../plugin/prover/key.js";
import { developmentSetup } from "../../plugin/prover/setup.js";
import type { G1Json, G2Json, VerifyingKey } from "../../plugin/prover/types.js";
import { compileProduct } from "./support/circuits.js";
import { failure } from "./support/errors.js";

/** On the twist, y² = x³ + b, but of another order than r: the first x with a square right side, found by trying. */
const WRONG_ORDER: G2Json = [
  ["1", "0"],
  [
    "18278151005453108793778860132295291098363647455926340152056652516292830556603",
    "5912654199736721486680175016176231956195085055698687135131307249486702594212",
  ],
  ["1", "0"],
];

describe("the checks of a key", function () {
  this.timeout(60_000);

  let cache: string;
  let zkey: string;
  let vkey: VerifyingKey;

  before(async () => {
    cache = await mkdtemp(join(tmpdir(), "rollup-key-"));
    const { r1cs } = await compileProduct(cache);
    ({ zkey, vkey } = await developmentSetup(r1cs, "key", { cache }));
  });
  after(() => rm(cache, { recursive: true }));

  function refuses(key: VerifyingKey, fault: KeyFault, message: RegExp): void {
    expect(() => checkKey(key))
      .to.throw(KeyRefusedError, message)
      .with.property("fault", fault);
  }

  it("passes a key that it has no reason to refuse, and gives its points", () => {
    const { ic, gamma } = checkKey(vkey, { chainId: 31337n, publicInputs: 2 });
    expect(ic).to.have.length(3);
    expect(isInG2(gamma)).to.equal(true);
  });

  it("refuses delta = gamma, also with the other sign, and the other pairs that allow a forgery", () => {
    const negative = ([x, y, z]: G2Json): G2Json => [
      x,
      y.map((part) => String(Q - BigInt(part))) as [string, string],
      z,
    ];
    const nobody = /gamma = delta, so anybody could prove anything: nobody contributed to its second phase/;
    refuses({ ...vkey, vk_delta_2: vkey.vk_gamma_2 }, "delta", nobody);
    refuses({ ...vkey, vk_delta_2: negative(vkey.vk_gamma_2) }, "delta", nobody);
    refuses({ ...vkey, vk_beta_2: vkey.vk_gamma_2 }, "delta", /beta = gamma/);
    refuses({ ...vkey, vk_beta_2: negative(vkey.vk_delta_2) }, "delta", /beta = delta/);
  });

  it("refuses points at infinity", () => {
    const none1: G1Json = ["0", "1", "0"];
    const none2: G2Json = [["0", "0"], ["1", "0"], ["0", "0"]]; // prettier-ignore
    refuses({ ...vkey, vk_alpha_1: none1 }, "infinity", /alpha is the point at infinity/);
    refuses({ ...vkey, vk_alpha_1: ["0", "0", "1"] }, "infinity", /alpha/);
    refuses({ ...vkey, vk_beta_2: none2 }, "infinity", /beta/);
    refuses({ ...vkey, vk_delta_2: none2 }, "infinity", /delta/);
    refuses({ ...vkey, IC: [vkey.IC[0]!, none1, vkey.IC[2]!] }, "infinity", /IC 1/);
  });

  it("refuses points that are no points: off the curve, of another order, not below the modulus", () => {
    const [x, y] = vkey.vk_alpha_1;
    refuses({ ...vkey, vk_alpha_1: [y, x, "1"] }, "curve", /alpha/);
    refuses({ ...vkey, vk_alpha_1: [String(BigInt(x) + Q), y, "1"] }, "range", /alpha/);
    const [gx, gy, gz] = vkey.vk_delta_2;
    refuses({ ...vkey, vk_delta_2: [gy, gx, gz] }, "curve", /delta/);
    refuses({ ...vkey, vk_delta_2: WRONG_ORDER }, "curve", /delta is not on the curve or not of order r/);
    refuses({ ...vkey, vk_alpha_1: ["one", y, "1"] }, "form", /verification_key\.json/);
  });

  it("refuses a key with another number of inputs than it says, than the statement has, or than L1 takes", () => {
    refuses({ ...vkey, nPublic: 3 }, "inputs", /3 IC points and 3 public inputs/);
    refuses({ ...vkey, IC: vkey.IC.slice(0, 1), nPublic: 0 }, "inputs", /0 public inputs \(1 to 16\)/);
    refuses({ ...vkey, IC: Array.from({ length: 18 }, () => vkey.IC[0]!), nPublic: 17 }, "inputs", /17 public inputs/);
    expect(() => checkKey(vkey, { publicInputs: 3 })).to.throw(
      KeyRefusedError,
      /for 2 public inputs, the statement has 3/,
    );
  });

  it("refuses keys of other proof systems and curves", () => {
    refuses({ ...vkey, protocol: "plonk" } as unknown as VerifyingKey, "form", /plonk over bn128/);
    refuses({ ...vkey, curve: "bls12381" } as unknown as VerifyingKey, "form", /groth16 over bls12381/);
  });

  it("reads a verifying key from a file only if it is one", async () => {
    const path = join(cache, "verification_key.json");
    await writeFile(path, JSON.stringify(vkey));
    expect(await importVerifyingKey(path, { chainId: 31337n })).to.deep.equal(vkey);
    const refused = async (text: string, chainId?: bigint) => {
      await writeFile(path, text);
      const demands = chainId === undefined ? {} : { chainId };
      return (await failure(importVerifyingKey(path, demands), KeyRefusedError)).fault;
    };
    for (const text of ["null", "[]", "7", "{", JSON.stringify({ ...vkey, IC: undefined })]) {
      expect(await refused(text)).to.equal("form");
    }
    expect(await refused(JSON.stringify({ ...vkey, vk_delta_2: vkey.vk_gamma_2 }))).to.equal("delta");
    expect(await refused(JSON.stringify(vkey), 1n)).to.equal("development");
  });

  it("reads a proving key only if the points in it are sound", async () => {
    const bytes = await readFile(zkey);
    // The header's points follow the moduli and counts: alpha is the first.
    const alpha = bytes.indexOf(Buffer.from([2, 0, 0, 0])) + 12 + 84;
    const broken = Buffer.from(bytes);
    broken.writeUInt8(broken.readUInt8(alpha) ^ 1, alpha);
    const path = join(cache, "broken.zkey");
    await writeFile(path, broken);
    const error = await failure(exportVerifyingKey(path), KeyRefusedError);
    expect(error).to.include({ fault: "curve" });
  });
});
