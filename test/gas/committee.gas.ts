import { id } from "ethers";

import type { Hex } from "../../plugin/types.js";
import { CommitteeMeter__factory, DataAvailabilityCommittee__factory } from "../../typechain-types/index.js";
import { first, memberKeys, sign } from "../support/committee.js";
import { type Connection, createConnection } from "../support/env.js";
import { checkGasSnapshot, expectAtMost, type GasFigures, gasOf } from "../support/gas.js";
import { actorsOf, DAY } from "../support/suite.js";

/** Members and threshold: what small committees choose, then two thirds. */
const SIZES = [
  [5, 3],
  [7, 5],
  [10, 7],
  [20, 14],
  [40, 27],
  [64, 43],
  [100, 67],
] as const;

describe("gas of an attestation", () => {
  const measured: GasFigures = {};
  let connection: Connection;
  before(async () => {
    connection = await createConnection();
  });
  after(() => connection.close());

  for (const [count, threshold] of SIZES) {
    it(`${threshold} of ${count}`, async () => {
      const { deployer, upgrader, alice } = await actorsOf(connection);
      const keys = memberKeys(count);
      const committee = await new DataAvailabilityCommittee__factory(deployer).deploy({
        timelock: upgrader,
        bridge: alice,
        overlap: DAY,
        members: keys.map(({ address }) => address),
        threshold,
      });
      const meter = await new CommitteeMeter__factory(deployer).deploy(committee);
      const { chainId } = await connection.ethers.provider.getNetwork();
      const scope = {
        l1ChainId: chainId,
        committee: (await committee.getAddress()) as Hex,
        bridge: alice.address as Hex,
      };
      const expiry = 2_000_000_000n;
      const attestation = { epoch: 0n, batchIndex: 7n, dataHash: id("data") as Hex, length: 5_000n, expiry };
      // Of many members, those with the highest positions: the dearest.
      const positions = first(count).slice(count - threshold);
      const { signers, signatures } = await sign(keys, positions, scope, attestation);
      const call = await committee.checkAttestation.populateTransaction(attestation, signers, signatures, expiry);
      const gas = await gasOf(await deployer.sendTransaction({ ...call, to: await meter.getAddress() }));
      if (count === 7) expectAtMost("5 of 7", gas, 57_000);
      measured[`${threshold} of ${count}, ECDSA`] = gas;
    });
  }

  it("costs what the snapshot says", () => checkGasSnapshot("committee", measured));
});
