import { expect } from "chai";

import { concat } from "../../../plugin/machine/bytes.js";
import { WitnessMalformedError } from "../../../plugin/machine/errors.js";
import { keccak256 } from "../../../plugin/machine/hostCalls.js";
import {
  encodeInstruction,
  END_SLOT,
  FRAMES_SLOT,
  Host,
  instruction,
  MAX_CODE,
  Op,
} from "../../../plugin/machine/isa.js";
import { MerkleMemory } from "../../../plugin/machine/merkleMemory.js";
import type { MachineState, Status } from "../../../plugin/machine/state.js";
import { encodeState, hashState, haltedState, TRAPPED_STATE } from "../../../plugin/machine/state.js";
import { checkWitness, makeWitness } from "../../../plugin/machine/witness.js";
import { BLOB_HASH, BLOB_INDICES, BLOB_ORACLE, checkBlob } from "../support/blob.js";
import { NO_ORACLE } from "../support/engines.js";
import { createRandom } from "../support/random.js";
import type { Scene } from "../support/scenes.js";
import { host, page, SCENES, setScene } from "../support/scenes.js";
import type { Step } from "../support/verifier.js";
import { toHex, useFastVerifier, useVerifier } from "../support/verifier.js";

const isLong = process.env.ROLLUP_TEST_LONG !== undefined;
/** Greatest distance of changed bytes. */
const [DENSE, SPARSE] = isLong ? [1, 8] : [8, 64];

const BLOB_SCENES = Object.fromEntries(
  BLOB_INDICES.map((index): [string, Scene] => [
    `HOST blob, element ${index}`,
    { instruction: host(Host.blob), memory: page(BLOB_HASH, BigInt(index)), oracle: BLOB_ORACLE },
  ]),
);
const BEYOND_BLOB: Scene = { instruction: host(Host.blob), memory: page(BLOB_HASH, 4096n), oracle: BLOB_ORACLE };
const ALL: Record<string, Scene> = { ...SCENES, ...BLOB_SCENES, "HOST blob of more": BEYOND_BLOB };

const stepOf = ({ before, witness, code }: ReturnType<typeof setScene>): Step => ({
  codeRoot: code.root(),
  stateHash: hashState(before),
  witness,
});

/** What the executable specification makes of a step: the hash after it, or undefined. */
function specified({ codeRoot, stateHash, witness }: Step): string | undefined {
  try {
    return toHex(checkWitness(codeRoot, stateHash, witness, checkBlob));
  } catch (error) {
    if (!(error instanceof WitnessMalformedError)) throw error;
    return undefined;
  }
}

/** Rejected for a reason of its own: no panic, no want of gas. */
const REJECTED = /^(OneStepVerifier|WitnessReader|MachineHost)[A-Z]\w+$/;

