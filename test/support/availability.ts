/** A committee and the challenge of its data, beside a suite on an in-process L1. */
import { AbiCoder, id, keccak256 } from "ethers";

import { chunkRoot } from "../../plugin/da/committee/chunks.js";
import type { Hex } from "../../plugin/types.js";
import type { CertificateStruct } from "../../typechain-types/da/AvailabilityChallenge.js";
import {
  type AvailabilityChallenge,
  AvailabilityChallenge__factory,
  type DataAvailabilityCommittee,
} from "../../typechain-types/index.js";
import { deployCommittee, first, memberKeys, sign } from "./committee.js";
import { DAY, type Suite } from "./suite.js";
import { now, type World } from "./world.js";

export const CHALLENGE_TIMES = { demandWindow: 2n * DAY, answerTime: DAY, answerMargin: DAY };
export const DEMAND_BOND = 10n ** 17n;
const KEYS = memberKeys(7);
const THRESHOLD = 5;
const DATA_DOMAIN = id("hardhat-rollup.data.v1");

/** A committee of 5 of 7, and who challenges what it holds. */
export async function deployChallenge(suite: Suite, times = CHALLENGE_TIMES): Promise<AvailabilityChallenge> {
  const committee = await deployCommittee(suite, KEYS, THRESHOLD);
  const { chain, actors } = suite;
  const factory = new AvailabilityChallenge__factory(actors.deployer);
  return factory.deploy({ chain, committee, ...times, demandBond: DEMAND_BOND });
}

/**
 * What members at `positions`, the first five by default, say of data of batch `index`, 1 by default.
 * @param changes `root` is that of the data's chunks if it is not given.
 */
export async function certificateOf(
  world: World,
  committee: DataAvailabilityCommittee,
  data: Uint8Array,
  changes: { positions?: number[]; root?: Hex; index?: bigint } = {},
): Promise<CertificateStruct> {
  const { chainId } = await world.connection.ethers.provider.getNetwork();
  const [at, bridge] = await Promise.all([committee.getAddress(), world.bridge.getAddress()]);
  const scope = { l1ChainId: chainId, committee: at as Hex, bridge: bridge as Hex };
  const length = BigInt(data.length);
  const root = changes.root ?? chunkRoot(data);
  const words = AbiCoder.defaultAbiCoder().encode(["bytes32", "uint64", "bytes32"], [DATA_DOMAIN, length, root]);
  const expiry = (await now(world)) + 100n * DAY;
  const signed = { epoch: 0n, batchIndex: changes.index ?? 1n, dataHash: keccak256(words) as Hex, length, expiry };
  const proof = await sign(KEYS, changes.positions ?? first(THRESHOLD), scope, signed);
  return { length, epoch: 0n, expiry, root, ...proof };
}
