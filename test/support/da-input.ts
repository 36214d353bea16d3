import { AbiCoder, concat } from "ethers";

import type { Hex, InboxMessage } from "../../plugin/types.js";

const MESSAGE =
  "tuple(uint8 kind, uint64 index, uint64 timestamp, address sender, address target, address token, uint256 amount, bytes data)";

/** What StatementDA takes; docs/validity.md §4. */
export function statementInput(consumed: readonly InboxMessage[], shown: string, below: string): Hex {
  return AbiCoder.defaultAbiCoder().encode([`${MESSAGE}[]`, "bytes", "bytes"], [consumed, shown, below]) as Hex;
}

/** The same of data in calldata. */
export function calldataInput(consumed: readonly InboxMessage[], data: string): Hex {
  return statementInput(consumed, "0x", concat(["0x00", data]));
}
