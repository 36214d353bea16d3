import { Groth16Verifier__factory } from "../../typechain-types/index.js";
import { type Connection, createConnection } from "../support/env.js";
import { checkGasSnapshot, expectAtMost, type GasFigures, gasOf } from "../support/gas.js";
import { encodeWords, forge, keyOf, programIdOf, scalarOf, secretsOf } from "../support/groth16.js";

/** Public inputs of the ledger's circuit. */
const INPUTS = 3;
const BATCHES = [1, 2, 4, 8];

describe("gas of validity proofs", () => {
  const measured: GasFigures = {};
  let connection: Connection;
  before(async () => {
    connection = await createConnection();
  });
  after(() => connection.close());

  it("one proof, and several in one call", async () => {
    const [sender] = await connection.ethers.getSigners();
    if (sender === undefined) throw new Error("an account");
    const secrets = secretsOf(INPUTS, "gas");
    const key = keyOf(secrets);
    const programId = programIdOf(key);
    const verifier = await new Groth16Verifier__factory(sender).deploy(key, INPUTS, false);
    const runs = Array.from({ length: 8 }, (_, i) => {
      const inputs = Array.from({ length: INPUTS }, (_, j) => scalarOf(`run ${i} input ${j}`));
      return { values: encodeWords(inputs), proof: encodeWords(forge(secrets, inputs, `run ${i}`)) };
    });
    const [first] = runs;
    if (first === undefined) throw new Error("a run");
    const call = await verifier.verify.populateTransaction(programId, first.values, first.proof);
    const gas = await gasOf(await sender.sendTransaction(call));
    measured["Groth16Verifier.verify, 3 inputs"] = gas;
    expectAtMost("a proof with three inputs", gas, 230_000);

    for (const count of BATCHES) {
      const some = runs.slice(0, count);
      const many = await verifier.verifyMany.populateTransaction(
        programId,
        some.map(({ values }) => values),
        some.map(({ proof }) => proof),
      );
      measured[`Groth16Verifier.verifyMany, 3 inputs, ${count}`] = await gasOf(await sender.sendTransaction(many));
    }
  });

  it("costs what the snapshot says", () => checkGasSnapshot("validity", measured));
});
