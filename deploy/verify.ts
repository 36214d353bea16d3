import { Contract, getCreateAddress, keccak256, type Provider } from "ethers";

import { type Deployment, type SuiteContracts } from "../plugin/types.js";
import { readOperations } from "../plugin/upgrade/operations.js";
import {
  L1EscrowBridge__factory,
  StateCommitmentChain__factory,
  SuiteFactory__factory,
} from "../typechain-types/index.js";
import { contractNames } from "./address-book.js";
import {
  compare,
  type Check,
  checkAvailability,
  checkBridge,
  checkChain,
  checkCommittee,
  checkGame,
  checkRegistry,
  checkResolver,
  checkTimelock,
} from "./contract-checks.js";
import { creationsOf } from "./creations.js";
import { deterministicAddress } from "./deterministic.js";
import { PROXY_ORDER, type ProxyName } from "./proxies.js";
import { readProxySlots } from "./slots.js";

export type { Check } from "./contract-checks.js";

export interface VerifyOptions {
  /** Of a suite that was just created: that nobody used it yet. */
  unused?: { /** Of the first sequencer, in wei. */ bond: bigint } | undefined;
}

/** Contracts, by their names in the address book, and what they say of themselves. */
interface Group {
  of: readonly (keyof SuiteContracts)[];
  check: (deployment: Deployment, provider: Provider) => Promise<Check[]>;
}

/**
 * Reads a deployment back from the chain and compares all of it with its address book and with this package's bytecode:
 * code (creation simulated by eth_call), proxy slots, admins and owners, every parameter and role, the genesis header.
 * Of one fault it names the cause: what a contract says of itself is not asked when its code is another one's.
 */
export async function verifyDeployment(
  deployment: Deployment,
  provider: Provider,
  { unused }: VerifyOptions = {},
): Promise<Check[]> {
  // A node that is down is no verdict on the deployment.
  await provider.getBlockNumber();
  const network = await checkNetwork(deployment, provider);
  if (!network.ok) return [network];
  const { broken, checks: codes } = await checkCodeHashes(deployment, provider);
  const places = broken.has("SuiteFactory") ? [] : await checkPlaces(deployment, provider);
  // All else is compared with these addresses.
  if (places.some(({ ok }) => !ok)) return [network, ...codes, ...places];
  const { contracts, parameters } = deployment;
  const groups: Group[] = [
    { of: ["SuiteFactory"], check: (...input) => checkCreations(...input, broken) },
    ...PROXY_ORDER.map((name): Group => ({
      of: ["SuiteFactory", name],
      check: (...input) => checkProxy(...input, name),
    })),
    { of: ["StateCommitmentChain"], check: checkChain },
    { of: ["SequencerRegistry"], check: checkRegistry },
    { of: ["L1EscrowBridge"], check: checkBridge },
    { of: ["UpgradeTimelock"], check: checkTimelock },
    parameters.proof === "fraud"
      ? { of: ["DisputeGame"], check: checkGame }
      : { of: ["ValidityResolver", "StatementDA", "StateProof"], check: checkResolver },
    ...(parameters.da === "committee"
      ? [{ of: ["DataAvailability", "DataAvailabilityCommittee"], check: checkCommittee } as const]
      : []),
    ...(contracts.AvailabilityChallenge === undefined
      ? []
      : [{ of: ["AvailabilityChallenge"], check: checkAvailability } as const]),
    ...(unused === undefined
      ? []
      : [
          {
            of: [...PROXY_ORDER, "UpgradeTimelock"],
            check: (...input) => checkUnused(...input, unused.bond),
          } satisfies Group,
        ]),
  ];
  const asked = await Promise.all(
    groups
      .filter(({ of }) => !of.some((name) => broken.has(name)))
      .map(({ of, check }) => answered(of.join(", "), () => check(deployment, provider))),
  );
  return withoutEchoes([network, ...codes, ...places, ...asked.flat()]);
}

/** Code holds parameters: when one of these is another, it says more than that the code is. */
function withoutEchoes(checks: readonly Check[]): Check[] {
  const named = new Set(checks.filter(({ ok }) => !ok).map(({ name }) => name.split(".", 1)[0]));
  return checks.filter(({ name, ok }) => ok || !name.endsWith(BYTECODE) || !named.has(name.slice(0, -BYTECODE.length)));
}

const BYTECODE = " bytecode";

/** A contract that is another one answers with an error: that is a check that failed, and it names itself. */
async function answered(name: string, check: () => Promise<Check[]>): Promise<Check[]> {
  try {
    return await check();
  } catch (error) {
    const { shortMessage, message } = error as { shortMessage?: string; message?: string };
    const [reason = ""] = (shortMessage ?? message ?? String(error)).split("\n", 1);
    return [{ name, ok: false, expected: "an answer", actual: reason }];
  }
}

async function checkNetwork({ l1ChainId }: Deployment, provider: Provider): Promise<Check> {
  return compare("L1 chain id", l1ChainId, (await provider.getNetwork()).chainId);
}

