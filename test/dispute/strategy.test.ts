import { expect } from "chai";

import { bondOf, claimId, listHash, strideOf } from "../../plugin/dispute/rules.js";
import { answers, type Move, rememberTrace } from "../../plugin/dispute/strategy.js";
import {
  createGameTree,
  endsAt,
  type GameNode,
  type GameTree,
  openNodes,
  resolvable,
  stands,
  UnknownClaimError,
  winningChild,
} from "../../plugin/dispute/tree.js";
import type { DisputeEvent } from "../../plugin/dispute/types.js";
import { type Hex, ZERO_ADDRESS } from "../../plugin/types.js";
import { hashOf, toyBatch, toyState, toyTrace, toyWitness } from "./support/toy.js";

const honest: Hex = "0x00000000000000000000000000000000000000aa";
const liar: Hex = "0x00000000000000000000000000000000000000bb";
const parameters = { bits: 2, levels: 3, clock: 1_000n, extension: 100n, baseBond: 10n };
const K = 4;

describe("the game's tree and the honest strategy", () => {
  for (const isTrue of [true, false]) {
    it(`wins about a ${isTrue ? "true" : "false"} batch, down to the step`, async () => {
      const { run, batch } = toyBatch({ isTrue, length: 50 });
      // With the liar's claims at odd or at even depths, so that the last one is the liar's.
      const levels = isTrue ? 3 : 4;
      const tree = createGameTree({ ...parameters, levels }, batch);
      const trace = toyTrace(run);
      let now = 500n;
      if (isTrue) counter(tree, tree.root, 0, [hashOf(9n), hashOf(8n), hashOf(7n), hashOf(6n)], now);
      let move = only(await answers(tree, trace, now));
      while (move.kind === "counter") {
        play(tree, move, now);
        expect(await answers(tree, trace, now)).to.deep.equal([]);
        // The liar holds the third state false, agrees to the first two, and lies on.
        const own = tree.get(move.id)!;
        const lies = [1, 2, 3].map((i) => hashOf(now, BigInt(i)));
        counter(tree, own, 2, [toyState(run, own.offset + 2 * own.stride + own.stride / K), ...lies], now);
        now += 50n;
        move = only(await answers(tree, trace, now));
      }
      expect(move.against.depth).to.equal(levels);
      const at = move.against.offset + move.index;
      expect(move.witness).to.deep.equal(toyWitness(run, at));
      expect(toyState(run, at)).to.equal(move.against.list[move.index - 1]);
      tree.apply({
        kind: "claimStepped",
        id: move.against.id,
        index: move.index,
        state: toyState(run, at + 1),
        winner: honest,
      });
      expect(stands(tree.root)).to.equal(isTrue);
      if (!isTrue) expect(winningChild(tree.root)?.claimant).to.equal(honest);
    });
  }

  it("answers a false claim at its first false state, with the bond of that depth", async () => {
    const { run, batch } = toyBatch({ isTrue: true, length: 50 });
    const tree = createGameTree(parameters, batch);
    const list = [toyState(run, 16), hashOf(1n, 1n), toyState(run, 48), hashOf(1n, 2n)];
    const lie = counter(tree, tree.root, 0, list, 500n);
    const move = only(await answers(tree, toyTrace(run), 500n));
    if (move.kind !== "counter") throw new Error("expected a counter");
    expect(move.against).to.equal(lie);
    expect(move.index).to.equal(1);
    expect(move.list).to.deep.equal([20, 24, 28, 32].map((step) => toyState(run, step)));
    expect(move.bond).to.equal(bondOf(parameters, 2));
    expect(move.closesAt).to.equal(1_500n);
    expect(play(tree, move, 510n).id).to.equal(move.id);
  });

  it("leaves a batch and claims alone that are true, and what starts from a false state", async () => {
    const { run, batch } = toyBatch({ isTrue: true, length: 50 });
    const tree = createGameTree(parameters, batch);
    expect(await answers(tree, toyTrace(run), 0n)).to.deep.equal([]);
    const lie = counter(
      tree,
      tree.root,
      0,
      [1n, 2n, 3n, 4n].map((i) => hashOf(i, i)),
      500n,
    );
    const truth = play(tree, only(await answers(tree, toyTrace(run), 500n)), 500n);
    expect(truth.claimant).to.equal(honest);
    const trace = toyTrace(run);
    for (let i = 0; i < 20; i++) {
      const child = counter(
        tree,
        lie,
        1 + (i % 3),
        [1n, 2n, 3n, BigInt(i)].map((word) => hashOf(word, 77n)),
        500n,
      );
      counter(
        tree,
        child,
        3,
        [1n, 2n, 3n, BigInt(i)].map((word) => hashOf(word, 78n)),
        500n,
      );
    }
    expect(await answers(tree, trace, 500n)).to.deep.equal([]);
    // The states of the batch, the lie and the true claim, however many claims stand on false states.
    expect(trace.asked).to.be.at.most(1 + K + K);
  });

  it("answers a false claim that starts from a true state behind a false one", async () => {
    const { run, batch } = toyBatch({ isTrue: true, length: 50 });
    const tree = createGameTree(parameters, batch);
    const list = [hashOf(1n, 1n), toyState(run, 32), toyState(run, 48), hashOf(1n, 2n)];
    const lie = counter(tree, tree.root, 0, list, 500n);
    const behind = counter(
      tree,
      lie,
      2,
      [1n, 2n, 3n, 4n].map((i) => hashOf(i, i)),
      500n,
    );
    const moves = await answers(tree, toyTrace(run), 500n);
    expect(moves.map(({ against, index }) => [against.id, index])).to.deep.equal([
      [lie.id, 0],
      [behind.id, 0],
    ]);
  });

  it("repeats no true child that somebody else made or that is resolved, and no answer on its way", async () => {
    const { run, batch } = toyBatch({ isTrue: false, length: 50 });
    const tree = createGameTree(parameters, batch);
    expect(await answers(tree, toyTrace(run), 0n, { skip: new Set([batch.headerHash]) })).to.deep.equal([]);
    const move = only(await answers(tree, toyTrace(run), 0n));
    const copied = play(tree, move, 10n, liar);
    expect(await answers(tree, toyTrace(run), 10n)).to.deep.equal([]);
    tree.apply({ kind: "claimResolved", id: copied.id, isRefuted: false, payee: liar, amount: 30n });
    expect(await answers(tree, toyTrace(run), 10n)).to.deep.equal([]);
  });

  it("answers only what is open, the earliest to close first", async () => {
    const { run, batch } = toyBatch({ isTrue: true, length: 50 });
    const tree = createGameTree(parameters, batch);
    const lies = [500n, 300n, 400n].map((at) =>
      counter(
        tree,
        tree.root,
        0,
        [1n, 2n, 3n, 4n].map((i) => hashOf(i, at)),
        at,
      ),
    );
    expect(lies.map(({ closesAt }) => closesAt)).to.deep.equal([1_500n, 1_300n, 1_400n]);
    const against = async (now: bigint) => (await answers(tree, toyTrace(run), now)).map(({ closesAt }) => closesAt);
    expect(await against(1_299n)).to.deep.equal([1_300n, 1_400n, 1_500n]);
    expect(await against(1_300n)).to.deep.equal([1_400n, 1_500n]);
    expect(await against(1_500n)).to.deep.equal([]);
    expect(openNodes(tree, 999n).map(({ closesAt }) => closesAt)).to.deep.equal([1_000n, 1_300n, 1_400n, 1_500n]);
  });

  it("asks the trace for a state and a witness once when it is remembered", async () => {
    const { run, batch } = toyBatch({ isTrue: true, length: 50 });
    const tree = createGameTree(parameters, batch);
    counter(
      tree,
      tree.root,
      0,
      [1n, 2n, 3n, 4n].map((i) => hashOf(i, i)),
      500n,
    );
    const counted = toyTrace(run);
    const trace = rememberTrace(counted);
    const first = await answers(tree, trace, 500n);
    const asked = counted.asked;
    expect(await answers(tree, trace, 500n)).to.deep.equal(first);
    expect(counted.asked).to.equal(asked);
    expect(await trace.witnessAt(3)).to.equal(await trace.witnessAt(3));
  });

  it("resolves children before parents, the batch last, and nothing that has an open child", () => {
    const { batch } = toyBatch({ isTrue: true, length: 50 });
    const tree = createGameTree(parameters, batch);
    const list = (salt: bigint) => [1n, 2n, 3n, 4n].map((i) => hashOf(i, salt));
    const a = counter(tree, tree.root, 0, list(1n), 100n);
    const b = counter(tree, tree.root, 0, list(2n), 900n);
    const c = counter(tree, a, 1, list(3n), 1_050n);
    const d = counter(tree, c, 1, list(4n), 1_060n);
    // a closes at 1,100; c and b run for the other line's full clock; d answers c, so it closes with what a's answers have left.
    expect([a, b, c, d].map(({ closesAt }) => closesAt)).to.deep.equal([1_100n, 1_900n, 2_050n, 1_160n]);
    expect(endsAt(tree)).to.equal(2_050n);
    const ids = (now: bigint) => resolvable(tree, now).map(({ id }) => id);
    expect(ids(1_159n)).to.deep.equal([]);
    expect(ids(1_160n)).to.deep.equal([d.id]);
    expect(ids(1_900n)).to.deep.equal([d.id, b.id]);
    expect(ids(2_050n)).to.deep.equal([d.id, c.id, a.id, b.id, batch.headerHash]);
    // d refutes c, so a stands, and so does b: the earlier one wins.
    expect([d, c, a, b, tree.root].map(stands)).to.deep.equal([true, false, true, true, false]);
    expect(winningChild(tree.root)).to.equal(a);
    tree.apply({ kind: "claimResolved", id: d.id, isRefuted: false, payee: liar, amount: 10n });
    expect(ids(2_050n)).to.deep.equal([c.id, a.id, b.id, batch.headerHash]);
    tree.apply({ kind: "gameResolved", headerHash: batch.headerHash, winner: ZERO_ADDRESS });
    expect(stands(tree.root)).to.equal(true);
    expect(ids(2_050n)).to.deep.equal([]);
  });

  it("makes the same game again from its events, and refuses events of other games", () => {
    const { batch } = toyBatch({ isTrue: true, length: 50 });
    const first = createGameTree(parameters, batch);
    const events = [
      made(
        first.root,
        0,
        [1n, 2n, 3n, 4n].map((i) => hashOf(i)),
        100n,
        liar,
        batch.start,
      ),
    ];
    first.apply(events[0]!);
    const second = createGameTree(parameters, batch, events);
    expect([...second.nodes()].map(({ id, closesAt }) => [id, closesAt])).to.deep.equal(
      [...first.nodes()].map(({ id, closesAt }) => [id, closesAt]),
    );
    const elsewhere = createGameTree(parameters, { ...batch, headerHash: hashOf(99n) });
    expect(() => elsewhere.apply(events[0]!)).to.throw(UnknownClaimError, "L1's order");
  });
});

function only(moves: Move[]): Move {
  expect(moves).to.have.length(1);
  return moves[0]!;
}

function made(
  parent: GameNode,
  index: number,
  list: Hex[],
  timestamp: bigint,
  claimant: Hex,
  batchStart: Hex,
): Extract<DisputeEvent, { kind: "claimMade" }> {
  const start = index > 0 ? parent.list[index - 1]! : (parent.claim?.start ?? batchStart);
  const claim = { parent: parent.id, index, start, listHash: listHash(list) };
  return { kind: "claimMade", id: claimId(claim), claimant, claim, list, timestamp };
}

/** A claim as the contract would report it. */
function counter(tree: GameTree, parent: GameNode, index: number, list: Hex[], now: bigint, by = liar): GameNode {
  const event = made(parent, index, list, now, by, tree.batch.start);
  tree.apply(event);
  const node = tree.get(event.id)!;
  expect(node.stride).to.equal(strideOf(tree.parameters, node.depth));
  return node;
}

function play(tree: GameTree, move: Move, now: bigint, by = honest): GameNode {
  if (move.kind !== "counter") throw new Error("a step makes no claim");
  return counter(tree, move.against, move.index, move.list, now, by);
}
