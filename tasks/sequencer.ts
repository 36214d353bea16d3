import { join } from "node:path";

import { formatEther } from "ethers";

import { registerSequencer } from "../plugin/l1/actions.js";
import type { L1Client } from "../plugin/l1/client.js";
import { time } from "../plugin/l1/errors.js";
import { checkDeployedProgram } from "../plugin/l1/program.js";
import { programOfSuite } from "../plugin/hardhat/proof.js";
import type { Hex } from "../plugin/types.js";
import { action, ArgumentError, type RollupArguments } from "./support/action.js";
import { portArgument } from "./support/arguments.js";
import { type BlobArguments, blobWarning, openBlobs } from "./support/blobs.js";
import type { MemberArguments } from "./support/members.js";
import { openL1 } from "./support/network.js";
import { DEFAULT_SETTINGS, startService } from "./support/service.js";
import { aborted, untilInterrupted } from "./support/signal.js";

interface SequencerArguments extends RollupArguments, BlobArguments, MemberArguments {
  from: string | undefined;
  host: string;
  port: number;
  storage: string | undefined;
  register: boolean;
  takeover: boolean;
}

export default action<SequencerArguments>(async (input, { hre, output }) => {
  const port = portArgument("port", input.port);
  const { networkName } = await hre.network.getOrCreate();
  const { archive, blobSources } = openBlobs(hre, networkName, input);
  const { connection, l1, address, members } = await openL1(hre, input, blobSources);
  const program = programOfSuite(l1.deployment);
  await checkDeployedProgram(l1, program.machineHash, undefined, program.state?.genesis[0]);
  const warning = await blobWarning(l1);
  if (warning !== undefined) output.line(warning);
  const bond = formatEther(l1.parameters.sequencerBond);
  if (!(await l1.registry.isSequencer(address))) {
    if (!input.register && !input.takeover) {
      throw new ArgumentError("register", `${address} is no bonded sequencer; add --register to bond ${bond} ETH`);
    }
    await output.progress("Bonding", () => registerSequencer(l1));
    output.line(`Bonded ${address} with ${bond} ETH.`);
  }
  const storage = input.storage ?? join(hre.config.paths.root, ".rollup", connection.networkName);
  const { signal, release } = untilInterrupted();
  try {
    const settings = { ...DEFAULT_SETTINGS, archive, members };
    const service = await startService({ l1, storage, host: input.host, port, settings, output });
    output.line(
      `Sequencer ${address} of chain ${l1.parameters.l2ChainId}: JSON-RPC at ${service.url}, database in ${storage}`,
    );
    if (input.takeover) output.line(await turnLine(l1, address));
    const document = { url: service.url, address, l2ChainId: l1.parameters.l2ChainId, storage };
    output.document(document);
    await aborted(signal);
    output.line("Stopping; everything acknowledged is on disk.");
    await service.close();
    return document;
  } finally {
    release();
  }
});

/** When this account may post. */
async function turnLine({ registry, chain, parameters }: L1Client, address: Hex): Promise<string> {
  const active = await registry.activeSequencer();
  if (active === address) return "It is first in rank and posts at once.";
  const isNext = (await registry.sequencerAfter(active)) === address;
  const [at] = await chain.lastActivity();
  const from = at + (isNext ? parameters.sequencerGrace : parameters.permissionlessDelay);
  return `${active} is first in rank; ${address} takes over at ${time(from)} if nobody posts until then, and follows meanwhile.`;
}
