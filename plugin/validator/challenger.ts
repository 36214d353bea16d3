import { DisputeGame__factory } from "../../typechain-types/index.js";
import { answers, type Move } from "../dispute/strategy.js";
import { bondOf, levelsOf } from "../dispute/rules.js";
import { statementOf } from "../dispute/statement.js";
import { endsAt, resolvable } from "../dispute/tree.js";
import type { DisputeParameters, StateTrace } from "../dispute/types.js";
import { DataWithheldError } from "../da/committee/client.js";
import { BlobUnavailableError } from "../da/source.js";
import { ask, L1InconsistentError, L1UnavailableError } from "../l1/ask.js";
import { BatchDataError } from "../l1/batch-data.js";
import type { L1Client } from "../l1/client.js";
import { L1RevertError } from "../l1/errors.js";
import type { Intent } from "../l1/intent.js";
import type { Mined, Sender } from "../l1/sender.js";
import { DisplacedError, GasLimitError, InsufficientFundsError, RejectedError } from "../l1/sender-errors.js";
import type { L1Block, PlacedEvent } from "../l1/types.js";
import { toHex } from "../ledger/bytes.js";
import { headerHash as hashOf } from "../ledger/hashes.js";
import type { LedgerInput, NodeReader } from "../ledger/types.js";
import type { Program as MachineProgram } from "../machine/program.js";
import { type BatchHeader, type Hex, ZERO_ADDRESS } from "../types.js";
import { type Game, gamesOf, type Rules } from "./games.js";
import type { PostedHeader } from "./history.js";
import { creditIntent, moveIntent, resolveBatchIntent, resolveIntent, rewardIntent, short } from "./moves.js";
import { createTraces } from "./traces.js";
import type { Withheld } from "./demands.js";
import { createWithholding } from "./withholding.js";
import type { OpenGame, ValidatorEvent, Verdict } from "./types.js";

/** The guest program as the machine executes it. */
export interface Machine {
  program(): MachineProgram;
  /** Runs a batch in the machine. Throws when that fails; that is never a verdict. */
  trace(input: LedgerInput, nodes: NodeReader, signal?: AbortSignal): Promise<StateTrace>;
}

export interface ChallengerOptions {
  client: Pick<L1Client, "deployment" | "provider" | "registry" | "addresses" | "now">;
  /** The account that plays; its own. */
  sender: Sender;
  machine: Machine;
  /** The state before every batch that is agreed with or first to be disagreed with. */
  nodes: NodeReader;
  inputOf: (posted: PostedHeader, parent: BatchHeader, signal?: AbortSignal) => Promise<LedgerInput>;
  /** Data of a batch that was judged. */
  dataOf: (posted: PostedHeader, signal?: AbortSignal) => Promise<Uint8Array>;
  log: (event: ValidatorEvent) => void;
}

/** What is known from L1, and thought of it. */
export interface Position {
  events: readonly PlacedEvent[];
  /** Events up to here are known. */
  head: L1Block;
  verdictOf: (headerHash: Hex) => Verdict | undefined;
  /** The batch that cannot be judged, because nobody gives its data. */
  withheld?: Withheld | undefined;
}

/** Plays the games about all batches; docs/dispute.md. Keeps nothing that L1 does not tell: it can be killed and made anew anywhere. */
export interface Challenger {
  readonly address: Hex;
  /**
   * Makes the moves that are to be made now, the most urgent first, and takes what was won.
   * @returns how many transactions were mined, and the games under way. After any transaction: look at L1 again at once.
   */
  play(position: Position, signal?: AbortSignal): Promise<{ moves: number; games: OpenGame[] }>;
}

/** Transactions of one kind between two looks at L1: what came meanwhile may be more urgent. */
const MOVES_AT_ONCE = 16;
/** Claims resolved in one transaction: about 30,000 gas each. */
const RESOLVED_AT_ONCE = 50;
/** L1 blocks after which something that L1 refused is tried again. */
const RETRY_BLOCKS = 10;

