import { keccak256 } from "ethers";

import { readDeployment, writeDeployment } from "../../deploy/address-book.js";
import { PROXY_ORDER } from "../../deploy/proxies.js";
import { readProxySlots } from "../../deploy/slots.js";
import { discoverDeployment } from "../../plugin/l1/discover.js";
import { time } from "../../plugin/l1/errors.js";
import { readRoles, type Roles } from "../../plugin/l1/roles.js";
import { createSender } from "../../plugin/l1/sender.js";
import { signerOf, transact } from "../../plugin/l1/transact.js";
import type { Deployment, Hex } from "../../plugin/types.js";
import { confirmers, type Operation } from "../../plugin/upgrade/operations.js";
import { ArgumentError, type TaskContext } from "../support/action.js";
import { bytesArgument } from "../support/arguments.js";
import { isInProcess } from "../support/network.js";
import type { UpgradeArguments } from "../upgrade.js";
import { pick, type Upgrades } from "./open.js";
import { roughly } from "./text.js";

/** Executes an operation whose time has come; with evidence of a bug, an upgrade of the chain before. */
export async function execute(input: UpgradeArguments, upgrades: Upgrades, { output }: TaskContext): Promise<object> {
  const operation = pick(await upgrades.operations(), input.id);
  const { l1, timelock, connection } = upgrades;
  const roles = await requireRole(upgrades, "executors", "executes");
  const evidence = input.evidence === undefined ? undefined : bytesArgument("evidence", input.evidence);
  await requireOpen(upgrades, operation, evidence !== undefined);
  await requireCode(upgrades, operation);

  const { calls, predecessor, salt } = operation;
  const [first] = calls;
  if (first === undefined) throw new ArgumentError("id", `operation ${operation.id} has no calls`);
  const face = timelock.interface;
  let data: string;
  if (evidence !== undefined) {
    const members = await confirmers(timelock, operation, roles.council);
    data = face.encodeFunctionData("executeAtOnce", [first.data, predecessor, salt, members, evidence]);
  } else if (await isAlone(upgrades, operation)) {
    data = face.encodeFunctionData("execute", [first.target, first.value, first.data, predecessor, salt]);
  } else {
    const columns = [
      calls.map(({ target }) => target),
      calls.map(({ value }) => value),
      calls.map((call) => call.data),
    ] as const;
    data = face.encodeFunctionData("executeBatch", [
      [...columns[0]],
      [...columns[1]],
      [...columns[2]],
      predecessor,
      salt,
    ]);
  }
  const value = calls.reduce((sum, call) => sum + call.value, 0n);
  const { hash, blockNumber, gasUsed } = await output.progress("Executing", () =>
    send(upgrades, "executing the operation", data, value),
  );
  output.line(`Executed operation ${operation.id}. Transaction ${hash}`);
  if (!isInProcess(connection)) {
    await writeDeployment(upgrades.bookPath, await renewed(upgrades, await readDeployment(upgrades.bookPath)));
    output.line(`Address book: ${upgrades.bookPath}`);
  }
  return {
    id: operation.id,
    transaction: hash,
    block: blockNumber,
    gasUsed,
    upgraded: calls.flatMap(({ upgrade }) => upgrade ?? []),
    network: l1.deployment.network,
  };
}

/** Calls an operation off. */
export async function cancel(input: UpgradeArguments, upgrades: Upgrades, { output }: TaskContext): Promise<object> {
  const operation = pick(await upgrades.operations(), input.id);
  await requireRole(upgrades, "cancellers", "calls off");
  await requireOpen(upgrades, operation, true);
  const data = upgrades.timelock.interface.encodeFunctionData("cancel", [operation.id]);
  const { hash } = await output.progress("Calling it off", () => send(upgrades, "calling the operation off", data));
  output.line(`Called off operation ${operation.id}. Transaction ${hash}`);
  return { id: operation.id, transaction: hash };
}

