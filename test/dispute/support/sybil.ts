import { answers, rememberTrace } from "../../../plugin/dispute/strategy.js";
import { bondOf } from "../../../plugin/dispute/rules.js";
import { createGameTree, endsAt, type GameNode, resolvable } from "../../../plugin/dispute/tree.js";
import type { Hex } from "../../../plugin/types.js";
import type { Random } from "../../machine/support/random.js";
import { playOf } from "./random-game.js";
import type { Play, Table } from "./table.js";
import { hashOf, toyState, toyTrace } from "./toy.js";
import { firstFalse } from "./truth.js";

export interface SybilReport {
  /** Claims of the attackers by what they are. */
  lies: Record<"batch" | "honest" | "sibling" | "offTrace", number>;
  answers: number;
  steps: number;
  /** CPU time of the strategy in milliseconds, everything made anew from L1's events at each look. */
  cpu: number;
  /** The longest single look, in milliseconds of CPU time. */
  longestLook: number;
  /** Different states that the trace was asked for. */
  states: number;
  /** Wei at once in bonds of either side, at most. */
  locked: { honest: bigint; liars: bigint };
  /** Answers between two looks, at most. */
  burst: number;
}

const [KINDS, TOGETHER] = [["batch", "honest", "honest", "sibling", "offTrace"] as const, 50];

/**
 * Many accounts attack a true batch at all depths at once, in bursts; the honest side answers each burst before anything of it closes.
 * @param cast `liars` attack in turn; `resolver` resolves, and is on no side.
 */
export async function playSybilAttack(
  table: Table,
  { honest, liars, resolver }: { honest: Hex; liars: Hex[]; resolver: Hex },
  random: Random,
  count: number,
): Promise<SybilReport> {
  const { tree, run } = table;
  const { parameters, batch } = tree;
  const toy = toyTrace(run);
  const trace = rememberTrace(toy);
  const report: SybilReport = {
    ...{ lies: { batch: 0, honest: 0, sibling: 0, offTrace: 0 }, answers: 0, steps: 0, cpu: 0, longestLook: 0 },
    ...{ states: 0, locked: { honest: 0n, liars: 0n }, burst: 0 },
  };
  let now = batch.finalizesAt - parameters.clock;
  let sent = 0;

  while (sent < count) {
    for (let i = 0; i < TOGETHER && sent < count; i++) {
      const kind = random.pick(KINDS);
      const lie = makeLie(kind);
      if (lie === undefined) continue;
      const reasons = await table.play(liars[sent % liars.length]!, lie, now);
      if (reasons.length > 0) continue;
      report.lies[kind]++;
      sent++;
    }
    now += parameters.extension / 2n;
    const started = process.cpuUsage();
    const known = createGameTree(parameters, batch, table.events);
    const moves = await answers(known, trace, now);
    const { user, system } = process.cpuUsage(started);
    report.cpu += (user + system) / 1_000;
    report.longestLook = Math.max(report.longestLook, (user + system) / 1_000);
    report.burst = Math.max(report.burst, moves.length);
    for (const move of moves) {
      const reasons = await table.play(honest, playOf(move, run), now);
      if (reasons.length > 0) throw new Error(`an honest move was refused: ${reasons.join()}`);
      report[move.kind === "step" ? "steps" : "answers"]++;
    }
    const held = { honest: 0n, liars: 0n };
    for (const { claimant, status, depth } of tree.nodes()) {
      if (claimant !== undefined && status === "open")
        held[claimant === honest ? "honest" : "liars"] += bondOf(parameters, depth);
    }
    if (held.honest > report.locked.honest) report.locked.honest = held.honest;
    if (held.liars > report.locked.liars) report.locked.liars = held.liars;
  }
  report.states = toy.asked;

  const end = endsAt(tree);
  const claims = resolvable(tree, end).filter(({ depth }) => depth > 0);
  for (let at = 0; at < claims.length; at += TOGETHER) {
    const ids = claims.slice(at, at + TOGETHER).map(({ id }) => id);
    await table.play(resolver, { kind: "resolve", ids }, end);
  }
  await table.play(resolver, { kind: "resolveBatch" }, end);
  return report;

  function makeLie(kind: keyof SybilReport["lies"]): Play | undefined {
    const open = [...tree.nodes()].filter(
      ({ status, depth, closesAt }) => status === "open" && depth > 0 && now < closesAt,
    );
    const inner = open.filter(({ depth }) => depth < parameters.levels);
    if (kind === "batch") return now < batch.finalizesAt ? counterOf(tree.root, 0, false) : undefined;
    if (kind === "honest") {
      const own = inner.filter(({ claimant }) => claimant === honest).sort((a, b) => b.depth - a.depth);
      const target = own[random.below(Math.min(own.length, 60) || 1)];
      return target && counterOf(target, random.below(target.list.length), false);
    }
    const lies = inner.filter((node) => firstFalse(run, node) >= 0);
    if (lies.length === 0) return undefined;
    const target = random.pick(lies);
    const index = firstFalse(run, target);
    if (kind === "sibling") return counterOf(target, random.below(index + 1), false);
    return index + 1 < target.list.length
      ? counterOf(target, index + 1 + random.below(target.list.length - index - 1), true)
      : undefined;
  }

  /** Some true states, then nonsense; or nothing but nonsense. */
  function counterOf(target: GameNode, index: number, isNonsense: boolean): Play {
    const length = 2 ** parameters.bits;
    const stride = target.stride / length;
    const start = target.offset + index * target.stride;
    const trueUntil = isNonsense ? 0 : random.below(length);
    const list = Array.from({ length }, (_, i) =>
      i < trueUntil ? toyState(run, start + (i + 1) * stride) : hashOf(random.u64()),
    );
    const value = bondOf(parameters, target.depth + 1);
    return target.depth === 0
      ? { kind: "counterBatch", list, value }
      : { kind: "counter", named: target, index, list, value };
  }
}
