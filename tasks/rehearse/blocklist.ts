import { Interface, type Provider } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { claimCredit } from "../../plugin/l1/escape-actions.js";
import { createSender } from "../../plugin/l1/sender.js";
import { transact } from "../../plugin/l1/transact.js";
import type { Hex } from "../../plugin/types.js";
import { explain } from "../support/explain.js";
import { impersonate } from "../support/fork.js";
import { balanceOn } from "./erc20.js";
import type { StepLog } from "./script.js";
import type { Actor, Stage } from "./stage.js";
import { claim, type Leaving } from "./withdrawals.js";

/** How tokens keep somebody from their balance, and who may. */
const FORMS = [
  { block: "blacklist(address)", unblock: "unBlacklist(address)", is: "isBlacklisted(address)", by: ["blacklister()"] },
  {
    ...{ block: "addBlackList(address)", unblock: "removeBlackList(address)", is: "getBlackListStatus(address)" },
    by: ["getOwner()", "owner()"],
  },
  {
    ...{ block: "freeze(address)", unblock: "unfreeze(address)", is: "isFrozen(address)" },
    by: ["assetProtectionRole()", "owner()"],
  },
  { block: "setBlocked(address,bool)", unblock: "setBlocked(address,bool)", is: "blocked(address)", by: [] },
] as const;

/** Who may put an account on a token's list, and how. */
interface Blocklist {
  by: Hex;
  isBlocked(account: string): Promise<boolean>;
  set(account: string, blocked: boolean): Promise<void>;
}

const GAS_MONEY = 10n ** 18n;

/**
 * Dave is put on the list of every token that has one, after his withdrawal and before it is paid: the claims of all others
 * go through, his waits as a credit, which he has paid to another account.
 */
export async function claimWithBlocklists(stage: Stage, leaving: readonly Leaving[], log: StepLog): Promise<void> {
  const { connection, people, signal } = stage;
  const { dave } = people;
  const blocklists = new Map<Actor, Blocklist>();
  for (const { token } of leaving) {
    if (blocklists.has(token)) continue;
    const found = await blocklistOf(connection, token.address, dave.address);
    if (found === undefined) continue;
    token.traits.push(`blocklist of ${found.by === dave.address ? "anybody" : found.by}`);
    try {
      await found.set(dave.address, true);
    } catch (error) {
      log.find({
        severity: "note",
        what: `${token.symbol}: ${found.by} cannot put anybody on its blocklist`,
        meaning: "What a blocked account gets was not rehearsed with this token.",
        ...{ error: explain(error).join("; "), token: token.address },
      });
      continue;
    }
    if (await found.isBlocked(dave.address)) {
      blocklists.set(token, found);
      log.say(`${token.symbol}: ${found.by} put dave on its blocklist`);
    }
  }
  if (blocklists.size === 0) log.say("None of the tokens has a blocklist that is known here.");
  for (const each of leaving) {
    signal.throwIfAborted();
    const claimed = await claim(stage, each, log);
    const blocklist = blocklists.get(each.token);
    if (claimed === undefined) continue;
    const isBlocked = blocklist !== undefined && each.pending.withdrawal.target === dave.address;
    if (isBlocked) {
      await payBlocked(stage, each, claimed.credited, log);
      // What follows is about other things.
      await blocklist.set(dave.address, false);
    } else if (claimed.credited > 0n) sayCredit(each, claimed, log);
  }
}

function sayCredit(
  { token, pending }: Leaving,
  { credited, transaction }: { credited: bigint; transaction: Hex },
  log: StepLog,
) {
  token.isOdd = true;
  log.find({
    severity: "note",
    what: `${token.symbol} does not pay ${pending.withdrawal.target}`,
    meaning: "The amount waits as a credit, which its owner can have paid elsewhere.",
    ...{ expected: "0", actual: credited.toString(), transaction, token: token.address },
  });
}

