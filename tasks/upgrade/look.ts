import { keccak256 } from "ethers";

import { PROXY_ORDER } from "../../deploy/proxies.js";
import { readProxySlots } from "../../deploy/slots.js";
import { time } from "../../plugin/l1/errors.js";
import { readRoles } from "../../plugin/l1/roles.js";
import { diffOf } from "../../plugin/upgrade/diff.js";
import { exitTermsOf } from "../../plugin/upgrade/exit.js";
import type { CodeFacts } from "../../plugin/upgrade/facts.js";
import { type Call, confirmers, type Operation, type Upgrade } from "../../plugin/upgrade/operations.js";
import type { Hex } from "../../plugin/types.js";
import {
  DataAvailabilityCommittee__factory,
  L1EscrowBridge__factory,
  UpgradeTimelock__factory,
} from "../../typechain-types/index.js";
import type { TaskContext } from "../support/action.js";
import type { Output } from "../support/output.js";
import type { UpgradeArguments } from "../upgrade.js";
import { pick, type Upgrades } from "./open.js";
import { readParameters, shown } from "./parameters.js";
import { showDiff, showLeaving } from "./text.js";

/** Every operation that was announced, by L1 alone. */
export async function list(_: UpgradeArguments, upgrades: Upgrades, { output }: TaskContext): Promise<object> {
  const operations = await upgrades.operations();
  if (operations.length === 0) output.line("Nothing was ever announced.");
  for (const operation of operations) {
    output.line(`${operation.id}  ${stateOf(operation)}`);
    for (const call of operation.calls) output.line(`  ${described(upgrades, call)}`);
  }
  return { operations };
}

/** What one operation would change, and who can still leave. */
export async function show(input: UpgradeArguments, upgrades: Upgrades, { output }: TaskContext): Promise<object> {
  const operation = pick(await upgrades.operations(), input.id);
  const { l1, timelock } = upgrades;
  output.line(`Operation ${operation.id}: ${stateOf(operation)}`);
  const changes = [];
  for (const call of operation.calls) {
    if (call.upgrade !== undefined) changes.push(await showUpgrade(output, upgrades, call.upgrade));
    else output.line(described(upgrades, call));
  }
  const { exitTime } = await exitTermsOf(l1.provider, l1.deployment.contracts.UpgradeTimelock.address);
  const isOpen = operation.state === "waiting" || operation.state === "ready";
  const leaving = isOpen ? await showLeaving(output, upgrades, { ...operation, exitTime }) : {};
  const { council, cancellers } = await readRoles(timelock);
  if (isOpen) output.line(`Each of these can call it off: ${cancellers.join(", ")}.`);
  const confirmed = isOpen ? await confirmers(timelock, operation, council) : [];
  if (council.length > 0 && isOpen)
    output.line(`Confirmed by ${confirmed.length} of the council: ${confirmed.join(", ") || "nobody"}.`);
  return { ...operation, changes, ...leaving, confirmed };
}

async function showUpgrade(output: Output, upgrades: Upgrades, upgrade: Upgrade): Promise<object> {
  const { l1, known } = upgrades;
  const { provider } = l1;
  const { proxy, implementation, codeHash, initData } = upgrade;
  const current = await readProxySlots(provider, proxy);
  const [oldCode, newCode] = (await Promise.all([
    provider.getCode(current.implementation),
    provider.getCode(implementation),
  ])) as [Hex, Hex];
  const found = keccak256(newCode);
  const isThere = newCode !== "0x";
  output.line(
    found === codeHash
      ? `The code at ${implementation} has the hash that was announced.`
      : `The code at ${implementation} ${isThere ? `has hash ${found}` : "is not there"}; ${codeHash} was announced, so it will be REFUSED.`,
  );
  const oldHash = keccak256(oldCode) as Hex;
  const [before, after] = [
    await known.ofCode(oldCode, oldHash),
    isThere ? await known.ofCode(newCode, found as Hex) : undefined,
  ];
  if (before === undefined || after === undefined) {
    const unknown = before === undefined ? current.implementation : implementation;
    output.line(`No contract here has the code at ${unknown}; compile its source in this project to see what changes.`);
    return { ...upgrade, found };
  }
  const read = async (address: Hex, { functions }: CodeFacts) =>
    shown(
      await readParameters(
        provider,
        address,
        functions.map((each) => `function ${each}`),
      ),
    );
  const diff = diffOf([before, await read(proxy, before)], [after, await read(implementation, after)]);
  showDiff(output, {
    proxy: proxyName(upgrades, proxy),
    from: { name: before.name, codeHash: oldHash },
    to: { name: after.name, codeHash },
    ...{ diff, initData },
  });
  return { ...upgrade, found, diff };
}

/** What an operation does, in words where the call is one of the suite's. */
function described(upgrades: Upgrades, { target, value, data, upgrade }: Call): string {
  if (upgrade !== undefined) {
    const { proxy, implementation, codeHash } = upgrade;
    return `gives ${proxyName(upgrades, proxy)} the code at ${implementation}, hash ${codeHash}`;
  }
  const { contracts } = upgrades.l1.deployment;
  const name = CALLED.find((each) => contracts[each]?.address === target);
  const parsed = name === undefined ? null : FACES[name].parseTransaction({ data });
  const what = parsed === null ? data : `${parsed.name}(${parsed.args.map(String).join(", ")})`;
  return `calls ${name ?? target}: ${what}${value === 0n ? "" : `, with ${value} wei`}`;
}

/** What the timelock administers beside the proxies. */
const FACES = {
  UpgradeTimelock: UpgradeTimelock__factory.createInterface(),
  L1EscrowBridge: L1EscrowBridge__factory.createInterface(),
  DataAvailabilityCommittee: DataAvailabilityCommittee__factory.createInterface(),
} as const;
const CALLED = ["UpgradeTimelock", "L1EscrowBridge", "DataAvailabilityCommittee"] as const;

function proxyName({ l1 }: Upgrades, proxy: Hex): string {
  return PROXY_ORDER.find((name) => l1.deployment.contracts[name].address === proxy) ?? proxy;
}

function stateOf({ state, executableAt, lapsesAt }: Operation): string {
  switch (state) {
    case "waiting":
      return `waits until ${time(executableAt)}`;
    case "ready":
      return `can be executed until ${time(lapsesAt)}`;
    case "lapsed":
      return `lapsed at ${time(lapsesAt)}`;
    case "executed":
      return "was executed";
    case "cancelled":
      return "was called off";
  }
}
