import { join } from "node:path";

import type { NetworkConnection } from "hardhat/types/network";

import type { L1Client } from "../../plugin/l1/client.js";
import type { Hex } from "../../plugin/types.js";
import { type Operation, readOperations } from "../../plugin/upgrade/operations.js";
import { type UpgradeTimelock, UpgradeTimelock__factory } from "../../typechain-types/index.js";
import { ArgumentError, type TaskContext } from "../support/action.js";
import { hashArgument } from "../support/arguments.js";
import { deploymentFolder, isInProcess, openL1 } from "../support/network.js";
import { knownCode, type KnownCode } from "./known.js";

/** The upgrades of one rollup, for one account. */
export interface Upgrades {
  l1: L1Client;
  connection: NetworkConnection;
  account: Hex;
  timelock: UpgradeTimelock;
  known: KnownCode;
  /** Where the address book is. */
  bookPath: string;
  operations: () => Promise<Operation[]>;
}

export async function openUpgrades(
  input: { deployment: string | undefined; from: string | undefined },
  { hre }: TaskContext,
): Promise<Upgrades> {
  const { l1, connection, address } = await openL1(hre, { ...input, members: undefined });
  const { contracts, fromBlock } = l1.deployment;
  const folder = deploymentFolder(hre, connection.networkName);
  const records = isInProcess(connection) ? undefined : join(folder, "implementations.json");
  return {
    l1,
    connection,
    account: address,
    timelock: UpgradeTimelock__factory.connect(contracts.UpgradeTimelock.address, l1.signer ?? l1.provider),
    known: knownCode(hre, records),
    bookPath: input.deployment ?? join(folder, "rollup.json"),
    operations: () => readOperations(l1.provider, contracts.UpgradeTimelock.address, fromBlock),
  };
}

/** The operation that `--id` names; without it, the only one that can still execute. */
export function pick(operations: readonly Operation[], id: string | undefined): Operation {
  if (id !== undefined) {
    const wanted = hashArgument("id", id, "operation").toLowerCase();
    const found = operations.find((each) => each.id === wanted);
    if (found !== undefined) return found;
    throw new ArgumentError("id", `no operation ${id} was announced; rollup:upgrade list names all`);
  }
  const live = operations.filter(({ state }) => state === "waiting" || state === "ready");
  const [only, ...others] = live;
  if (only !== undefined && others.length === 0) return only;
  const why = only === undefined ? "no operation waits" : `${live.length} operations wait`;
  throw new ArgumentError("id", `${why}; name one by --id, rollup:upgrade list has all`);
}