/** The credit of somebody who is blocked: refused to the blocked account, paid to another one of its owner's. */
async function payBlocked(stage: Stage, { token, pending }: Leaving, credited: bigint, log: StepLog): Promise<void> {
  const { connection, people } = stage;
  const { address, symbol } = token;
  const { amount } = pending.withdrawal;
  const isCredited = log.compare({
    what: `${symbol} of dave's, blocked, that waits as a credit`,
    ...{ actual: credited, expected: amount, token: address },
    meaning: "A payment to a blocked account must become a credit, whole.",
  });
  if (!isCredited) return;
  let refusal: string | undefined;
  try {
    await claimCredit(stage.l1(people.payer), people.dave.address as Hex, address);
  } catch (error) {
    refusal = explain(error).join("; ");
  }
  log.compare({
    what: `${symbol}: paying the credit to the blocked account is refused`,
    ...{ actual: refusal !== undefined, expected: true, token: address },
    severity: "note",
    meaning: "The token pays an account that it says is blocked.",
  });
  if (refusal === undefined) return;
  log.say(`${symbol}: dave's credit is refused to him (${refusal})`);
  const l1 = stage.l1(people.dave);
  const sender = await createSender({ provider: l1.provider, signer: people.dave });
  const data = l1.bridge.interface.encodeFunctionData("claimCreditTo", [address, people.erin.address]);
  const before = await balanceOn(connection.ethers.provider, address, people.erin.address);
  const { hash } = await transact(l1, sender, { what: "the credit", data }, { signal: stage.signal });
  const received = (await balanceOn(connection.ethers.provider, address, people.erin.address)) - before;
  const left = await l1.bridge.credit(people.dave.address, address);
  log.compare({
    what: `${symbol} that dave has left as a credit after having it paid elsewhere`,
    ...{ actual: left, expected: 0n, transaction: hash as Hex, token: address },
    meaning: "Part of the credit was not paid; it can be tried again.",
  });
  log.say(`${symbol}: dave had ${received} paid to another account of his`);
}

async function blocklistOf(connection: NetworkConnection, token: Hex, account: string): Promise<Blocklist | undefined> {
  const { provider } = connection.ethers;
  for (const form of FORMS) {
    const face = new Interface([
      `function ${form.block}`,
      ...(form.unblock === form.block ? [] : [`function ${form.unblock}`]),
      `function ${form.is} view returns (bool)`,
      ...form.by.map((view) => `function ${view} view returns (address)`),
    ]);
    const name = (signature: string) => signature.slice(0, signature.indexOf("("));
    const is = async (who: string) => word(provider, token, face.encodeFunctionData(name(form.is), [who]));
    if ((await is(account)) !== 0n) continue;
    const owners = await Promise.all(form.by.map((view) => word(provider, token, face.encodeFunctionData(name(view)))));
    const by = form.by.length === 0 ? account : addressIn(owners.find((owner) => owner !== undefined));
    if (by === undefined) continue;
    const arguments_ = (who: string, blocked: boolean) => (form.block === form.unblock ? [who, blocked] : [who]);
    const calldata = (who: string, blocked: boolean) =>
      face.encodeFunctionData(name(blocked ? form.block : form.unblock), arguments_(who, blocked));
    return {
      by: by as Hex,
      isBlocked: async (who) => (await is(who)) === 1n,
      async set(who, blocked) {
        const signer = await impersonate(connection, by, GAS_MONEY);
        await (await signer.sendTransaction({ to: token, data: calldata(who, blocked) })).wait();
      },
    };
  }
  return undefined;
}

/** The one word that a view answers; undefined when it is no such view. */
async function word(provider: Provider, to: string, data: string): Promise<bigint | undefined> {
  try {
    const answer = await provider.call({ to, data });
    return answer.length === 66 ? BigInt(answer) : undefined;
  } catch {
    // The token has no such view.
    return undefined;
  }
}

function addressIn(value: bigint | undefined): string | undefined {
  return value === undefined || value === 0n || value >> 160n !== 0n
    ? undefined
    : `0x${value.toString(16).padStart(40, "0")}`;
}
