import { formatEther, parseEther, type BaseWallet, type Signer, Wallet } from "ethers";

import type { DisputeReport, PendingWithdrawal, RollupChain } from "../../plugin/hardhat/types.js";
import { type Fault, FAULTS } from "../../plugin/validator/faults.js";
import { describe, type ValidatorEvent } from "../../plugin/validator/types.js";
import type { Narrator } from "../support/narrator.js";
import { type PlaceName, placeOf } from "../support/places.js";

const DEPOSIT = parseEther("1");
const WITHDRAWAL = parseEther("0.25");

export interface DisputeFigures {
  fault: Fault;
  /** The false batch. */
  batch: { index: bigint; headerHash: string; transaction: string; place: PlaceName };
  games: DisputeReport["games"];
  moves: DisputeReport["moves"];
  /** Of each side's transactions in the game. */
  gasUsed: { validator: bigint; liar: bigint };
  /** Wei that the validator got: its own bonds, the liar's, and the reward. */
  won: bigint;
  l1Seconds: bigint;
  /** From the false batch to the slash, of our time. */
  disputeSeconds: number;
  checks: { compared: number; wrong: string[] };
}

/** The story of a false batch: what users did before it, the lie, the dispute, the slash, and L2 going on without it. */
export async function rehearseDispute(
  chain: RollupChain,
  funder: Signer,
  liar: Signer,
  fault: Fault,
  narrator: Narrator,
): Promise<DisputeFigures> {
  const { registry } = chain.contracts;
  const { sequencerBond } = chain.deployment.parameters;

  narrator.heading("Users: deposits, payments and a withdrawal");
  const [older, newer] = [newUsers(4), newUsers(2)];
  const users = [...older, ...newer];
  await narrator.progress("Depositing", () => depositFor(chain, funder, older));
  const first = await chain.sequencer.post();
  narrator.line(`Batch ${first?.header.index ?? 0n} is on L1, and right.`);
  await narrator.progress("Depositing", () => depositFor(chain, funder, newer));
  const withdrawal = await payAndWithdraw(chain, users);
  const before = await balancesOf(chain, users);
  narrator.line(`${users.length} users have done what the next batch will carry.`);

  narrator.heading(`The lie: ${FAULTS[fault]}`);
  const begin = performance.now();
  const { header, headerHash, transaction } = await chain.sequencer.post({ fault, by: liar });
  narrator.line(
    `${header.submitter} bonded ${formatEther(sequencerBond)} ETH, waited its turn and posted batch ${header.index}:`,
  );
  const place = await placeOf(funder.provider, transaction);
  narrator.line(`where its data are: ${place}`);
  narrator.line(`state root ${header.stateRoot}, withdrawals root ${header.withdrawalsRoot}`);
  narrator.line(`The honest sequencer does not build on it: ${chain.sequencer.status().falseBatch?.reason ?? ""}.`);

  narrator.heading("The dispute: claims about 16 states each, down to one instruction that L1 executes");
  const gasUsed = { validator: 0n, liar: 0n };
  const report = await chain.dispute({
    log: ({ player, event }) => {
      gasUsed[player] += gasOf(event);
      if (isTold(player, event)) narrator.line(`${player.padEnd(9)} ${describe(event)}`);
    },
  });
  const disputeSeconds = (performance.now() - begin) / 1000;

  narrator.heading("The slash");
  const bond = await registry.bondOf(header.submitter);
  narrator.line(
    `The liar's bond was ${formatEther(sequencerBond)} ETH and is ${formatEther(bond)} ETH: half is burnt, half is the reward.`,
  );
  narrator.line(`The validator got ${formatEther(report.won)} ETH: its own bonds, the liar's, and the reward.`);
  narrator.line(
    `Gas: validator ${gasUsed.validator.toLocaleString("en")} in ${report.moves.validator} transactions, liar ${gasUsed.liar.toLocaleString("en")} in ${report.moves.liar}.`,
  );
  narrator.line(
    `${disputeSeconds.toFixed(1)} s from the lie to the slash; ${report.l1Seconds} s of L1's time, windows and clocks included.`,
  );

  narrator.heading("L2 goes on without the batch");
  const again = await narrator.progress("Posting again", () => chain.sequencer.post());
  narrator.line(
    `The sequencer made its blocks again on the last good batch: batch ${again?.header.index ?? 0n} has the same ${again?.transactions ?? 0} transactions and ${(again?.header.inboxTo ?? 0n) - (again?.header.inboxFrom ?? 0n)} messages.`,
  );
  const { agreed, batches } = await chain.validator.run({ watch: false });
  narrator.line(`The validator agrees with ${agreed} of ${batches} batches.`);
  await narrator.progress("Moving the clock of L1", () => chain.finalize());
  await chain.claim(withdrawal, funder);

  const wrong: string[] = [];
  const after = await balancesOf(chain, users);
  for (const [i, { address }] of users.entries()) {
    if (after[i] !== before[i]) wrong.push(`L2 ETH of ${address} is ${after[i]}, must be ${before[i]}`);
  }
  const paid = (await funder.provider?.getBalance(withdrawal.withdrawal.target)) ?? 0n;
  if (paid !== WITHDRAWAL) wrong.push(`L1 ETH of ${withdrawal.withdrawal.target} is ${paid}, must be ${WITHDRAWAL}`);
  if (report.games.length !== 1 || report.games[0]?.winner === undefined)
    wrong.push("the false batch was not reverted");
  if (bond !== 0n) wrong.push(`the liar's bond is ${bond}, must be 0`);
  if (agreed !== batches) wrong.push(`the validator agrees with ${agreed} of ${batches} batches`);
  for (const line of wrong) narrator.line(line);
  if (wrong.length === 0) narrator.line("Every balance is what it was before the lie, and the withdrawal is paid.");

  const { games, moves, won, l1Seconds } = report;
  const batch = { index: header.index, headerHash, transaction, place };
  const checks = { compared: users.length + 4, wrong };
  return { fault, batch, games, moves, gasUsed, won, l1Seconds, disputeSeconds, checks };
}

function newUsers(count: number): BaseWallet[] {
  return Array.from({ length: count }, () => Wallet.createRandom());
}

async function depositFor(chain: RollupChain, funder: Signer, users: BaseWallet[]): Promise<void> {
  for (const { address } of users) await chain.deposit(funder, { amount: DEPOSIT, to: address });
}

/** Everybody pays the next one, and the first withdraws. */
async function payAndWithdraw(chain: RollupChain, users: BaseWallet[]): Promise<PendingWithdrawal> {
  for (const [i, user] of users.entries()) {
    const to = users[(i + 1) % users.length]?.address ?? user.address;
    await (await chain.l2.wallet(user).sendTransaction({ to, value: BigInt(i + 1) })).wait();
  }
  const [first] = users;
  if (first === undefined) throw new Error("there are no users");
  return chain.l2.withdraw(chain.l2.wallet(first), { amount: WITHDRAWAL });
}

function balancesOf(chain: RollupChain, users: BaseWallet[]): Promise<bigint[]> {
  return Promise.all(users.map(({ address }) => chain.l2.balance(address)));
}

function gasOf(event: ValidatorEvent): bigint {
  return "gasUsed" in event ? event.gasUsed : 0n;
}

/** What one player did the other sees, too: it is told once. What the liar thinks of batches is not told. */
function isTold(player: "validator" | "liar", { kind }: ValidatorEvent): boolean {
  if (kind === "claimed") return false;
  return (
    player === "validator" || kind === "countered" || kind === "stepped" || kind === "resolved" || kind === "ended"
  );
}
