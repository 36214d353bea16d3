import { expect } from "chai";
import { AbiCoder, concat, id, keccak256, toBeHex } from "ethers";
import { poseidon2 } from "poseidon-lite/poseidon2";
import { poseidon5 } from "poseidon-lite/poseidon5";
import { poseidon10 } from "poseidon-lite/poseidon10";

import type { Hex } from "../../plugin/types.js";
import { packTransfer } from "../../plugin/validity/amounts.js";
import { type BatchSegment, DataMismatchError } from "../../plugin/validity/batch.js";
import { FIELD_ORDER } from "../../plugin/validity/poseidon.js";
import { certifiedRoot, statementHash, transfersHash } from "../../plugin/validity/statement.js";
import { type CommitInput, statementsOfData } from "../../plugin/validity/statement-da.js";
import { createRandom } from "../ledger/random.js";
import { createChain, type ExecutedBatch } from "./support/chain.js";
import { createOwner, DOMAIN } from "./support/owner.js";
import { createScenario } from "./support/scenario.js";

const SLOTS = 16;

/** docs/validity.md §3 once more, with ethers and poseidon-lite, slot by slot. */
function expectedElements(batch: ExecutedBatch, segment: number, isOnL1: boolean): { d: bigint[]; h: bigint } {
  const { context, segments, input, data } = batch;
  const { l1ChainId, l2ChainId, bridge } = context;
  const hash = (types: string, ...values: unknown[]): bigint =>
    BigInt(keccak256(AbiCoder.defaultAbiCoder().encode(types.split(" "), values))) / 256n;
  const d0 = hash(
    "bytes32 uint256 uint256 address uint256 uint256 address uint256 bytes32 uint256",
    id("hardhat-rollup.validity.context.v1"),
    l1ChainId,
    l2ChainId,
    bridge,
    input.header.index,
    segment,
    input.header.submitter,
    input.header.inboxTo,
    input.header.inboxAcc,
    input.header.l2BlockTo,
  );
  const d1 = hash("bytes32 uint256 uint256 address", id("hardhat-rollup.validity.tx.v1"), l1ChainId, l2ChainId, bridge);
  const before = segment === 0 ? BigInt(input.header.prevStateRoot) : data[segment - 1]!.stateRoot;
  const { stateRoot, withdrawalNonce, feeLeaf, transfers, exits } = data[segment]!;

  const operations: bigint[][] = [];
  const slots: bigint[][] = [];
  const exitOf = (exit?: { sender: string; target: string; token: string; amount: bigint }) =>
    exit === undefined ? [0n, 0n, 0n, 0n] : [BigInt(exit.sender), BigInt(exit.target), BigInt(exit.token), exit.amount];
  let next = 0;
  for (const receipt of segments[segment]!.receipts) {
    if (receipt.source === "transfer") {
      slots.push([0n, 0n, 0n, 0n, packTransfer(transfers[next++]!), ...exitOf(receipt.withdrawal)]);
    } else if (receipt.operation !== undefined) {
      const { kind, owner, token, e3, e4 } = receipt.operation;
      const e = [owner + BigInt(kind) * 2n ** 160n, token, e3, e4];
      operations.push(e);
      slots.push([...e, 0n, ...exitOf(receipt.source === "message" ? receipt.withdrawal : undefined)]);
    }
  }
  const [opCount, txCount, exitCount] = [operations.length, transfers.length, exits.length].map(BigInt);
  const d4 =
    opCount! +
    txCount! * 2n ** 16n +
    exitCount! * 2n ** 32n +
    withdrawalNonce * 2n ** 48n +
    BigInt(feeLeaf) * 2n ** 112n;
  const t = transfers.map(packTransfer);
  const pairs = t.flatMap((value, i) => (i % 2 === 0 ? [value * 2n ** 112n + (t[i + 1] ?? 0n)] : []));
  const hTx = t.reduce((k, value) => poseidon2([k, value]), 0n);
  const head = [d0, d1, before, stateRoot, d4];
  const w = exits.flatMap(({ owner, target, token, amount }) => [owner, target, token, amount]);
  let h = poseidon5(head);
  for (let i = 0; i < SLOTS; i++) h = poseidon10([h, ...(slots[i] ?? Array.from({ length: 9 }, () => 0n))]);
  return { d: [...head, ...operations.flat(), ...(isOnL1 ? pairs : [hTx]), ...w], h };
}

