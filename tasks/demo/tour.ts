import { type BaseWallet, Interface, parseEther, type Signer, Wallet } from "ethers";

import type { PendingWithdrawal, RollupChain } from "../../plugin/hardhat/types.js";
import { time } from "../../plugin/l1/errors.js";
import type { PostResult } from "../../plugin/sequencer/options.js";
import { StandardToken__factory, type StandardToken } from "../../typechain-types/index.js";
import type { Narrator } from "../support/narrator.js";
import { type Books, ETH, openBooks } from "./books.js";

const USERS = 20;
const TRANSFERS_PER_USER = 10;
const DEPOSIT = { eth: parseEther("1"), token: 1_000n * 10n ** 18n };
const WITHDRAWAL = { eth: parseEther("0.25"), token: 100n * 10n ** 18n };
const ERC20 = new Interface(["function transfer(address to, uint256 amount) returns (bool)"]);

/** Gas of one kind of L1 transaction. */
export interface GasFigures {
  count: number;
  min: bigint;
  mean: bigint;
  max: bigint;
}

export interface BatchFigures {
  index: bigint;
  l2Blocks: number;
  transactions: number;
  messages: bigint;
  bytes: number;
  gasUsed: bigint;
  transaction: string;
}

export interface TourFigures {
  users: number;
  deposits: { eth: GasFigures; token: GasFigures };
  transfers: {
    count: number;
    seconds: number;
    perSecond: number;
    /** Mean bytes of a signed transaction as the wallet sends it. */
    signedBytes: number;
    /** Bytes of batch data for each. */
    l1Bytes: number;
    /** L1 gas for each: all of the batch's transaction, shared. */
    l1Gas: bigint;
  };
  batches: BatchFigures[];
  validator: { batches: bigint; agreed: bigint; seconds: number };
  finalizedAt: string;
  claims: { eth: GasFigures; token: GasFigures };
  checks: { compared: number; wrong: string[] };
}

/** What the tour drags along. */
interface Stage {
  chain: RollupChain;
  /** Pays for everything on L1. */
  funder: Signer;
  users: BaseWallet[];
  token: StandardToken;
  tokenAddress: string;
  books: Books;
  narrator: Narrator;
}

/** Deposit, transfer, post, re-execute, wait, claim, and compare every balance with books of our own. */
export async function takeTour(chain: RollupChain, funder: Signer, narrator: Narrator): Promise<TourFigures> {
  const token = await new StandardToken__factory(funder).deploy();
  await token.waitForDeployment();
  const tokenAddress = await token.getAddress();
  const users = Array.from({ length: USERS }, () => Wallet.createRandom());
  const stage: Stage = { chain, funder, users, token, tokenAddress, books: openBooks(), narrator };

  const deposits = await depositAll(stage);
  const sent = await transferAll(stage);
  const first = await postBatch(stage);
  const pending = await withdrawAll(stage);
  const second = await postBatch(stage);
  const validator = await validate(stage);
  const finalizedAt = await finalizeAll(stage);
  const claims = await claimAll(stage, pending);
  const checks = await compareAll(stage);

  const transfers = {
    ...sent,
    l1Bytes: first.bytes / first.transactions,
    l1Gas: first.gasUsed / BigInt(first.transactions),
  };
  return { users: USERS, deposits, transfers, batches: [first, second], validator, finalizedAt, claims, checks };
}

async function depositAll({
  chain,
  funder,
  users,
  token,
  tokenAddress,
  books,
  narrator,
}: Stage): Promise<TourFigures["deposits"]> {
  narrator.heading(`Deposit: ETH and an ERC-20 for ${USERS} new accounts`);
  await (await token.mint(funder, DEPOSIT.token * BigInt(USERS))).wait();
  await (await token.connect(funder).approve(chain.contracts.bridge, DEPOSIT.token * BigInt(USERS))).wait();
  const gas = { eth: [] as bigint[], token: [] as bigint[] };
  await narrator.progress("Depositing", async () => {
    for (const { address } of users) {
      gas.eth.push((await chain.deposit(funder, { amount: DEPOSIT.eth, to: address })).gasUsed);
      books.add(ETH, address, DEPOSIT.eth);
      gas.token.push(
        (await chain.deposit(funder, { amount: DEPOSIT.token, token: tokenAddress, to: address })).gasUsed,
      );
      books.add(tokenAddress, address, DEPOSIT.token);
    }
  });
  const figures = { eth: gasFigures(gas.eth), token: gasFigures(gas.token) };
  narrator.line(`ETH deposit     ${showGas(figures.eth)}`);
  narrator.line(`ERC-20 deposit  ${showGas(figures.token)}`);
  narrator.line(
    `The sequencer took ${USERS * 2} inbox messages into L2 block ${chain.sequencer.status().head.number}.`,
  );
  return figures;
}

