import { Interface, type Provider, type Signer } from "ethers";

import { readTokenBalance } from "../../plugin/hardhat/token.js";
import { type Hex, ZERO_ADDRESS } from "../../plugin/types.js";

/** Without return values, which some tokens do not have. */
export const ERC20 = new Interface([
  "event Transfer(address indexed from, address indexed to, uint256 amount)",
  "function transfer(address to, uint256 amount)",
  "function transferFrom(address from, address to, uint256 amount)",
  "function approve(address spender, uint256 amount)",
]);

/** Of ETH or a token on L1. @throws when the token does not say it. */
export async function balanceOn(provider: Provider, token: Hex, account: string): Promise<bigint> {
  if (token === ZERO_ADDRESS) return provider.getBalance(account);
  const balance = await readTokenBalance(provider, token, account as Hex);
  if (balance === undefined) throw new Error(`token ${token} does not say the balance of ${account}`);
  return balance;
}

export async function sendToken(signer: Signer, token: Hex, to: string, amount: bigint): Promise<void> {
  const data = ERC20.encodeFunctionData("transfer", [to, amount]);
  await (await signer.sendTransaction({ to: token, data })).wait();
}
