import { concat, id, keccak256, type Provider, type Signer } from "ethers";

import { type ContractRecord, type Hex, ZERO_ADDRESS } from "../plugin/types.js";
import { IChannelAdjudicator__factory } from "../typechain-types/index.js";
import { toJson } from "./address-book.js";
import type { ChannelsDeployment } from "./channel-book.js";
import { CHANNEL_CONTRACTS, CHANNEL_STEPS, type ChannelsGiven, type ChannelsState } from "./channel-steps.js";
import type { JournalStore } from "./journal.js";
import { DeployError, runSteps, type RunOptions, type StepReport } from "./runner.js";
import type { Check } from "./verify.js";

export interface ChannelsOptions extends ChannelsGiven {
  /** Name of the network, for the address book. */
  network: string;
  /** Pays and signs; its provider is the L1. */
  signer: Signer;
  /** Not one of a rollup's suite. */
  journal: JournalStore;
  restartOnNewChain: boolean;
  onStep?: RunOptions["onStep"] | undefined;
  onNotice?: RunOptions["onNotice"] | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Deploys the adjudicator and its apps, or finishes the deployment that the journal tells of, and returns its address book.
 * @throws {DeployError} naming the step; the same call continues once the cause is gone.
 */
export async function deployChannels(
  options: ChannelsOptions,
): Promise<{ deployment: ChannelsDeployment; steps: StepReport[] }> {
  const { signer, network, challengeBond } = options;
  const { provider } = signer;
  if (provider === null) throw new DeployError("signer", "the deployer's signer has no provider");
  const given: ChannelsGiven = { challengeBond };
  const steps = await runSteps<ChannelsGiven>({
    ...options,
    given,
    steps: CHANNEL_CONTRACTS.map((name) => CHANNEL_STEPS[name]),
    suiteHash: await meaningOf(given),
  });
  const { chainId: l1ChainId } = await provider.getNetwork();
  const contracts = Object.fromEntries(
    await Promise.all(CHANNEL_CONTRACTS.map(async (name) => [name, await recordOf(provider, steps, name)] as const)),
  ) as ChannelsDeployment["contracts"];
  const fromBlock = BigInt(Math.min(...steps.flatMap(({ block }) => block ?? [])));
  return { deployment: { version: 1, network, l1ChainId, challengeBond, fromBlock, contracts }, steps };
}

/** Reads a deployment back from the chain: code, byte for byte, and the bond. */
export async function verifyChannels(deployment: ChannelsDeployment, provider: Provider): Promise<Check[]> {
  const { l1ChainId, challengeBond, contracts } = deployment;
  const { chainId } = await provider.getNetwork();
  const created = new Map(CHANNEL_CONTRACTS.map((name) => [CHANNEL_STEPS[name].id, contracts[name].address]));
  const state: ChannelsState = { challengeBond, l1ChainId: chainId, deployer: ZERO_ADDRESS, created };
  const found = await Promise.all(
    CHANNEL_CONTRACTS.map(async (name) => ({ name, code: await provider.getCode(contracts[name].address) })),
  );
  const checks = [
    compare("L1 chain id", l1ChainId, chainId),
    ...found.map(({ name, code }) => compare(`${name} codeHash`, contracts[name].codeHash, keccak256(code))),
  ];
  // What is not there cannot be asked, and the creation of others asks it.
  if (found.some(({ code }) => code === "0x")) return checks;
  for (const { name, code } of found) {
    const expected = await CHANNEL_STEPS[name].codeAt?.(contracts[name].address, state, provider);
    checks.push(compare(`${name} bytecode`, keccak256(expected ?? "0x"), keccak256(code)));
  }
  if (checks.some(({ ok }) => !ok)) return checks;
  const adjudicator = IChannelAdjudicator__factory.connect(contracts.ChannelAdjudicator.address, provider);
  return [...checks, compare("ChannelAdjudicator.challengeBond", challengeBond, await adjudicator.challengeBond())];
}

/** Stands for what a deployment means: its parameters and its bytecode. */
async function meaningOf(given: ChannelsGiven): Promise<Hex> {
  const state = { ...given, l1ChainId: 0n, deployer: ZERO_ADDRESS, created: EVERYWHERE };
  const requests = await Promise.all(CHANNEL_CONTRACTS.map((name) => CHANNEL_STEPS[name].request(state)));
  return keccak256(concat([id(toJson(given)), ...requests.map(({ data }) => keccak256(data))])) as Hex;
}

/** Addresses do not change what is deployed. */
const EVERYWHERE: ReadonlyMap<string, Hex> = new Map(
  CHANNEL_CONTRACTS.map((name) => [CHANNEL_STEPS[name].id, ZERO_ADDRESS]),
);

async function recordOf(
  provider: Provider,
  steps: readonly StepReport[],
  name: (typeof CHANNEL_CONTRACTS)[number],
): Promise<ContractRecord> {
  const { id: step } = CHANNEL_STEPS[name];
  const found = steps.find((report) => report.id === step);
  if (found?.address === undefined) throw new DeployError(step, `step ${step} created nothing`);
  const codeHash = keccak256(await provider.getCode(found.address)) as Hex;
  return { address: found.address, codeHash, transaction: found.transaction };
}

function compare(name: string, expected: unknown, actual: unknown): Check {
  return { name, ok: expected === actual, expected: String(expected), actual: String(actual) };
}
