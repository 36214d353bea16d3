import { expect } from "chai";

import { segmentCircuit } from "../../plugin/validity/circuit.js";
import { NO_KEY } from "../../plugin/validity/leaf.js";
import { OPERATION, type Operation } from "../../plugin/validity/statement.js";
import { capacityOf } from "../../plugin/validity/tree.js";
import { type Calculator, createCalculator } from "./support/calculator.js";
import { compile } from "./support/compile.js";
import { type ConstraintSystem, readConstraints, violated } from "./support/r1cs.js";
import {
  begin,
  code,
  type Draft,
  draftOn,
  type Finished,
  finish,
  leafOf,
  operate,
  transfer,
  user,
  valueOf,
} from "./support/segments.js";

const SHAPE = { slots: 3, levels: 2, isOnL1: true };
const ETH = 0n;
const TOKEN = 0x70ce4n;
const LAST_ADDRESS = 2n ** 160n - 1n;
const { deposit, withdraw, withdrawAll, register, changeKey, create } = OPERATION;

const alice = user(0xa11cen);
const bob = user(0xb0bn);
const carol = user(0xca401n);
const TARGET = 0x7a46e7n;

const op = (kind: Operation["kind"], owner: bigint, e3 = 0n, e4 = 0n, token = ETH): Operation => ({
  kind,
  owner,
  token,
  e3,
  e4,
});
const atKey = (kind: Operation["kind"], { owner, key }: typeof alice): Operation => op(kind, owner, key.x, key.y);