/** @returns Also the contracts whose code is not theirs. */
async function checkCodeHashes(
  { contracts, parameters }: Deployment,
  provider: Provider,
): Promise<{ checks: Check[]; broken: ReadonlySet<string> }> {
  const recorded = contractNames(parameters).flatMap((name) => {
    const found = contracts[name];
    if (found === undefined) return [];
    const { address, codeHash, implementation } = found;
    const own = { name, what: `${name} code hash`, address, codeHash };
    return implementation === undefined
      ? [own]
      : [own, { name, what: `${name} implementation code hash`, ...implementation }];
  });
  const found = await Promise.all(
    recorded.map(async ({ name, what, address, codeHash }) => {
      const code = await provider.getCode(address);
      return { name, check: compare(what, codeHash, code === "0x" ? "no code" : keccak256(code)) };
    }),
  );
  const broken = new Set(found.flatMap(({ name, check }) => (check.ok ? [] : [name])));
  return { checks: found.map(({ check }) => check), broken };
}

/** Runs each creation again, without sending it: what is on the chain must be what this package's bytecode leaves. */
async function checkCreations(
  deployment: Deployment,
  provider: Provider,
  broken: ReadonlySet<string>,
): Promise<Check[]> {
  const { salt } = deployment;
  const { state, creations } = await creationsOf(deployment, provider);
  const checks = await Promise.all(
    creations
      .filter(({ name }) => !broken.has(name))
      .map(async ({ name, step, address }) => {
        const found = await answered(`${name}${BYTECODE}`, async () => {
          const { data } = await step.request(state);
          const [expected, actual] = await Promise.all([
            step.codeAt?.(address, state, provider) ?? provider.call({ from: state.deployer, data }),
            provider.getCode(address),
          ]);
          const placed = salt === undefined ? address : deterministicAddress(salt, data);
          return [
            compare(`${name}${BYTECODE}`, keccak256(expected), keccak256(actual)),
            ...(salt === undefined ? [] : [compare(`${name} address from the salt`, placed, address)]),
          ];
        });
        // Constructors ask other contracts; of those that are broken there is a line already.
        return broken.size > 0 && found.some(({ expected }) => expected === "an answer") ? [] : found;
      }),
  );
  return checks.flat();
}

/** Proxies are where the factory creates them, and nowhere else. */
async function checkPlaces({ contracts }: Deployment, provider: Provider): Promise<Check[]> {
  const factory = SuiteFactory__factory.connect(contracts.SuiteFactory.address, provider);
  const groups = await Promise.all(
    PROXY_ORDER.map((name, index) =>
      answered(`${name} address from the factory`, async () => [
        compare(`${name} address from the factory`, await factory.proxyAddress(index), contracts[name].address),
      ]),
    ),
  );
  return groups.flat();
}

/** A proxy's slots, and its admin, which is the first contract that it created. */
async function checkProxy({ contracts }: Deployment, provider: Provider, name: ProxyName): Promise<Check[]> {
  const { address, implementation, proxyAdmin } = contracts[name];
  const created = getCreateAddress({ from: address, nonce: 1 });
  const [slots, code, factory] = await Promise.all([
    readProxySlots(provider, address),
    provider.getCode(created),
    provider.getCode(contracts.SuiteFactory.address),
  ]);
  const admin = new Contract(created, ["function owner() view returns (address)"], provider);
  // The factory has the code of all that its proxies are made of, byte for byte.
  const isOurs = code !== "0x" && factory.includes(code.slice(2));
  return [
    compare(`${name} implementation slot`, implementation?.address ?? "none recorded", slots.implementation),
    compare(`${name} admin slot`, created, slots.admin),
    compare(`${name} admin of the address book`, created, proxyAdmin ?? "none recorded"),
    {
      ...{ name: `${name} admin's code`, ok: isOurs, expected: "the ProxyAdmin in the factory's code" },
      actual: code === "0x" ? "no code" : isOurs ? "it" : `code with hash ${keccak256(code)}`,
    },
    ...(isOurs
      ? [
          compare(
            `${name} admin's owner`,
            contracts.UpgradeTimelock.address,
            String(await admin.getFunction("owner")()),
          ),
        ]
      : []),
  ];
}

/** Nobody used it before those who asked for it have it: no message, batch, money, pause or announced upgrade waits in it. */
async function checkUnused({ contracts, fromBlock }: Deployment, provider: Provider, bond: bigint): Promise<Check[]> {
  const bridge = L1EscrowBridge__factory.connect(contracts.L1EscrowBridge.address, provider);
  const chain = StateCommitmentChain__factory.connect(contracts.StateCommitmentChain.address, provider);
  const [messages, paused, { head }, isFrozen, escrow, bonds, operations] = await Promise.all([
    bridge.messageCount(),
    bridge.depositsPausedUntil(),
    chain.heads(),
    chain.isFrozen(),
    provider.getBalance(contracts.L1EscrowBridge.address),
    provider.getBalance(contracts.SequencerRegistry.address),
    readOperations(provider, contracts.UpgradeTimelock.address, fromBlock),
  ]);
  return [
    compare("L1EscrowBridge inbox messages before the hand-over", 0n, messages),
    compare("L1EscrowBridge pause of deposits before the hand-over", 0n, paused),
    compare("L1EscrowBridge balance before the hand-over", 0n, escrow),
    compare("StateCommitmentChain batches before the hand-over", 0n, head),
    compare("StateCommitmentChain frozen before the hand-over", false, isFrozen),
    compare("SequencerRegistry balance before the hand-over", bond, bonds),
    compare("UpgradeTimelock operations announced before the hand-over", 0n, BigInt(operations.length)),
  ];
}
