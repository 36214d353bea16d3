import { parseEther, type Signer } from "ethers";

import type { PendingWithdrawal, RollupChain } from "../../plugin/hardhat/types.js";
import type { BatchProgress } from "../../plugin/prover/batch.js";
import { ETH, openBooks, type Books } from "./books.js";
import type { Narrator } from "../support/narrator.js";

const DEPOSIT = parseEther("1");
const WITHDRAWAL = parseEther("0.25");
const TRANSFERS = 16;
const FEE = 7_000_000_000n;

/** What a proved batch cost. */
export interface ProofFigures {
  transfers: number;
  batch: { l2Blocks: number; bytes: number; gasUsed: bigint };
  proofs: { count: number; seconds: number; gasUsed: bigint };
  checks: { compared: number; wrong: string[] };
}

export interface ProofNarrator extends Narrator {
  /** Says how a long step is doing. */
  step(text: string): void;
}

/** Deposit, transfer, post, prove: final at once. Withdraw, and compare every balance with books of our own. */
export async function takeProofTour(
  chain: RollupChain,
  funder: Signer,
  users: readonly [Signer, Signer],
  narrator: ProofNarrator,
): Promise<ProofFigures> {
  const { sequencer } = chain;
  const books = openBooks();
  const addresses = await Promise.all(users.map((user) => user.getAddress()));

  narrator.heading(`Deposit: ${users.length} accounts get 1 ETH each on L2`);
  for (const address of addresses) {
    await chain.deposit(funder, { amount: DEPOSIT, to: address });
    books.add(ETH, address, DEPOSIT);
  }
  await sealAll(chain);

  narrator.heading(`Transfer: a key for each from one signature of its Ethereum account, then ${TRANSFERS} transfers`);
  await registerAll(chain, users);
  for (let i = 0; i < TRANSFERS; i++) await transfer(chain, users, i, books);
  const pending = await withdrawAll(chain, users, books);
  await sealAll(chain);
  narrator.line(`All of it is in ${sequencer.status().head.number} L2 blocks, each with a proof of its own.`);

  const posted = await narrator.progress("Posting a batch", () => sequencer.post());
  if (posted === undefined) throw new Error("there was nothing to post");
  const { gasUsed } = await receiptOf(funder, posted.transaction);
  narrator.heading(
    `Batch ${posted.header.index} on L1: ${posted.bytes.toLocaleString("en")} bytes, ${show(gasUsed)} gas`,
  );

  narrator.heading("Prove: the batch is final as soon as its proofs are on L1");
  const [proved] = await chain.prove({ onProgress: (_, progress) => narrator.step(describe(progress)) });
  if (proved === undefined) throw new Error("there was nothing to prove");
  const seconds = proved.milliseconds / 1000;
  narrator.line(
    `${proved.segments} proofs in ${seconds.toFixed(1)} s; L1 verified all of them for ${show(proved.gasUsed)} gas.`,
  );
  narrator.line("Nobody waits: the withdrawals can be claimed.");
  const earlier = await Promise.all(addresses.map((address) => funder.provider!.getBalance(address)));
  for (const withdrawal of pending) await chain.claim(withdrawal, funder);

  narrator.heading("Check: every balance on both layers, to the wei");
  const checks = await compareAll(chain, funder, addresses, earlier, books);
  for (const line of checks.wrong) narrator.line(line);
  if (checks.wrong.length === 0) narrator.line(`${checks.compared} balances compared, all right.`);
  return {
    transfers: TRANSFERS,
    batch: { l2Blocks: posted.blocks, bytes: posted.bytes, gasUsed },
    proofs: { count: proved.segments, seconds, gasUsed: proved.gasUsed },
    checks,
  };
}

/** The first transfer of a wallet registers its key, and waits for the block with it. */
async function registerAll({ l2, sequencer }: RollupChain, users: readonly Signer[]): Promise<void> {
  const first = users.map(async (user) => {
    const own = await user.getAddress();
    return l2.wallet(user).sendTransaction({ to: own, value: 0n });
  });
  // Both are in one block: a block is a proof.
  while (sequencer.status().pending < users.length) await new Promise((resume) => setTimeout(resume, 20));
  await sequencer.seal();
  await Promise.all(first);
}

async function transfer(
  { l2, sequencer }: RollupChain,
  users: readonly [Signer, Signer],
  position: number,
  books: Books,
): Promise<void> {
  const [from, to] = position % 2 === 0 ? users : [users[1], users[0]];
  const [sender, recipient] = [await from.getAddress(), await to.getAddress()];
  const amount = 10n ** 15n * BigInt(position + 1);
  await l2.wallet(from).sendTransaction({ to: recipient, value: amount, maxFeePerGas: FEE });
  books.move(ETH, sender, recipient, amount);
  books.move(ETH, sender, sequencer.address, FEE);
}

async function withdrawAll(chain: RollupChain, users: readonly Signer[], books: Books): Promise<PendingWithdrawal[]> {
  const pending = users.map((user) => chain.l2.withdraw(user, { amount: WITHDRAWAL }));
  while (chain.sequencer.status().pending < TRANSFERS + 2 * users.length)
    await new Promise((resume) => setTimeout(resume, 20));
  await sealAll(chain);
  for (const user of users) books.subtract(ETH, await user.getAddress(), WITHDRAWAL);
  return Promise.all(pending);
}

async function sealAll({ sequencer }: RollupChain): Promise<void> {
  await sequencer.sync();
  while ((await sequencer.seal()) !== undefined) continue;
}

async function compareAll(
  chain: RollupChain,
  { provider }: Signer,
  addresses: readonly string[],
  earlier: readonly bigint[],
  books: Books,
): Promise<ProofFigures["checks"]> {
  const wrong: string[] = [];
  let compared = 0;
  const compare = (what: string, actual: bigint, expected: bigint) => {
    compared++;
    if (actual !== expected) wrong.push(`${what} is ${actual}, must be ${expected}`);
  };
  for (const account of books.accounts(ETH))
    compare(`L2 ETH of ${account}`, await chain.l2.balance(account), books.balance(ETH, account));
  for (const [i, address] of addresses.entries())
    compare(`L1 ETH of ${address}`, await provider!.getBalance(address), earlier[i]! + WITHDRAWAL);
  compare("ETH in the bridge", await provider!.getBalance(chain.contracts.bridge), books.total(ETH));
  return { compared, wrong };
}

async function receiptOf({ provider }: Signer, transaction: string): Promise<{ gasUsed: bigint }> {
  const receipt = await provider?.getTransactionReceipt(transaction);
  if (receipt === null || receipt === undefined) throw new Error(`L1 does not have transaction ${transaction}`);
  return receipt;
}

function describe({ segment, segments }: BatchProgress): string {
  return `proof ${segment + 1} of ${segments}`;
}

function show(gas: bigint): string {
  return gas.toLocaleString("en");
}
