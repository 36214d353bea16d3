import type { Provider } from "ethers";

import type { Hex } from "../types.js";
import { L1RevertError } from "./errors.js";
import type { Sender } from "./sender.js";
import { ERC20, tokenAllowance } from "./token.js";
import { newKey, succeed } from "./transact.js";

/** What a contract is to be allowed to take. */
export interface Allowance {
  token: Hex;
  spender: Hex;
  /** In the token's smallest unit. */
  amount: bigint;
}

/** Approves exactly the amount, unless as much is allowed. @throws {UnknownTokenError} */
export async function ensureAllowance(
  provider: Provider,
  sender: Sender,
  { token, spender, amount }: Allowance,
  signal?: AbortSignal,
): Promise<void> {
  const allowance = await tokenAllowance(provider, token, sender.address, spender, { signal });
  if (allowance >= amount) return;
  const approve = async (value: bigint): Promise<void> => {
    const data = ERC20.encodeFunctionData("approve", [spender, value]) as Hex;
    await succeed(provider, sender, { key: newKey(), what: "the approval", to: token, data }, signal);
  };
  try {
    await approve(amount);
  } catch (error) {
    // Some tokens change an allowance only from or to zero.
    if (allowance === 0n || !(error instanceof L1RevertError)) throw error;
    await approve(0n);
    await approve(amount);
  }
}
