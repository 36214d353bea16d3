import { ContractFactory, getBytes, keccak256, toBeHex, ZeroHash } from "ethers";

import { formatTime, parseTime } from "../../deploy/parameters.js";
import { PROXY_ORDER, type ProxyName } from "../../deploy/proxies.js";
import { readProxySlots } from "../../deploy/slots.js";
import { time } from "../../plugin/l1/errors.js";
import { readRoles } from "../../plugin/l1/roles.js";
import { createSender } from "../../plugin/l1/sender.js";
import { signerOf, transact } from "../../plugin/l1/transact.js";
import type { Hex } from "../../plugin/types.js";
import { diffOf } from "../../plugin/upgrade/diff.js";
import { type ExitTerms, exitTermsOf } from "../../plugin/upgrade/exit.js";
import { isCodeOf } from "../../plugin/upgrade/facts.js";
import { layoutFaults } from "../../plugin/upgrade/layout.js";
import { codeChanging } from "../../plugin/upgrade/opcodes.js";
import { type Upgrade, upgradeCall } from "../../plugin/upgrade/operations.js";
import { SequencerRegistry__factory, StateCommitmentChain__factory } from "../../typechain-types/index.js";
import { ArgumentError, type TaskContext } from "../support/action.js";
import { addressArgument, bytesArgument, required } from "../support/arguments.js";
import { LinesError } from "../support/explain.js";
import type { UpgradeArguments } from "../upgrade.js";
import { type Creatable } from "./known.js";
import type { Upgrades } from "./open.js";
import { creationArguments, readParameters, shown, type Values } from "./parameters.js";
import { showDiff, showLeaving } from "./text.js";

/** Announces an upgrade: compares, creates the new code where there is none yet, and tells L1. */
export async function announce(input: UpgradeArguments, upgrades: Upgrades, { output }: TaskContext): Promise<object> {
  const { l1, timelock, account, known, connection } = upgrades;
  const { provider, deployment } = l1;
  const name = proxyArgument(input.proxy);
  const { address: proxy } = deployment.contracts[name];
  const initData: Hex = input.call === undefined ? "0x" : bytesArgument("call", input.call);
  const { proposers } = await readRoles(timelock);
  if (!input.dryRun && !proposers.includes(account)) {
    throw new ArgumentError("from", `${account} announces nothing; ${proposers.join(", ")} does, name it by --from`);
  }
  const [terms, delay] = [
    await exitTermsOf(provider, deployment.contracts.UpgradeTimelock.address),
    await delayOf(input.delay, upgrades),
  ];

  const before = await currentCode(upgrades, proxy, name);
  const next = await known.named(input.contract ?? name);
  const faults = layoutFaults(before.facts.layout, next.facts.layout);
  if (faults.length > 0) {
    throw new LinesError(
      faults.map((fault) => `${next.facts.name} cannot take the place of ${before.facts.name}: ${fault}`),
    );
  }
  const was = await readParameters(
    provider,
    proxy,
    before.facts.functions.map((each) => `function ${each}`),
  );
  const code =
    input.implementation === undefined
      ? await codeToCreate(upgrades, next, await creationArguments(next.abi, input.arguments, was))
      : await codeAt(upgrades, next, addressArgument("implementation", input.implementation));
  const ways = codeChanging(getBytes(code.runtime));
  if (ways.length > 0) {
    throw new ArgumentError(
      "contract",
      `the code of ${next.facts.name} has ${ways.join(" and ")}: that would be a second path to another code, without notice`,
    );
  }
  await requireRoom(upgrades, name, code.parameters, terms);

  const codeHash = keccak256(code.runtime) as Hex;
  const diff = diffOf([before.facts, shown(was)], [next.facts, shown(code.parameters)]);
  showDiff(output, { proxy: name, from: before, to: { name: next.facts.name, codeHash }, diff, initData });
  if (input.dryRun) {
    output.line("Nothing was sent.");
    return { dryRun: true, proxy, codeHash, diff, terms };
  }

  const implementation = code.address ?? (await output.progress("Creating the new code", () => code.create()));
  const found = keccak256(await provider.getCode(implementation));
  if (found !== codeHash)
    throw new ArgumentError("contract", `${implementation} has code with hash ${found}; ${codeHash} was expected`);
  await known.remember(codeHash, next.facts);
  const upgrade: Upgrade = { proxy, implementation, codeHash, initData };
  // A salt of its own: what was done before can be done again.
  const salt = toBeHex((await upgrades.operations()).length, 32) as Hex;
  const call = [await timelock.getAddress(), 0n, upgradeCall(upgrade), ZeroHash, salt] as const;
  const sender = await createSender({ provider, signer: signerOf(l1) });
  const { hash, blockNumber } = await output.progress("Announcing", () =>
    transact(
      l1,
      sender,
      {
        what: "announcing the upgrade",
        to: deployment.contracts.UpgradeTimelock.address,
        data: timelock.interface.encodeFunctionData("schedule", [...call, delay]),
      },
      {},
    ),
  );
  const id = (await timelock.hashOperation(...call)) as Hex;
  const executableAt = await timelock.getTimestamp(id);
  output.line(
    `Announced as operation ${id}; it can be executed from ${time(executableAt)} on, until ${time(executableAt + (await timelock.EXECUTION_WINDOW()))}.`,
  );
  await showLeaving(output, upgrades, { executableAt, exitTime: terms.exitTime });
  return {
    id,
    ...upgrade,
    salt,
    executableAt,
    transaction: hash,
    block: blockNumber,
    network: connection.networkName,
    diff,
  };
}

