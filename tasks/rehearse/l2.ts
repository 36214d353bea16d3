import { type BaseWallet, Interface, type TransactionRequest } from "ethers";

import { getWithdrawal } from "../../plugin/hardhat/rollup-rpc.js";
import type { PendingWithdrawal, RollupChain } from "../../plugin/hardhat/types.js";
import { type Hex, L2_BRIDGE, ZERO_ADDRESS } from "../../plugin/types.js";
import { ETH } from "../demo/books.js";
import { ERC20 } from "./erc20.js";
import type { Stage } from "./stage.js";

const BRIDGE = new Interface(["function withdraw(address token, address target, uint256 amount) payable"]);

/** One thing that somebody does on L2. */
export interface Deed {
  by: BaseWallet;
  token: Hex;
  amount: bigint;
  /** To whom on L2; with `withdraws`, on L1. */
  to: Hex;
  withdraws?: boolean;
}

/** Puts everything pending into blocks. */
export async function sealAll({ sequencer }: Pick<RollupChain, "sequencer">): Promise<void> {
  await sequencer.sync();
  while ((await sequencer.seal()) !== undefined) continue;
}

/** With validity proofs each wallet has another key on L2, which its first transaction registers. */
export async function registerAll({ chain, people, books }: Stage, wallets: readonly BaseWallet[]): Promise<void> {
  const sent = wallets.map((wallet) => chain.l2.wallet(wallet).sendTransaction({ to: wallet.address, value: 0n }));
  while (chain.sequencer.status().pending < wallets.length) await new Promise((resume) => setTimeout(resume, 20));
  await sealAll(chain);
  const responses = await Promise.all(sent);
  await sealAll(chain);
  await chargeFees(
    { chain, people, books },
    responses.map(({ hash }) => hash as Hex),
  );
}

/** Does all of it in as few blocks as it fits in, and books it. @throws when one of them failed on L2. */
export async function act(stage: Stage, deeds: readonly Deed[]): Promise<Hex[]> {
  const { chain, books } = stage;
  const hashes: Hex[] = [];
  for (const deed of deeds) {
    stage.signal.throwIfAborted();
    hashes.push((await chain.l2.wallet(deed.by).sendTransaction(requestOf(deed))).hash as Hex);
  }
  await sealAll(chain);
  await chargeFees(stage, hashes);
  for (const { by, token, amount, to, withdraws } of deeds) {
    if (withdraws) books.subtract(token, by.address, amount);
    else books.move(token, by.address, to, amount);
  }
  return hashes;
}

/** The withdrawals that transactions asked for. */
export async function withdrawalsOf(
  { chain }: Pick<Stage, "chain">,
  hashes: readonly Hex[],
): Promise<PendingWithdrawal[]> {
  const send = (method: string, params: unknown[]) => chain.sequencer.request({ method, params });
  return Promise.all(
    hashes.map(async (transaction) => {
      const known = await getWithdrawal(send, transaction);
      if (known === undefined) throw new Error(`L2 transaction ${transaction} withdrew nothing`);
      return { transaction, withdrawal: known.withdrawal };
    }),
  );
}

function requestOf({ token, amount, to, withdraws }: Deed): TransactionRequest {
  const isEth = token === ZERO_ADDRESS;
  if (withdraws) {
    return {
      to: L2_BRIDGE,
      data: BRIDGE.encodeFunctionData("withdraw", [token, to, amount]),
      value: isEth ? amount : 0n,
    };
  }
  return isEth ? { to, value: amount } : { to: token, data: ERC20.encodeFunctionData("transfer", [to, amount]) };
}

/** Fees go from sender to sequencer, by what the receipts say. */
async function chargeFees(
  { chain, books }: Pick<Stage, "chain" | "people" | "books">,
  hashes: readonly Hex[],
): Promise<void> {
  for (const hash of hashes) {
    const receipt = await chain.l2.provider.getTransactionReceipt(hash);
    if (receipt?.status !== 1) {
      throw new Error(`L2 transaction ${hash} ${receipt === null ? "is in no block" : "failed"}`);
    }
    books.move(ETH, receipt.from, chain.sequencer.address, receipt.fee);
  }
}
