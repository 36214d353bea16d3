import { formatUnits } from "ethers";

import type { PendingWithdrawal } from "../../plugin/hardhat/types.js";
import type { Claimed } from "../../plugin/l1/actions.js";
import type { PostResult } from "../../plugin/sequencer/options.js";
import type { Hex } from "../../plugin/types.js";
import { ETH } from "../demo/books.js";
import { explain } from "../support/explain.js";
import { placeOf } from "../support/places.js";
import { balanceOn } from "./erc20.js";
import { act, type Deed, payable, withdrawalsOf } from "./l2.js";
import type { StepLog } from "./script.js";
import { type Actor, lackOf, type Stage } from "./stage.js";

/** A withdrawal that is on its way. */
export interface Leaving {
  token: Actor;
  pending: PendingWithdrawal;
}

/** Alice pays bob, carol and dave a part of everything. */
export async function transferAll(stage: Stage, log: StepLog): Promise<void> {
  const { alice, bob, carol, dave } = stage.people;
  const deeds = deposited(stage).flatMap(({ address, deposit }): Deed[] => {
    const part = payable(stage.chain.deployment, (deposit?.credited ?? 0n) / 8n);
    const pay = (to: Hex, amount: bigint): Deed => ({ by: alice, token: address, amount, to });
    return [pay(bob.address as Hex, 2n * part), pay(carol.address as Hex, part), pay(dave.address as Hex, part)];
  });
  await act(stage, deeds);
  log.say(
    `${deeds.length} transfers by one account are in L2 blocks up to ${stage.chain.sequencer.status().head.number}.`,
  );
  await compareL2(stage, log);
}

/** Bob and dave take a part of everything home. */
export async function withdrawAll(stage: Stage, log: StepLog): Promise<Leaving[]> {
  const { bob, dave } = stage.people;
  const leaving: { token: Actor; deed: Deed }[] = deposited(stage).flatMap((token) => {
    const part = payable(stage.chain.deployment, (token.deposit?.credited ?? 0n) / 16n);
    return [bob, dave].map((by) => ({
      token,
      deed: { by, token: token.address, amount: part, to: by.address as Hex, withdraws: true },
    }));
  });
  const pending = await withdrawalsOf(
    stage,
    await act(
      stage,
      leaving.map(({ deed }) => deed),
    ),
  );
  log.say(`${pending.length} withdrawals are on L2.`);
  return leaving.flatMap(({ token }, i) => {
    const each = pending[i];
    return each === undefined ? [] : [{ token, pending: each }];
  });
}

/** Posts what there is, and says what that cost. */
export async function post({ chain, connection }: Stage, log: StepLog): Promise<PostResult | undefined> {
  const batch = await chain.sequencer.post();
  if (batch === undefined) return undefined;
  const receipt = await connection.ethers.provider.getTransactionReceipt(batch.transaction);
  const place = await placeOf(connection.ethers.provider, batch.transaction);
  const messages = batch.header.inboxTo - batch.header.inboxFrom;
  log.say(
    `Batch ${batch.header.index}: ${batch.transactions} transactions and ${messages} messages, ${batch.bytes} bytes in ${place}, ${receipt?.gasUsed ?? 0n} gas`,
  );
  if (chain.deployment.parameters.da === "committee" && place !== "committee") {
    log.find({
      severity: "note",
      what: `The data of batch ${batch.header.index} went to ${place}`,
      meaning: "Too few members of the committee signed, so that the data went where everybody has them.",
      ...{ expected: "committee", actual: place, transaction: batch.transaction },
    });
  }
  return batch;
}

/** Pays one withdrawal; whatever the token does, the bridge must lose what was paid and no more. */
export async function claim(stage: Stage, { token, pending }: Leaving, log: StepLog): Promise<Claimed | undefined> {
  const { chain, connection, people } = stage;
  const { address, symbol } = token;
  const { target, amount } = pending.withdrawal;
  const { bridge } = stage.l1().addresses;
  const look = (account: string) => balanceOn(connection.ethers.provider, address, account);
  const before = { own: await look(target), bridge: await look(bridge) };
  let claimed: Claimed;
  try {
    claimed = await chain.claim(pending, people.payer);
  } catch (error) {
    const kept = (await look(bridge)) === before.bridge;
    stage.unclaimed.push({ token, amount });
    token.isOdd = true;
    log.find({
      severity: kept && address !== ETH ? "note" : "essential",
      what: `A withdrawal of ${symbol} cannot be claimed`,
      meaning: kept
        ? "The claim stays open and can be tried again for ever; nobody else's is touched."
        : "The bridge's balance moved although the claim was refused.",
      ...{ error: explain(error).join("; "), token: address },
    });
    return undefined;
  }
  const { transaction, credited } = claimed;
  const received = (await look(target)) - before.own;
  token.withdrawals.push({ target, amount, received, credited, transaction });
  log.compare({
    what: `${symbol} that left the bridge for ${amount}`,
    actual: before.bridge - (await look(bridge)),
    expected: amount - credited,
    meaning: "The bridge paid something else than the withdrawal: other holders would pay for it, or this one.",
    ...{ transaction, token: address },
  });
  if (credited > 0n) stage.creditors.add(target);
  if (received !== amount - credited && !token.takesFee) {
    token.takesFee = true;
    log.find({
      severity: "note",
      what: `${symbol}: less arrived than the bridge sent`,
      meaning: "The token keeps a fee of each transfer, which is the recipient's.",
      ...{ expected: (amount - credited).toString(), actual: received.toString(), transaction, token: address },
    });
  }
  return claimed;
}

/** Every balance on L2 against the books. */
export async function compareL2({ chain, books, tokens }: Stage, log: StepLog): Promise<void> {
  for (const { address, symbol } of tokens) {
    for (const account of books.accounts(address)) {
      log.compare({
        what: `${symbol} of ${account} on L2`,
        actual: await chain.l2.balance(account, address === ETH ? undefined : address),
        expected: books.balance(address, account),
        meaning: "A balance on L2 is not what its owner was given.",
        token: address,
      });
    }
  }
}

/** What the bridge holds of each token against what it owes: balances on L2, open claims and credits. */
export async function compareEscrow(stage: Stage, log: StepLog): Promise<void> {
  const { books, connection, creditors } = stage;
  const { bridge, addresses } = stage.l1();
  const { provider } = connection.ethers;
  for (const token of deposited(stage)) {
    const { address, symbol, decimals } = token;
    let owed = books.total(address);
    for (const account of creditors) owed += await bridge.credit(account, address);
    for (const open of stage.unclaimed) if (open.token === token) owed += open.amount;
    const held = await balanceOn(provider, address, addresses.bridge);
    token.bridge = { held, owed };
    log.say(`${symbol}: the bridge holds ${formatUnits(held, decimals)} and owes ${formatUnits(owed, decimals)}`);
    const isMore = held > owed;
    log.compare({
      what: `${symbol} in the bridge`,
      ...{ actual: held, expected: owed, token: address },
      severity: isMore ? "note" : lackOf({ ...token, isOdd: false, takesFee: false }, owed - held),
      meaning: isMore
        ? "The bridge has more than it owes: gains of the token, or somebody's present. They stay there."
        : "The bridge has less than it owes: not everybody can be paid.",
    });
  }
}

export function deposited({ tokens }: Pick<Stage, "tokens">): Actor[] {
  return tokens.filter(({ isDeposited }) => isDeposited);
}
