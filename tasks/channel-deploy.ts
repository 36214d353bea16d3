import { join } from "node:path";

import { formatEther } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { AddressBookError } from "../deploy/address-book.js";
import { type ChannelsDeployment, readChannels, writeChannels } from "../deploy/channel-book.js";
import { CHANNEL_CONTRACTS } from "../deploy/channel-steps.js";
import { deployChannels, verifyChannels } from "../deploy/channels.js";
import { fileJournal, memoryJournal } from "../deploy/journal.js";
import { presetFor } from "../deploy/parameters.js";
import { ZERO_ADDRESS } from "../plugin/types.js";
import { action, ArgumentError, type CommonArguments } from "./support/action.js";
import { amountArgument, type Token } from "./support/arguments.js";
import { channelsPath } from "./support/channels.js";
import { confirm } from "./support/confirm.js";
import { LinesError } from "./support/explain.js";
import { accountOf, deploymentFolder, isInProcess } from "./support/network.js";
import type { Output } from "./support/output.js";

interface ChannelDeployArguments extends CommonArguments {
  from: string | undefined;
  bond: string | undefined;
  yes: boolean;
}

const ETH: Token = { address: ZERO_ADDRESS, symbol: "ETH", decimals: 18 };
/** Wei: well above what an answer costs in gas. */
const DEFAULT_BOND = 10n ** 17n;

export default action<ChannelDeployArguments>(async (input, { hre, output }) => {
  const connection = await hre.network.getOrCreate();
  const { ethers, networkName } = connection;
  const { signer, address: deployer } = await accountOf(connection, input.from);
  const given = input.bond === undefined ? undefined : amountArgument("bond", input.bond, ETH);
  const { chainId } = await ethers.provider.getNetwork();
  const isLocal = presetFor(chainId) === "dev";
  const stays = !isInProcess(connection);
  const bookPath = channelsPath(hre, networkName);

  const earlier = stays ? await findEarlier(bookPath, connection, { given, isLocal }, output) : undefined;
  if (earlier !== undefined) return report(connection, earlier, { bookPath, output });

  const challengeBond = given ?? DEFAULT_BOND;
  output.line(
    `Channels on ${networkName} (chain ${chainId}), deployed by ${deployer}: a challenge posts ${formatEther(challengeBond)} ETH`,
  );
  await confirm(hre, connection, { isLocal, yes: input.yes });
  const { deployment, steps } = await deployChannels({
    ...{ network: networkName, challengeBond, signer, restartOnNewChain: isLocal },
    journal: stays
      ? fileJournal(join(deploymentFolder(hre, networkName), "channels-journal.json"), "channel:deploy")
      : memoryJournal(),
    onNotice: (line) => output.line(`  ${line}`),
    onStep: ({ title, outcome, gasUsed }) => {
      output.line(`  ${title}: ${outcome === "found" ? "done before" : `${gasUsed.toLocaleString("en")} gas`}`);
    },
  });
  if (stays) await writeChannels(bookPath, deployment);
  const gasUsed = steps.reduce((sum, step) => sum + step.gasUsed, 0n);
  output.line(`Gas of all transactions: ${gasUsed.toLocaleString("en")}.`);
  const document = await report(connection, deployment, { bookPath: stays ? bookPath : undefined, output });
  return { ...document, gasUsed };
});

/** The deployment that an earlier run finished here, if the chain still has it. */
async function findEarlier(
  path: string,
  { ethers, networkName }: NetworkConnection,
  { given, isLocal }: { given: bigint | undefined; isLocal: boolean },
  output: Output,
): Promise<ChannelsDeployment | undefined> {
  let earlier: ChannelsDeployment;
  try {
    earlier = await readChannels(path);
  } catch (error) {
    if (error instanceof AddressBookError && error.missing) return undefined;
    throw error;
  }
  if (isLocal && (await ethers.provider.getCode(earlier.contracts.ChannelAdjudicator.address)) === "0x") {
    output.line(`${path} is of a chain that is gone; deploying anew`);
    return undefined;
  }
  if (given !== undefined && given !== earlier.challengeBond) {
    throw new ArgumentError(
      "bond",
      `network "${networkName}" has channels with a bond of ${formatEther(earlier.challengeBond)} ETH; move ${path} away to deploy others`,
    );
  }
  output.line(`Network "${networkName}" has these channels already; reading them back`);
  return earlier;
}

async function report(
  { ethers, networkName }: NetworkConnection,
  deployment: ChannelsDeployment,
  { bookPath, output }: { bookPath: string | undefined; output: Output },
): Promise<object> {
  const checks = await verifyChannels(deployment, ethers.provider);
  const failed = checks.filter(({ ok }) => !ok);
  if (failed.length > 0) {
    throw new LinesError(failed.map(({ name, expected, actual }) => `${name}: expected ${expected}, found ${actual}`));
  }
  output.table([
    { type: "section-header", text: "Contracts" },
    ...CHANNEL_CONTRACTS.map((name) => ({
      type: "row" as const,
      cells: [name, deployment.contracts[name].address],
    })),
  ]);
  output.line(`${checks.length} checks against the chain passed.`);
  output.line(
    bookPath === undefined
      ? `Network "${networkName}" ends with this process, and the channels with it.`
      : `Address book: ${bookPath}`,
  );
  return { ...deployment, ...(bookPath === undefined ? {} : { addressBook: bookPath }), checks: checks.length };
}
