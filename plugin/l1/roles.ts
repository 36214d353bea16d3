import type { UpgradeTimelock } from "../../typechain-types/index.js";
import type { Hex } from "../types.js";

/** What accounts may do with the upgrade timelock. */
export const ROLES = ["proposers", "executors", "cancellers", "council", "admins"] as const;

export type Roles = Readonly<Record<(typeof ROLES)[number], readonly Hex[]>>;

/** Who has which role of the timelock, in ascending order. */
export async function readRoles(timelock: UpgradeTimelock): Promise<Roles> {
  const ids = await Promise.all([
    timelock.PROPOSER_ROLE(),
    timelock.EXECUTOR_ROLE(),
    timelock.CANCELLER_ROLE(),
    timelock.COUNCIL_ROLE(),
    timelock.DEFAULT_ADMIN_ROLE(),
  ]);
  const [proposers = [], executors = [], cancellers = [], council = [], admins = []] = await Promise.all(
    ids.map(async (id) => ascending(await timelock.getRoleMembers(id))),
  );
  return { proposers, executors, cancellers, council, admins };
}

function ascending(accounts: readonly string[]): Hex[] {
  return ([...accounts] as Hex[]).sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
}
