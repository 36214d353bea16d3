import { readFile } from "node:fs/promises";

import { formatUnits, getAddress, Interface, isAddress, type Provider, toBeHex, zeroPadValue } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { isMissing } from "../../deploy/address-book.js";
import { readProxySlots } from "../../deploy/slots.js";
import { readToken, readTokenBalance } from "../../plugin/hardhat/token.js";
import { type Hex, ZERO_ADDRESS } from "../../plugin/types.js";
import { ArgumentError } from "../support/action.js";
import { explain } from "../support/explain.js";
import { impersonate } from "../support/fork.js";
import { balanceOn, ERC20, sendToken } from "./erc20.js";
import { KNOWN_TOKENS, type WantedToken } from "./known-tokens.js";
import type { StepLog } from "./script.js";
import type { Actor, People } from "./stage.js";

const ETHER = 10n ** 18n;
/** What the people bring to L2 of ETH, in all. */
export const ETH_AMOUNT = 8n * ETHER;
/** Of a token: a thousand, if its holder has as much. */
const WHOLE_TOKENS = 1_000n;
/** Amounts are halved a few times on the way. */
const LEAST = 1_000n;
const MOST = 1n << 120n;
/** Blocks that are looked through for somebody who was paid; the wider one where the narrow one has nobody. */
const LOOK_BACK = [20, 500];
const CANDIDATES = 40;

/** `0x…`, `0x…=0x<holder>`, several with commas; or a JSON file with a list of `{ "address", "holder" }`. */
export async function tokensArgument(given: string | undefined, chainId: bigint): Promise<readonly WantedToken[]> {
  if (given === undefined) return KNOWN_TOKENS.get(chainId) ?? [];
  if (given === "none") return [];
  if (!given.startsWith("0x")) return readTokens(given);
  return given.split(",").map((each) => {
    const [token = "", holder, ...more] = each.trim().split("=");
    if (more.length > 0) throw wrong(`"${each}" is none`);
    return wanted(token, holder);
  });
}

async function readTokens(path: string): Promise<WantedToken[]> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw wrong(
      `${path} ${isMissing(error) ? "is neither a file nor begins with 0x" : `cannot be read: ${(error as Error).message}`}`,
    );
  }
  if (!Array.isArray(json)) throw wrong(`${path} holds no JSON list`);
  return json.map((each: unknown) => {
    const { address, holder } = (each ?? {}) as { address?: unknown; holder?: unknown };
    return wanted(typeof address === "string" ? address : "", typeof holder === "string" ? holder : undefined);
  });
}

function wanted(address: string, holder: string | undefined): WantedToken {
  const checked = (each: string): Hex => {
    if (!isAddress(each)) throw wrong(`"${String(each)}" is no address`);
    return getAddress(each) as Hex;
  };
  return { address: checked(address), ...(holder === undefined ? {} : { holder: checked(holder) }) };
}

function wrong(what: string): ArgumentError {
  return new ArgumentError("tokens", `--tokens: ${what}; right is 0x…, or 0x…=0x<holder>, with commas, or a JSON file`);
}

/** ETH, and what of the wanted tokens is on the fork and can be lent: alice has it then. */
export async function fund(
  connection: NetworkConnection,
  forkedAt: number,
  tokens: readonly WantedToken[],
  { alice }: People,
  log: StepLog,
  signal: AbortSignal,
): Promise<Actor[]> {
  const eth: Actor = {
    ...{ address: ZERO_ADDRESS, symbol: "ETH", decimals: 18, holder: undefined, withdrawals: [] },
    traits: ["given by the fork: nobody lost any"],
    ...{ isDeposited: false, takesFee: false, isOdd: false },
  };
  const actors = [eth];
  for (const token of tokens) {
    signal.throwIfAborted();
    actors.push(await borrow(connection, forkedAt, token, alice.address, log));
  }
  return actors;
}

