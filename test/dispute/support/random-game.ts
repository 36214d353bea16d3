import { bondOf } from "../../../plugin/dispute/rules.js";
import { answers, type Move, rememberTrace } from "../../../plugin/dispute/strategy.js";
import { endsAt, type GameNode, resolvable } from "../../../plugin/dispute/tree.js";
import type { Hex } from "../../../plugin/types.js";
import type { Random } from "../../machine/support/random.js";
import type { Play, Table } from "./table.js";
import { hashOf, toyState, toyTrace, type ToyRun } from "./toy.js";
import { firstFalse, isDecisive } from "./truth.js";

export interface Cast {
  /** Play the honest strategy, each at most EXTENSION - 1 seconds after the last honest look. */
  honest: Hex[];
  /** Do whatever they like, on both sides. */
  liars: Hex[];
  /**
   * The honest cannot reach L1 for this long. Then they look all the time before and after, and answer only what decides
   * the batch: in other places liars use up the time of others.
   */
  absence?: { from: bigint; until: bigint };
}

export interface RandomGame {
  table: Table;
  cast: Cast;
  /** L1 time when the game was over. */
  overAt: bigint;
  /** Moves that were made, and such that were refused for a reason, by `kind: reason`. */
  refusals: Set<string>;
  /** Steps, made by anybody. */
  steps: number;
}

