import { formatUnits, getAddress } from "ethers";

import { openArchive } from "../../plugin/da/archive.js";
import { committeeReader } from "../../plugin/hardhat/committee.js";
import { startLocalCommittee } from "../../plugin/hardhat/local-committee.js";
import { connectL1 } from "../../plugin/l1/client.js";
import type { Hex } from "../../plugin/types.js";
import { ETH } from "../demo/books.js";
import { escapeAll, type EscapeFigures } from "../support/escape-all.js";
import { explain } from "../support/explain.js";
import { balanceOn } from "./erc20.js";
import type { StepLog } from "./script.js";
import { lackOf, type Stage } from "./stage.js";
import { deposited } from "./withdrawals.js";

/** When everybody was gone, and from when on they waited. */
export interface Escaped {
  asked: Hex;
  gone: Hex;
  figures: EscapeFigures;
}

/**
 * The sequencer is gone for ever while alice's last deposits are in no batch; everybody leaves by L1 alone.
 * @param disk What the sequencer had, whose archive of blobs and committee others keep.
 */
export async function everybodyLeaves(stage: Stage, disk: string, log: StepLog): Promise<Escaped> {
  const { chain, connection, people, books, tokens, creditors, output, signal } = stage;
  const { provider } = connection.ethers;
  const late = await depositLate(stage, log);
  await chain.close();
  log.say("The sequencer is gone, and what it stored.");

  const actors = deposited(stage);
  const owners = [...new Set(actors.flatMap(({ address }) => books.accounts(address)))];
  const look = async () => {
    const found = new Map<string, bigint>();
    for (const { address } of actors) {
      for (const owner of owners) found.set(`${address}:${owner}`, await balanceOn(provider, address, owner));
    }
    return found;
  };
  const owedCredits = new Map<string, bigint>();
  for (const { address } of actors) {
    for (const owner of creditors) {
      owedCredits.set(`${address}:${owner}`, await stage.l1().bridge.credit(owner, address));
    }
  }
  const before = await look();

  const book = chain.deployment;
  const members = await startLocalCommittee(connectL1(provider, book), `${disk}.members`);
  let figures: EscapeFigures;
  try {
    const l1 = connectL1(provider, book, people.payer, {
      blobSources: [openArchive(`${disk}.blobs`)],
      committee: members && committeeReader(book, members.reached),
    });
    figures = await escapeAll({ connection, l1, narrator: output, accounts: [...creditors], signal });
  } finally {
    await members?.close();
  }

  if (book.parameters.da === "blob" && !figures.places.includes("blobs")) {
    log.find({
      severity: "note",
      what: "No batch's data went into blobs",
      meaning:
        "Batches go where it is cheaper: these were small, and blobs dear or calldata cheap on the forked chain. Blobs were not rehearsed.",
      ...{ expected: "blobs", actual: [...new Set(figures.places)].join(", ") },
    });
  }

  const told = new Set<string>();
  for (const { account, taken } of figures.left) {
    for (const { failure, token, amount } of taken) {
      const actor = tokens.find(({ address }) => address.toLowerCase() === token.toLowerCase());
      const what = `${getAddress(account)} could not take ${amount} of ${actor?.symbol ?? token}`;
      if (failure === undefined || told.has(what)) continue;
      told.add(what);
      log.find({
        ...{
          severity: actor === undefined ? "note" : lackOf(actor, amount),
          what,
          error: failure,
          token: actor?.address ?? token,
        },
        meaning: "It stays theirs: the escape can be tried again at any time, by anybody, for them.",
      });
    }
  }

  const after = await look();
  for (const token of actors) {
    const { address, symbol, decimals } = token;
    const sum = figures.sums.find((each) => each.token.toLowerCase() === address.toLowerCase());
    let got = 0n;
    for (const owner of owners) {
      const key = `${address}:${owner}`;
      const received = (after.get(key) ?? 0n) - (before.get(key) ?? 0n);
      got += received;
      const refund = owner === people.alice.address ? (late.get(address) ?? 0n) : 0n;
      const expected = books.balance(address, owner) + refund + (owedCredits.get(key) ?? 0n);
      if (token.takesFee && received < expected) continue;
      const isLess = received < expected;
      log.compare({
        what: `${symbol} that ${owner} has after leaving`,
        ...{ actual: received, expected, token: address },
        severity: isLess ? lackOf(token, expected - received) : "note",
        meaning: isLess
          ? "Less arrived than was on L2: the token kept a fee, blocked the account, or the bridge lacked it."
          : "More arrived than was on L2.",
      });
    }
    const { putIn = 0n, takenOut = 0n, leftBehind = 0n } = sum ?? {};
    token.escape = { putIn, takenOut, received: got, leftBehind };
    log.say(
      `${symbol}: ${formatUnits(takenOut, decimals)} taken out, ${formatUnits(leftBehind, decimals)} left behind`,
    );
    log.compare({
      what: `${symbol} left in the bridge when everybody is gone`,
      ...{ actual: leftBehind, expected: 0n, token: address },
      severity: lackOf(token, leftBehind),
      meaning: "Credits of accounts that the token does not pay, or gains of the token, stay in the bridge.",
    });
  }
  const taken = figures.left.flatMap((each) => each.taken.flatMap(({ transaction }) => transaction ?? []));
  const gone = taken.at(-1);
  if (gone === undefined) throw new Error("nobody took anything");
  return { asked: figures.forced, gone, figures };
}

/** What alice has left of everything, deposited when nobody posts any more. By token. */
async function depositLate({ chain, connection, people, tokens }: Stage, log: StepLog): Promise<Map<string, bigint>> {
  const { provider } = connection.ethers;
  const late = new Map<string, bigint>();
  for (const { address, symbol, isDeposited } of tokens) {
    if (!isDeposited) continue;
    const amount = address === ETH ? 10n ** 18n : await balanceOn(provider, address, people.alice.address);
    if (amount === 0n) continue;
    try {
      const { message } = await chain.deposit(people.alice, { amount, ...(address === ETH ? {} : { token: address }) });
      late.set(address, message.amount);
    } catch (error) {
      log.find({
        severity: "note",
        what: `The bridge refused a last deposit of ${symbol}`,
        meaning: "The refund of deposits that never arrived was not rehearsed with this token.",
        ...{ error: explain(error).join("; "), token: address },
      });
    }
  }
  log.say(`${late.size} deposits are on L1 and in no batch.`);
  return late;
}
