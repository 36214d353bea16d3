import { L2_BRIDGE, type Hex } from "../types.js";
import { toHex } from "./bytes.js";
import { ERC20_SELECTORS, functionSelector } from "./erc20.js";

const WITHDRAW_SELECTOR = functionSelector("withdraw(address,address,uint256)");
const ERC20_CALLS: readonly Hex[] = [ERC20_SELECTORS.transfer, ERC20_SELECTORS.approve, ERC20_SELECTORS.transferFrom];

const BASE_GAS = 21_000n;
const ZERO_BYTE_GAS = 4n;
const NON_ZERO_BYTE_GAS = 16n;
const ERC20_GAS = 20_000n;
const WITHDRAW_GAS = 40_000n;

/** Gas that a transaction uses, whatever becomes of it; docs/protocol.md §7. */
export function transactionGas(to: Hex, data: Uint8Array): bigint {
  let gas = BASE_GAS;
  for (const byte of data) gas += byte === 0 ? ZERO_BYTE_GAS : NON_ZERO_BYTE_GAS;
  const called = toHex(data.subarray(0, 4));
  if (to.toLowerCase() === L2_BRIDGE) return called === WITHDRAW_SELECTOR ? gas + WITHDRAW_GAS : gas;
  return ERC20_CALLS.includes(called) ? gas + ERC20_GAS : gas;
}
