import { expect } from "chai";

import { segmentCircuit } from "../../plugin/validity/circuit.js";
import type { ProvableSegment } from "../../plugin/validity/seal.js";
import type { SegmentTrace } from "../../plugin/validity/trace.js";
import { segmentInputs } from "../../plugin/validity/witness.js";
import { createRandom } from "../ledger/random.js";
import { createCalculator } from "./support/calculator.js";
import { type Chain, createChain, type SegmentPlan } from "./support/chain.js";
import { compile } from "./support/compile.js";
import { readConstraints, violated } from "./support/r1cs.js";
import { createScenario } from "./support/scenario.js";

const SLOTS = 3;
const LEVELS = 2;
const SEEDS = process.env.ROLLUP_TEST_LONG === "1" ? 20 : 2;
const BATCHES = 4;

/** What a plan wants, in segments that the circuit can hold. */
function split({ messages = [], operations = [], transfers = [], feeLeaf = 0 }: SegmentPlan): SegmentPlan[] {
  const chunks = <T>(list: readonly T[]): T[][] =>
    Array.from({ length: Math.ceil(list.length / SLOTS) }, (_, i) => list.slice(i * SLOTS, (i + 1) * SLOTS));
  const rest = SLOTS - 1;
  return [
    ...chunks(messages).map((some) => ({ messages: some, feeLeaf })),
    { operations: operations.slice(0, rest), transfers: transfers.slice(0, 1), feeLeaf },
    { operations: operations.slice(rest), feeLeaf },
    ...chunks(transfers.slice(1)).map((some) => ({ transfers: some, feeLeaf })),
  ];
}

describe("the executor and the circuit agree", function () {
  this.timeout(300_000);

  type Check = (trace: SegmentTrace, provable: ProvableSegment) => void;
  let onL1: Check;
  let committee: Check;

  async function checker(isOnL1: boolean): Promise<Check> {
    const shape = { slots: SLOTS, levels: LEVELS, isOnL1 };
    const { wasm, r1cs } = await compile(segmentCircuit(shape));
    const calculator = createCalculator(wasm);
    const system = readConstraints(r1cs);
    return (trace, provable) => {
      const { witness } = calculator.honest(segmentInputs(trace, shape, provable));
      expect(violated(system, witness)).to.equal(undefined);
    };
  }

  before(async () => {
    onL1 = await checker(true);
    committee = await checker(false);
  });

  for (let seed = 1; seed <= SEEDS; seed++)
    it(`on random batches, seed ${seed}`, () => {
      const chain: Chain = createChain({ levels: LEVELS, slotCount: SLOTS });
      const scenario = createScenario(createRandom(seed));
      const seen = new Set<string>();
      for (let batch = 0; batch < BATCHES; batch++) {
        const { segments, provable } = chain.run(...split(scenario.next(chain)));
        segments.forEach(({ trace, receipts }, i) => {
          onL1(trace!, provable.onL1[i]!);
          for (const receipt of receipts) seen.add(receipt.source === "transfer" ? "transfer" : receipt.outcome);
        });
        committee(segments.at(-1)!.trace!, provable.committee.at(-1)!);
      }
      expect([...seen]).to.include.members(["succeeded", "nothing", "transfer"]);
    });
});
