import { parseSalt } from "../../deploy/deterministic.js";
import { type DeployOptions, plannedContracts } from "../../deploy/suite.js";
import type { Hex } from "../../plugin/types.js";
import { ArgumentError } from "../support/action.js";
import type { Output } from "../support/output.js";

export function saltArgument(text: string | undefined): Hex | undefined {
  if (text === undefined) return undefined;
  try {
    return parseSalt(text);
  } catch (error) {
    if (error instanceof RangeError) throw new ArgumentError("salt", `--${error.message}`);
    throw error;
  }
}

/** Where everything will be, as far as that is known: with a salt. */
export async function showAddresses(
  output: Output,
  l1ChainId: bigint,
  deployer: Hex,
  { salt, parameters, program, keys, bond }: Omit<DeployOptions, "signer" | "journal">,
): Promise<Record<string, Hex> | undefined> {
  if (salt === undefined) return undefined;
  const contracts = await plannedContracts({ ...{ parameters, program, keys, bond, salt }, deployer, l1ChainId });
  output.table([
    { type: "section-header", text: `Addresses from salt ${salt}` },
    ...Object.entries(contracts).map((cells) => ({ type: "row" as const, cells })),
  ]);
  return contracts;
}