describe("statements", () => {
  const batches: ExecutedBatch[] = [];

  before(() => {
    const scenario = createScenario(createRandom(0x57));
    const chain = createChain({ slotCount: SLOTS });
    for (let i = 0; i < 6; i++) batches.push(chain.run(scenario.next(chain)), chain.run(scenario.next(chain), {}));
    const all = batches.flatMap(({ data }) => data);
    const counts = all.map(({ transfers }) => transfers.length % 2);
    expect(counts, "even and odd numbers of transfers").to.include.members([0, 1]);
    expect(all.some(({ exits }) => exits.length > 0)).to.equal(true);
  });

  for (const isOnL1 of [true, false])
    it(`hold all elements in order, with the transfers ${isOnL1 ? "on L1" : "with a committee"}`, () => {
      for (const batch of batches)
        (isOnL1 ? batch.provable.onL1 : batch.provable.committee).forEach(({ elements, statement }, i) => {
          const { d, h } = expectedElements(batch, i, isOnL1);
          expect(elements).to.deep.equal(d);
          const r = BigInt(keccak256(concat([...d, h].map((element) => toBeHex(element, 32))))) % FIELD_ORDER;
          let [y, power] = [0n, 1n];
          for (const element of [...d].reverse()) {
            y = (y + element * power) % FIELD_ORDER;
            power = (power * r) % FIELD_ORDER;
          }
          expect(statement).to.deep.equal({ h, r, y });
        });
    });

  it("are bound by one hash, with the layer below and the form", () => {
    const statements = batches[0]!.provable.onL1.map(({ statement }) => statement);
    const below: Hex = `0x${"be".repeat(32)}`;
    const inputs = keccak256(concat(statements.flatMap(({ h, r, y }) => [h, r, y].map((value) => toBeHex(value, 32)))));
    for (const [isOnL1, form] of [
      [true, 1],
      [false, 0],
    ] as const)
      expect(statementHash(below, isOnL1, statements)).to.equal(
        keccak256(
          AbiCoder.defaultAbiCoder().encode(
            ["bytes32", "bytes32", "uint256", "bytes32"],
            [id("hardhat-rollup.validity.statement.v1"), below, form, inputs],
          ),
        ),
      );
  });

  it("give a committee a root of chunks and transfers", () => {
    const chunkRoot: Hex = `0x${"c4".repeat(32)}`;
    const hashes = [transfersHash([1n, 2n]), transfersHash([])];
    expect(hashes).to.deep.equal([poseidon2([poseidon2([0n, 1n]), 2n]), 0n]);
    const list = keccak256(concat(hashes.map((hash) => toBeHex(hash, 32))));
    expect(certifiedRoot(chunkRoot, hashes)).to.equal(keccak256(concat([chunkRoot, list])));
  });

  describe("are made of no data that L1 refuses", () => {
    const chain = createChain({ slotCount: SLOTS });
    const alice = createOwner(1);
    let batch: ExecutedBatch;

    before(() => {
      batch = chain.run({
        messages: [
          chain.message(0, { target: alice.address, amount: 9n }),
          chain.message(2, { sender: alice.address, target: alice.address, amount: 3n }),
        ],
        operations: [alice.register(0n)],
        transfers: [alice.sign({ amount: 1n })],
      });
    });

    function statements(change: (input: CommitInput) => Partial<CommitInput>, segments?: Partial<BatchSegment>) {
      const { input, data } = batch;
      return () =>
        statementsOfData(
          { ...input, ...change(input) },
          data.map((segment) => ({ ...segment, ...segments })),
        );
    }

    it("messages that are skipped, reordered, or others", () => {
      const wrong: ((input: CommitInput) => Partial<CommitInput>)[] = [
        ({ consumed }) => ({ consumed: [...consumed].reverse() }),
        ({ consumed }) => ({ consumed: consumed.slice(1) }),
        ({ consumed }) => ({ consumed: consumed.map((message) => ({ ...message, amount: 1n })) }),
        () => ({ prevInboxAcc: `0x${"01".repeat(32)}` }),
      ];
      for (const change of wrong) expect(statements(change)).to.throw(DataMismatchError, "inbox accumulator");
      expect(statements(() => ({}), { messages: 1 })).to.throw(DataMismatchError, "1 messages instead");
    });

    it("registrations that nobody signed", () => {
      const [registration] = batch.data[0]!.operations as [ReturnType<typeof alice.register>];
      const elsewhere = { ...DOMAIN, bridge: alice.address };
      expect(statements(() => ({ domain: elsewhere }))).to.throw(DataMismatchError, "not signed by its owner");
      for (const operation of [
        { ...registration, token: 1n },
        { ...registration, owner: 0n },
      ])
        expect(statements(() => ({}), { operations: [operation] })).to.throw(DataMismatchError, "not signed");
    });

    it("withdrawals other than the header's", () => {
      const [exit] = batch.data[0]!.exits;
      for (const change of [{ exits: [] }, { exits: [{ ...exit!, amount: 4n }] }, { withdrawalNonce: 1n }])
        expect(statements(() => ({}), change)).to.throw(DataMismatchError, "withdrawals hash to");
    });

    it("but whoever posts can be told apart from each other", () => {
      const own = batch.provable.onL1.map(({ statement }) => statement);
      const other = statements(({ header }) => ({ header: { ...header, submitter: alice.address } }))();
      expect(other[0]!.h, "h stands in the data").to.equal(own[0]!.h);
      expect(other[0]!.y).not.to.equal(own[0]!.y);
    });
  });
});
