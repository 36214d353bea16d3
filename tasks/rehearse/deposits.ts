import { formatUnits, type Signer } from "ethers";

import type { Enqueued } from "../../plugin/l1/actions.js";
import type { Hex } from "../../plugin/types.js";
import { ETH } from "../demo/books.js";
import { explain } from "../support/explain.js";
import { balanceOn } from "./erc20.js";
import { sealAll } from "./l2.js";
import type { StepLog } from "./script.js";
import type { Actor, Stage } from "./stage.js";
import { ETH_AMOUNT, percent } from "./tokens.js";

/** Alice brings four fifths of everything to L2; the rest is for later. Returns her deposit of ETH. */
export async function depositAll(stage: Stage, log: StepLog): Promise<Enqueued | undefined> {
  const { chain, tokens, people, books } = stage;
  const { provider } = stage.connection.ethers;
  let eth: Enqueued | undefined;
  for (const token of tokens) {
    if (token.absent !== undefined) continue;
    stage.signal.throwIfAborted();
    const amount =
      token.address === ETH ? ETH_AMOUNT : ((await balanceOn(provider, token.address, people.alice.address)) * 4n) / 5n;
    const done = await depositOne(stage, token, amount, log);
    if (token.address === ETH) eth = done;
  }
  await sealAll(chain);
  for (const { address, symbol, deposit, isDeposited } of tokens) {
    if (!isDeposited || deposit === undefined) continue;
    books.add(address, people.alice.address, deposit.credited);
    log.compare({
      what: `${symbol} that alice has on L2`,
      actual: await chain.l2.balance(people.alice, address === ETH ? undefined : address),
      expected: deposit.credited,
      meaning: "L2 did not credit what the inbox says arrived.",
      ...{ transaction: deposit.transaction, token: address },
    });
  }
  return eth;
}

/** One deposit; what arrived in the bridge must be what the message says. */
async function depositOne(
  { chain, connection, people }: Stage,
  token: Actor,
  amount: bigint,
  log: StepLog,
): Promise<Enqueued | undefined> {
  const { address, symbol, decimals } = token;
  const bridge = chain.deployment.contracts.L1EscrowBridge.address;
  const look = (account: string) => balanceOn(connection.ethers.provider, address, account);
  const before = { own: await look(people.alice.address), bridge: await look(bridge) };
  let done: Enqueued;
  try {
    done = await chain.deposit(people.alice, { amount, ...(address === ETH ? {} : { token: address }) });
  } catch (error) {
    const kept = (await look(people.alice.address)) === before.own && (await look(bridge)) === before.bridge;
    token.absent = `its deposit was refused: ${explain(error).join("; ")}`;
    log.find({
      severity: kept && address !== ETH ? "note" : "essential",
      what: `The bridge refused the deposit of ${symbol}`,
      meaning: kept
        ? "Nobody lost anything; this token cannot be brought to the L2."
        : "Balances moved although it was refused.",
      error: explain(error).join("; "),
      token: address,
    });
    return undefined;
  }
  const arrived = (await look(bridge)) - before.bridge;
  const { transaction, message } = done;
  const gasPaid = address === ETH ? await gasOf(people.alice, transaction) : 0n;
  const paid = before.own - (await look(people.alice.address)) - gasPaid;
  token.isDeposited = true;
  token.deposit = { paid, credited: message.amount, transaction };
  log.say(`${symbol}: alice paid ${formatUnits(paid, decimals)}, L2 credits ${formatUnits(message.amount, decimals)}`);
  log.compare({
    what: `${symbol} that the message of the deposit says`,
    actual: message.amount,
    expected: arrived,
    meaning: "The bridge credits something else than what arrived: L2 and escrow would drift apart.",
    ...{ transaction, token: address },
  });
  if (paid !== message.amount) {
    token.takesFee = true;
    token.traits.push(`credited ${percent(paid - message.amount, paid)} less than it took`);
    log.find({
      severity: "note",
      what: `${symbol} credits less than it takes`,
      meaning:
        "The token keeps a fee of each transfer, in and out: users get on L2 what arrived, and less when it is paid. They should be told so.",
      ...{ expected: paid.toString(), actual: message.amount.toString(), transaction, token: address },
    });
  }
  return done;
}

async function gasOf({ provider }: Signer, transaction: Hex): Promise<bigint> {
  return (await provider?.getTransactionReceipt(transaction))?.fee ?? 0n;
}
