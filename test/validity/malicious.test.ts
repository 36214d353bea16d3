import { expect } from "chai";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { SUBGROUP_ORDER } from "../../plugin/validity/babyjubjub.js";
import { segmentCircuit } from "../../plugin/validity/circuit.js";
import { LIST_END, type Leaf, type LeafId } from "../../plugin/validity/leaf.js";
import { FIELD_ORDER } from "../../plugin/validity/poseidon.js";
import {
  elementsOf,
  OPERATION,
  type Operation,
  type Segment,
  segmentHash,
  statementOf,
} from "../../plugin/validity/statement.js";
import type { LeafUpdate, OperationSlot, TransferSlot } from "../../plugin/validity/trace.js";
import { capacityOf } from "../../plugin/validity/tree.js";
import type { SegmentInputs, SignalValue } from "../../plugin/validity/witness.js";
import { type Calculator, createCalculator } from "./support/calculator.js";
import { compile } from "./support/compile.js";
import { freeWires, namesOf, undeterminedWires } from "./support/freedom.js";
import { type ConstraintSystem, readConstraints, violated } from "./support/r1cs.js";
import {
  code,
  CONTEXT,
  type Draft,
  draftOn,
  type Finished,
  finish,
  finishTrace,
  forceOperation,
  leafOf,
  operate,
  SEGMENT,
  transfer,
  type TransferRequest,
  TX_DOMAIN,
  update,
  user,
  withInput,
} from "./support/segments.js";

const SHAPE = { slots: 3, levels: 2, isOnL1: true };
/** Small enough to be looked at wire by wire, with its linear constraints kept. */
const SMALL = { slots: 1, levels: 1, isOnL1: true };
const ETH = 0n;
const TOKEN = 0x70ce4n;
const { deposit, withdraw, withdrawAll, register, changeKey, create } = OPERATION;

const alice = user(0xa11cen);
const bob = user(0xb0bn);
const carol = user(0xca401n);
const TARGET = 0x7a46e7n;
const PAY: TransferRequest = { from: 1, to: 2, amountCode: code(30), feeCode: code(1), secret: alice.secret };

const op = (kind: Operation["kind"], owner: bigint, e3 = 0n, e4 = 0n, token = ETH): Operation => ({
  kind,
  owner,
  token,
  e3,
  e4,
});

/** Leaf 0; alice's and bob's in ETH; alice's in a token. */
const start = (levels = SHAPE.levels): Draft =>
  draftOn(
    levels,
    [leafOf(alice, ETH, 1_000n, 5n), leafOf(bob, ETH, 50n), leafOf(alice, TOKEN, 700n, 1n)].slice(0, 4 ** levels - 2),
  );

interface Circuit extends Calculator {
  system: ConstraintSystem;
  names: Map<number, string>;
}

async function load(shape: typeof SHAPE, options: Parameters<typeof compile>[1] = {}): Promise<Circuit> {
  const { wasm, r1cs, sym } = await compile(segmentCircuit(shape), options);
  return { ...createCalculator(wasm), system: readConstraints(r1cs), names: namesOf(sym) };
}

/** Values that a wire may not have beside its own: neighbours, the ends of ranges, the other boolean, another sign, no relation. */
const others = (value: bigint): bigint[] => [
  0n,
  1n,
  1n - value,
  value + 1n,
  value - 1n,
  -value,
  value + (1n << 160n),
  value + (1n << 252n),
  value * value + 7n,
];

const inputWires = ({ publicCount, privateInputCount }: ConstraintSystem): number[] =>
  Array.from({ length: publicCount + privateInputCount }, (_, i) => i + 1);

/** Wires that could be otherwise, by name: alone, or together with others while the inputs stay. */
function freedom(circuit: Circuit, inputs: SegmentInputs): { alone: string[]; together: string[] } {
  const { system, names } = circuit;
  const { witness } = circuit.honest(inputs);
  const name = (wire: number): string => names.get(wire) ?? `wire ${wire}`;
  return {
    alone: freeWires(system, witness, others).map(({ wire }) => name(wire)),
    together: undeterminedWires(system, witness, inputWires(system)).map(name),
  };
}

