import type { Hex } from "../plugin/types.js";
import { SequencerRegistry__factory } from "../typechain-types/index.js";
import { proxyAddresses } from "./proxies.js";
import type { Step } from "./runner.js";

/** Bonds the deployer as the first sequencer. */
export const sequencerStep: Step = {
  id: "080-sequencer",
  title: "Bond the deployer as sequencer",
  request: (state) =>
    Promise.resolve({
      to: proxyAddresses(state).SequencerRegistry,
      data: SequencerRegistry__factory.createInterface().encodeFunctionData("register") as Hex,
      value: state.parameters.sequencerBond,
    }),
  isDone: (state, provider) =>
    SequencerRegistry__factory.connect(proxyAddresses(state).SequencerRegistry, provider).isSequencer(state.deployer),
};