async function borrow(
  connection: NetworkConnection,
  forkedAt: number,
  { address, holder: named, ...rest }: WantedToken & { name?: string },
  to: string,
  log: StepLog,
): Promise<Actor> {
  const { provider } = connection.ethers;
  const facts = await readToken(provider, address);
  const symbol = facts?.symbol ?? rest.name ?? `${address.slice(0, 8)}…`;
  const decimals = facts?.decimals ?? 0;
  const actor: Actor = {
    ...{ address, symbol, decimals, holder: named, withdrawals: [], isDeposited: false, takesFee: false, isOdd: false },
    traits: facts === undefined ? [] : await traitsOf(provider, address, facts.decimals),
  };
  const without = (absent: string, error?: string): Actor => {
    log.find({
      ...{ severity: "note", what: `${symbol} takes no part: ${absent}`, token: address, error },
      meaning: "Nothing is known of this token after the rehearsal.",
    });
    return { ...actor, absent };
  };
  if (facts === undefined) return without("there is no code at its address on this chain");
  if ((await readTokenBalance(provider, address, to as Hex)) === undefined) return without("it does not say balances");
  const lender = await lenderOf(provider, forkedAt, address, named, rest.name !== undefined);
  if (lender === undefined) {
    return without(
      named === undefined ? "nobody was found who has some; name a holder" : `its holder ${named} has too little`,
    );
  }
  const whole = WHOLE_TOKENS * 10n ** BigInt(facts.decimals ?? 18);
  const amount = [whole, lender.balance / 2n, MOST].reduce((least, each) => (each < least ? each : least));
  try {
    await sendToken(await impersonate(connection, lender.holder, ETHER), address, to, amount);
  } catch (error) {
    return without(`${lender.holder} cannot send any`, explain(error).join("; "));
  }
  const received = await balanceOn(provider, address, to);
  if (received < LEAST) return without(`of ${amount} that ${lender.holder} sent, ${received} arrived`);
  if (received !== amount) actor.traits.push(`${percent(amount - received, amount)} of a transfer are its fee`);
  log.say(`${symbol}: ${formatUnits(received, decimals)} from ${lender.holder}`);
  return { ...actor, holder: lender.holder };
}

/** The holder that was named, if it has enough; without one, or of a well-known token, whoever has most of those who were paid lately. */
async function lenderOf(
  provider: Provider,
  forkedAt: number,
  token: Hex,
  named: Hex | undefined,
  isWellKnown: boolean,
) {
  const has = async (account: Hex) => ({
    holder: account,
    balance: (await readTokenBalance(provider, token, account)) ?? 0n,
  });
  if (named !== undefined) {
    const lender = await has(named);
    if (lender.balance >= 2n * LEAST) return lender;
    if (!isWellKnown) return undefined;
  }
  for (const blocks of LOOK_BACK) {
    const paid = await recipientsIn(provider, token, Math.max(0, forkedAt - blocks), forkedAt);
    const candidates = await Promise.all(paid.slice(0, CANDIDATES).map(has));
    const [best] = candidates.toSorted((a, b) => (a.balance > b.balance ? -1 : 1));
    if (best !== undefined && best.balance >= 2n * LEAST) return best;
  }
  return undefined;
}

/** Newest first. A node that gives no logs is as good as one without any. */
async function recipientsIn(provider: Provider, token: Hex, from: number, to: number): Promise<Hex[]> {
  const topics = [ERC20.getEvent("Transfer")?.topicHash ?? ""];
  try {
    const logs = await provider.getLogs({ address: token, topics, fromBlock: from, toBlock: to });
    const accounts = logs.reverse().flatMap((log): Hex[] => {
      const [, , recipient] = log.topics;
      return recipient === undefined ? [] : [getAddress(`0x${recipient.slice(26)}`) as Hex];
    });
    return [...new Set(accounts)].filter((account) => account !== ZERO_ADDRESS);
  } catch {
    // Too many, or none kept: the next range, or nobody.
    return [];
  }
}

/** "1.25 %". */
export function percent(part: bigint, whole: bigint): string {
  return `${(Number((part * 1_000_000n) / whole) / 10_000).toString()} %`;
}

const ASKS_IMPLEMENTATION = new Interface(["function implementation() view returns (address)"]);

async function traitsOf(provider: Provider, token: Hex, decimals: number | undefined): Promise<string[]> {
  const traits: string[] = [];
  const { implementation: stored } = await readProxySlots(provider, token);
  const implementation = stored === ZERO_ADDRESS ? await answeredImplementation(provider, token) : stored;
  if (implementation !== undefined) traits.push(`proxy of ${implementation}`);
  traits.push(decimals === undefined ? "says no decimals" : `${decimals} decimals`);
  return traits;
}

async function answeredImplementation(provider: Provider, token: Hex): Promise<Hex | undefined> {
  try {
    const answer = await provider.call({ to: token, data: ASKS_IMPLEMENTATION.encodeFunctionData("implementation") });
    if (answer.length !== 66 || BigInt(answer) === 0n || BigInt(answer) >> 160n !== 0n) return undefined;
    return getAddress(zeroPadValue(toBeHex(BigInt(answer)), 20)) as Hex;
  } catch {
    // It has no such view.
    return undefined;
  }
}