describe("witnesses that nobody may have", function () {
  this.timeout(300_000);

  let circuit: Circuit;
  let small: Circuit;

  before(async () => {
    circuit = await load(SHAPE);
    small = await load(SMALL, { keepLinear: true });
  });

  /** Segments of one slot, one for each thing that a slot can be. */
  const singles: Record<string, (draft: Draft) => void> = {
    nothing: () => undefined,
    "a deposit": (draft) => operate(draft, op(deposit, alice.owner, 1n, 5n)),
    "a leaf created by a deposit": (draft) => operate(draft, op(deposit, carol.owner, 1n, 5n)),
    "a withdrawal": (draft) => operate(draft, op(withdraw, alice.owner, TARGET, 999n)),
    "a withdrawal that is not covered": (draft) => operate(draft, op(withdraw, alice.owner, TARGET, 1001n)),
    "a withdrawal of all": (draft) => operate(draft, op(withdrawAll, alice.owner, TARGET)),
    "a withdrawal without a leaf": (draft) => operate(draft, op(withdraw, carol.owner, TARGET, 1n)),
    "a registration": (draft) => operate(draft, op(register, alice.owner, 3n, 4n)),
    "a change of key": (draft) => operate(draft, op(changeKey, alice.owner, bob.key.x, bob.key.y)),
    "a new leaf": (draft) => operate(draft, op(create, carol.owner)),
    "a transfer": (draft) => transfer(draft, PAY),
    "a transfer to oneself": (draft) => transfer(draft, { ...PAY, to: 1 }),
    "a withdrawal by transfer": (draft) => transfer(draft, { ...PAY, to: 0, target: TARGET }),
  };
  const single = (name: string, shape = SMALL): Finished => {
    const draft = start(shape.levels);
    singles[name]!(draft);
    return finish(draft, shape, 1);
  };

  describe("no wire is free", () => {
    for (const name of Object.keys(singles))
      it(`in a slot with ${name}: alone or together`, () => {
        expect(freedom(small, single(name).inputs)).to.deep.equal({ alone: [], together: [] });
      });

    it("with a committee, where the transfers' hash stands in their place", async () => {
      const shape = { ...SMALL, isOnL1: false };
      const committee = await load(shape, { keepLinear: true });
      for (const name of ["nothing", "a deposit", "a transfer"])
        expect(freedom(committee, single(name, shape).inputs), name).to.deep.equal({ alone: [], together: [] });
    });

    it("in segments as they are proved, with operations, transfers and unused slots", () => {
      const mixed = start();
      operate(mixed, op(deposit, carol.owner, 1n, 5n));
      transfer(mixed, PAY);
      const full = start();
      operate(full, op(withdrawAll, alice.owner, TARGET, 0n, TOKEN));
      transfer(full, { ...PAY, to: 0, target: TARGET });
      transfer(full, { ...PAY, to: 1 });
      for (const draft of [mixed, full]) {
        const { witness } = circuit.honest(finish(draft, SHAPE, 2).inputs);
        expect(freeWires(circuit.system, witness, others)).to.deep.equal([]);
      }
    });

    for (const name of ["nothing", "a leaf created by a deposit", "a registration", "a transfer"])
      it(`an input that is changed, with all that follows from it, violates a constraint: ${name}`, () => {
        const { inputs } = single(name);
        for (const path of pathsOf(inputs)) {
          const value = valueAt(inputs, path);
          const changed = withInput(inputs, path, value === 0n || value === 1n ? 1n - value : value + 1n);
          const { witness } = small.malicious(changed);
          expect(violated(small.system, witness), path.join(".")).to.not.equal(undefined);
        }
      });
  });

  describe("holes that are planted in a copy of the circuit are found", () => {
    /** Each with a piece of its wires' names, and how they are free. */
    const HOLES = [
      // A hint that nothing ties down where it does not matter.
      { file: "zero.circom", from: "    inverse * out === 0;\n", to: "", name: "inverse", found: "alone" },
      // An assignment without its constraint: what follows from it has to move with it.
      { file: "operation.circom", from: "bounced <==", to: "bounced <--", name: "bounced", found: "together" },
      // Bits that are not said to be bits: their sum holds each of them, but not two.
      { file: "float.circom", from: "<== Num2Bits(", to: "<== LooseBits(", name: ".bits[", found: "together" },
    ] as const;
    const LOOSE_BITS = `
template LooseBits(n) {
    signal input in;
    signal output out[n];
    var sum = 0;
    for (var i = 0; i < n; i++) {
        out[i] <-- (in >> i) & 1;
        sum += out[i] * (1 << i);
    }
    sum === in;
}
`;
    let sources: string;
    let free: ReturnType<typeof freedom>;

    before(async () => {
      sources = await mkdtemp(join(tmpdir(), "planted-"));
      await cp(dirname(segmentCircuit(SMALL).source), sources, { recursive: true });
      for (const { file, from, to } of HOLES) {
        const path = join(sources, file);
        const text = await readFile(path, "utf8");
        expect(text).to.include(from);
        await writeFile(path, text.replace(from, to) + (file === "float.circom" ? LOOSE_BITS : ""));
      }
      free = freedom(
        await load(SMALL, { source: join(sources, "segment.circom"), keepLinear: true }),
        single("a transfer").inputs,
      );
    });
    after(() => rm(sources, { recursive: true }));

    for (const { file, name, found } of HOLES)
      it(`in ${file}: ${name} is free ${found}`, () => {
        expect(free[found].filter((wire) => wire.includes(name))).to.not.deep.equal([]);
      });
  });

  /** What the witness program would have refused, by template; the constraints refuse it in any case. */
  function refusals(inputs: SegmentInputs): string[] {
    const { witness, refusedBy } = circuit.malicious(inputs);
    expect(violated(circuit.system, witness)).to.not.equal(undefined);
    return [...new Set(refusedBy)].sort();
  }

  const refused = (draft: Draft, feeLeaf = 2, fees?: bigint): string[] =>
    refusals(finish(draft, SHAPE, feeLeaf, fees).inputs);

  /** A transfer that differs from an honest one in this. */
  function cheat(change: Partial<TransferRequest>, draft = start()): Draft {
    transfer(draft, { ...PAY, ...change });
    return draft;
  }

  const lastTransfer = ({ slots }: Draft): TransferSlot => slots.at(-1) as TransferSlot;

  it("the honest transfer, from which the others differ, is not refused", () => {
    const { witness, refusedBy } = circuit.malicious(finish(cheat({}), SHAPE, 2).inputs);
    expect(refusedBy).to.deep.equal([]);
    expect(violated(circuit.system, witness)).to.equal(undefined);
  });

  describe("ranges", () => {
    it("an amount or a fee beyond its bits", () => {
      expect(refused(cheat({ amountCode: 2 ** 40 }))).to.include("Num2Bits");
      expect(refused(cheat({ feeCode: 2 ** 8 }))).to.include("Num2Bits");
    });

    it("an amount above the balance, which would wrap around to the field's order", () => {
      expect(refused(cheat({ amountCode: code(1, 3) }))).to.deep.equal(["Slot"]);
      expect(refused(cheat({ amountCode: code(1001), feeCode: 0 }))).to.deep.equal(["Slot"]);
      // 8 · 10^28 is above 2^96
      expect(refused(cheat({ amountCode: code(8, 28) }))).to.deep.equal(["Slot"]);
    });

    it("an index outside the tree, of sender, receiver and fee leaf", () => {
      const size = capacityOf(SHAPE.levels);
      const from = cheat({});
      const sender = lastTransfer(from);
      sender.a.index += size;
      sender.transfer += BigInt(size) << 80n;
      expect(refused(from)).to.deep.equal(["Num2Bits"]);

      const to = cheat({});
      const receiver = lastTransfer(to);
      receiver.b.index += size;
      receiver.parts.to += size;
      receiver.transfer += BigInt(size) << 48n;
      expect(refused(to)).to.deep.equal(["Num2Bits"]);

      const { trace } = finish(cheat({}), SHAPE, 2);
      trace.fee.index += size;
      expect(refusals(finishTrace(trace, SHAPE).inputs)).to.deep.equal(["Num2Bits"]);
    });

    /** The same leaf with its word taken apart otherwise. */
    const respell = (change: LeafUpdate, token: bigint, nonces: bigint): void => {
      const spelt = (leaf: Leaf | undefined): Leaf => ({
        ...leaf!,
        token: leaf!.token + token,
        nonce: (leaf!.nonce + nonces) % FIELD_ORDER,
      });
      [change.before, change.after] = [spelt(change.before), spelt(change.after)];
    };
    const INVERSE = power((1n << 160n) % FIELD_ORDER, FIELD_ORDER - 2n);

    it("a balance in one token spelt as one in another, with the nonce that makes the same word of it", () => {
      const paid = cheat({ from: 3 });
      respell(lastTransfer(paid).a, ETH - TOKEN, TOKEN * INVERSE);
      expect(refused(paid)).to.deep.equal(["Num2Bits"]);

      const left = start();
      operate(left, op(withdrawAll, alice.owner, TARGET, 0n, TOKEN));
      const slot = left.slots[0] as OperationSlot;
      slot.operation = { ...slot.operation, token: ETH };
      slot.exit = { ...slot.exit!, token: ETH };
      respell(slot.a, ETH - TOKEN, TOKEN * INVERSE);
      respell(slot.b, ETH - TOKEN, TOKEN * INVERSE);
      expect(refused(left)).to.deep.equal(["Num2Bits"]);

      const credited = cheat({ to: 3, feeCode: 0 });
      respell(lastTransfer(credited).b, ETH - TOKEN, TOKEN * INVERSE);
      expect(refused(credited)).to.deep.equal(["Num2Bits"]);
    });

    it("fees in one token for a leaf in another, spelt as the first", () => {
      const { trace } = finish(cheat({}), SHAPE, 3);
      respell(trace.fee, ETH - TOKEN, TOKEN * INVERSE);
      expect(refusals(finishTrace(trace, SHAPE).inputs)).to.deep.equal(["Num2Bits"]);
    });

    it("a token beyond its range, with a nonce less", () => {
      const draft = cheat({ from: 3, to: 0, target: TARGET, feeCode: 0 });
      const slot = lastTransfer(draft);
      respell(slot.a, 1n << 160n, -1n);
      respell(slot.b, 1n << 160n, -1n);
      slot.exit = { ...slot.exit!, token: TOKEN + (1n << 160n) };
      expect(refused(draft)).to.deep.equal(["Num2Bits"]);
    });

    it("an owner beyond its range: a withdrawal on L1 that is executed as the deposit of somebody else", () => {
      const owner = alice.owner + (1n << 160n);
      const draft = createBehind(start(), 3, { owner, token: ETH }, { kind: deposit, e3: TARGET, e4: 9n });
      expect(refused(draft)).to.deep.equal(["Num2Bits"]);
    });
  });

  describe("signatures", () => {
    it("of another key", () => {
      expect(refused(cheat({ secret: bob.secret }))).to.deep.equal(["Signature"]);
    });

    it("a nonce skipped, or used again", () => {
      expect(refused(cheat({ signed: { nonce: 6n } }))).to.deep.equal(["Signature"]);
      expect(refused(cheat({ signed: { nonce: 4n } }))).to.deep.equal(["Signature"]);
      expect(refused(cheat({ sender: { nonce: 5n } }))).to.deep.equal(["Slot"]);
      expect(refused(cheat({ sender: { nonce: 7n } }))).to.deep.equal(["Slot"]);
    });

    const SIGNED: Record<string, NonNullable<TransferRequest["signed"]>> = {
      amount: { amountCode: code(31) },
      fee: { feeCode: code(2) },
      token: { token: TOKEN },
      owner: { owner: bob.owner },
      recipient: { recipient: carol.owner },
      kind: { isWithdrawal: true },
      "chain or bridge": { domain: TX_DOMAIN + 1n },
    };
    for (const [what, signed] of Object.entries(SIGNED))
      it(`under another ${what}`, () => {
        expect(refused(cheat({ signed }))).to.deep.equal(["Signature"]);
      });

    it("a withdrawal to another target, or signed as a transfer", () => {
      const out = { to: 0, target: TARGET };
      expect(refused(cheat({ ...out, signed: { recipient: 1n } }))).to.deep.equal(["Signature"]);
      expect(refused(cheat({ ...out, signed: { isWithdrawal: false } }))).to.deep.equal(["Signature"]);
    });

    it("S beyond the subgroup's order", () => {
      const draft = cheat({});
      lastTransfer(draft).signature.s += SUBGROUP_ORDER;
      expect(refused(draft)).to.deep.equal(["Signature"]);
    });

    const under = (key: Leaf["key"]): Draft =>
      cheat({}, draftOn(SHAPE.levels, [leafOf({ owner: alice.owner, key }, ETH, 1_000n), leafOf(bob, ETH, 50n)]));

    it("a key of small order, under which everybody can sign", () => {
      for (const y of [1n, FIELD_ORDER - 1n]) {
        const draft = under({ x: 0n, y });
        // 8 · A is neutral, so 0 · B8 = R8 + h · 8 · A with R8 = (0, 1), whatever h
        lastTransfer(draft).signature = { r8: { x: 0n, y: 1n }, s: 0n };
        expect(refused(draft)).to.deep.equal(["Signature"]);
      }
    });

    it("a key off the curve, or none; R8 off the curve", () => {
      expect(refused(under({ x: 3n, y: 4n }))).to.include("BabyCheck");
      expect(refused(under({ x: 0n, y: 0n }))).to.include("BabyCheck");
      const draft = cheat({});
      lastTransfer(draft).signature.r8 = { x: 3n, y: 4n };
      expect(refused(draft)).to.include("BabyCheck");
    });
  });

  describe("leaves", () => {
    it("sender = receiver, credited from the state before", () => {
      const draft = start();
      const before = draft.tree.get(1)!;
      transfer(draft, { ...PAY, to: 1, receiver: { ...before, balance: before.balance + 30n } });
      lastTransfer(draft).b.before = before;
      expect(refused(draft)).to.deep.equal(["Slot"]);
    });

    it("a receiver of another token, or that does not exist", () => {
      expect(refused(cheat({ to: 3 }))).to.include("Slot");
      const draft = start();
      const ghost: Leaf = { ...leafOf(carol, ETH, 0n), next: LIST_END };
      transfer(draft, { ...PAY, to: 5, signed: { recipient: carol.owner } });
      const slot = lastTransfer(draft);
      slot.b = update(draft, { index: 5, before: ghost, after: { ...ghost, balance: 30n } });
      slot.recipient = carol.owner;
      expect(refused(draft)).to.deep.equal(["Slot"]);
    });

    it("a receiver credited with more than was sent, a sender debited with less", () => {
      expect(refused(cheat({ receiver: { balance: 81n } }))).to.deep.equal(["Slot"]);
      expect(refused(cheat({ sender: { balance: 1_000n } }))).to.deep.equal(["Slot"]);
    });

    it("a withdrawal without its element, and elements of more than was withdrawn", () => {
      const exit = { owner: alice.owner, target: TARGET, token: ETH, amount: 31n };
      for (const claimed of [undefined, exit, { ...exit, amount: 30n, token: TOKEN }])
        expect(refused(cheat({ to: 0, target: TARGET, exit: claimed }))).to.deep.equal(["Segment"]);
    });

    it("an operation on a leaf that is not the owner's, or not of its token", () => {
      const exit = { owner: carol.owner, target: TARGET, token: ETH, amount: 9n };
      const theft = start();
      const [leaf, other] = [theft.tree.get(1)!, theft.tree.get(3)!];
      const withdrawal = op(withdraw, carol.owner, TARGET, 9n);
      forceOperation(theft, withdrawal, { index: 1, after: { ...leaf, balance: 991n } }, undefined, exit);
      expect(refused(theft)).to.include.members(["Num2Bits", "Segment"]);

      const foreign = start();
      const all = { owner: alice.owner, target: TARGET, token: ETH, amount: 700n };
      const change = { index: 3, after: { ...other, balance: 0n } };
      forceOperation(foreign, op(withdrawAll, alice.owner, TARGET), change, undefined, all);
      expect(refused(foreign)).to.include.members(["Num2Bits", "Segment"]);
    });

    it("a withdrawal of more than there is, and a key over a key", () => {
      const overdrawn = start();
      const exit = { owner: bob.owner, target: TARGET, token: ETH, amount: 51n };
      const leaf = overdrawn.tree.get(2)!;
      const change = { index: 2, after: { ...leaf, balance: FIELD_ORDER - 1n } };
      forceOperation(overdrawn, op(withdraw, bob.owner, TARGET, 51n), change, undefined, exit);
      expect(refused(overdrawn)).to.include("Segment");

      const replaced = start();
      const own = replaced.tree.get(1)!;
      const operation = op(register, alice.owner, bob.key.x, bob.key.y);
      forceOperation(replaced, operation, { index: 1, after: { ...own, key: bob.key } });
      expect(refused(replaced)).to.include("Slot");
    });

    it("a leaf that exists said to be missing", () => {
      for (const index of [0, 2, 3]) {
        const draft = start();
        forceOperation(draft, op(withdraw, alice.owner, TARGET, 1n), { index, after: draft.tree.get(index) });
        expect(refused(draft)).to.deep.equal(["Num2Bits"]);
      }
    });

    it("a leaf created twice", () => {
      for (const index of [0, 1, 3])
        expect(refused(createBehind(start(), index, { owner: bob.owner, token: ETH }))).to.deep.equal(["Num2Bits"]);
      expect(refused(createBehind(start(), 2, { owner: bob.owner, token: ETH }))).to.include("Slot");
    });

    it("a leaf created behind a predecessor that is not its own", () => {
      for (const index of [0, 1, 2])
        expect(refused(createBehind(start(), index, { owner: carol.owner, token: ETH }))).to.deep.equal(["Num2Bits"]);
    });

    it("a predecessor whose token is spelt lower than it is", () => {
      // (bob, 5) does not precede (bob, 4); (bob, 5 - 2^160) with one nonce more would, and is the same word
      const draft = draftOn(SHAPE.levels, [leafOf(bob, 5n, 0n, 1n)]);
      createBehind(draft, 1, { owner: bob.owner, token: 4n });
      const { a } = draft.slots[0]!;
      const spelt = (leaf: Leaf): Leaf => ({ ...leaf, token: leaf.token - (1n << 160n), nonce: leaf.nonce + 1n });
      [a.before, a.after] = [spelt(a.before!), spelt(a.after!)];
      expect(refused(draft, 0)).to.deep.equal(["Num2Bits"]);
    });

    it("a leaf created elsewhere than at the end, with something in it, or in a full tree", () => {
      const carols = { owner: carol.owner, token: ETH };
      expect(refused(createBehind(start(), 3, carols, {}, { index: 7 }))).to.include("Slot");
      const contents: Partial<Leaf>[] = [
        { owner: alice.owner },
        { nonce: 1n },
        { key: { x: carol.key.x, y: 0n } },
        { key: { x: 0n, y: carol.key.y } },
        { next: { owner: carol.owner, token: LIST_END.token } },
        { next: { owner: LIST_END.owner, token: 1n } },
      ];
      for (const extra of contents)
        expect(refused(createBehind(start(), 3, carols, {}, { extra }), 1), Object.keys(extra)[0]).to.deep.equal([
          "Slot",
        ]);
      const { inputs } = finish(createBehind(start(), 3, carols, {}, { extra: { balance: 1n } }), SHAPE, 1);
      expect(refusals(withInput(inputs, ["balance", 0, 1], 1n))).to.deep.equal(["Slot"]);
      const owners = Array.from({ length: capacityOf(SHAPE.levels) - 1 }, (_, i) =>
        leafOf({ owner: BigInt(i + 10) }, ETH, 1n),
      );
      const full = draftOn(SHAPE.levels, owners);
      expect(refused(createBehind(full, owners.length, carols, {}, { index: 5 }))).to.include("Slot");
    });
  });

  describe("fees", () => {
    it("in another token than the fee leaf's", () => {
      expect(refused(cheat({}), 3)).to.deep.equal(["Slot"]);
    });

    it("paid twice, or not at all", () => {
      for (const fees of [0n, 2n]) expect(refused(cheat({}), 2, fees)).to.deep.equal(["Segment"]);
    });
  });

  describe("slots", () => {
    it("one that is not used and changes another leaf than the first, or has data", () => {
      const draft = cheat({});
      const { trace, inputs } = finish(draft, SHAPE, 2);
      trace.idle = update(draft, { index: 1, after: undefined });
      expect(refusals(finishTrace(trace, SHAPE).inputs)).to.include("Slot");
      for (const [name, template] of [
        ["amountCode", "Transfer"],
        ["feeCode", "Transfer"],
        ["to", "Transfer"],
        ["target", "Transfer"],
        ["e3", "Slot"],
        ["e4", "Slot"],
        ["owner", "Slot"],
        ["token", "Slot"],
        ["index", "Slot"],
        ["r8x", "Signature"],
        ["r8y", "Signature"],
      ] as const)
        expect(refusals(withInput(inputs, [name, 2], 5n)), name).to.include(template);
    });

    it("between two that are used", () => {
      const draft = start();
      const idle = finish(draft, SHAPE).inputs;
      const { inputs, content } = finish(cheat({}, draft), SHAPE, 2);
      const shifted = Object.entries(inputs).map(([name, value]) => {
        if (typeof value === "bigint" || value.length !== SHAPE.slots) return [name, value];
        return [name, [(idle[name] as SignalValue[])[0]!, ...value.slice(0, 2)]];
      });
      const slots = [{}, ...content.slots];
      expect(
        refusals(restated({ content, inputs: Object.fromEntries(shifted) as SegmentInputs }, { slots })),
      ).to.deep.equal(["Segment"]);
    });

    it("an operation after a transfer", () => {
      const draft = cheat({});
      operate(draft, op(deposit, bob.owner, 1n, 5n));
      expect(refused(draft)).to.deep.equal(["Segment"]);
    });

    it("two kinds at once, or a kind that is no bit", () => {
      const draft = start();
      operate(draft, op(deposit, bob.owner, 1n, 5n));
      const { inputs } = finish(draft, SHAPE);
      expect(refusals(withInput(inputs, ["kind", 0, 4], 1n))).to.include("Slot");
      expect(refusals(withInput(inputs, ["kind", 0, 6], 1n))).to.include("Slot");
      expect(refusals(withInput(inputs, ["kind", 0, 0], 2n))).to.include("Slot");
      expect(refusals(withInput(inputs, ["kind", 1, 6], 2n))).to.include("Slot");
    });
  });

  describe("statements", () => {
    const honest = (): Finished => {
      const draft = start();
      operate(draft, op(withdraw, alice.owner, TARGET, 9n));
      transfer(draft, PAY);
      return finish(draft, SHAPE, 2);
    };

    it("counts that lie, with every other element true", () => {
      const finished = honest();
      const [operation, transferred] = finished.content.slots;
      const lies: Record<string, Partial<Segment>> = {
        "an operation too many": {
          slots: [...finished.content.slots, { operation: op(deposit, alice.owner, 1n, 1n) }],
        },
        "an operation not in the data": { slots: [{ exit: operation!.exit }, transferred!] },
        "a transfer too many": { slots: [...finished.content.slots, { transfer: 1n }] },
        "a transfer not in the data": { slots: [operation!, {}] },
        "a withdrawal too many": { slots: [operation!, { ...transferred, exit: operation!.exit }] },
        "a withdrawal not in the data": { slots: [{ operation: operation!.operation }, transferred!] },
        "withdrawals counted from elsewhere": { withdrawalNonce: 1n },
        "another fee leaf": { feeLeaf: 1 },
        "another state before": { prevStateRoot: finished.content.prevStateRoot + 1n },
        "another state after": { stateRoot: finished.content.stateRoot + 1n },
      };
      for (const [lie, change] of Object.entries(lies))
        expect(refusals(restated(finished, change)), lie).to.deep.equal(["Segment"]);
    });

    it("h of other elements than those of y, and either way round", () => {
      const { inputs } = honest();
      const h = inputs.h as bigint;
      const y = inputs.y as bigint;
      expect(refusals({ ...inputs, h: h + 1n })).to.deep.equal(["Segment"]);
      expect(refusals({ ...inputs, y: y + 1n })).to.deep.equal(["Segment"]);
      expect(refusals({ ...inputs, r: (inputs.r as bigint) + 1n })).to.deep.equal(["Segment"]);
    });

    it("a state with another number of leaves or withdrawals", () => {
      const { inputs } = honest();
      expect(refusals({ ...inputs, leafCount: 3n })).to.include("Segment");
      expect(refusals({ ...inputs, withdrawalNonce: 1n })).to.include("Segment");
      expect(refusals({ ...inputs, withdrawalNonce: 1n << 64n })).to.include.members(["Num2Bits", "Segment"]);
    });
  });
});

