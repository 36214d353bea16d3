import type { Provider, Signer } from "ethers";

import type { JournalStore } from "../../../deploy/journal.js";
import { resolveParameters, type RollupParametersInput } from "../../../deploy/parameters.js";
import type { DeployOptions } from "../../../deploy/suite.js";
import { circuitProgram } from "../../../plugin/l1/program.js";
import { programIdOf } from "../../../plugin/prover/encode.js";
import type { Hex } from "../../../plugin/types.js";
import { memberKeys } from "../../support/committee.js";
import { someKey } from "../../support/groth16.js";
import { SOME_PROGRAM } from "../../support/program.js";

const MEMBERS = memberKeys(3).map(({ address }) => address);
const [CANCELLER = "", ...COUNCIL] = memberKeys(4).map(({ address }) => address);

const WITH_COUNCIL = { cancellers: [CANCELLER], council: COUNCIL };
const WITH_COMMITTEE = { da: "committee", committeeMembers: MEMBERS };

/** Together they have every step that a deployment can have. */
export const SUITES: readonly (readonly [name: string, input: RollupParametersInput])[] = [
  ["fraud proofs, calldata", {}],
  ["fraud proofs, a committee, a council", { ...WITH_COMMITTEE, ...WITH_COUNCIL }],
  ["validity proofs, a committee, a council", { proof: "validity", ...WITH_COMMITTEE, ...WITH_COUNCIL }],
];

export type Deployer = Signer & { provider: Provider };

/** A deployment with small keys and a program that nobody executes. */
export async function deploymentOf(
  signer: Deployer,
  input: RollupParametersInput,
  journal: JournalStore,
  salt?: Hex,
): Promise<DeployOptions> {
  const [deployer, { chainId: l1ChainId }] = await Promise.all([signer.getAddress(), signer.provider.getNetwork()]);
  const parameters = resolveParameters(input, { preset: "dev", l1ChainId, deployer: deployer as Hex });
  const options = { network: "test", parameters, signer, bond: true, journal, restartOnNewChain: true, salt };
  if (parameters.proof === "fraud") return { ...options, program: SOME_PROGRAM };
  const keys = {
    onL1: someKey("on L1"),
    ...(parameters.da === "committee" ? { withCommittee: someKey("with") } : {}),
  };
  return { ...options, program: circuitProgram(programIdOf(keys.onL1) as Hex), keys };
}
