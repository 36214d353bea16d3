import { formatEther } from "ethers";

import { presetFor } from "../deploy/parameters.js";
import { FAULTS, isFault } from "../plugin/validator/faults.js";
import { action, ArgumentError, type CommonArguments } from "./support/action.js";
import { LinesError } from "./support/explain.js";
import { accountOf, isInProcess } from "./support/network.js";
import { strike } from "./demo/disaster.js";
import { rehearseDispute } from "./demo/dispute.js";
import { takeProofTour } from "./demo/proofs.js";
import { takeTour } from "./demo/tour.js";

interface DemoArguments extends CommonArguments {
  disaster: boolean;
  fault: string | undefined;
  da: string | undefined;
  proof: string | undefined;
}

export default action<DemoArguments>(async ({ disaster, fault, da, proof }, { hre, output }) => {
  if (fault !== undefined && !isFault(fault)) {
    throw new ArgumentError("fault", `--fault ${fault} is none; there are ${Object.keys(FAULTS).join(", ")}`);
  }
  if (fault !== undefined && disaster)
    throw new ArgumentError("fault", "--fault and --disaster are two stories; tell one");
  const isProved = proof === "validity";
  if (isProved && (fault !== undefined || disaster))
    throw new ArgumentError("proof", "--fault and --disaster tell of fraud proofs; leave --proof away");
  const begin = performance.now();
  const connection = await hre.network.getOrCreate();
  const { ethers, networkName, rollup } = connection;
  const { signer, address } = await accountOf(connection);
  const { chainId } = await ethers.provider.getNetwork();
  if (presetFor(chainId) !== "dev" && !isInProcess(connection)) {
    throw new ArgumentError(
      "network",
      `"${networkName}" is a real network; the demo moves the clock of L1 and spends 21 ETH, so it runs on local ones only`,
    );
  }
  if (disaster) return strike(connection, da === undefined ? {} : { da }, output);
  output.heading(`Deploy: the suite on network "${networkName}" (chain ${chainId})`);
  const before = await ethers.provider.getBalance(address);
  // The first ten accounts of a mnemonic: development nodes give ether to these.
  const [, validator = signer, liar = signer] = (await ethers.getSigners()).slice(0, 10);
  const wanted = { ...(da === undefined ? {} : { da }), ...(proof === undefined ? {} : { proof }) };
  if (isProved) output.line("The first time, the circuit is compiled and gets a key for development.");
  const chain = await output.progress("Deploying", () =>
    rollup.deploy(wanted, { sequencer: signer, validator, blocks: isProved ? "manual" : "auto" }),
  );
  try {
    const { parameters, contracts } = chain.deployment;
    const deployed = (performance.now() - begin) / 1000;
    output.line(
      `${Object.keys(contracts).length} contracts by ${address} in ${deployed.toFixed(1)} s; bridge ${contracts.L1EscrowBridge.address}`,
    );
    output.line(
      `L2 chain id ${parameters.l2ChainId}, challenge window ${parameters.challengeWindow} s, sequencer bonded with ${formatEther(parameters.sequencerBond)} ETH`,
    );
    const step = (text: string) => {
      if (text !== last) output.line(text);
      last = text;
    };
    let last = "";
    const figures = isProved
      ? await takeProofTour(chain, signer, [validator, liar], { ...output, step })
      : fault === undefined
        ? await takeTour(chain, signer, output)
        : await rehearseDispute(chain, signer, liar, fault, output);
    const after = await ethers.provider.getBalance(address);
    const seconds = (performance.now() - begin) / 1000;
    if (figures.checks.wrong.length > 0) throw new LinesError(figures.checks.wrong);
    output.line();
    output.line(
      `Done in ${seconds.toFixed(1)} s; the tour cost ${formatEther(before - after)} ETH on L1, deposits and bond included.`,
    );
    return { network: networkName, l1ChainId: chainId, ...figures, seconds };
  } finally {
    await chain.close();
  }
});
