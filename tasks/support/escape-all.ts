import { formatEther } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { type Left, leave } from "../../plugin/escape/leave.js";
import { accountsOf, reconstruct, type Reconstruction } from "../../plugin/escape/reconstruct.js";
import { moveClock } from "../../plugin/hardhat/clock.js";
import { programOfSuite } from "../../plugin/hardhat/proof.js";
import { readTokenBalance } from "../../plugin/hardhat/token.js";
import { forceWithdrawal } from "../../plugin/l1/actions.js";
import type { L1Client } from "../../plugin/l1/client.js";
import { createSource } from "../../plugin/l1/source.js";
import { openLevelStore } from "../../plugin/store/level.js";
import { memoryStore } from "../../plugin/store/memory.js";
import type { Store } from "../../plugin/store/types.js";
import { type Hex, ZERO_ADDRESS } from "../../plugin/types.js";
import type { Narrator } from "./narrator.js";
import { type PlaceName, placeOf } from "./places.js";

export interface EscapeOptions {
  /** A chain whose clock can be moved. */
  connection: NetworkConnection;
  /** With a signer, who pays for everybody, and wherever data come from that L1 has not. */
  l1: L1Client;
  narrator: Narrator;
  /** Folder of the rebuilt state. Default: it stays in memory. */
  folder?: string | undefined;
  /** Who may have something besides the accounts of the state, such as credits. */
  accounts?: readonly Hex[] | undefined;
  signal?: AbortSignal | undefined;
}

export interface EscapeFigures {
  batches: bigint;
  transactions: number;
  /** Seconds of the first reconstruction. */
  seconds: number;
  /** Where the data of each batch were found. */
  places: PlaceName[];
  /** What had to be waited for, in order, on L1's clock. */
  waited: { reason: string; until: bigint }[];
  /** From when on the chain could be frozen, in seconds; undefined when it was frozen before. */
  freezableFrom: bigint | undefined;
  /** The message that nobody takes. */
  forced: Hex;
  /** By which L1's clock went on until everybody was gone. */
  l1Seconds: bigint;
  /** What everybody took, with the failures. */
  left: Left[];
  /** By token, zero is ETH, in its smallest unit: what the bridge held, what everybody took out of it, what is left in it. */
  sums: EscapeSum[];
}

export interface EscapeSum {
  token: Hex;
  putIn: bigint;
  takenOut: bigint;
  leftBehind: bigint;
}

/** Waits for this often: the end of pending batches, then of the sequencers' silence. */
const MAX_WAITS = 8;

/** The chain could not be frozen. */
export class NotFrozenError extends Error {
  override readonly name = "NotFrozenError";
  constructor(readonly reason: string) {
    super(`the chain cannot be frozen: ${reason}`);
  }
}

/**
 * Everybody leaves by what L1 has, with nobody's help: the state is rebuilt, a message is forced that nobody takes, the
 * clock goes on until the chain can be frozen, and every account takes everything out.
 * @throws {NotFrozenError}
 */
export async function escapeAll(options: EscapeOptions): Promise<EscapeFigures> {
  const { folder } = options;
  const store = folder === undefined ? memoryStore() : await openLevelStore(folder);
  try {
    return await escapeWith(options, store);
  } finally {
    await store.close();
  }
}

