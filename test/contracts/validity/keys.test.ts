import { expect } from "chai";
import { zeroPadValue } from "ethers";

import { DEVELOPMENT_GAMMA } from "../../../plugin/prover/development.js";
import { Groth16Verifier__factory } from "../../../typechain-types/index.js";
import type { VerifyingKeyStruct } from "../../../typechain-types/validity/Groth16Verifier.js";
import { g1, type Point, Q } from "../../support/bn254.js";
import { encodeWords, keyOf, programIdOf, scalarOf, type Secrets, secretsOf } from "../../support/groth16.js";
import { useBench } from "./support.js";

const INPUTS = 2;
/** On the twist, but of another order: the first x = n + i there, for which y exists. */
const OUTSIDE = {
  x: [1n, 0n],
  y: [
    3499505209057624827709920819629410982529044040404494099368353913743455207650n,
    5857410223677516958241855868975604786906559121396168184066542210254491971240n,
  ],
} satisfies VerifyingKeyStruct["beta"];

describe("a key of Groth16Verifier", () => {
  const bench = useBench();
  const secrets = secretsOf(INPUTS, "keys");
  const key = keyOf(secrets);
  const errors = { interface: Groth16Verifier__factory.createInterface() };
  const deploy = (given: VerifyingKeyStruct, inputs = INPUTS, isDevelopment = false) =>
    new Groth16Verifier__factory(bench().deployer).deploy(given, inputs, isDevelopment);

  it("is what the program's id stands for", async () => {
    expect(await (await deploy(key)).KEY_ID()).to.equal(programIdOf(key));
    const other = keyOf({ ...secrets, alpha: secrets.alpha + 1n });
    expect(await (await deploy(other)).KEY_ID()).not.to.equal(programIdOf(key));
  });

  const related: [string, string, Partial<Secrets>][] = [
    ["gamma", "delta", { delta: secrets.gamma }],
    ["gamma", "delta", { delta: -secrets.gamma }],
    ["gamma", "delta", { gamma: 1n, delta: 1n }],
    ["beta", "gamma", { beta: secrets.gamma }],
    ["beta", "gamma", { beta: -secrets.gamma }],
    ["beta", "delta", { beta: secrets.delta }],
    ["beta", "delta", { beta: -secrets.delta }],
  ];
  for (const [first, second, changed] of related) {
    const change = Object.entries(changed).map(([part, value]) => `${part} = ${String(value)} · G`);
    it(`has unrelated ${first} and ${second}: not ${change.join(", ")}`, async () => {
      await expect(deploy(keyOf({ ...secrets, ...changed })))
        .to.be.revertedWithCustomError(errors, "Groth16KeyForgeable")
        .withArgs(first, second);
    });
  }

  it("with related points would take a proof of any statement, which anybody makes from the key alone", async () => {
    const { provider } = bench().connection.ethers;
    const statement = [scalarOf("any"), scalarOf("statement")];
    const pairing = async (pairs: [Point<bigint>, VerifyingKeyStruct["beta"]][]) => {
      const words = pairs.flatMap(([point, { x, y }]) => [
        ...(point === "infinity" ? [0n, 0n] : point),
        ...[...x, ...y].map(BigInt),
      ]);
      return provider.call({ to: zeroPadValue("0x08", 20), data: encodeWords(words) });
    };
    const pointOf = ({ x, y }: VerifyingKeyStruct["alpha"]): Point<bigint> => [BigInt(x), BigInt(y)];
    for (const sign of [1n, -1n]) {
      for (const [kind, changed] of [
        ["delta = gamma", { delta: sign * secrets.gamma }],
        ["beta = gamma", { beta: sign * secrets.gamma }],
        ["beta = delta", { beta: sign * secrets.delta }],
      ] as const) {
        const weak = keyOf({ ...secrets, ...changed });
        const alpha = pointOf(weak.alpha);
        const s = weak.ic.reduce<Point<bigint>>(
          (sum, point, i) => g1.add(sum, g1.multiply(pointOf(point), i === 0 ? 1n : (statement[i - 1] ?? 0n))),
          "infinity",
        );
        const [a, b, c] = {
          "delta = gamma": [alpha, weak.beta, g1.multiply(s, -sign)] as const,
          "beta = gamma": [g1.add(alpha, g1.multiply(s, sign)), weak.beta, "infinity"] as const,
          "beta = delta": [s, weak.gamma, g1.multiply(alpha, -sign)] as const,
        }[kind];
        const product = await pairing([
          [g1.multiply(a, -1n), b],
          [alpha, weak.beta],
          [s, weak.gamma],
          [c, weak.delta],
        ]);
        expect(BigInt(product), `${kind}, ${sign}`).to.equal(1n);
        await expect(deploy(weak)).to.be.revertedWithCustomError(errors, "Groth16KeyForgeable");
      }
    }
  });

  for (const [what, points] of [
    ["infinity", [{ x: 0n, y: 0n }]],
    [
      "off the curve",
      [
        { x: 1n, y: 3n },
        { x: 0n, y: 1n },
      ],
    ],
    [
      "with a coordinate beyond the field",
      [
        { x: 1n + Q, y: 2n },
        { x: 1n, y: 2n + Q },
      ],
    ],
  ] as const) {
    it(`has no point of G1 that is ${what}`, async () => {
      for (const point of points) {
        await expect(deploy({ ...key, alpha: point }))
          .to.be.revertedWithCustomError(errors, "Groth16KeyPoint")
          .withArgs("alpha", 0);
        for (let i = 0; i <= INPUTS; i++) {
          await expect(deploy({ ...key, ic: key.ic.with(i, point) }))
            .to.be.revertedWithCustomError(errors, "Groth16KeyPoint")
            .withArgs("ic", i);
        }
      }
    });
  }

  it("has no point of G2 that is infinity, off the twist, of another order or beyond the field", async () => {
    for (const name of ["beta", "gamma", "delta"] as const) {
      const { x, y } = key[name];
      const [x1, x0] = [BigInt(x[0]), BigInt(x[1])];
      await expect(deploy({ ...key, [name]: { x: [0n, 0n], y: [0n, 0n] } }))
        .to.be.revertedWithCustomError(errors, "Groth16KeyPoint")
        .withArgs(name, 0);
      for (const point of [{ x: [x0, x1], y }, { x: [x1 + Q, x0], y }, { x: [x1, x0 + Q], y }, OUTSIDE]) {
        await expect(deploy({ ...key, [name]: point })).to.be.revertedWithCustomError(errors, "BN254PointInvalid");
      }
    }
  });

  it("is for as many inputs as the statement has, 1 to 16", async () => {
    for (const [points, inputs] of [
      [3, 1],
      [3, 3],
      [0, 0],
      [1, 0],
      [18, 17],
    ] as const) {
      const ic = Array.from({ length: points }, () => ({ x: 1n, y: 2n }));
      await expect(deploy({ ...key, ic }, inputs))
        .to.be.revertedWithCustomError(errors, "Groth16KeyInputs")
        .withArgs(Math.max(points - 1, 0), inputs);
    }
  });
});

