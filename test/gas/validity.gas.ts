import { type ContractTransaction, ZeroHash } from "ethers";

import {
  Groth16Verifier__factory,
  type IValidityVerifier,
  RiscZeroAdapter__factory,
  type SP1Adapter,
  SP1Adapter__factory,
  VerifierRoutes__factory,
} from "../../typechain-types/index.js";
import { type Connection, createConnection } from "../support/env.js";
import { checkGasSnapshot, expectAtMost, type GasFigures, gasOf } from "../support/gas.js";
import { encodeWords, forge, keyOf, programIdOf, readFixture, scalarOf, secretsOf } from "../support/groth16.js";

/** Public inputs of the ledger's circuit. */
const INPUTS = 3;
const COUNTS = [1, 2, 4, 8];

interface Files {
  sp1: { programVKey: string; publicValues: string; proofBytes: string; verifierHash: string; vkRoot?: string };
  risc0: { seal: string; imageId: string; journal: string; controlRoot: string; bn254ControlId: string };
}

describe("gas of validity proofs", () => {
  const measured: GasFigures = {};
  let connection: Connection;
  before(async () => {
    connection = await createConnection();
  });
  after(() => connection.close());

  async function senderOf() {
    const [sender] = await connection.ethers.getSigners();
    if (sender === undefined) throw new Error("an account");
    return sender;
  }
  const send = async (call: ContractTransaction) => gasOf(await (await senderOf()).sendTransaction(call));

  it("one proof of the ledger's size, and several in one call", async () => {
    const secrets = secretsOf(INPUTS, "gas");
    const key = keyOf(secrets);
    const programId = programIdOf(key);
    const factory = new Groth16Verifier__factory(await senderOf());
    const verifier = await factory.deploy(key, INPUTS, false);
    const deployment = verifier.deploymentTransaction();
    if (deployment === null) throw new Error("a deployment");
    measured["Groth16Verifier, deployment"] = await gasOf(deployment);

    const runs = Array.from({ length: 8 }, (_, i) => {
      const inputs = Array.from({ length: INPUTS }, (_, j) => scalarOf(`run ${i} input ${j}`));
      return { values: encodeWords(inputs), proof: encodeWords(forge(secrets, inputs, `run ${i}`)) };
    });
    const [first] = runs;
    if (first === undefined) throw new Error("a run");
    const one = await send(await verifier.verify.populateTransaction(programId, first.values, first.proof));
    expectAtMost("a proof with three inputs", one, 230_000);
    measured["Groth16Verifier.verify, 3 inputs"] = one;
    for (const count of COUNTS) {
      const some = runs.slice(0, count);
      const values = some.map((run) => run.values);
      const proofs = some.map((run) => run.proof);
      const gas = await send(await verifier.verifyMany.populateTransaction(programId, values, proofs));
      measured[`Groth16Verifier.verifyMany, 3 inputs, ${count}`] = gas;
    }
  });

  /** Routes with one entry; the adapter itself plays the timelock. */
  async function routesTo(adapter: SP1Adapter) {
    const { networkHelpers, ethers } = connection;
    const timelock = await adapter.getAddress();
    const routes = await new VerifierRoutes__factory(await senderOf()).deploy(timelock);
    await networkHelpers.impersonateAccount(timelock);
    await networkHelpers.setBalance(timelock, 10n ** 18n);
    await routes.connect(await ethers.getSigner(timelock)).addRoute(timelock);
    return routes;
  }

  it("one proof of other systems", async () => {
    const sender = await senderOf();
    const verify = async (name: string, verifier: IValidityVerifier, ...run: [string, string, string]) => {
      measured[name] = await send(await verifier.verify.populateTransaction(...run));
    };
    for (const version of ["3.0.0", "6.0.0"]) {
      const { key, file } = readFixture<Files>(`sp1-v${version}`);
      const { programVKey, publicValues, proofBytes, verifierHash, vkRoot = ZeroHash } = file.sp1;
      const adapter = await new SP1Adapter__factory(sender).deploy(key, verifierHash, vkRoot);
      await verify(`SP1Adapter.verify, v${version}`, adapter, programVKey, publicValues, proofBytes);
      const routes = await routesTo(adapter);
      await verify(`VerifierRoutes.verify, SP1 v${version}`, routes, programVKey, publicValues, proofBytes);
    }
    const { key, file } = readFixture<Files>("risc0-v2_0");
    const { imageId, journal, seal, controlRoot, bn254ControlId } = file.risc0;
    const adapter = await new RiscZeroAdapter__factory(sender).deploy(key, controlRoot, bn254ControlId);
    await verify("RiscZeroAdapter.verify, v2.0", adapter, imageId, journal, seal);
  });

  it("costs what the snapshot says", () => checkGasSnapshot("validity", measured));
});
