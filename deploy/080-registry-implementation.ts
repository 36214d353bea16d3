import { SequencerRegistry__factory } from "../typechain-types/index.js";
import { creation } from "./creation.js";
import { disputeDuration } from "./parameters.js";
import { proxyAddresses } from "./proxies.js";
import type { Step } from "./runner.js";

/** Creates the code of the sequencer registry. */
export const registryImplementationStep: Step = {
  id: "080-registry-implementation",
  title: "Create SequencerRegistry implementation",
  request: (state) =>
    creation(
      new SequencerRegistry__factory().getDeployTransaction({
        chain: proxyAddresses(state).StateCommitmentChain,
        minimumBond: state.parameters.sequencerBond,
        withdrawalDelay: state.parameters.bondWithdrawalDelay,
        challengeWindow: state.parameters.challengeWindow,
        disputeDuration: disputeDuration(state.parameters),
        sequencerGrace: state.parameters.sequencerGrace,
        permissionlessDelay: state.parameters.permissionlessDelay,
      }),
    ),
};
