import { BrowserProvider, type Eip1193Provider, Interface, Network, resolveAddress, type Signer } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import type { Request } from "../sequencer/rpc/dispatch.js";
import { type Deployment, type Hex, L2_BRIDGE, ZERO_ADDRESS } from "../types.js";
import { domainOf } from "./proof.js";
import { getWithdrawal, type Send } from "./rollup-rpc.js";
import { keyringOf } from "./signers.js";
import type { PendingWithdrawal, RollupL2, WithdrawRequest } from "./types.js";
import { ValidityWallet } from "./validity-wallet.js";

const BRIDGE = new Interface(["function withdraw(address token, address target, uint256 amount) payable"]);
const ERC20 = new Interface(["function balanceOf(address account) view returns (uint256)"]);
const POLLING_INTERVAL_MS = 50;

/** The L2 did not do what it was asked; the message says what. */
export class WithdrawalError extends Error {
  constructor(
    readonly transaction: string,
    message: string,
  ) {
    super(message);
    this.name = "WithdrawalError";
  }
}

/** The L2 over a sequencer in this process. */
export function createL2(connection: NetworkConnection<string>, deployment: Deployment, request: Request): RollupL2 {
  const { l2ChainId, proof } = deployment.parameters;
  const eip1193: Eip1193Provider = {
    request: ({ method, params }) => request({ method, params: Array.isArray(params) ? (params as unknown[]) : [] }),
  };
  const network = new Network("rollup", l2ChainId);
  const provider = new BrowserProvider(eip1193, network, { staticNetwork: network, cacheTimeout: -1 });
  provider.pollingInterval = POLLING_INTERVAL_MS;
  const keyring = keyringOf(connection.networkName, connection.networkConfig);
  const wallet = (signer: Signer): Signer => {
    const own = keyring.walletOn(provider, signer);
    return proof === "fraud" ? own : new ValidityWallet(own, provider, domainOf(deployment));
  };
  return {
    provider,
    wallet,
    async balance(account, token) {
      if (token === undefined) return provider.getBalance(account);
      const data = ERC20.encodeFunctionData("balanceOf", [await resolveAddress(account)]);
      return BigInt(await provider.call({ to: token, data }));
    },
    withdraw: (signer, wanted) => withdraw(wallet(signer), (method, params) => provider.send(method, params), wanted),
  };
}

/** Sends a withdrawal on L2 and waits until it is in a block. */
export async function withdraw(
  wallet: Signer,
  send: Send,
  { amount, token, target }: WithdrawRequest,
): Promise<PendingWithdrawal> {
  const recipient = await resolveAddress(target ?? wallet);
  const address = token === undefined ? ZERO_ADDRESS : await resolveAddress(token);
  const response = await wallet.sendTransaction({
    to: L2_BRIDGE,
    data: BRIDGE.encodeFunctionData("withdraw", [address, recipient, amount]),
    value: address === ZERO_ADDRESS ? amount : 0n,
  });
  await response.wait();
  const transaction = response.hash as Hex;
  const known = await getWithdrawal(send, transaction);
  if (known === undefined) {
    throw new WithdrawalError(
      transaction,
      `transaction ${transaction} withdrew nothing; does the account have the amount?`,
    );
  }
  return { transaction, withdrawal: known.withdrawal };
}
