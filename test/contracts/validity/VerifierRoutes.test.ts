import { expect } from "chai";
import { concat, dataSlice, ZeroAddress, ZeroHash } from "ethers";

import {
  AcceptsAnything__factory,
  Groth16Verifier__factory,
  RiscZeroAdapter__factory,
  SP1Adapter__factory,
  UpgradeTimelock__factory,
  VerifierRoutes__factory,
} from "../../../typechain-types/index.js";
import { readFixture } from "../../support/groth16.js";
import { useBench, verifyCall, verifyManyCall } from "./support.js";

interface Files {
  sp1: { programVKey: string; publicValues: string; proofBytes: string; verifierHash: string };
  risc0: { seal: string; imageId: string; journal: string; controlRoot: string; bn254ControlId: string };
}

describe("VerifierRoutes", () => {
  const bench = useBench();

  async function setUp() {
    const { deployer, connection } = bench();
    const timelock = await new UpgradeTimelock__factory(deployer).deploy({
      delay: 100n,
      forceInclusionDelay: 10n,
      permissionlessDelay: 10n,
      challengeWindow: 10n,
      disputeDuration: 10n,
      exitMargin: 10n,
      chain: deployer,
      upgrader: deployer,
      ...{ cancellers: [], council: [], councilThreshold: 0n, evidence: ZeroAddress },
    });
    const routes = await new VerifierRoutes__factory(deployer).deploy(timelock);
    const { sp1 } = readFixture<Files>("sp1-v3.0.0").file;
    const { risc0 } = readFixture<Files>("risc0-v2_0").file;
    const first = await new SP1Adapter__factory(deployer).deploy(
      readFixture("sp1-v3.0.0").key,
      sp1.verifierHash,
      ZeroHash,
    );
    const second = await new RiscZeroAdapter__factory(deployer).deploy(
      readFixture("risc0-v2_0").key,
      risc0.controlRoot,
      risc0.bn254ControlId,
    );
    let announced = 0;
    /** Announces the call, waits, and executes it. */
    async function asTimelock(data: string) {
      const salt = `0x${(++announced).toString(16).padStart(64, "0")}`;
      const target = await routes.getAddress();
      await timelock.schedule(target, 0n, data, ZeroHash, salt, 100n);
      await connection.networkHelpers.time.increase(100);
      return timelock.execute(target, 0n, data, ZeroHash, salt);
    }
    const add = async (verifier: { getAddress(): Promise<string> }) =>
      asTimelock(routes.interface.encodeFunctionData("addRoute", [await verifier.getAddress()]));
    const remove = (selector: string) => asTimelock(routes.interface.encodeFunctionData("removeRoute", [selector]));
    const runs = {
      first: { programId: sp1.programVKey, values: sp1.publicValues, proof: sp1.proofBytes },
      second: { programId: risc0.imageId, values: risc0.journal, proof: risc0.seal },
    };
    const many = async (...given: (typeof runs.first)[]) => {
      const found = await bench().sweep(routes, verifyManyCall(given), 5_000_000, 0, 1);
      return found.map(({ result }) => result);
    };
    const one = async (...given: (typeof runs.first)[]) =>
      (await bench().outcomes(routes, given)).map(({ result }) => result);
    return { timelock, routes, first, second, add, remove, runs, one, many };
  }

  it("passes each proof to the verifier that it names", async () => {
    const { routes, first, second, add, runs, one, many } = await setUp();
    expect(await one(runs.first, runs.second)).to.deep.equal(["RoutesUnknown", "RoutesUnknown"]);
    await expect(add(first))
      .to.emit(routes, "RouteAdded")
      .withArgs(await first.selector(), first);
    expect(await one(runs.first, runs.second)).to.deep.equal(["verified", "RoutesUnknown"]);
    await add(second);
    expect(await one(runs.first, runs.second)).to.deep.equal(["verified", "verified"]);
    expect(await routes.verifierOf(await second.selector())).to.equal(await second.getAddress());
    expect(await many(runs.first, runs.first)).to.deep.equal(["verified"]);
    expect(await many(runs.second)).to.deep.equal(["verified"]);
  });

  it("takes no proof under the selector of another", async () => {
    const { first, second, add, runs, one, many } = await setUp();
    await add(first);
    await add(second);
    const sent = concat([dataSlice(runs.second.proof, 0, 4), dataSlice(runs.first.proof, 4)]);
    expect(await one({ ...runs.first, proof: sent })).to.deep.equal(["Groth16ProofInvalid"]);
    expect(await many(runs.first, runs.second)).to.deep.equal(["ValidityWrongSelector"]);
  });

  it("takes no proof that ends within its selector, and no empty list", async () => {
    const { routes, first, add, runs, one } = await setUp();
    await add(first);
    const short = ["0x", "0x09", "0x090690"].map((proof) => ({ ...runs.first, proof }));
    expect(await one(...short)).to.deep.equal(["ValidityNoSelector", "ValidityNoSelector", "ValidityNoSelector"]);
    expect(await one({ ...runs.first, proof: "0x09069090" })).to.deep.equal(["Groth16ProofLength"]);
    await expect(routes.verifyMany(runs.first.programId, [], [])).to.be.revertedWithCustomError(
      routes,
      "ValidityCounts",
    );
  });

  it("keeps a removed route dead", async () => {
    const { routes, first, second, add, remove, runs, one, many } = await setUp();
    await add(first);
    await add(second);
    const selector = await first.selector();
    await expect(remove(selector)).to.emit(routes, "RouteRemoved").withArgs(selector, first);
    expect(await one(runs.first, runs.second)).to.deep.equal(["RoutesRemoved", "verified"]);
    expect(await many(runs.first)).to.deep.equal(["RoutesRemoved"]);
    await expect(add(first)).to.be.revertedWithCustomError(routes, "RoutesTaken").withArgs(selector, first);
    const { key, file } = readFixture<Files>("sp1-v3.0.0");
    const again = await new SP1Adapter__factory(bench().deployer).deploy(key, file.sp1.verifierHash, ZeroHash);
    await expect(add(again)).to.be.revertedWithCustomError(routes, "RoutesTaken").withArgs(selector, first);
    await expect(remove(selector)).to.be.revertedWithCustomError(routes, "RoutesRemoved").withArgs(selector);
    expect(await one(runs.first)).to.deep.equal(["RoutesRemoved"]);
  });

  it("never changes the verifier of a selector", async () => {
    const { routes, first, add } = await setUp();
    await add(first);
    const { key, file } = readFixture<Files>("sp1-v3.0.0");
    const other = await new SP1Adapter__factory(bench().deployer).deploy(key, file.sp1.verifierHash, ZeroHash);
    await expect(add(other)).to.be.revertedWithCustomError(routes, "RoutesTaken");
    expect(await routes.verifierOf(await first.selector())).to.equal(await first.getAddress());
  });

  it("removes no route that never was", async () => {
    const { routes, remove } = await setUp();
    await expect(remove("0x12345678")).to.be.revertedWithCustomError(routes, "RoutesUnknown").withArgs("0x12345678");
  });

  it("adds nothing that is no verifier of that kind", async () => {
    const { timelock, routes, add } = await setUp();
    const { deployer } = bench();
    const anything = await new AcceptsAnything__factory(deployer).deploy();
    await expect(add(anything)).to.be.revertedWithCustomError(routes, "RoutesNotVerifier").withArgs(anything);
    const { key } = readFixture("sp1-v3.0.0");
    const unnamed = await new Groth16Verifier__factory(deployer).deploy(key, 2, false);
    const refused = "FailedCall";
    await expect(add(unnamed)).to.be.revertedWithCustomError(timelock, refused);
    await expect(add({ getAddress: () => deployer.getAddress() })).to.be.revertedWithCustomError(timelock, refused);
    await expect(routes.verifierOf("0xacce9700")).to.be.revertedWithCustomError(routes, "RoutesUnknown");
  });

  it("obeys the timelock alone, which is a contract", async () => {
    const { routes, first, add } = await setUp();
    const { deployer } = bench();
    const selector = await first.selector();
    await expect(routes.addRoute(first)).to.be.revertedWithCustomError(routes, "RoutesUnauthorized").withArgs(deployer);
    await add(first);
    await expect(routes.removeRoute(selector))
      .to.be.revertedWithCustomError(routes, "RoutesUnauthorized")
      .withArgs(deployer);
    const factory = new VerifierRoutes__factory(deployer);
    await expect(factory.deploy(deployer))
      .to.be.revertedWithCustomError(factory, "RoutesTimelockWithoutCode")
      .withArgs(deployer);
  });

  it("gives no verdict for want of gas", async () => {
    const { routes, first, add, runs } = await setUp();
    await add(first);
    const found = await bench().sweep(routes, verifyCall(runs.first), 0, 4_000, 70);
    const from = found.findIndex(({ result }) => result === "verified");
    expect(from).to.be.above(45);
    for (const [i, { result }] of found.entries()) {
      if (i >= from) expect(result).to.equal("verified");
      else {
        expect(result).to.be.oneOf(["no error", "Groth16TooLittleGas", "BN254TooLittleGas"]);
      }
    }
  });
});
