import { type BaseContract, id } from "ethers";

import type { Attestation, AttestationScope } from "../../plugin/da/committee/attestation.js";
import type { Hex } from "../../plugin/types.js";
import {
  CommitteeMeter__factory,
  type DataAvailabilityCommittee,
  DataAvailabilityCommittee__factory,
} from "../../typechain-types/index.js";
import { BLS, BY_ECDSA, first, memberKeys, proveMembers, sign, signByBls } from "../support/committee.js";
import { type Connection, createConnection } from "../support/env.js";
import { checkGasSnapshot, expectAtMost, type GasFigures, gasOf } from "../support/gas.js";
import { actorsOf, DAY } from "../support/suite.js";

/** Members and threshold: what small committees choose, then two thirds, up to as many as sign by BLS. */
const SIZES = [
  [5, 3],
  [7, 5],
  [10, 7],
  [20, 14],
  [40, 27],
  [64, 43],
  [100, 67],
  [126, 84],
] as const;

describe("gas of an attestation", () => {
  const measured: GasFigures = {};
  let connection: Connection;
  before(async () => {
    connection = await createConnection();
  });
  after(() => connection.close());

  /** What is attested to a committee, and how. */
  async function sceneOf(committee: DataAvailabilityCommittee) {
    const { deployer, alice } = await actorsOf(connection);
    const { chainId } = await connection.ethers.provider.getNetwork();
    const scope: AttestationScope = {
      ...{ l1ChainId: chainId, committee: (await committee.getAddress()) as Hex },
      bridge: alice.address as Hex,
    };
    const expiry = 2_000_000_000n;
    const attestation: Attestation = { epoch: 0n, batchIndex: 7n, dataHash: id("data") as Hex, length: 5_000n, expiry };
    const meter = await new CommitteeMeter__factory(deployer).deploy(committee);
    return {
      ...{ scope, attestation },
      gasOfCheck: async ({ signers, signatures }: { signers: bigint; signatures: Hex }): Promise<number> => {
        const call = await committee.checkAttestation.populateTransaction(attestation, signers, signatures, expiry);
        return gasOf(await deployer.sendTransaction({ ...call, to: await meter.getAddress() }));
      },
    };
  }

  const neighbours = async () => {
    const { upgrader, alice } = await actorsOf(connection);
    return { timelock: upgrader, bridge: alice, overlap: DAY };
  };
  const creationOf = async (contract: BaseContract): Promise<number> => {
    const sent = contract.deploymentTransaction();
    if (sent === null) throw new Error("a contract that nobody created");
    return gasOf(sent);
  };

  for (const [count, threshold] of SIZES) {
    // Of many members, those with the highest positions: the dearest.
    const needed = first(count).slice(count - threshold);

    it(`${threshold} of ${count} by ECDSA, and all`, async () => {
      const { deployer } = await actorsOf(connection);
      const keys = memberKeys(count);
      const members = keys.map(({ address }) => address);
      const committee = await new DataAvailabilityCommittee__factory(deployer).deploy({
        ...{ ...(await neighbours()), members, threshold, ...BY_ECDSA },
      });
      const { scope, attestation, gasOfCheck } = await sceneOf(committee);
      const gas = await gasOfCheck(await sign(keys, needed, scope, attestation));
      if (count === 7) expectAtMost("5 of 7", gas, 57_000);
      measured[`${threshold} of ${count}, ECDSA`] = gas;
      measured[`${count} of ${count}, ECDSA`] = await gasOfCheck(await sign(keys, first(count), scope, attestation));
    });

    it(`${threshold} of ${count} by BLS, and all`, async function () {
      this.timeout(120_000);
      const { deployer } = await actorsOf(connection);
      const { keys, members } = await proveMembers(deployer, count);
      const committee = await new DataAvailabilityCommittee__factory(deployer).deploy({
        ...{ ...(await neighbours()), keys, threshold, scheme: BLS },
        members: members.map(({ address }) => address),
      });
      const { scope, attestation, gasOfCheck } = await sceneOf(committee);
      measured[`${threshold} of ${count}, BLS`] = await gasOfCheck(signByBls(members, needed, scope, attestation));
      measured[`${count} of ${count}, BLS`] = await gasOfCheck(signByBls(members, first(count), scope, attestation));
      measured[`committee of ${count} by BLS, created`] = await creationOf(committee);
    });
  }

  it("a key with its proof", async () => {
    const { deployer } = await actorsOf(connection);
    const { keys, members } = await proveMembers(deployer, 1);
    const [event] = await keys.queryFilter(keys.filters.KeyProven(members[0]?.address));
    measured["a key with its proof, BLS"] = await gasOf((await event?.getTransaction())!);
  });

  it("costs what the snapshot says", () => checkGasSnapshot("committee", measured));
});
