import { expect } from "chai";

import { L1UnavailableError } from "../../plugin/l1/ask.js";
import { UnknownBatchError } from "../../plugin/l1/client.js";
import type { L1Source } from "../../plugin/l1/follower.js";
import { memoryStore } from "../../plugin/store/memory.js";
import type { Store } from "../../plugin/store/types.js";
import type { BatchHeader, Hex } from "../../plugin/types.js";
import { describe as describeEvent, type Program, type ValidatorEvent } from "../../plugin/validator/types.js";
import { ProgramMismatchError } from "../../plugin/l1/program.js";
import { createValidator, type Validator } from "../../plugin/validator/validator.js";
import { failure } from "../l1/support/failure.js";
import { modelProgram } from "./support/model-program.js";
import { type TestRollup, testRollup, user } from "./support/rollup.js";

const MACHINE_HASH: Hex = `0x${"11".repeat(32)}`;
const BAD_ROOT: Hex = `0xbad${"0".repeat(61)}`;
const ETHER = 10n ** 18n;
const alice = user(1);
const bob = user(2);

describe("validator", () => {
  let program: Program;
  let rollup: TestRollup;
  let store: Store;
  let events: ValidatorEvent[];
  beforeEach(() => {
    program = modelProgram(MACHINE_HASH);
    rollup = testRollup(program);
    store = memoryStore();
    events = [];
  });

  async function start(overrides: { source?: L1Source; program?: Program } = {}): Promise<Validator> {
    const { client, source } = rollup;
    return createValidator({
      ...{ client, source, program, store, log: (event) => events.push(event), pollInterval: 2 },
      ...overrides,
    });
  }

  const kinds = () => events.map((event) => ("index" in event ? `${event.kind} ${event.index}` : event.kind));

  /** Two deposits, then three blocks with a payment each and a withdrawal in the last. */
  async function busyBatch(tamper?: (header: BatchHeader) => Partial<BatchHeader>): Promise<BatchHeader> {
    rollup.deposit(alice.address, ETHER);
    rollup.deposit(bob.address, ETHER);
    return rollup.post({
      blocks: [
        { messages: 2, transactions: [await alice.pay(0, bob.address, 5n)] },
        { messages: 0, transactions: [await bob.pay(0, alice.address, 7n)] },
        { messages: 0, transactions: [await alice.pay(1, bob.address, 9n), await alice.withdraw(2, 11n)] },
      ],
      ...(tamper === undefined ? {} : { tamper }),
    });
  }

  it("agrees with honest batches and reports each once", async () => {
    await busyBatch();
    rollup.post({ blocks: [{ messages: 0, transactions: [await bob.pay(1, alice.address, 1n)] }] });
    const validator = await start();
    expect(await validator.run({ watch: false })).to.include({ batches: 2n, agreed: 2n });
    expect(await validator.run({ watch: false })).to.not.have.property("disagreement");
    expect(kinds()).to.deep.equal(["agree 1", "agree 2"]);
    expect(events[0]).to.include({ l2BlockTo: 3n, messages: 2, transactions: 4, withdrawals: 1 });
    expect(events.map(describeEvent)[1]).to.equal(
      "batch 2: agreed, 0 messages, 1 transactions, 0 withdrawals, up to L2 block 4",
    );
  });

  it("agrees that malformed data is an empty batch", async () => {
    rollup.deposit(alice.address, ETHER);
    // One message more than there is: the sums do not fit.
    const header = rollup.post({
      blocks: [{ messages: 2, transactions: [] }],
      tamper: ({ inboxFrom }) => ({ inboxTo: inboxFrom + 1n }),
    });
    expect(header.inboxTo).to.equal(1n);
    expect(await (await start()).run({ watch: false })).to.include({ batches: 1n, agreed: 1n });
  });

  const lies: [string, (header: BatchHeader) => Partial<BatchHeader>, string, bigint | undefined][] = [
    ["state root", () => ({ stateRoot: BAD_ROOT }), "stateRoot", undefined],
    ["withdrawals root", () => ({ withdrawalsRoot: BAD_ROOT }), "withdrawalsRoot", undefined],
    ["left-out withdrawal", () => ({ withdrawalsRoot: `0x${"00".repeat(32)}` }), "withdrawalsRoot", 3n],
    ["number of L2 blocks", () => ({ l2BlockTo: 2n }), "l2BlockTo", 3n],
    ["inbox accumulator", () => ({ inboxAcc: BAD_ROOT }), "inboxAcc", undefined],
    ["state root of the parent", () => ({ prevStateRoot: BAD_ROOT }), "prevStateRoot", undefined],
    ["state that nothing changed", ({ prevStateRoot }) => ({ stateRoot: prevStateRoot }), "stateRoot", 1n],
  ];
  for (const [name, tamper, field, l2Block] of lies) {
    it(`names the first difference of a false ${name}`, async () => {
      const header = await busyBatch(tamper);
      const summary = await (await start()).run({ watch: false });
      expect(summary).to.include({ batches: 1n, agreed: 0n });
      const difference = summary.disagreement?.difference;
      expect(difference).to.include({ field, got: String(header[field as keyof BatchHeader]) });
      expect(difference?.expected).to.not.equal(difference?.got);
      expect(difference?.l2Block).to.equal(l2Block);
      expect(describeEvent(events[0] as ValidatorEvent)).to.match(
        new RegExp(`^batch 1 is FALSE: its ${field} must be `),
      );
    });
  }

  it("finds the block from which a batch was cut short", async () => {
    const shorter = testRollup(program);
    shorter.deposit(alice.address, ETHER);
    shorter.deposit(bob.address, ETHER);
    shorter.post({ blocks: [{ messages: 2, transactions: [await alice.pay(0, bob.address, 5n)] }] });
    const rootAfterOne = shorter.head().stateRoot;
    await busyBatch(() => ({ stateRoot: rootAfterOne }));
    const { disagreement } = await (await start()).run({ watch: false });
    expect(disagreement?.difference).to.include({ field: "stateRoot", got: rootAfterOne, l2Block: 2n });
  });

  it("sees that a message was dropped", async () => {
    const without = testRollup(program);
    without.deposit(alice.address, ETHER);
    without.post({ blocks: [{ messages: 1, transactions: [] }] });
    rollup.deposit(alice.address, ETHER);
    rollup.deposit(bob.address, ETHER);
    const { stateRoot } = without.head();
    rollup.post({ blocks: [{ messages: 2, transactions: [] }], tamper: () => ({ stateRoot }) });
    const { disagreement } = await (await start()).run({ watch: false });
    expect(disagreement?.difference).to.deep.include({ field: "stateRoot", got: stateRoot, l2Block: 1n });
  });

  it("does not execute what continues a false batch, and agrees again once it is reverted", async () => {
    await busyBatch();
    rollup.post({ blocks: [{ messages: 0, transactions: [] }], tamper: () => ({ stateRoot: BAD_ROOT }) });
    rollup.post({ blocks: [{ messages: 0, transactions: [] }] });
    const validator = await start();
    const summary = await validator.run({ watch: false });
    expect(summary).to.include({ batches: 3n, agreed: 1n });
    expect(summary.disagreement?.index).to.equal(2n);
    await (await start()).run({ watch: false });
    expect(kinds()).to.deep.equal(["agree 1", "disagree 2", "descends 3"]);

    rollup.revert(2n);
    rollup.post({ blocks: [{ messages: 0, transactions: [await bob.pay(1, alice.address, 1n)] }] });
    expect(await validator.run({ watch: false })).to.include({ batches: 2n, agreed: 2n });
    expect(events.slice(3)).to.deep.include({ kind: "reverted", fromIndex: 2n, toIndex: 3n, cause: "dispute" });
    expect(kinds().at(-1)).to.equal("agree 2");
  });

  it("says when a batch becomes final, above all a false one", async () => {
    await busyBatch();
    rollup.post({ blocks: [{ messages: 0, transactions: [] }], tamper: () => ({ stateRoot: BAD_ROOT }) });
    rollup.finalize();
    rollup.finalize();
    await (await start()).run({ watch: false });
    expect(events.slice(2)).to.deep.equal([
      { kind: "finalized", index: 1n, verdict: "agree" },
      { kind: "finalized", index: 2n, verdict: "disagree" },
    ]);
    expect(describeEvent(events[3] as ValidatorEvent)).to.include("ALTHOUGH IT IS FALSE");
  });

  it("follows a reorg that replaces messages and batches", async () => {
    await busyBatch();
    rollup.deposit(alice.address, 3n);
    rollup.post({ blocks: [{ messages: 1, transactions: [] }] });
    const validator = await start();
    await validator.run({ watch: false });
    rollup.l1.drop(2);
    rollup.deposit(bob.address, 4n);
    rollup.post({ blocks: [{ messages: 1, transactions: [await bob.pay(1, alice.address, 2n)] }] });
    expect(await validator.run({ watch: false })).to.include({ batches: 2n, agreed: 2n });
    expect(kinds()).to.deep.equal(["agree 1", "agree 2", "reverted", "agree 2"]);
    expect(events[2]).to.include({ fromIndex: 2n, toIndex: 2n, cause: "reorg" });
  });

  it("goes on after a restart from what it stored, without executing anything twice", async () => {
    await busyBatch();
    await (await start()).run({ watch: false });
    rollup.post({ blocks: [{ messages: 0, transactions: [await bob.pay(1, alice.address, 1n)] }] });
    let runs = 0;
    const counting: Program = { ...program, execute: (input, nodes) => (runs++, program.execute(input, nodes)) };
    expect(await (await start({ program: counting })).run({ watch: false })).to.include({ batches: 2n, agreed: 2n });
    expect(runs).to.equal(1);
    expect(kinds()).to.deep.equal(["agree 1", "agree 2"]);
  });

  it("survives being killed at every write", async () => {
    await busyBatch();
    rollup.post({ blocks: [{ messages: 0, transactions: [await bob.pay(1, alice.address, 1n)] }] });
    for (let deadline = 0; ; deadline++) {
      let writes = 0;
      const killed: Store = {
        ...store,
        write: (operations, options) =>
          writes++ < deadline ? store.write(operations, options) : Promise.reject(new Error("killed")),
      };
      const { client, source } = rollup;
      const validator = await createValidator({ client, source, program, store: killed });
      const outcome = await validator.run({ watch: false }).catch((error: unknown) => error);
      if (!(outcome instanceof Error)) {
        expect(outcome).to.include({ batches: 2n, agreed: 2n });
        break;
      }
      expect(outcome.message).to.equal("killed");
    }
    // Killed in the middle, and its store is whole: everything is known.
    expect(await (await start()).run({ watch: false })).to.include({ batches: 2n, agreed: 2n });
    expect(events).to.be.empty;
  });

  it("keeps watching through an L1 that is down for a while", async () => {
    await busyBatch();
    let down = true;
    const source: L1Source = {
      ...rollup.source,
      block: (at) =>
        down ? Promise.reject(new L1UnavailableError("block", "connection refused")) : rollup.source.block(at),
    };
    const controller = new AbortController();
    const validator = await start({ source });
    expect(await failure(validator.run({ watch: false }))).to.be.instanceOf(L1UnavailableError);

    const running = validator.run({ watch: true, signal: controller.signal });
    await until(() => events.some(({ kind }) => kind === "unavailable"));
    down = false;
    await until(() => kinds().includes("agree 1"));
    rollup.post({ blocks: [{ messages: 0, transactions: [await bob.pay(1, alice.address, 1n)] }] });
    await until(() => kinds().includes("agree 2"));
    controller.abort(new Error("stopped by the test"));
    expect(await running).to.include({ batches: 2n, agreed: 2n });
    expect(events.filter(({ kind }) => kind === "head")).to.have.length.at.least(1);
  });

  it("checks a single batch, and those before it that it has not seen", async () => {
    await busyBatch();
    rollup.post({ blocks: [{ messages: 0, transactions: [] }] });
    const validator = await start();
    expect(await validator.check(2n)).to.include({ kind: "agree", index: 2n });
    expect(await validator.check(1n)).to.include({ kind: "agree", index: 1n });
    const error = await failure(validator.check(3n));
    expect(error).to.be.instanceOf(UnknownBatchError);
    expect(error.message).to.equal("batch 3 is not on L1; the last one is 2");
  });

  it("never takes a failed run for a verdict", async () => {
    await busyBatch();
    const trapping: Program = {
      ...program,
      execute: () => {
        throw new Error("unreachable executed");
      },
    };
    expect((await failure((await start({ program: trapping })).run({ watch: true }))).message).to.equal(
      "unreachable executed",
    );
    expect(events).to.be.empty;
    expect(await (await start()).run({ watch: false })).to.include({ agreed: 1n });
  });

  it("refuses to judge with another guest program than the rollup's", async () => {
    const other: Program = { ...program, machineHash: BAD_ROOT };
    const error = await failure(start({ program: other }));
    expect(error).to.be.instanceOf(ProgramMismatchError);
    expect(error.message).to.include(MACHINE_HASH);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}