function proxyArgument(value: string | undefined): ProxyName {
  const given = required("proxy", value, "StateCommitmentChain");
  const found = PROXY_ORDER.find((name) => name === given);
  if (found === undefined)
    throw new ArgumentError("proxy", `--proxy ${given} is none; there are ${PROXY_ORDER.join(", ")}`);
  return found;
}

async function delayOf(value: string | undefined, { timelock }: Upgrades): Promise<bigint> {
  const least = await timelock.getMinDelay();
  const delay = value === undefined ? least : parseTime(value);
  if (delay === undefined)
    throw new ArgumentError("delay", `--delay ${value} is no time: seconds, or a number with s, m, h, d or w`);
  if (delay < least)
    throw new ArgumentError(
      "delay",
      `--delay ${value} is too short; upgrades of this rollup wait at least ${formatTime(least)}`,
    );
  return delay;
}

async function currentCode({ l1, known }: Upgrades, proxy: Hex, name: string) {
  const { implementation } = await readProxySlots(l1.provider, proxy);
  const code = (await l1.provider.getCode(implementation)) as Hex;
  const codeHash = keccak256(code) as Hex;
  const facts = await known.ofCode(code, codeHash);
  if (facts === undefined) {
    throw new ArgumentError(
      "proxy",
      `nobody here knows the storage of the code behind ${name} (${implementation}, hash ${codeHash}); compile its source in this project`,
    );
  }
  return { facts, name: facts.name, codeHash };
}

interface NewCode {
  runtime: Hex;
  parameters: Values | undefined;
  /** Where it is already. */
  address?: Hex;
  create: () => Promise<Hex>;
}

/** What creating would leave on L1. */
async function codeToCreate(
  { l1 }: Upgrades,
  { facts, abi, bytecode }: Creatable,
  values: unknown[],
): Promise<NewCode> {
  const signer = signerOf(l1);
  const transaction = await new ContractFactory(abi, bytecode, signer).getDeployTransaction(...values);
  const runtime = (await l1.provider.call({ from: await signer.getAddress(), data: transaction.data })) as Hex;
  const [only] = values;
  return {
    runtime,
    parameters: typeof only === "object" && only !== null ? (only as Values) : undefined,
    async create() {
      const sent = await signer.sendTransaction(transaction);
      const created = (await sent.wait())?.contractAddress;
      if (created === null || created === undefined)
        throw new Error(`transaction ${sent.hash} created no ${facts.name}`);
      return created as Hex;
    },
  };
}

/** What is on L1 already must be what is compared. */
async function codeAt({ l1 }: Upgrades, { facts, abi }: Creatable, address: Hex): Promise<NewCode> {
  const runtime = (await l1.provider.getCode(address)) as Hex;
  if (runtime === "0x") throw new ArgumentError("implementation", `there is no code at ${address}`);
  if (!isCodeOf(facts, runtime)) {
    throw new ArgumentError(
      "implementation",
      `the code at ${address} (hash ${keccak256(runtime)}) is not that of ${facts.name}; name its contract by --contract`,
    );
  }
  return {
    runtime,
    address,
    parameters: await readParameters(l1.provider, address, abi),
    create: () => Promise.resolve(address),
  };
}

/** Refuses what the timelock would refuse when it executes: parameters that make leaving longer than the notice. */
async function requireRoom(
  { l1 }: Upgrades,
  name: ProxyName,
  values: Values | undefined,
  { exitTime, margin, minimumDelay }: ExitTerms,
): Promise<void> {
  if (name === "L1EscrowBridge") return;
  const number = (field: string): bigint => {
    const value = values?.[field];
    if (value === undefined)
      throw new ArgumentError("contract", `the new ${name} does not tell its ${field}, which the timelock asks for`);
    return BigInt(value as bigint);
  };
  const chain = await StateCommitmentChain__factory.connect(l1.addresses.chain, l1.provider).parameters();
  const own = SequencerRegistry__factory.connect(l1.addresses.registry, l1.provider);
  const registrySilence =
    name === "SequencerRegistry" ? number("permissionlessDelay") : (await own.parameters()).permissionlessDelay;
  const of = (field: "forceInclusionDelay" | "permissionlessDelay" | "challengeWindow" | "disputeDuration") =>
    name === "StateCommitmentChain" ? number(field) : chain[field];
  const silence = registrySilence > of("permissionlessDelay") ? registrySilence : of("permissionlessDelay");
  const needed = of("forceInclusionDelay") + silence + of("challengeWindow") + of("disputeDuration") + margin;
  if (needed >= minimumDelay) {
    throw new ArgumentError(
      "arguments",
      `leaving would take up to ${formatTime(needed)}, margin included (now ${formatTime(exitTime + margin)}); upgrades wait ${formatTime(minimumDelay)}, which must be longer, else nobody could leave before the next one`,
    );
  }
}
