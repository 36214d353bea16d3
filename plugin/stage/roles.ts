import { id, type Provider, ZeroAddress, ZeroHash } from "ethers";

import { UpgradeTimelock__factory } from "../../typechain-types/index.js";
import { ask } from "../l1/ask.js";
import { describeHolder, type Holder, holderOf } from "../l1/holders.js";
import { readLogs } from "../l1/logs.js";
import type { Hex } from "../types.js";
import type { SuiteFacts } from "./facts.js";
import { answerOf } from "./read.js";

const FACE = UpgradeTimelock__factory.createInterface();

/** As AccessControl, TimelockController and our own name them; each is the keccak256 of its name, but for the admin's. */
const NAMES: ReadonlyMap<string, string> = new Map([
  [ZeroHash, "admin"],
  [id("PROPOSER_ROLE"), "proposer"],
  [id("EXECUTOR_ROLE"), "executor"],
  [id("CANCELLER_ROLE"), "canceller"],
  [id("COUNCIL_ROLE"), "council"],
]);

export interface RoleHolder {
  role: string;
  account: Hex;
  holder: Holder;
}

export interface RolesFacts {
  holders: RoleHolder[];
  /** Accounts that the timelock's list of a role and its answers or events do not agree about. */
  hidden: { role: string; account: Hex }[];
}

/** Everybody who may do what others may not: the timelock's roles, from its events and from its own lists, the guardian, the committee. */
export async function readAllRoles(facts: SuiteFacts): Promise<RolesFacts> {
  const { provider, timelock, escrow, committee } = facts;
  const granted = await rolesByEvents(provider, timelock.address, facts.fromBlock);
  const ids = new Set([...granted.keys(), ...NAMES.keys()]);
  const suspects = new Set<string>([escrow.guardian, ...[...granted.values()].flatMap((accounts) => [...accounts])]);
  const found: { role: string; account: Hex }[] = [];
  const hidden: RolesFacts["hidden"] = [];
  for (const roleId of ids) {
    const role = NAMES.get(roleId) ?? `role ${roleId}`;
    const listed = await answerOf(`members of ${role}`, () => timelockOf(facts).getRoleMembers(roleId));
    const having = new Set<string>(listed ?? []);
    for (const account of [...suspects, ...having]) {
      const has = await answerOf(`${role} of ${account}`, () => timelockOf(facts).hasRole(roleId, account));
      if (has === true && listed !== undefined && !having.has(account)) hidden.push({ role, account: account as Hex });
      if (has === true) having.add(account);
      if (has === false) having.delete(account);
    }
    for (const account of having) found.push({ role, account: account as Hex });
  }
  if (escrow.guardian !== ZeroAddress) found.push({ role: "guardian", account: escrow.guardian as Hex });
  for (const account of committee?.members ?? []) found.push({ role: "committee member", account });
  const holders = await Promise.all(
    found.map(async (each) => ({ ...each, holder: await holderOf(provider, each.account) })),
  );
  return { holders, hidden };
}

function timelockOf({ timelock, provider }: SuiteFacts) {
  return UpgradeTimelock__factory.connect(timelock.address, provider);
}

/** Who was granted what and did not lose it again. */
async function rolesByEvents(provider: Provider, address: Hex, from: number): Promise<Map<string, Set<string>>> {
  const to = await ask("block number", () => provider.getBlockNumber());
  const topics = [["RoleGranted", "RoleRevoked"].map((name) => FACE.getEvent(name as "RoleGranted").topicHash)];
  const roles = new Map<string, Set<string>>();
  for await (const logs of readLogs(provider, { addresses: [address], topics, from, to }, "forward")) {
    for (const log of logs) {
      const event = FACE.parseLog(log);
      if (event === null) continue;
      const { role, account } = event.args as unknown as { role: string; account: string };
      const accounts = roles.get(role) ?? new Set();
      roles.set(role, accounts);
      if (event.name === "RoleGranted") accounts.add(account);
      else accounts.delete(account);
    }
  }
  return roles;
}

/** `0x… (Safe 3 of 5)`. */
export function showHolder({ account, holder }: Pick<RoleHolder, "account" | "holder">): string {
  return `${account} (${describeHolder(holder)})`;
}