/** Plays a random game to its end and pays everybody. */
export async function playRandomGame(table: Table, cast: Cast, random: Random, moves: number): Promise<RandomGame> {
  const { tree, model, run } = table;
  const { clock, extension } = tree.parameters;
  const trace = rememberTrace(toyTrace(run));
  const everybody = [...cast.honest, ...cast.liars];
  const game: RandomGame = { table, cast, overAt: 0n, refusals: new Set(), steps: 0 };
  let now = tree.batch.finalizesAt - clock;
  let lastLook = now;
  if (cast.absence !== undefined) await look(true);

  async function play(by: Hex, play: Play): Promise<boolean> {
    const reasons = await table.play(by, play, now);
    for (const reason of reasons) game.refusals.add(`${play.kind}: ${reason}`);
    if (reasons.length === 0 && play.kind === "step") game.steps++;
    return reasons.length === 0;
  }

  /** Lets time pass; the honest look at the game before any claim has been there for EXTENSION. */
  async function pass(until: bigint): Promise<void> {
    if (cast.absence !== undefined) {
      await look();
      if (now < cast.absence.until && cast.absence.until < until) {
        now = cast.absence.until;
        await look();
      }
      now = until;
      return;
    }
    while (lastLook + extension - 1n < until) {
      const latest = lastLook + extension - 1n;
      const some = now + BigInt(random.below(Number(latest - now) + 1));
      now = random.chance(0.5) || some === lastLook ? latest : some;
      await look();
    }
    now = until;
  }

  async function look(isThere = false): Promise<void> {
    lastLook = now;
    const { absence } = cast;
    if (!isThere && absence !== undefined && absence.from <= now && now < absence.until) return;
    for (const move of await answers(tree, trace, now)) {
      if (absence !== undefined && !isDecisive(run, move.against)) continue;
      const by = random.pick(cast.honest);
      // Somebody saw it in the mempool and was faster.
      if (random.chance(0.1)) await play(random.pick(cast.liars), playOf(move, run));
      await play(by, playOf(move, run));
    }
  }

  for (let i = 0; i < moves; i++) {
    if (random.chance(0.6)) await pass(laterThan(now));
    if (random.chance(0.15)) await look();
    const by = random.pick(cast.liars);
    await play(by, random.chance(0.85) ? await validPlay() : invalidPlay());
  }
  await pass(endsAt(tree) > now ? endsAt(tree) : now);
  // Answers may have made the game longer.
  while (endsAt(tree) > now) await pass(endsAt(tree));
  game.overAt = now;

  const order = resolvable(tree, now).filter(({ depth }) => depth > 0);
  for (let at = 0; at < order.length;) {
    const some = order.slice(at, (at += 1 + random.below(8)));
    await play(random.pick(everybody), { kind: "resolve", ids: some.map(({ id }) => id) });
    if (random.chance(0.2))
      await play(random.pick(everybody), { kind: "resolve", ids: order.slice(0, at).map(({ id }) => id) });
  }
  if (model.claims.size > 0) await play(random.pick(everybody), { kind: "resolveBatch" });
  return game;

  /** Another time: soon, later, or about when something closes. */
  function laterThan(time: bigint): bigint {
    if (random.chance(0.1)) {
      const closings = [...tree.nodes()].filter(({ status, closesAt }) => status === "open" && closesAt > time + 1n);
      if (closings.length > 0) return random.pick(closings).closesAt - 1n + BigInt(random.below(3));
    }
    const most = random.chance(0.8) ? extension / 8n : extension * 2n;
    return time + BigInt(random.below(Number(most)));
  }

  /** A move that is probably valid: claims of all kinds, copies of what the honest would do, steps, early resolutions. */
  async function validPlay(): Promise<Play> {
    if (random.chance(0.1)) {
      const copy = await answers(tree, trace, now);
      if (copy.length > 0) return playOf(random.pick(copy), run);
    }
    if (random.chance(0.06))
      return {
        kind: "resolve",
        ids: resolvable(tree, now)
          .filter(({ depth }) => depth > 0)
          .slice(0, 5)
          .map(({ id }) => id),
      };
    if (random.chance(0.02)) return { kind: "claimCredit" };
    const target = pickTarget();
    const index = target.depth === 0 ? 0 : pickIndex(target);
    if (target.depth === tree.parameters.levels) {
      const step = target.offset + index;
      return { kind: "step", named: target, index, world: random.chance(0.5) ? 0n : BigInt(1 + random.below(3)), step };
    }
    return counterOf(target, index, someList(target, index));
  }

  function invalidPlay(): Play {
    const target = pickTarget();
    const index = target.depth === 0 ? 0 : pickIndex(target);
    const list = someList(target, index);
    const right = counterOf(target, index, list);
    if (right.kind === "counterBatch")
      return { ...right, ...random.pick([{ value: right.value + 1n }, { list: list.slice(1) }]) };
    const twice = target.children[0];
    return random.pick<Play>([
      { ...right, value: right.value - 1n },
      { ...right, list: list.slice(1) },
      { ...right, list: [...list.slice(1), target.list[index]!] },
      { ...right, index: target.list.length },
      { ...right, named: { id: hashOf(random.u64()), list: target.list } },
      { ...right, named: { id: target.id, list: [...target.list].reverse() } },
      twice === undefined ? { kind: "resolveBatch" } : counterOf(target, twice.index, twice.list),
      { kind: "step", named: target, index, world: 0n, step: target.offset + index },
      { kind: "step", named: target, index, world: 5n, step: target.offset + index },
      { kind: "resolve", ids: [target.id] },
      { kind: "resolve", ids: [hashOf(random.u64())] },
      { kind: "resolveBatch" },
    ]);
  }

  /** Mostly the last claims and the deepest, so that some lines get to the bottom. */
  function pickTarget(): GameNode {
    const nodes = [...tree.nodes()];
    if (random.chance(0.08) || nodes.length === 1) return tree.root;
    if (random.chance(0.2)) return random.pick(nodes.slice(1));
    if (random.chance(0.4)) return random.pick(nodes.slice(-4));
    const deepest = nodes.filter(({ status }) => status === "open").sort((a, b) => b.depth - a.depth);
    return deepest.length === 0 ? tree.root : random.pick(deepest.slice(0, 6));
  }

  function pickIndex(node: GameNode): number {
    const lie = firstFalse(run, node);
    return lie >= 0 && random.chance(0.5) ? lie : random.below(node.list.length);
  }

  /** Some states true and then not, or true again, or of a world that nobody reaches, or nonsense. */
  function someList(target: GameNode, index: number): Hex[] {
    const { bits } = tree.parameters;
    const stride = target.stride / 2 ** bits;
    const start = target.offset + index * target.stride;
    const trueUntil = random.below(2 ** bits + 1);
    const world = BigInt(1 + random.below(3));
    const isWild = random.chance(0.3);
    const list = Array.from({ length: 2 ** bits }, (_, i) => {
      // Below an instruction there is nothing to count, and nothing to counter: such a list only makes an invalid move.
      const step = start + Math.ceil((i + 1) * stride);
      if (isWild && random.chance(0.5))
        return random.pick([toyState(run, step), toyState(run, step, world), hashOf(random.u64())]);
      return toyState(run, step, i < trueUntil ? 0n : world);
    });
    if (list.at(-1) === target.list[index]) list[list.length - 1] = hashOf(random.u64());
    return list;
  }

  function counterOf(target: GameNode, index: number, list: readonly Hex[]) {
    const value = bondOf(tree.parameters, Math.min(target.depth + 1, tree.parameters.levels));
    if (target.depth === 0) return { kind: "counterBatch" as const, list, value };
    return { kind: "counter" as const, named: target, index, list, value };
  }
}

/** The honest strategy's move as it is sent. */
export function playOf(move: Move, run: ToyRun): Play {
  const { against, index } = move;
  if (move.kind === "step") return { kind: "step", named: against, index, world: 0n, step: stepOf(move.witness, run) };
  if (against.depth === 0) return { kind: "counterBatch", list: move.list, value: move.bond };
  return { kind: "counter", named: against, index, list: move.list, value: move.bond };
}

/** Which step a toy witness is of. */
function stepOf(witness: Uint8Array, { start }: ToyRun): number {
  const [first, world, step] = [0, 32, 64].map((at) => Buffer.from(witness.subarray(at, at + 32)).toString("hex"));
  if (`0x${first}` !== start || BigInt(`0x${world}`) !== 0n) throw new Error("a witness of another run");
  return Number(BigInt(`0x${step}`));
}
