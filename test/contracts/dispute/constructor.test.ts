import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";

import type { DisputeParametersStruct } from "../../../typechain-types/dispute/DisputeGame.js";
import { DisputeGame__factory } from "../../../typechain-types/index.js";
import { GAME_DEFAULTS, gameParameters, type GameWorld, useGame } from "../../support/dispute.js";

type Parameters = DisputeParametersStruct;

describe("DisputeGame.constructor", () => {
  const world = useGame();

  async function deploy(suite: GameWorld, overrides: Partial<Parameters> = {}) {
    const { chain, verifier, bridge, actors, parameters } = suite;
    const neighbours = { chain, verifier, bridge, l2ChainId: parameters.l2ChainId };
    return new DisputeGame__factory(actors.deployer).deploy({
      ...(await gameParameters(GAME_DEFAULTS, neighbours)),
      ...overrides,
    });
  }

  /** A word with one more than it had. */
  const altered = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes, (byte, i) => (i === 31 ? byte ^ 1 : byte));

  it("wants every parameter", async () => {
    const missing: Partial<Parameters>[] = [
      { chain: ZeroAddress },
      { verifier: ZeroAddress },
      { l2ChainId: 0n },
      { bridge: ZeroAddress },
      { extension: 0n },
      { baseBond: 0n },
    ];
    for (const overrides of missing) {
      await expect(deploy(world(), overrides))
        .to.be.revertedWithCustomError(world().game, "DisputeZeroParameter")
        .withArgs(Object.keys(overrides)[0]);
    }
  });

  it("dissects into 2 to 32 parts", async () => {
    for (const dissectionBits of [0n, 6n, 255n]) {
      await expect(deploy(world(), { dissectionBits }))
        .to.be.revertedWithCustomError(world().game, "DisputeDissectionBits")
        .withArgs(dissectionBits);
    }
  });

  it("wants a clock that is no shorter than the extension and fits 24 bits", async () => {
    const wrong = [
      { clock: 99n, extension: 100n },
      { clock: 1n << 24n, extension: 100n },
      { clock: (1n << 64n) - 1n, extension: 100n },
    ];
    for (const { clock, extension } of wrong) {
      await expect(deploy(world(), { clock, extension }))
        .to.be.revertedWithCustomError(world().game, "DisputeClock")
        .withArgs(clock, extension);
    }
    await deploy(world(), { clock: 100n, extension: 100n });
    const longest = await deploy(world(), { clock: (1n << 24n) - 1n, extension: (1n << 24n) - 1n, dissectionBits: 1n });
    expect(await longest.maxDuration()).to.equal(42n * ((1n << 24n) - 1n));
  });

  it("wants a program that a machine can start", async () => {
    const wrong = [
      { entryPc: 1n << 20n, pages: 1n, maxPages: 1n },
      { entryPc: 0n, pages: 2n, maxPages: 1n },
      { entryPc: 0n, pages: 2n, maxPages: 4097n },
    ];
    for (const { entryPc, pages, maxPages } of wrong) {
      await expect(deploy(world(), { entryPc, pages, maxPages }))
        .to.be.revertedWithCustomError(world().game, "DisputeProgramOutOfRange")
        .withArgs(entryPc, pages, maxPages);
    }
  });

  it("wants the program that the machine hash says, in every part", async () => {
    const { program } = world();
    const wrong: Partial<Parameters>[] = [
      { codeRoot: altered(program.codeRoot) },
      { memoryRoot0: altered(program.memoryRoot0) },
      { entryPc: program.entryPc + 1 },
      { pages: program.pages - 1 },
      { maxPages: program.maxPages - 1 },
      { version: 2n },
      { machineHash: altered(program.machineHash) },
      { machineHash: ZeroHash },
    ];
    for (const overrides of wrong) {
      await expect(deploy(world(), overrides), Object.keys(overrides)[0]).to.be.revertedWithCustomError(
        world().game,
        "DisputeMachineHash",
      );
    }
  });

  it("says what it was made of", async () => {
    const { game, chain, verifier, bridge, program, parameters } = world();
    const found = await game.parameters();
    expect([found.chain, found.verifier, found.bridge]).to.deep.equal(
      await Promise.all([chain, verifier, bridge].map((contract) => contract.getAddress())),
    );
    expect(found.l2ChainId).to.equal(parameters.l2ChainId);
    expect([found.machineHash, await game.machineHash()]).to.deep.equal(Array(2).fill(parameters.machineHash));
    expect([found.codeRoot, found.memoryRoot0]).to.deep.equal(
      [program.codeRoot, program.memoryRoot0].map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`),
    );
    const { entryPc, pages, maxPages } = program;
    expect([found.entryPc, found.pages, found.maxPages, found.version]).to.deep.equal(
      [entryPc, pages, maxPages, 1].map(BigInt),
    );
    expect([found.dissectionBits, found.clock, found.extension, found.baseBond]).to.deep.equal(
      [GAME_DEFAULTS.dissectionBits, GAME_DEFAULTS.clock, GAME_DEFAULTS.extension, GAME_DEFAULTS.baseBond].map(BigInt),
    );
  });

  it("has as many levels as 2^40 instructions take, and bonds that fall with the depth", async () => {
    const { clock, extension, baseBond } = GAME_DEFAULTS;
    for (const [dissectionBits, levels] of [
      [1n, 40n],
      [2n, 20n],
      [3n, 14n],
      [4n, 10n],
      [5n, 8n],
    ] as const) {
      const game = await deploy(world(), { dissectionBits });
      expect(await game.maxDuration()).to.equal(2n * clock + levels * extension);
      for (let depth = 1n; depth <= levels; depth++) {
        expect(await game.bond(depth)).to.equal(baseBond * (levels + 1n - depth));
      }
      for (const none of [0n, levels + 1n, (1n << 256n) - 1n]) expect(await game.bond(none)).to.equal(0n);
    }
  });
});