/** The same witness for a statement about other content. */
function restated({ content, inputs }: Pick<Finished, "content" | "inputs">, change: Partial<Segment>): SegmentInputs {
  const told = { ...content, ...change };
  const h = segmentHash(CONTEXT, SEGMENT, told, SHAPE.slots);
  return { ...inputs, ...statementOf(elementsOf(CONTEXT, SEGMENT, told, SHAPE.isOnL1), h) };
}

/** Creates a leaf behind a predecessor, at an index and with a content of the attacker's choice. */
function createBehind(
  draft: Draft,
  predecessor: number,
  { owner, token }: LeafId,
  operation: Partial<Operation> = {},
  { index = draft.leafCount, extra = {} }: { index?: number; extra?: Partial<Leaf> } = {},
): Draft {
  const leaf = draft.tree.get(predecessor)!;
  const made: Leaf = { ...leafOf({ owner }, token, operation.e4 ?? 0n), next: leaf.next, ...extra };
  const change = { index: predecessor, after: { ...leaf, next: { owner, token } } };
  forceOperation(draft, { ...op(create, owner, 0n, 0n, token), ...operation }, change, { index, after: made });
  return draft;
}

/** Modulo the field's order. */
function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * base) % FIELD_ORDER;
    base = (base * base) % FIELD_ORDER;
  }
  return result;
}

function pathsOf(inputs: SegmentInputs): (string | number)[][] {
  const paths = (signal: SignalValue, path: (string | number)[]): (string | number)[][] =>
    typeof signal === "bigint" ? [path] : signal.flatMap((part, i) => paths(part, [...path, i]));
  return Object.entries(inputs).flatMap(([name, signal]) =>
    ["h", "r", "y"].includes(name) ? [] : paths(signal, [name]),
  );
}

function valueAt(inputs: SegmentInputs, [name, ...indices]: readonly (string | number)[]): bigint {
  const value = indices.reduce<SignalValue>(
    (signal, i) => (signal as SignalValue[])[i as number]!,
    inputs[name as string]!,
  );
  return value as bigint;
}