async function transferAll({
  chain,
  users,
  tokenAddress,
  books,
  narrator,
}: Stage): Promise<Omit<TourFigures["transfers"], "l1Bytes" | "l1Gas">> {
  const count = USERS * TRANSFERS_PER_USER;
  narrator.heading(`Transfer: ${count} transactions by ${USERS} users, ETH and tokens in turn`);
  const { provider } = chain.l2;
  const { maxFeePerGas, maxPriorityFeePerGas } = await provider.getFeeData();
  const { chainId } = await provider.getNetwork();
  const common = { type: 2, chainId, maxFeePerGas, maxPriorityFeePerGas };

  const signed: { raw: string; apply: () => void }[] = [];
  for (let nonce = 0; nonce < TRANSFERS_PER_USER; nonce++) {
    for (const [position, user] of users.entries()) {
      const to = users[(position + nonce + 1) % USERS]?.address ?? user.address;
      const amount = 1_000_000_000_000n * BigInt(position + 1) + BigInt(nonce);
      const isToken = (position + nonce) % 2 === 1;
      const raw = await user.signTransaction(
        isToken
          ? {
              ...common,
              nonce,
              to: tokenAddress,
              gasLimit: 60_000n,
              data: ERC20.encodeFunctionData("transfer", [to, amount]),
            }
          : { ...common, nonce, to, gasLimit: 21_000n, value: amount },
      );
      const token = isToken ? tokenAddress : ETH;
      signed.push({
        raw,
        apply: () => {
          books.move(token, user.address, to, amount);
        },
      });
    }
  }

  const begin = performance.now();
  const hashes = await narrator.progress("Transferring", async () => {
    const accepted = await Promise.all(
      signed.map(({ raw }) => provider.send("eth_sendRawTransaction", [raw]) as Promise<string>),
    );
    return accepted;
  });
  const seconds = (performance.now() - begin) / 1000;

  for (const { apply } of signed) apply();
  await chargeFees(chain, hashes, books);
  const signedBytes = signed.reduce((sum, { raw }) => sum + (raw.length - 2) / 2, 0) / count;
  const perSecond = Math.round(count / seconds);
  narrator.line(
    `Checked, executed and stored in ${(seconds * 1000).toFixed(0)} ms: ${perSecond.toLocaleString("en")} per second.`,
  );
  narrator.line(`A signed transaction has ${signedBytes.toFixed(1)} bytes.`);
  return { count, seconds, perSecond, signedBytes };
}

/** Fees go from sender to sequencer, by what the receipts say. */
async function chargeFees(chain: RollupChain, hashes: string[], books: Books): Promise<void> {
  for (const hash of hashes) {
    const receipt = await chain.l2.provider.getTransactionReceipt(hash);
    if (receipt?.status !== 1)
      throw new Error(`L2 transaction ${hash} ${receipt === null ? "is in no block" : "failed"}`);
    books.move(ETH, receipt.from, chain.sequencer.address, receipt.fee);
  }
}

async function withdrawAll({
  chain,
  users,
  tokenAddress,
  books,
  narrator,
}: Stage): Promise<{ eth: PendingWithdrawal[]; token: PendingWithdrawal[] }> {
  narrator.heading(
    `Withdraw: every user takes ${WITHDRAWAL.eth / 10n ** 15n} finney and ${WITHDRAWAL.token / 10n ** 18n} tokens home`,
  );
  const pending = { eth: [] as PendingWithdrawal[], token: [] as PendingWithdrawal[] };
  await narrator.progress("Withdrawing", async () => {
    for (const user of users) {
      pending.eth.push(await chain.l2.withdraw(user, { amount: WITHDRAWAL.eth }));
      pending.token.push(await chain.l2.withdraw(user, { amount: WITHDRAWAL.token, token: tokenAddress }));
      books.subtract(ETH, user.address, WITHDRAWAL.eth);
      books.subtract(tokenAddress, user.address, WITHDRAWAL.token);
    }
  });
  const all = [...pending.eth, ...pending.token];
  await chargeFees(
    chain,
    all.map(({ transaction }) => transaction),
    books,
  );
  narrator.line(`${all.length} withdrawals are in L2 blocks up to ${chain.sequencer.status().head.number}.`);
  return pending;
}

async function postBatch({ chain, funder, narrator }: Stage): Promise<BatchFigures> {
  const batch = await narrator.progress("Posting a batch", () => chain.sequencer.post());
  if (batch === undefined) throw new Error("there was nothing to post");
  const receipt = await funder.provider?.getTransactionReceipt(batch.transaction);
  const figures = batchFigures(batch, receipt?.gasUsed ?? 0n);
  narrator.heading(`Batch ${figures.index} on L1`);
  narrator.line(
    `${figures.transactions} transactions and ${figures.messages} messages in ${figures.l2Blocks} L2 blocks: ${figures.bytes.toLocaleString("en")} bytes, ${figures.gasUsed.toLocaleString("en")} gas`,
  );
  narrator.line(
    `per transaction: ${(figures.bytes / figures.transactions).toFixed(1)} bytes and ${(figures.gasUsed / BigInt(figures.transactions)).toLocaleString("en")} gas on L1`,
  );
  return figures;
}