export function createChallenger(options: ChallengerOptions): Challenger {
  const { client, sender, machine, nodes, inputOf, log } = options;
  const { deployment, provider, registry, addresses } = client;
  const { address } = sender;
  const withholding = createWithholding({ client, account: address, dataOf: options.dataOf, log });
  const genesis = { header: deployment.genesis, headerHash: hashOf(deployment.genesis) };
  const parameters = new Map<Hex, DisputeParameters | undefined>();
  const traces = createTraces();
  /** What was answered or resolved in an L1 block whose events are not known yet. */
  const underway = new Map<Hex, number>();
  /** L1 block from which on something refused is tried again, by the intent's key. */
  const refused = new Map<string, number>();
  /** Reported, and not to be reported again. */
  const alarms = new Set<string>();
  /** Wei that were needed last and not there; it is reported once. */
  let shortOf: bigint | undefined;
  /** Batches under attack whose data nobody gives any more. */
  const lost = new Map<Hex, Withheld>();
  let collectedAt: readonly PlacedEvent[] | undefined;
  /** What was made of the events last; most looks find none that are new. */
  let known: { events: readonly PlacedEvent[]; games: readonly Game[] } | undefined;

  const rules: Rules = {
    parametersOf: (resolver) => parameters.get(resolver),
    statementOf: (header) =>
      statementOf(header, {
        program: machine.program(),
        l2ChainId: deployment.parameters.l2ChainId,
        bridge: addresses.bridge,
      }),
  };

  function alarmOnce(key: string, event: ValidatorEvent): void {
    if (alarms.has(key)) return;
    alarms.add(key);
    log(event);
  }

  async function learnParameters(events: readonly PlacedEvent[], signal?: AbortSignal): Promise<void> {
    for (const event of events) {
      const resolver = event.kind === "batch" ? event.header.resolver : ZERO_ADDRESS;
      if (resolver !== ZERO_ADDRESS && !parameters.has(resolver)) {
        parameters.set(resolver, await readParameters(resolver, signal));
      }
    }
  }

  /** Undefined for a game that judges by another program: this one knows nothing of its batches. */
  async function readParameters(resolver: Hex, signal?: AbortSignal): Promise<DisputeParameters | undefined> {
    const contract = DisputeGame__factory.connect(resolver, provider);
    const own = await ask(`parameters of the game ${resolver}`, () => contract.parameters(), { signal });
    if (own.machineHash.toLowerCase() !== deployment.program.machineHash.toLowerCase()) return undefined;
    const bits = Number(own.dissectionBits);
    const { clock, extension, baseBond } = own;
    return { bits, levels: levelsOf(bits), clock, extension, baseBond };
  }

  function traceOf({ posted, parent, tree }: Game, verdict: Verdict): StateTrace {
    const { header, headerHash } = posted;
    return traces.of(headerHash, async (signal) => {
      const trace = await machine.trace(await inputOf(posted, parent, signal), nodes, signal);
      const [first, last] = await trace.hashesAt([0, 2 ** (tree.parameters.bits * tree.parameters.levels)], signal);
      if (first === undefined || last === undefined || toHex(first) !== tree.batch.start) {
        throw new L1InconsistentError(`the input of batch ${header.index} is not what its header commits to`);
      }
      // L1 judges by the machine; that the native run differs from it is a fault of this computer or package.
      if ((toHex(last) === tree.batch.end) !== (verdict.kind === "agree")) {
        log({ kind: "engines", index: header.index, native: verdict.kind });
      }
      return trace;
    });
  }

  /** What is to be answered now, the most urgent first. */
  async function unanswered(games: readonly Game[], position: Position, signal?: AbortSignal) {
    lost.clear();
    const now = (await client.now(signal)) + 1n;
    const found: { game: Game; move: Move }[] = [];
    for (const game of games) {
      const { tree, posted } = game;
      const verdict = position.verdictOf(posted.headerHash);
      const isAttacked = tree.root.children.length > 0;
      if (verdict === undefined || verdict.kind === "descends" || tree.root.status !== "open") continue;
      if (verdict.kind === "agree" && !isAttacked) continue;
      try {
        const moves = await answers(tree, traceOf(game, verdict), now, { skip: new Set(underway.keys()), signal });
        // Nobody can claim against what is no longer on the chain, and needs not where data were withheld; the claims that
        // are there can still be answered.
        const isCounterable = game.isOnChain && tree.root.isUnavailable !== true;
        const possible = moves.filter(({ against }) => isCounterable || against.claim !== undefined);
        found.push(...possible.map((move) => ({ game, move })));
      } catch (error) {
        if (error instanceof DataWithheldError && error.missing !== undefined) {
          lost.set(posted.headerHash, { posted, missing: error.missing });
          continue;
        }
        if (signal?.aborted === true || isTransient(error)) throw error;
        // The other games go on.
        const { index } = posted.header;
        alarmOnce(`trace:${posted.headerHash}`, { kind: "unplayable", index, reason: messageOf(error) });
      }
    }
    return found.sort((a, b) => compare(a.move.closesAt, b.move.closesAt));
  }

  async function answerAll(games: readonly Game[], position: Position, signal?: AbortSignal): Promise<number> {
    let count = 0;
    for (const { game, move } of await unanswered(games, position, signal)) {
      const { header } = game.posted;
      const mined = await attempt(moveIntent(header, move), position, signal);
      if (mined === undefined) continue;
      const { blockNumber, gasUsed } = mined.receipt;
      underway.set(move.against.id, blockNumber);
      const against = move.against.claim === undefined ? undefined : short(move.against.id);
      const facts = { index: header.index, depth: move.against.depth, position: move.index, gasUsed, against };
      log(move.kind === "step" ? { kind: "stepped", ...facts } : { kind: "countered", ...facts, bond: move.bond });
      if (++count === MOVES_AT_ONCE) break;
    }
    return count;
  }

  async function resolveAll(games: readonly Game[], position: Position, signal?: AbortSignal): Promise<number> {
    const now = await client.now(signal);
    let count = 0;
    for (const { tree, posted } of games.filter(isOpen)) {
      const { header, headerHash } = posted;
      const ready = resolvable(tree, now).filter(({ id }) => !underway.has(id));
      const claims = ready.filter(({ claim }) => claim !== undefined);
      let done = true;
      for (let at = 0; at < claims.length && done; at += RESOLVED_AT_ONCE) {
        const some = claims.slice(at, at + RESOLVED_AT_ONCE);
        const mined = await attempt(resolveIntent(header, some), position, signal);
        done = mined !== undefined;
        if (mined === undefined) break;
        for (const { id } of some) underway.set(id, mined.receipt.blockNumber);
        log({ kind: "resolved", index: header.index, claims: some.length, gasUsed: mined.receipt.gasUsed });
        count++;
      }
      if (!done || ready.length === claims.length) continue;
      const mined = await attempt(resolveBatchIntent(header, headerHash), position, signal);
      if (mined === undefined) continue;
      underway.set(headerHash, mined.receipt.blockNumber);
      log({ kind: "ended", index: header.index, gasUsed: mined.receipt.gasUsed });
      count++;
    }
    return count;
  }

  /** Whether this account has to end the game: what holds up the chain concerns everybody, what only settles bonds those who have some. */
  function isOpen({ tree, isOnChain }: Game): boolean {
    const isUnderWay = tree.root.children.length > 0 || tree.root.isUnavailable === true;
    if (!isUnderWay || tree.root.status !== "open") return false;
    return isOnChain || [...tree.nodes()].some(({ claimant }) => claimant?.toLowerCase() === address.toLowerCase());
  }

  /** Takes what games and the registry owe this account; they are asked only when something happened. */
  async function collect(position: Position, signal?: AbortSignal): Promise<number> {
    if (collectedAt === position.events) return 0;
    const block = position.head.number;
    let count = await withholding.collect(block, (intent) => attempt(intent, position, signal), signal);
    for (const resolver of parameters.keys()) {
      const contract = DisputeGame__factory.connect(resolver, provider);
      const amount = await ask("credit", () => contract.creditOf(address), { signal });
      if (amount === 0n) continue;
      if ((await attempt(creditIntent(resolver, address, block), position, signal)) === undefined) return count;
      log({ kind: "paid", what: "bonds", amount });
      count++;
    }
    const reward = await ask("reward", () => registry.rewardOf(address), { signal });
    if (reward > 0n) {
      if ((await attempt(rewardIntent(addresses.registry, address, block), position, signal)) === undefined)
        return count;
      log({ kind: "paid", what: "reward", amount: reward });
      count++;
    }
    collectedAt = position.events;
    return count;
  }

  /** Gets a transaction mined; undefined when L1 or the account's balance does not allow it, which is reported once. */
  async function attempt(intent: Intent, { head }: Position, signal?: AbortSignal): Promise<Mined | undefined> {
    if ((refused.get(intent.key) ?? 0) > head.number) return undefined;
    let reason: string;
    try {
      const mined = await sender.send(intent, signal);
      if (mined.receipt.status === 1) {
        refused.delete(intent.key);
        return mined;
      }
      reason = `transaction ${mined.receipt.hash} for ${intent.what} failed`;
    } catch (error) {
      if (error instanceof InsufficientFundsError) {
        warnOfMoney(error.needed, error.present, intent.what);
        return undefined;
      }
      if (!isRefusal(error)) throw error;
      reason = error.message;
    }
    if (!refused.has(intent.key)) log({ kind: "refused", reason });
    refused.set(intent.key, head.number + RETRY_BLOCKS);
    return undefined;
  }

  function warnOfMoney(needed: bigint, present: bigint, what: string): void {
    if (shortOf === undefined) log({ kind: "poor", address, what, needed, present });
    shortOf = needed;
  }

  /** Says once that the next bond cannot be posted, before there is one to post. */
  async function checkMoney(signal?: AbortSignal): Promise<void> {
    const games = [...parameters.values()].filter((each) => each !== undefined);
    const needed = games.reduce((most, game) => (bondOf(game, 1) > most ? bondOf(game, 1) : most), 0n);
    const present = await ask("balance", () => provider.getBalance(address), { signal });
    if (present < needed) warnOfMoney(needed, present, "a claim against a batch");
    else if (shortOf !== undefined && present >= shortOf) shortOf = undefined;
  }

  return {
    address,
    async play(position, signal) {
      const { events, head } = position;
      for (const [id, block] of underway) if (block <= head.number) underway.delete(id);
      if (known?.events !== events) {
        await learnParameters(events, signal);
        known = { events, games: gamesOf(events, genesis, firstFalse(position), rules) };
      }
      await checkMoney(signal);
      const { games } = known;
      traces.keep(
        new Set(games.filter(({ tree }) => tree.root.status === "open").map((game) => game.posted.headerHash)),
      );
      const open = games.filter(isOpen).map(({ posted: { header, headerHash }, tree }) => {
        return { index: header.index, headerHash, endsAt: endsAt(tree) };
      });
      const answered = await answerAll(games, position, signal);
      const { withheld, verdictOf } = position;
      const { moves: demanded, waits } = await withholding.play(
        events,
        withheld === undefined ? [...lost.values()] : [...lost.values(), withheld],
        (headerHash) => verdictOf(headerHash) !== undefined && !lost.has(headerHash),
        (intent) => attempt(intent, position, signal),
        signal,
      );
      open.push(...waits);
      const resolved = await resolveAll(games, position, signal);
      // Each payment costs gas: the winnings are taken at the end, or when they are needed.
      const collected = open.length === 0 || shortOf !== undefined ? await collect(position, signal) : 0;
      return { moves: answered + demanded + resolved + collected, games: open };
    },
  };
}

/** The false batch whose parent is right, if L1 has one that is not final. */
function firstFalse({ events, verdictOf }: Position): Set<Hex> {
  const onChain: Hex[] = [];
  let finalized = 0;
  for (const event of events) {
    if (event.kind === "batch") {
      onChain.length = Number(event.header.index) - 1;
      onChain.push(event.headerHash);
    }
    if (event.kind === "reverted") onChain.length = Number(event.fromIndex) - 1;
    if (event.kind === "finalized") finalized = Number(event.index);
  }
  return new Set(onChain.slice(finalized).filter((headerHash) => verdictOf(headerHash)?.kind === "disagree"));
}

function isRefusal(error: unknown): error is Error {
  return (
    error instanceof L1RevertError ||
    error instanceof GasLimitError ||
    error instanceof RejectedError ||
    error instanceof DisplacedError
  );
}

function isTransient(error: unknown): boolean {
  const transient = [L1UnavailableError, L1InconsistentError, BatchDataError, BlobUnavailableError, DataWithheldError];
  return transient.some((kind) => error instanceof kind);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
