import type { Provider } from "ethers";

import {
  DisputeGame__factory,
  IChannelAdjudicator__factory,
  IWasmForceMoveApp__factory,
} from "../../../typechain-types/index.js";
import { levelsOf } from "../../dispute/rules.js";
import { answers } from "../../dispute/strategy.js";
import { createGameTree, endsAt, type GameTree, resolvable } from "../../dispute/tree.js";
import type { DisputeParameters, StateTrace } from "../../dispute/types.js";
import { ask } from "../../l1/ask.js";
import { L1RevertError } from "../../l1/errors.js";
import type { Intent } from "../../l1/intent.js";
import type { Mined, Sender } from "../../l1/sender.js";
import type { Oracle } from "../../machine/hostCalls.js";
import type { Hex } from "../../types.js";
import { creditIntent, moveIntent, resolveBatchIntent, resolveIntent } from "../../validator/moves.js";
import { createTraces } from "../../validator/traces.js";
import { disputeCall, type MoveDispute, readDisputes, settleCall } from "./disputes.js";
import { type ChannelMove, shownStateHash } from "./move.js";
import type { WasmRules } from "./rules.js";
import { moveStatement, traceMove, type WasmApp } from "./statement.js";

export interface JudgeOptions {
  provider: Provider;
  /** The account that plays and posts bonds; its own. */
  sender: Sender;
  /** Address of the WasmForceMoveApp. */
  app: Hex;
  rules: WasmRules;
  /** The participant whose channels are looked after. The sender's account need not be it, but to open a dispute its session key. */
  participant: Hex;
  /** First block in which a dispute of its channels may have begun; default 0. */
  fromBlock?: number;
  log?: (event: JudgeEvent) => void;
  /** Makes the oracle of another run out of the true one: what a liar's machine answers. */
  oracle?: (truth: Oracle) => Oracle;
}

type Done = "countered" | "stepped" | "resolved" | "ended" | "settled";

/** What a judge did. */
export type JudgeEvent = { index: bigint; channelId: Hex } & (
  { kind: Done; gasUsed: bigint } | { kind: "refused"; reason: string }
);

/** A dispute about a channel of the participant that is under way. */
export interface OpenDispute {
  index: bigint;
  channelId: Hex;
  /** L1 time in seconds from which on it can be ended if nothing more is claimed. */
  endsAt: bigint;
}

/** Where a judge stands. */
export interface JudgeSummary {
  /** Transactions that it got mined in this look. After any: look again at once. */
  moves: number;
  open: OpenDispute[];
}

/** Plays the disputes about moves of one participant's channels; docs/wasm-apps.md §4. Keeps nothing that L1 does not tell. */
export interface Judge {
  /**
   * Has a forced move of the other participant judged.
   * @throws L1RevertError when L1 does not take it, and what the sender throws.
   */
  dispute(move: ChannelMove, signal?: AbortSignal): Promise<Mined>;
  /** Makes the moves that are to be made now, the most urgent first; ends what can be ended; takes what was won. */
  look(signal?: AbortSignal): Promise<JudgeSummary>;
}

/** Blocks below the head that are read again: what happened there may be undone yet. */
const REREAD_BLOCKS = 64;

interface Game {
  dispute: MoveDispute;
  tree: GameTree;
  trace: StateTrace;
}

