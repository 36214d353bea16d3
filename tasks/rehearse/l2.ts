import { setTimeout } from "node:timers/promises";

import { type BaseWallet, Interface, type TransactionRequest } from "ethers";

import { getWithdrawal } from "../../plugin/hardhat/rollup-rpc.js";
import type { PendingWithdrawal, RollupChain } from "../../plugin/hardhat/types.js";
import { type Deployment, type Hex, L2_BRIDGE, ZERO_ADDRESS } from "../../plugin/types.js";
import { floorAmount } from "../../plugin/validity/amounts.js";
import { ETH } from "../demo/books.js";
import { ERC20 } from "./erc20.js";
import type { Stage } from "./stage.js";

/** Milliseconds. */
const PATIENCE_MS = 50;

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

/** Does all of it in as few blocks as it fits in, and books it. @throws when one of them failed on L2. */
export async function act(stage: Stage, deeds: readonly Deed[]): Promise<Hex[]> {
  const { chain, books } = stage;
  const hashes: Hex[] = [];
  for (const deed of deeds) {
    stage.signal.throwIfAborted();
    const sent = chain.l2.wallet(deed.by).sendTransaction(requestOf(deed));
    hashes.push((await unblocked(chain, sent)).hash as Hex);
  }
  await sealAll(chain);
  await chargeFees(stage, hashes);
  for (const { by, token, amount, to, withdraws } of deeds) {
    if (withdraws) books.subtract(token, by.address, amount);
    else books.move(token, by.address, to, amount);
  }
  return hashes;
}

/** With validity proofs the first transfer of a balance registers its key, and waits until a block has that. */
async function unblocked<T>(chain: RollupChain, sent: Promise<T>): Promise<T> {
  if (chain.deployment.parameters.proof === "fraud") return sent;
  let isOver = false;
  const over = () => (isOver = true);
  sent.then(over, over);
  while (!isOver) {
    await setTimeout(PATIENCE_MS);
    if (!isOver) await sealAll(chain);
  }
  return sent;
}

/** An amount that a transfer can have: with validity proofs these have few digits. */
export function payable({ parameters }: Pick<Deployment, "parameters">, amount: bigint): bigint {
  return parameters.proof === "fraud" ? amount : floorAmount(amount);
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
async function chargeFees({ chain, books }: Pick<Stage, "chain" | "books">, hashes: readonly Hex[]): Promise<void> {
  for (const hash of hashes) {
    const receipt = await chain.l2.provider.getTransactionReceipt(hash);
    if (receipt?.status !== 1) {
      throw new Error(`L2 transaction ${hash} ${receipt === null ? "is in no block" : "failed"}`);
    }
    books.move(ETH, receipt.from, chain.sequencer.address, receipt.fee);
  }
}