async function escapeWith(
  { connection, l1, narrator, accounts = [], signal }: EscapeOptions,
  store: Store,
): Promise<EscapeFigures> {
  narrator.heading("Rebuild: the whole state, from L1 alone");
  const program = programOfSuite(l1.deployment);
  let transactions = 0;
  const continued = () =>
    reconstruct({
      ...{ client: l1, source: createSource(l1), program, store, signal },
      log: (event) => {
        if (event.kind === "executed") transactions += event.transactions;
      },
    });
  const begin = performance.now();
  const state = await narrator.progress("Executing every batch", continued);
  const seconds = (performance.now() - begin) / 1000;
  const executed = transactions;
  narrator.line(
    `${state.head} batches, ${executed} transactions in ${(seconds * 1000).toFixed(0)} ms; state ${state.header.stateRoot}`,
  );
  const posted = state.head === 0n ? [] : await l1.batches(1n, state.head, signal);
  const places = await Promise.all(posted.map(({ transaction }) => placeOf(l1.provider, transaction)));
  narrator.line(`Where their data were: ${places.join(", ")}.`);

  const before = await held(l1, state.tokens);
  const credited = await creditsOf(l1, state.tokens, ownersIn(state, accounts));
  const startedAt = await l1.now(signal);

  narrator.heading("Force: a withdrawal straight on L1, which no batch may skip; but nobody posts one");
  const forced = await forceWithdrawal(l1, { amount: "all" }, { signal });
  narrator.line(`Inbox message ${forced.message.index} waits.`);

  narrator.heading("Wait: everybody who could go on has a turn");
  const [someone] = accountsOf(state);
  const account = someone ?? l1.addresses.bridge;
  const waited: EscapeFigures["waited"] = [];
  const left = [await leave({ l1, account, reconstruct: continued, signal })];
  for (let last = left[0]; last?.waiting !== undefined; last = left.at(-1)) {
    const { reason, until } = last.waiting;
    narrator.line(`Not yet: ${reason}.`);
    if (until === undefined || waited.length === MAX_WAITS) throw new NotFrozenError(reason);
    waited.push({ reason, until });
    await moveClock(connection, until);
    left.push(await leave({ l1, account, reconstruct: continued, signal }));
  }

  narrator.heading("Leave: the chain is frozen, and every account takes everything out");
  const owners: Hex[] = [];
  const others = await narrator.progress("Leaving", async () => {
    const final = await continued();
    const gone: Left[] = [];
    for (const owner of ownersIn(final, accounts)) {
      owners.push(owner);
      gone.push(await leave({ l1, account: owner, reconstruct: continued, signal }));
    }
    return gone;
  });
  left.push(...others);
  narrator.line(`${others.length} accounts took out ${left.flatMap(({ taken }) => taken).length} things.`);

  narrator.heading("Check: what everybody took out is what was put in, to the wei");
  const after = await held(l1, state.tokens);
  const creditedNow = await creditsOf(l1, state.tokens, owners);
  const sums = state.tokens.map((token, i) => ({
    token,
    putIn: before[i] ?? 0n,
    // What a token did not pay became a credit, which is in the bridge.
    takenOut: left.reduce((sum, each) => sum + takenOf(each, token), 0n) - (creditedNow[i] ?? 0n) + (credited[i] ?? 0n),
    leftBehind: after[i] ?? 0n,
  }));
  for (const { token, putIn, takenOut, leftBehind } of sums) {
    narrator.line(
      `${token === ZERO_ADDRESS ? "ETH" : token}: ${formatEther(putIn)} in the bridge, ${formatEther(takenOut)} taken out, ${leftBehind} left`,
    );
  }
  const l1Seconds = (await l1.now(signal)) - startedAt;
  const freezableFrom = waited.at(-1)?.until;
  const [work, waits] = [
    { transactions: executed, seconds, places },
    { waited, freezableFrom, l1Seconds },
  ];
  return { batches: state.head, ...work, ...waits, forced: forced.transaction, left, sums };
}

/** Why something could not be taken, a line each. */
export function failuresOf({ left }: Pick<EscapeFigures, "left">): string[] {
  return left.flatMap(({ account, taken }) =>
    taken.flatMap(({ failure }) => (failure === undefined ? [] : [`${account}: ${failure}`])),
  );
}

/** Tokens of which not everything that was in the bridge was taken out. */
export function unequal({ sums }: Pick<EscapeFigures, "sums">): EscapeSum[] {
  return sums.filter(({ putIn, takenOut, leftBehind }) => putIn !== takenOut || leftBehind !== 0n);
}

/** What the bridge has of each token. */
function held({ provider, addresses }: L1Client, tokens: readonly Hex[]): Promise<bigint[]> {
  return Promise.all(
    tokens.map(async (token) =>
      token === ZERO_ADDRESS
        ? provider.getBalance(addresses.bridge)
        : ((await readTokenBalance(provider, token, addresses.bridge)) ?? 0n),
    ),
  );
}

/** Every account of the state, whoever has a deposit on the way or a withdrawal to claim, and `more`. */
function ownersIn(state: Reconstruction, more: readonly Hex[]): Iterable<Hex> {
  const owners = new Map<string, Hex>();
  const add = (account: Hex) => owners.set(account.toLowerCase(), account);
  for (const account of accountsOf(state)) add(account);
  for (const { sender } of state.left) add(sender);
  for (const { withdrawals } of state.unclaimed()) for (const { target } of withdrawals) add(target);
  for (const account of more) add(account);
  return owners.values();
}

/** What the bridge owes `owners` as credits, by token. */
function creditsOf({ bridge }: L1Client, tokens: readonly Hex[], owners: Iterable<Hex>): Promise<bigint[]> {
  const accounts = [...owners];
  return Promise.all(
    tokens.map(async (token) => {
      const credits = await Promise.all(accounts.map((account) => bridge.credit(account, token)));
      return credits.reduce((sum, each) => sum + each, 0n);
    }),
  );
}

/** Without credits, which come of what was taken before. */
function takenOf({ taken }: Left, token: string): bigint {
  return taken
    .filter(({ kind, failure, token: of }) => kind !== "credit" && failure === undefined && isSame(of, token))
    .reduce((sum, { amount }) => sum + amount, 0n);
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