/** @throws Error when the app judges by another program. */
export async function createJudge(options: JudgeOptions, signal?: AbortSignal): Promise<Judge> {
  const { provider, sender, rules, participant, log, oracle } = options;
  const contract = IWasmForceMoveApp__factory.connect(options.app, provider);
  const facts = await ask(
    `the app ${options.app}`,
    async () => {
      const [{ chainId }, game, adjudicator] = await Promise.all([
        provider.getNetwork(),
        contract.game(),
        contract.adjudicator(),
      ]);
      const parameters = await DisputeGame__factory.connect(game, provider).parameters();
      return { chainId, game: game as Hex, adjudicator, parameters };
    },
    { signal },
  );
  const { machineHash, clock, extension, baseBond } = facts.parameters;
  if (machineHash !== rules.machineHash) {
    throw new Error(`the app judges by the program ${machineHash}, the rules are ${rules.machineHash}`);
  }
  const bits = Number(facts.parameters.dissectionBits);
  const parameters: DisputeParameters = { bits, levels: levelsOf(bits), clock, extension, baseBond };
  const adjudicator = IChannelAdjudicator__factory.connect(facts.adjudicator, provider);
  const place: WasmApp = { l1ChainId: facts.chainId, app: options.app };
  const traces = createTraces();
  let from = options.fromBlock ?? 0;

  function gameOf(dispute: MoveDispute): Game {
    const { header, headerHash, move, events } = dispute;
    const { finalizesAt } = header;
    const statement = moveStatement(header, rules.program(), place);
    const tree = createGameTree(parameters, { headerHash, finalizesAt, ...statement }, events);
    const trace = traces.of(headerHash, (signal) =>
      traceMove(rules.program(), { header, move }, place, { signal, ...(oracle === undefined ? {} : { oracle }) }),
    );
    return { dispute, tree, trace };
  }

  const isOurs = ({ move }: MoveDispute): boolean =>
    move.params.participants.some((each) => each.toLowerCase() === participant.toLowerCase());

  /** Whether an intent was mined. What L1 refuses somebody else has done, or it came too late; the next look tells. */
  async function attempt({ dispute }: Game, kind: Done, intent: Intent, signal?: AbortSignal): Promise<boolean> {
    const of = { index: dispute.index, channelId: dispute.move.channelId };
    try {
      const { receipt } = await sender.send(intent, signal);
      if (receipt.status !== 1) return false;
      log?.({ ...of, kind, gasUsed: receipt.gasUsed });
      return true;
    } catch (error) {
      if (!(error instanceof L1RevertError)) throw error;
      log?.({ ...of, kind: "refused", reason: error.message });
      return false;
    }
  }

  async function answerAll(games: readonly Game[], now: bigint, signal?: AbortSignal): Promise<number> {
    let count = 0;
    for (const game of games) {
      const { tree, trace, dispute } = game;
      if (tree.root.status !== "open") continue;
      for (const move of await answers(tree, trace, now + 1n, { signal })) {
        // What is over is not claimed against; claims that are there are answered for their bonds.
        if (dispute.verdict !== undefined && move.against.claim === undefined) continue;
        const kind = move.kind === "step" ? "stepped" : "countered";
        if (await attempt(game, kind, moveIntent(dispute.header, move), signal)) count++;
      }
    }
    return count;
  }

  async function resolveAll(games: readonly Game[], now: bigint, signal?: AbortSignal): Promise<number> {
    let count = 0;
    for (const game of games) {
      const { tree, dispute } = game;
      if (tree.root.children.length === 0 || tree.root.status !== "open") continue;
      const ready = resolvable(tree, now);
      const claims = ready.filter(({ claim }) => claim !== undefined);
      if (claims.length > 0) {
        if (!(await attempt(game, "resolved", resolveIntent(dispute.header, claims), signal))) continue;
        count++;
      }
      if (ready.length === claims.length) continue;
      if (await attempt(game, "ended", resolveBatchIntent(dispute.header, dispute.headerHash), signal)) count++;
    }
    return count;
  }

  async function settleAll(games: readonly Game[], now: bigint, signal?: AbortSignal): Promise<number> {
    let count = 0;
    for (const game of games) {
      const { dispute, tree } = game;
      if (dispute.verdict !== undefined) continue;
      const { status, children } = tree.root;
      const isDecided = status !== "open" || (children.length === 0 && now >= dispute.header.finalizesAt);
      if (!isDecided && !(await isMoot(dispute, signal))) continue;
      const data = settleCall(dispute, status === "refuted");
      const intent = {
        key: `wasm:settle:${dispute.headerHash}`,
        what: `settling dispute ${dispute.index}`,
        to: options.app,
        data,
      };
      if (await attempt(game, "settled", intent, signal)) count++;
    }
    return count;
  }

  /** Whether the channel left the arbitration that the dispute opened. */
  async function isMoot({ index, move }: MoveDispute, signal?: AbortSignal): Promise<boolean> {
    const { channelId } = move;
    const [last, status] = await ask(
      `channel ${channelId}`,
      () => Promise.all([contract.disputeOf(channelId), adjudicator.statusOf(channelId)]),
      { signal },
    );
    return last !== index || status.mode !== ARBITRATION;
  }

  async function collect(block: number, signal?: AbortSignal): Promise<number> {
    const game = DisputeGame__factory.connect(facts.game, provider);
    const amount = await ask("credit", () => game.creditOf(sender.address), { signal });
    if (amount === 0n) return 0;
    const { receipt } = await sender.send(creditIntent(facts.game, sender.address, block), signal);
    return receipt.status ?? 0;
  }

  return {
    dispute(move, signal) {
      const state = shownStateHash(move.channelId, move.candidate);
      const intent = {
        key: `wasm:dispute:${move.channelId}:${state}`,
        what: "the dispute about a move",
        to: options.app,
      };
      return sender.send({ ...intent, data: disputeCall(move) }, signal);
    },

    async look(signal) {
      const head = await ask("the last block", () => provider.getBlock("latest"), { signal });
      if (head === null) throw new Error("L1 has no block");
      const disputes = await readDisputes(
        provider,
        { app: options.app, game: facts.game },
        { from, to: head.number },
        signal,
      );
      const games = disputes.filter(isOurs).map(gameOf);
      const open = games.filter(({ dispute, tree }) => dispute.verdict === undefined || isPlayed(tree));
      traces.keep(new Set(open.map(({ dispute }) => dispute.headerHash)));
      const now = BigInt(head.timestamp);
      let moves = await answerAll(open, now, signal);
      moves += await resolveAll(open, now, signal);
      moves += await settleAll(open, now, signal);
      if (open.length === 0) moves += await collect(head.number, signal);
      from = Math.max(from, Math.min(head.number - REREAD_BLOCKS, ...open.map(({ dispute }) => dispute.block)));
      return {
        moves,
        open: open.map(({ dispute, tree }) => {
          return { index: dispute.index, channelId: dispute.move.channelId, endsAt: endsAt(tree) };
        }),
      };
    },
  };
}

/** `ChannelMode.Arbitration`. */
const ARBITRATION = 2n;

/** Whether claims about a move are not resolved yet. */
function isPlayed({ root }: GameTree): boolean {
  return root.children.length > 0 && root.status === "open";
}