for (const chainId of [1, 10, 1337, 11_155_111, 31_337]) {
  const isLocal = chainId === 1337 || chainId === 31_337;
  describe(`a key for development on chain ${chainId}`, () => {
    const bench = useBench(chainId);
    it(isLocal ? "verifies" : "is refused", async () => {
      const key = keyOf(secretsOf(1, "development"));
      const factory = new Groth16Verifier__factory(bench().deployer);
      if (isLocal) {
        expect(await (await factory.deploy(key, 1, true)).IS_DEVELOPMENT()).to.equal(true);
      } else {
        await expect(factory.deploy(key, 1, true))
          .to.be.revertedWithCustomError(factory, "Groth16DevelopmentKey")
          .withArgs(chainId);
      }
      expect(await (await factory.deploy(key, 1, false)).IS_DEVELOPMENT()).to.equal(false);
    });

    it(`${isLocal ? "verifies" : "is refused"} by its gamma, also when it is said to be none`, async () => {
      const key = keyOf({ ...secretsOf(1, "development"), gamma: DEVELOPMENT_GAMMA });
      const factory = new Groth16Verifier__factory(bench().deployer);
      if (isLocal) {
        expect(await (await factory.deploy(key, 1, false)).IS_DEVELOPMENT()).to.equal(true);
      } else {
        await expect(factory.deploy(key, 1, false))
          .to.be.revertedWithCustomError(factory, "Groth16DevelopmentKey")
          .withArgs(chainId);
      }
    });
  });
}