async function validate({ chain, narrator }: Stage): Promise<TourFigures["validator"]> {
  narrator.heading("Validate: re-execute every batch from L1 data alone");
  const begin = performance.now();
  const summary = await narrator.progress("Re-executing", () => chain.validator.run({ watch: false }));
  const seconds = (performance.now() - begin) / 1000;
  if (summary.disagreement !== undefined)
    throw new Error(`the validator disagrees with batch ${summary.disagreement.index}`);
  narrator.line(
    `${summary.agreed} of ${summary.batches} batches agree, in ${(seconds * 1000).toFixed(0)} ms: same state root, same withdrawals.`,
  );
  return { batches: summary.batches, agreed: summary.agreed, seconds };
}

async function finalizeAll({ chain, narrator }: Stage): Promise<string> {
  narrator.heading("Finalize: the challenge window passes");
  const index = await narrator.progress("Moving the clock of L1", () => chain.finalize());
  const known = chain.sequencer.status().view.batches[Number(index)];
  const finalizedAt = time(known?.header.finalizesAt);
  narrator.line(`The window of batch ${index} ended at ${finalizedAt} (L1 time); nobody disputed it, it is final.`);
  return finalizedAt;
}

async function claimAll(
  { chain, narrator }: Stage,
  pending: { eth: PendingWithdrawal[]; token: PendingWithdrawal[] },
): Promise<TourFigures["claims"]> {
  narrator.heading("Claim: each withdrawal is proven against its batch and paid");
  const gas = { eth: [] as bigint[], token: [] as bigint[] };
  await narrator.progress("Claiming", async () => {
    for (const withdrawal of pending.eth) gas.eth.push((await chain.claim(withdrawal)).gasUsed);
    for (const withdrawal of pending.token) gas.token.push((await chain.claim(withdrawal)).gasUsed);
  });
  const figures = { eth: gasFigures(gas.eth), token: gasFigures(gas.token) };
  narrator.line(`ETH claim       ${showGas(figures.eth)}, 25,000 of it because these accounts are new on L1`);
  narrator.line(`ERC-20 claim    ${showGas(figures.token)}`);
  return figures;
}

/** Every balance on both layers against the books, to the wei. */
async function compareAll({
  chain,
  funder,
  users,
  token,
  tokenAddress,
  books,
  narrator,
}: Stage): Promise<TourFigures["checks"]> {
  narrator.heading("Check: every balance on both layers, to the wei");
  const wrong: string[] = [];
  let compared = 0;
  const compare = (what: string, actual: bigint | undefined, expected: bigint) => {
    compared++;
    if (actual !== expected) wrong.push(`${what} is ${actual}, must be ${expected}`);
  };
  const l1 = funder.provider;
  await narrator.progress("Comparing", async () => {
    for (const account of books.accounts(ETH)) {
      compare(`L2 ETH of ${account}`, await chain.l2.balance(account), books.balance(ETH, account));
    }
    for (const { address } of users) {
      compare(
        `L2 tokens of ${address}`,
        await chain.l2.balance(address, tokenAddress),
        books.balance(tokenAddress, address),
      );
      compare(`L1 ETH of ${address}`, await l1?.getBalance(address), WITHDRAWAL.eth);
      compare(`L1 tokens of ${address}`, await token.balanceOf(address), WITHDRAWAL.token);
    }
    compare("ETH in the bridge", await l1?.getBalance(chain.contracts.bridge), books.total(ETH));
    compare("tokens in the bridge", await token.balanceOf(chain.contracts.bridge), books.total(tokenAddress));
  });
  for (const line of wrong) narrator.line(line);
  if (wrong.length === 0)
    narrator.line(`${compared} balances compared, all right; the bridge holds exactly what is on L2.`);
  return { compared, wrong };
}

function batchFigures(batch: PostResult, gasUsed: bigint): BatchFigures {
  const { header, blocks, transactions, bytes, transaction } = batch;
  const messages = header.inboxTo - header.inboxFrom;
  return { index: header.index, l2Blocks: blocks, transactions, messages, bytes, gasUsed, transaction };
}

function gasFigures(gas: bigint[]): GasFigures {
  const sum = gas.reduce((total, each) => total + each, 0n);
  const sorted = gas.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return {
    count: gas.length,
    min: sorted[0] ?? 0n,
    mean: gas.length === 0 ? 0n : sum / BigInt(gas.length),
    max: sorted.at(-1) ?? 0n,
  };
}

function showGas({ count, min, mean, max }: GasFigures): string {
  const figure = (gas: bigint) => gas.toLocaleString("en");
  return `${count} times, ${figure(mean)} gas on average (${figure(min)} to ${figure(max)})`;
}