describe("OneStepVerifier", function () {
  this.timeout(600_000);
  const verifier = useVerifier();

  const expectAsSpecified = async (steps: Step[], name: string): Promise<string[]> => {
    const outcomes = await verifier().tryAll(steps);
    steps.forEach((one, i) => {
      const expected = specified(one);
      if (expected === undefined) expect(outcomes[i], `${name}, ${i}`).to.match(REJECTED);
      else expect(outcomes[i], `${name}, ${i}`).to.equal(expected);
    });
    return outcomes;
  };

  it("is no larger than 16 kB", async () => {
    const size = await verifier().size();
    console.log(`      ${size} bytes`);
    expect(size).to.be.at.most(16_000);
  });

  it("executes every kind of instruction and of trap", async () => {
    const sets = Object.values(ALL).map(setScene);
    const outcomes = await verifier().tryAll(sets.map(stepOf));
    const names = Object.keys(ALL);
    sets.forEach(({ after }, i) => expect(outcomes[i], names[i]).to.equal(toHex(hashState(after))));
  });

  for (const [name, scene] of Object.entries(ALL)) {
    it(`${name}: accepts no changed witness`, async () => {
      const set = setScene(scene);
      const honest = stepOf(set);
      const random = createRandom(name.length);
      const changed: Uint8Array[] = [];
      // All over it, densely at the state, the instruction and the end.
      const { length } = set.witness;
      for (let at = 0; at < length; at += 1 + random.below(at < 160 || length - at < 64 ? DENSE : SPARSE)) {
        const witness = set.witness.slice();
        witness[at] = (witness[at] ?? 0) ^ (1 << random.below(8));
        changed.push(witness);
      }
      for (const cut of [1, 31, 32, 33, 64, 800, length]) changed.push(set.witness.slice(0, Math.max(length - cut, 0)));
      for (const more of [1, 32, 800]) changed.push(concat([set.witness, new Uint8Array(more)]));
      // Two words change places.
      const words = Math.floor(length / 32);
      for (let i = 0; i < 8; i++) {
        const [from, to] = [random.below(words), random.below(words)];
        const witness = set.witness.slice();
        witness.copyWithin(32 * to, 32 * from, 32 * from + 32);
        witness.set(set.witness.subarray(32 * to, 32 * to + 32), 32 * from);
        if (toHex(witness) !== toHex(set.witness)) changed.push(witness);
      }
      const outcomes = await expectAsSpecified(
        changed.map((witness) => ({ ...honest, witness })),
        name,
      );
      for (const outcome of outcomes) expect(outcome).to.match(REJECTED);
    });
  }

  it("executes instructions of random bytes as the specification does, and always can", async () => {
    const random = createRandom(11);
    const steps: Step[] = [];
    const after: string[] = [];
    const leaf = new MerkleMemory(1);
    for (let i = 0; i < 1500; i++) {
      const small = (): number => (random.chance(0.95) ? random.below(24) : Number(random.u64() & 0xffffffffn));
      const op = random.below(0x17);
      const table = op === Op.CALLI ? 1n << 32n : 0n;
      const next = instruction(op, {
        fn: random.chance(0.8) ? random.below(op === Op.HOST ? 5 : op === Op.STORE ? 5 : 34) : random.below(256),
        d: small(),
        a: small(),
        b: small(),
        c: small(),
        imm: random.chance(0.9) ? table + BigInt(random.below(70_000)) : random.u64(),
      });
      const values = random.pick([
        () => BigInt(random.below(40)),
        () => BigInt(4096 * random.below(17)),
        () => random.u64(),
        () => BigInt.asUintN(64, -BigInt(random.below(3))),
      ]);
      const set = setScene({
        instruction: next,
        memory: (memory) => {
          for (let slot = 0; slot < 24; slot++) memory.writeWord(8 * (FRAMES_SLOT + slot), values());
          for (let at = 0; at < 65_536; at += 4096) memory.writeWord(at + 8 * random.below(512), random.u64());
        },
        state: { fp: random.chance(0.95) ? FRAMES_SLOT + random.below(5) : random.pick([0, END_SLOT - 1]) },
      });
      leaf.write(0, encodeInstruction(next));
      steps.push(stepOf(set));
      after.push(toHex(hashState(set.after)));
    }
    const outcomes = await verifier().tryAll(steps);
    outcomes.forEach((outcome, i) => expect(outcome, `instruction ${i}`).to.equal(after[i]));
    const traps = after.filter((hash) => hash === toHex(hashState(TRAPPED_STATE))).length;
    console.log(`      ${after.length} instructions, ${traps} traps`);
    expect(traps).to.be.within(after.length / 20, after.length / 1.5);
  });

  it("computes every arithmetic function at the edges of both widths", async () => {
    const edges = [0n, 1n, 2n, 31n, 32n, 63n, 64n, 127n, 128n, 0x8000n, 0x7fffffffn, 0x80000000n, 0xffffffffn];
    edges.push(1n << 63n, (1n << 63n) - 1n, (1n << 64n) - 1n, (1n << 64n) - 128n, 0xfedcba9876543210n);
    const random = createRandom(12);
    const steps: Step[] = [];
    const after: string[] = [];
    for (const op of [Op.ALU32, Op.ALU64]) {
      for (let fn = 0; fn < 32; fn++) {
        for (const x of edges) {
          for (const y of isLong ? edges : [random.pick([...edges, 0xffffffffn, (1n << 64n) - 1n])]) {
            const set = setScene({
              instruction: instruction(op, { fn, d: 0, a: 1, b: 2 }),
              memory: (memory) => {
                memory.writeWord(8 * (FRAMES_SLOT + 1), x);
                memory.writeWord(8 * (FRAMES_SLOT + 2), y);
              },
            });
            steps.push(stepOf(set));
            after.push(toHex(hashState(set.after)));
          }
        }
      }
    }
    const outcomes = await verifier().tryAll(steps);
    outcomes.forEach((outcome, i) => expect(outcome, `case ${i}`).to.equal(after[i]));
  });

  it("rejects states that no machine has, though their hash is right", async () => {
    const { before, witness, code } = setScene(SCENES["MOV"] as Scene);
    const forge = (header: Uint8Array): Step => ({
      codeRoot: code.root(),
      stateHash: keccak256(header),
      witness: concat([header, witness.subarray(128)]),
    });
    const states: Partial<MachineState>[] = [
      { pc: MAX_CODE },
      { pc: before.pc + MAX_CODE },
      { pc: 0x80000005 },
      { fp: END_SLOT },
      { fp: before.fp + 0x80000000 },
      { pages: 4097 },
      { status: 3 as Status },
    ];
    const headers = states.map((state) => encodeState({ ...before, ...state }));
    for (const at of [0, 7, 15, 18]) {
      const header = encodeState(before);
      header[at] = 1;
      headers.push(header);
    }
    const outcomes = await verifier().tryAll(headers.map(forge));
    expect(outcomes).to.deep.equal(headers.map(() => "OneStepVerifierImpossibleState"));
  });

  it("rejects another program, another state, a stale memory and the leaf of another slot", async () => {
    const set = setScene(SCENES["ALU64 add"] as Scene);
    const honest = stepOf(set);
    const stale = new MerkleMemory(24);
    stale.write(0, set.memory.read(0, 65_536));
    for (let slot = 0; slot < 16; slot++) stale.writeWord(8 * (FRAMES_SLOT + slot), 1n);
    const other = setScene({ instruction: instruction(Op.ALU64, { fn: 14, d: 3, a: 5, b: 9 }) });
    const { witness: old } = makeWitness(set.before, set.code, stale, NO_ORACLE);
    const { witness: elsewhere } = makeWitness({ ...set.before, fp: FRAMES_SLOT + 4 }, set.code, set.memory, NO_ORACLE);
    const outcomes = await verifier().tryAll([
      { ...honest, codeRoot: keccak256(Uint8Array.of(1)) },
      { ...honest, stateHash: keccak256(Uint8Array.of(1)) },
      { ...honest, witness: concat([set.witness.subarray(0, 128), other.witness.subarray(128)]) },
      { ...honest, witness: old },
      { ...honest, witness: concat([set.witness.subarray(0, 800), elsewhere.subarray(800)]) },
    ]);
    expect(outcomes).to.deep.equal([
      "OneStepVerifierWrongInstruction",
      "OneStepVerifierWrongState",
      "OneStepVerifierWrongInstruction",
      "OneStepVerifierWrongMemory",
      "OneStepVerifierWrongMemory",
    ]);
  });

  it("leaves a stopped machine as it is", async () => {
    const states = [TRAPPED_STATE, haltedState(keccak256(Uint8Array.of(3)))];
    const steps = states.map((state) => ({
      codeRoot: new Uint8Array(32),
      stateHash: hashState(state),
      witness: encodeState(state),
    }));
    expect(await verifier().tryAll(steps)).to.deep.equal(states.map((state) => toHex(hashState(state))));
    const longer = steps.map((one) => ({ ...one, witness: concat([one.witness, new Uint8Array(32)]) }));
    expect(await verifier().tryAll(longer)).to.deep.equal(states.map(() => "WitnessReaderTooLong"));
  });

  describe("with too little gas", () => {
    const fast = useFastVerifier();
    const names = ["HOST sha256 of 33 bytes", "HOST sha256 of a page", "HOST ecrecover", "HOST blob, element 5"];
    for (const name of names) {
      it(`${name}: gives the one result or none, at every limit around what it takes`, async () => {
        const set = setScene(ALL[name] as Scene);
        const expected = toHex(hashState(set.after));
        const one = stepOf(set);
        const { tryWithGas } = fast();
        let [low, high] = [0, 1_000_000];
        expect(await tryWithGas(one, high, 1, 1)).to.deep.equal([expected]);
        while (high - low > 1) {
          const middle = Math.floor((low + high) / 2);
          const [outcome] = await tryWithGas(one, middle, 1, 1);
          if (outcome === expected) high = middle;
          else low = middle;
        }
        const results = new Set<string>();
        const sweep = async (start: number, end: number, stride: number): Promise<void> => {
          for (let from = start; from < end; from += 200 * stride) {
            for (const outcome of await tryWithGas(one, from, stride, 200)) results.add(outcome);
          }
        };
        // From nothing up, in a quick run by strides; and every limit at which the precompile has less than it takes.
        await sweep(0, high + 5_000, isLong ? 1 : 89);
        const near = name.includes("blob") ? 400 : 5_000;
        await sweep(high - near, high + near / 10, 1);
        console.log(
          `      from ${high} gas on: ${[...results].map((result) => result.slice(0, 40) || "-").join(", ")}`,
        );
        // A precompile that takes much leaves enough to say that it was too little.
        const failures = name.includes("blob") ? ["", "MachineHostPrecompileFailed"] : [""];
        expect([...results]).to.have.members([...failures, expected]);
      });
    }
  });

  it("rejects a wrong proof of a blob's element without burning all gas", async () => {
    const set = setScene(ALL["HOST blob, element 5"] as Scene);
    const at = set.witness.length;
    // The commitment of another blob, the element of another index, no proof.
    for (const length of [32, 80, 128]) {
      const changed = set.witness.slice();
      const start = 800 + 32 + 32 + (128 - length);
      changed[start] = (changed[start] ?? 0) ^ 1;
      expect(changed.length).to.equal(at);
      const one = { ...stepOf(set), witness: changed, gasLimit: 700_000n };
      expect(await verifier().tryAll([one])).to.deep.equal(["MachineHostPrecompileFailed"]);
    }
  });
});