/** Confirms, for the council, that an operation may execute before its time if there is evidence of a bug. */
export async function confirm(input: UpgradeArguments, upgrades: Upgrades, { output }: TaskContext): Promise<object> {
  const operation = pick(await upgrades.operations(), input.id);
  const { council } = await requireRole(upgrades, "council", "confirms");
  await requireOpen(upgrades, operation, true);
  const data = upgrades.timelock.interface.encodeFunctionData("confirm", [operation.id]);
  const { hash } = await output.progress("Confirming", () => send(upgrades, "confirming the operation", data));
  const confirmed = await confirmers(upgrades.timelock, operation, council);
  output.line(
    `Confirmed by ${confirmed.length}, ${await upgrades.timelock.COUNCIL_THRESHOLD()} are needed. Transaction ${hash}`,
  );
  return { id: operation.id, transaction: hash, confirmed };
}

async function send({ l1 }: Upgrades, what: string, data: string, value = 0n) {
  const sender = await createSender({ provider: l1.provider, signer: signerOf(l1) });
  return transact(l1, sender, { what, to: l1.deployment.contracts.UpgradeTimelock.address, data, value }, {});
}

async function requireRole({ timelock, account }: Upgrades, role: keyof Roles, does: string): Promise<Roles> {
  const roles = await readRoles(timelock);
  if (roles[role].includes(account)) return roles;
  throw new ArgumentError(
    "from",
    `${account} ${does} nothing; ${roles[role].join(", ") || "nobody"} does, name it by --from`,
  );
}

/** @param early Whether it may be before its time. */
async function requireOpen(
  { l1 }: Upgrades,
  { id, state, executableAt, lapsesAt }: Operation,
  early: boolean,
): Promise<void> {
  if (state === "ready" || (state === "waiting" && early)) return;
  const why = {
    waiting: `can be executed from ${time(executableAt)} on, in ${roughly(executableAt - (await l1.now()))}`,
    lapsed: `lapsed at ${time(lapsesAt)}; announce it anew by rollup:upgrade propose`,
    executed: "was executed",
    cancelled: "was called off",
  }[state];
  throw new ArgumentError("id", `operation ${id} ${why}`);
}

/** What L1 would refuse, said before anything is sent. */
async function requireCode({ l1 }: Upgrades, { calls }: Operation): Promise<void> {
  for (const { upgrade } of calls) {
    if (upgrade === undefined) continue;
    const code = await l1.provider.getCode(upgrade.implementation);
    const found = keccak256(code);
    if (found === upgrade.codeHash) continue;
    const what = code === "0x" ? "has no code" : `has code with hash ${found}`;
    throw new ArgumentError("id", `${upgrade.implementation} ${what}; ${upgrade.codeHash} was announced`);
  }
}

/** Whether it was announced by `schedule`: a list of one has another id. */
async function isAlone({ timelock }: Upgrades, { id, calls, predecessor, salt }: Operation): Promise<boolean> {
  const [first, ...others] = calls;
  if (first === undefined || others.length > 0) return false;
  return (await timelock.hashOperation(first.target, first.value, first.data, predecessor, salt)) === id;
}

/** The address book with what is behind the proxies now, and what that says of itself. */
async function renewed({ l1 }: Upgrades, book: Deployment): Promise<Deployment> {
  const { provider } = l1;
  const found = await discoverDeployment(provider, book.contracts.L1EscrowBridge.address, Number(book.fromBlock));
  const kept = Object.entries(found.contracts).map(([name, record]) => {
    const known = book.contracts[name as keyof typeof book.contracts];
    return [name, known?.address === record.address ? known : record] as const;
  });
  const contracts = { ...Object.fromEntries(kept) } as Deployment["contracts"];
  for (const name of PROXY_ORDER) {
    const { implementation } = await readProxySlots(provider, contracts[name].address);
    const codeHash = keccak256(await provider.getCode(implementation)) as Hex;
    contracts[name] = { ...contracts[name], implementation: { address: implementation, codeHash } };
  }
  // Proofs have as many slots as their keys, which only the book knows.
  const parameters = { ...found.parameters, slots: book.parameters.slots };
  return { ...book, parameters, program: found.program, contracts };
}