describe("circuit of segments", function () {
  this.timeout(300_000);

  let calculator: Calculator;
  let system: ConstraintSystem;

  before(async () => {
    const { wasm, r1cs } = await compile(segmentCircuit(SHAPE));
    calculator = createCalculator(wasm);
    system = readConstraints(r1cs);
  });

  /** The statement is true: the witness program ends, and every constraint holds. */
  function expectProvable({ inputs, statement: { h, r, y } }: Finished): void {
    const { witness } = calculator.honest(inputs);
    expect(witness.slice(0, 4)).to.deep.equal([1n, h, r, y]);
    expect(violated(system, witness)).to.equal(undefined);
  }

  /** Leaf 0, then alice's with her key and bob's without one, in ETH; then alice's in a token. */
  const start = (): Draft =>
    draftOn(SHAPE.levels, [
      leafOf(alice, ETH, 1_000n, 5n),
      leafOf({ owner: bob.owner }, ETH, 50n),
      leafOf(alice, TOKEN, 700n),
    ]);

  function run(draft: Draft, operations: readonly Operation[]): Draft {
    operations.forEach((operation) => operate(draft, operation));
    expectProvable(finish(draft, SHAPE));
    return draft;
  }

  describe("operations", () => {
    it("a deposit adds to the leaf that exists", () => {
      const { tree } = run(start(), [op(deposit, alice.owner, carol.owner, 2n ** 192n - 1n)]);
      expect(tree.get(1)?.balance).to.equal(1_000n + 2n ** 192n - 1n);
    });

    it("a deposit creates the leaf that does not exist: first, in the middle and last in the list, and of another token", () => {
      const { tree, leafCount } = run(start(), [
        op(deposit, 1n, carol.owner, 3n),
        op(deposit, carol.owner, carol.owner, 4n),
        op(deposit, LAST_ADDRESS, carol.owner, 5n, LAST_ADDRESS),
      ]);
      expect(leafCount).to.equal(7);
      expect([4, 5, 6].map((index) => tree.get(index)?.balance)).to.deep.equal([3n, 4n, 5n]);
      expect(tree.get(0)?.next).to.deep.equal({ owner: 1n, token: ETH });
      const second = run(start(), [op(deposit, bob.owner, 1n, 9n, 1n), op(deposit, bob.owner, 1n, 9n, LAST_ADDRESS)]);
      expect(second.tree.get(2)?.next).to.deep.equal({ owner: bob.owner, token: 1n });
    });

    it("a deposit into a full tree becomes a withdrawal to its sender, and one to a leaf that exists does not", () => {
      const others = Array.from({ length: capacityOf(SHAPE.levels) - 1 }, (_, i) =>
        leafOf({ owner: BigInt(i + 10) }, ETH, 1n),
      );
      const draft = run(draftOn(SHAPE.levels, others), [
        op(deposit, alice.owner, bob.owner, 77n),
        op(deposit, 10n, bob.owner, 5n),
        op(create, alice.owner),
      ]);
      expect(draft.slots.map(({ exit }) => exit)).to.deep.equal([
        { owner: alice.owner, target: bob.owner, token: ETH, amount: 77n },
        undefined,
        undefined,
      ]);
      expect(draft.leafCount).to.equal(capacityOf(SHAPE.levels));
    });

    it("the last place of the tree is given away", () => {
      const others = Array.from({ length: capacityOf(SHAPE.levels) - 2 }, (_, i) =>
        leafOf({ owner: BigInt(i + 10) }, ETH, 1n),
      );
      expect(run(draftOn(SHAPE.levels, others), [op(create, alice.owner)]).leafCount).to.equal(
        capacityOf(SHAPE.levels),
      );
    });

    it("a withdrawal pays what is there, to the last unit, and 0", () => {
      const { slots, tree } = run(start(), [
        op(withdraw, alice.owner, TARGET, 999n),
        op(withdraw, alice.owner, TARGET, 1n),
        op(withdraw, alice.owner, TARGET, 0n),
      ]);
      expect(slots.map(({ exit }) => exit?.amount)).to.deep.equal([999n, 1n, 0n]);
      expect(tree.get(1)?.balance).to.equal(0n);
    });

    it("a withdrawal of more than there is, or from no leaf, does nothing", () => {
      const draft = start();
      const root = draft.tree.root();
      run(draft, [
        op(withdraw, alice.owner, TARGET, 1_001n),
        op(withdraw, alice.owner, TARGET, 2n ** 192n - 1n),
        op(withdraw, carol.owner, TARGET, 0n),
      ]);
      expect(draft.slots.map(({ exit }) => exit)).to.deep.equal([undefined, undefined, undefined]);
      expect(draft.tree.root()).to.equal(root);
    });

    it("a withdrawal of all takes the balance once; nothing is taken from an empty or a missing leaf", () => {
      const { slots } = run(start(), [
        op(withdrawAll, alice.owner, TARGET, 0n, TOKEN),
        op(withdrawAll, alice.owner, TARGET, 0n, TOKEN),
        op(withdrawAll, carol.owner, TARGET),
      ]);
      expect(slots.map(({ exit }) => exit?.amount)).to.deep.equal([700n, undefined, undefined]);
    });

    it("a key is registered where there is none, once, and not without a leaf", () => {
      const { tree } = run(start(), [atKey(register, bob), op(register, bob.owner, 3n, 4n), atKey(register, carol)]);
      expect(tree.get(2)?.key).to.deep.equal(bob.key);
    });

    it("half a key counts as one", () => {
      const leaf = { ...leafOf({ owner: bob.owner }, ETH, 1n), key: { x: 0n, y: 1n } };
      const { tree } = run(draftOn(SHAPE.levels, [leaf]), [atKey(register, bob)]);
      expect(tree.get(1)?.key).to.deep.equal({ x: 0n, y: 1n });
    });

    it("a key is changed by its owner, whether there is one or not, and not without a leaf", () => {
      const { tree } = run(start(), [
        op(changeKey, alice.owner, bob.key.x, bob.key.y),
        atKey(changeKey, bob),
        atKey(changeKey, carol),
      ]);
      expect([1, 2].map((index) => tree.get(index)?.key)).to.deep.equal([bob.key, bob.key]);
    });

    it("a leaf is created with nothing in it, once", () => {
      const { tree, leafCount } = run(start(), [
        op(create, carol.owner),
        op(create, carol.owner),
        op(create, alice.owner),
      ]);
      expect(leafCount).to.equal(5);
      expect(tree.get(4)).to.deep.equal({
        owner: carol.owner,
        token: ETH,
        nonce: 0n,
        balance: 0n,
        key: NO_KEY,
        next: { owner: 2n ** 160n, token: 0n },
      });
    });
  });

  describe("transfers", () => {
    const pay = { from: 1, to: 2, amountCode: code(30), secret: alice.secret };

    it("moves an amount, and the fee to the fee leaf", () => {
      const draft = start();
      transfer(draft, { ...pay, feeCode: code(2, 1) });
      transfer(draft, { ...pay, amountCode: code(4, 2), feeCode: code(1) });
      expectProvable(finish(draft, SHAPE, 2));
      expect(draft.tree.get(1)).to.include({ balance: 1_000n - 30n - 20n - 400n - 1n, nonce: 7n });
      expect(draft.tree.get(2)?.balance).to.equal(50n + 30n + 400n + 21n);
    });

    it("one, two and three transfers: each has its place in the elements of pairs", () => {
      for (const count of [1, 2, 3]) {
        const draft = start();
        for (let i = 0; i < count; i++) transfer(draft, pay);
        expectProvable(finish(draft, SHAPE));
      }
    });

    it("a leaf pays itself", () => {
      const draft = start();
      transfer(draft, { ...pay, to: 1, feeCode: code(3) });
      expectProvable(finish(draft, SHAPE, 1));
      expect(draft.tree.get(1)).to.include({ balance: 1_000n, nonce: 6n });
    });

    it("the whole balance, and nothing", () => {
      const draft = start();
      transfer(draft, { ...pay, amountCode: code(1, 3) });
      transfer(draft, { ...pay, amountCode: 0 });
      expectProvable(finish(draft, SHAPE));
      expect(draft.tree.get(1)?.balance).to.equal(0n);
    });

    it("the greatest amount and the greatest fee that data can hold", () => {
      const rich = draftOn(SHAPE.levels, [leafOf(alice, ETH, 2n ** 251n), leafOf({ owner: bob.owner }, ETH, 0n)]);
      const [amountCode, feeCode] = [2 ** 40 - 1, 2 ** 8 - 1];
      transfer(rich, { ...pay, amountCode, feeCode });
      expectProvable(finish(rich, SHAPE, 2));
      expect(rich.tree.get(2)?.balance).to.equal(valueOf(amountCode) + valueOf(feeCode));
    });

    it("a withdrawal to L1", () => {
      const draft = start();
      transfer(draft, { ...pay, to: 0, target: TARGET, feeCode: code(1) });
      transfer(draft, { ...pay, from: 3, to: 0, target: TARGET });
      transfer(draft, { ...pay, to: 0, target: TARGET, amountCode: 0 });
      expectProvable(finish(draft, SHAPE, 2));
      expect(draft.slots.map(({ exit }) => exit)).to.deep.equal([
        { owner: alice.owner, target: TARGET, token: ETH, amount: 30n },
        { owner: alice.owner, target: TARGET, token: TOKEN, amount: 30n },
        { owner: alice.owner, target: TARGET, token: ETH, amount: 0n },
      ]);
    });

    it("tokens without a fee go beside a fee leaf of another token", () => {
      const draft = start();
      operate(draft, op(create, bob.owner, 0n, 0n, TOKEN));
      transfer(draft, { ...pay, from: 3, to: 4 });
      transfer(draft, { ...pay, feeCode: code(1) });
      expectProvable(finish(draft, SHAPE, 2));
      expect(draft.tree.get(4)?.balance).to.equal(30n);
    });

    it("a leaf that is created, gets a key and pays, all in one segment", () => {
      const draft = start();
      operate(draft, op(deposit, carol.owner, 1n, 10n));
      operate(draft, atKey(register, carol));
      transfer(draft, { from: 4, to: 1, amountCode: code(9), feeCode: code(1), secret: carol.secret });
      expectProvable(finish(draft, SHAPE, 4));
      expect(draft.tree.get(4)).to.include({ balance: 1n, nonce: 1n });
    });
  });

  it("a segment without anything in it", () => {
    expectProvable(finish(start(), SHAPE));
    expectProvable(finish(draftOn(SHAPE.levels, []), SHAPE));
  });

  it("segments follow each other, and count withdrawals on", () => {
    const draft = start();
    operate(draft, op(withdrawAll, alice.owner, TARGET));
    expectProvable(finish(draft, SHAPE));
    const next = begin(draft);
    operate(next, op(withdrawAll, bob.owner, TARGET));
    const second = finish(next, SHAPE);
    expect(second.content.withdrawalNonce).to.equal(1n);
    expectProvable(second);
  });

  it("the variant for a committee has the hash of the transfers in their place", async () => {
    const shape = { ...SHAPE, isOnL1: false };
    const { wasm, r1cs } = await compile(segmentCircuit(shape));
    const committee = createCalculator(wasm);
    const constraints = readConstraints(r1cs);
    for (const transfers of [0, 1, 2]) {
      const draft = start();
      operate(draft, op(withdraw, alice.owner, TARGET, 1n));
      for (let i = 0; i < transfers; i++)
        transfer(draft, {
          from: 1,
          to: i * 2,
          amountCode: code(3),
          secret: alice.secret,
          target: i === 0 ? TARGET : 0n,
        });
      const { inputs } = finish(draft, shape);
      expect(violated(constraints, committee.honest(inputs).witness)).to.equal(undefined);
    }
  });
});
