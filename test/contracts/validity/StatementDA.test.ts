import { expect } from "chai";
import { concat, dataLength, dataSlice, toBeHex, ZeroAddress, ZeroHash } from "ethers";

import { toHex } from "../../../plugin/ledger/bytes.js";
import type { BatchHeader, Hex } from "../../../plugin/types.js";
import { type BatchSegment, encodeBatch, encodeShown, showBatch } from "../../../plugin/validity/batch.js";
import { keyChangeData } from "../../../plugin/validity/operations.js";
import { FIELD_ORDER } from "../../../plugin/validity/poseidon.js";
import { statementHash } from "../../../plugin/validity/statement.js";
import { chunkRoot } from "../../../plugin/da/committee/chunks.js";
import { LedgerStatement__factory, StatementDA__factory } from "../../../typechain-types/index.js";
import { messageOf } from "../../support/batches.js";
import { calldataInput, statementInput } from "../../support/da-input.js";
import { headerWith } from "../../support/protocol.js";
import {
  inputOf,
  ownerOn,
  type Plan,
  type Prepared,
  prepare,
  useValidity,
  type ValidityWorld,
} from "../../support/validity.js";

const ETHER = 10n ** 18n;
const STATEMENT = { interface: LedgerStatement__factory.createInterface() };

/** Two segments with everything: messages of each kind, both further operations, an odd number of transfers, withdrawals. */
async function fullBatch(world: ValidityWorld): Promise<Prepared> {
  const { bridge, actors } = world;
  const [alice, bob] = [ownerOn(world, 1), ownerOn(world, 2)];
  const own = bridge.connect(actors.alice);
  const message = async (sent: ReturnType<typeof own.depositETH>) => messageOf(world, await sent);
  const first: Plan = {
    messages: [
      await message(own.depositETH(alice.address, { value: ETHER })),
      await message(own.depositETH(actors.alice, { value: ETHER })),
      await message(own.forceTransaction(keyChangeData(0n, bob.publicKey))),
      await message(own.forceTransaction("0x01020304")),
      await message(own.forceWithdrawal(ZeroAddress, 5n, actors.bob)),
    ],
    operations: [alice.register(0n), { kind: 6, owner: bob.id, token: 0n }],
    transfers: [
      alice.sign({ recipient: bob.id, amount: 10n ** 15n, fee: 10n ** 12n }),
      alice.sign({ nonce: 1n, recipient: bob.id, isWithdrawal: true, amount: 10n ** 16n }),
      alice.sign({ nonce: 2n, recipient: alice.id, amount: 10n ** 14n }),
    ],
    feeLeaf: 1,
  };
  const second: Plan = {
    messages: [await message(own.forceWithdrawal(ZeroAddress, 2n ** 256n - 1n, actors.alice))],
    transfers: [
      alice.sign({ nonce: 3n, recipient: bob.id, amount: 10n ** 15n }),
      alice.sign({ nonce: 4n, recipient: bob.id, amount: 10n ** 15n }),
    ],
  };
  return prepare(world, world.genesis, [first, second]);
}

/** What the chain would hand down. */
function headerOf({ parent, claim }: Prepared, submitter: string, changes: Partial<BatchHeader> = {}): BatchHeader {
  const { inboxTo: inboxFrom, l2BlockTo: l2BlockFrom, stateRoot: prevStateRoot } = parent;
  const own = { index: parent.index + 1n, submitter: submitter as Hex, inboxFrom, l2BlockFrom, prevStateRoot };
  return headerWith({ ...own, ...claim, ...changes });
}

describe("StatementDA.commit", () => {
  const get = useValidity();

  function commit(prepared: Prepared, daInput: string = prepared.daInput, changes: Partial<BatchHeader> = {}) {
    const { layer, actors } = get();
    const own = layer.connect(actors.sequencer);
    return own.commit.staticCall(headerOf(prepared, actors.sequencer.address, changes), daInput);
  }

  const commitSegments = (prepared: Prepared, segments: BatchSegment[]) =>
    commit(prepared, inputOf(segments, prepared.consumed, true).daInput);

  const commitData = (prepared: Prepared, data: string) => commit(prepared, calldataInput(prepared.consumed, data));

  /** The same with one segment altered. */
  function altered({ segments }: Prepared, position: number, change: Partial<BatchSegment>): BatchSegment[] {
    return segments.map((segment, i) => (i === position ? { ...segment, ...change } : segment));
  }

  it("takes a batch with everything in it", async () => {
    const prepared = await fullBatch(get());
    expect(prepared.withdrawals).to.have.length(3);
    expect(prepared.segments.map(({ messages }) => messages)).to.deep.equal([5, 1]);
    expect(await commit(prepared)).not.to.equal(ZeroHash);
  });

  it("has no element for a message with a key that is none", async () => {
    const world = get();
    const own = world.bridge.connect(world.actors.alice);
    const messages = [];
    for (const [x, y] of [
      [FIELD_ORDER, 1n],
      [1n, FIELD_ORDER],
      [0n, 0n],
    ] as const)
      messages.push(await messageOf(world, await own.forceTransaction(keyChangeData(0n, { x, y }))));
    const prepared = await prepare(world, world.genesis, [{ messages }]);
    expect(await commit(prepared)).to.equal(statementHash(prepared.belowHash, true, prepared.statements));
  });

  it("makes another hash of every field that a proof must not be moved across", async () => {
    const { bridge, actors, layer, dataAvailability } = get();
    const prepared = await fullBatch(get());
    const hash = await commit(prepared);
    for (const changes of [{ index: 2n }, { l2BlockFrom: 1n, l2BlockTo: 3n }] as const)
      expect(await commit(prepared, prepared.daInput, changes), Object.keys(changes).join()).not.to.equal(hash);
    const { below, l2ChainId } = await layer.parameters();
    for (const change of [{ l2ChainId: l2ChainId + 1n }, {}]) {
      const other = await new StatementDA__factory(actors.sequencer).deploy({
        ...{ below: change.l2ChainId === undefined ? dataAvailability : below, bridge, l2ChainId, ...change },
      });
      const found = await other.commit.staticCall(headerOf(prepared, actors.sequencer.address), prepared.daInput);
      expect(found === hash, JSON.stringify(Object.keys(change))).to.equal(change.l2ChainId === undefined);
    }
    // Of another submitter, which another account must sign.
    const own = layer.connect(actors.second);
    const copied = await own.commit.staticCall(headerOf(prepared, actors.second.address), prepared.daInput);
    expect(copied).not.to.equal(hash);
  });

  it("makes another hash when segments change places", async () => {
    const world = get();
    const plans = [1, 2].map((n): Plan => ({ operations: [{ kind: 6, owner: ownerOn(world, n).id, token: 0n }] }));
    const prepared = await prepare(world, world.genesis, plans);
    const [first, second] = prepared.segments;
    const swapped = [
      { ...second!, stateRoot: first!.stateRoot },
      { ...first!, stateRoot: second!.stateRoot },
    ];
    expect(await commitSegments(prepared, swapped)).not.to.equal(await commit(prepared));
  });

  it("makes another hash for another h", async () => {
    const prepared = await fullBatch(get());
    const { h } = prepared.segments[1]!;
    expect(await commitSegments(prepared, altered(prepared, 1, { h: h ^ 1n }))).not.to.equal(await commit(prepared));
  });

  describe("refuses data", () => {
    it("that end anywhere before their end", async () => {
      const { connection } = get();
      const prepared = await fullBatch(get());
      const data = toHex(encodeBatch(prepared.segments));
      const length = dataLength(data);
      for (let end = 0; end < length; end += end < 4 || end > length - 4 ? 1 : 23) {
        await expect(commitData(prepared, dataSlice(data, 0, end)), `${end} bytes`).to.be.revert(connection.ethers);
      }
      await expect(commitData(prepared, dataSlice(data, 0, length - 1)))
        .to.be.revertedWithCustomError(get().layer, "StatementTruncated")
        .withArgs(length, length - 1);
    });

    it("with something behind their end", async () => {
      const prepared = await fullBatch(get());
      const data = toHex(encodeBatch(prepared.segments));
      await expect(commitData(prepared, concat([data, "0x00"])))
        .to.be.revertedWithCustomError(get().layer, "StatementTrailing")
        .withArgs(dataLength(data), dataLength(data) + 1);
    });

    it("of another version, without a segment, or with another number of them than L2 blocks", async () => {
      const { layer } = get();
      const prepared = await fullBatch(get());
      const data = toHex(encodeBatch(prepared.segments));
      await expect(commitData(prepared, `0x01${data.slice(4)}`))
        .to.be.revertedWithCustomError(layer, "StatementVersion")
        .withArgs(1n);
      for (const count of [0, 1, 3, 0xffff]) {
        const lie = concat([dataSlice(data, 0, 1), toBeHex(count, 2), dataSlice(data, 3)]);
        await expect(commitData(prepared, lie))
          .to.be.revertedWithCustomError(layer, "StatementSegments")
          .withArgs(count, 2n);
      }
      await expect(commit(prepared, prepared.daInput, { l2BlockTo: 3n }))
        .to.be.revertedWithCustomError(layer, "StatementSegments")
        .withArgs(2n, 3n);
    });

    it("whose counts lie", async () => {
      const { connection, layer } = get();
      const prepared = await fullBatch(get());
      const data = toHex(encodeBatch(prepared.segments));
      for (const [place, name] of ["messages", "operations", "transfers", "withdrawals"].entries()) {
        const at = 3 + 2 * place;
        const count = Number(dataSlice(data, at, at + 2));
        for (const lie of [count - 1, count + 1, 0xffff]) {
          const bytes = concat([dataSlice(data, 0, at), toBeHex(lie, 2), dataSlice(data, at + 2)]);
          await expect(commitData(prepared, bytes), `${lie} ${name}`).to.be.revert(connection.ethers);
        }
      }
      await expect(commitSegments(prepared, altered(prepared, 1, { messages: 0 })))
        .to.be.revertedWithCustomError(layer, "StatementMessages")
        .withArgs(5n, 6n);
      await expect(commitSegments(prepared, altered(prepared, 1, { messages: 2 })))
        .to.be.revertedWithCustomError(layer, "StatementMessages")
        .withArgs(7n, 6n);
    });

    it("with an operation that they do not carry", async () => {
      const prepared = await fullBatch(get());
      const data = toHex(encodeBatch(prepared.segments));
      for (const kind of [0, 1, 2, 3, 5, 7, 255]) {
        const bytes = concat([dataSlice(data, 0, 87), toBeHex(kind, 1), dataSlice(data, 88)]);
        await expect(commitData(prepared, bytes))
          .to.be.revertedWithCustomError(get().layer, "StatementOperation")
          .withArgs(kind);
      }
    });

    it("with a registration that its owner did not sign, for this token, key, bridge and chain", async () => {
      const world = get();
      const { connection, domain } = world;
      const prepared = await fullBatch(world);
      const [alice, mallory] = [ownerOn(world, 1), ownerOn(world, 3)];
      const [, create] = prepared.segments[0]!.operations;
      const right = alice.register(0n);
      const elsewhere = { ...world, domain: { ...domain, bridge: `0x${"77".repeat(20)}` as const } };
      const onOther = { ...world, domain: { ...domain, l1ChainId: 1n } };
      const forged = [
        { ...mallory.register(0n), owner: alice.id },
        { ...alice.register(5n), token: 0n },
        { ...right, key: mallory.publicKey },
        ownerOn(elsewhere, 1).register(0n),
        ownerOn(onOther, 1).register(0n),
      ];
      for (const operation of forged) {
        await expect(
          commitSegments(prepared, altered(prepared, 0, { operations: [operation, create!] })),
        ).to.be.revertedWithCustomError(STATEMENT, "LedgerStatementSignature");
      }
      const flipped = right.signature.slice();
      flipped[32]! |= 0x7f; // a high s
      for (const signature of [new Uint8Array(64), flipped]) {
        await expect(
          commitSegments(prepared, altered(prepared, 0, { operations: [{ ...right, signature }, create!] })),
        ).to.be.revert(connection.ethers);
      }
    });

    it("with a number that is not below the field's order", async () => {
      const prepared = await fullBatch(get());
      const [first, second] = prepared.segments;
      const [exit, ...exits] = first!.exits;
      const data = toHex(encodeBatch(prepared.segments));
      const refused = (call: Promise<unknown>) =>
        expect(call).to.be.revertedWithCustomError(STATEMENT, "LedgerStatementElement");
      await refused(commitSegments(prepared, altered(prepared, 0, { h: FIELD_ORDER })));
      await refused(commitSegments(prepared, altered(prepared, 1, { h: second!.h + FIELD_ORDER })));
      await refused(commitSegments(prepared, altered(prepared, 0, { stateRoot: first!.stateRoot + FIELD_ORDER })));
      await refused(
        commitSegments(
          prepared,
          altered(prepared, 0, { exits: [{ ...exit!, amount: exit!.amount + FIELD_ORDER }, ...exits] }),
        ),
      );
      const huge = toBeHex(BigInt(prepared.parent.stateRoot) + FIELD_ORDER, 32) as Hex;
      await refused(commit(prepared, calldataInput(prepared.consumed, data), { prevStateRoot: huge }));
    });

    it("with another state root or other withdrawals than their header", async () => {
      const { layer } = get();
      const prepared = await fullBatch(get());
      await expect(commit(prepared, prepared.daInput, { stateRoot: `0x${"12".repeat(32)}` }))
        .to.be.revertedWithCustomError(layer, "StatementStateRoot")
        .withArgs(BigInt(prepared.claim.stateRoot), `0x${"12".repeat(32)}`);
      await expect(commit(prepared, prepared.daInput, { withdrawalsRoot: ZeroHash as Hex }))
        .to.be.revertedWithCustomError(layer, "StatementWithdrawals")
        .withArgs(prepared.claim.withdrawalsRoot, ZeroHash);
      const [first] = prepared.segments;
      for (const change of [
        { withdrawalNonce: 1n },
        { exits: [...first!.exits].reverse() },
        { exits: first!.exits.map((exit) => ({ ...exit, amount: exit.amount + 1n })) },
        { exits: first!.exits.map((exit) => ({ ...exit, target: exit.target + 1n })) },
      ]) {
        await expect(commitSegments(prepared, altered(prepared, 0, change))).to.be.revertedWithCustomError(
          layer,
          "StatementWithdrawals",
        );
      }
    });

    it("in blobs, shown twice, or not there", async () => {
      const { layer } = get();
      const prepared = await fullBatch(get());
      const { consumed } = prepared;
      await expect(commit(prepared, statementInput(consumed, "0x", "0x010000000100")))
        .to.be.revertedWithCustomError(layer, "StatementForm")
        .withArgs(1n);
      await expect(commit(prepared, statementInput(consumed, "0x0102", "0x00")))
        .to.be.revertedWithCustomError(layer, "StatementShownTwice")
        .withArgs(2n);
      await expect(commit(prepared, statementInput(consumed, "0x", "0x")))
        .to.be.revertedWithCustomError(layer, "StatementTruncated")
        .withArgs(1n, 0n);
      await expect(commit(prepared, dataSlice(prepared.daInput, 0, 64))).to.be.revertedWithoutReason(
        get().connection.ethers,
      );
    });
  });

  describe("refuses messages", () => {
    it("skipped, reordered, cut off, invented or altered", async () => {
      const { layer } = get();
      const prepared = await fullBatch(get());
      const { consumed, segments } = prepared;
      const data = toHex(encodeBatch(segments));
      const [first, second, ...rest] = consumed;
      for (const messages of [
        [second!, ...rest],
        [second!, first!, ...rest],
        consumed.slice(0, -1),
        [],
        [...consumed, first!],
        [{ ...first!, amount: first!.amount + 1n }, second!, ...rest],
        [{ ...first!, target: second!.target }, second!, ...rest],
        [{ ...first!, kind: 2 as const }, second!, ...rest],
      ]) {
        await expect(commit(prepared, calldataInput(messages, data))).to.be.revertedWithCustomError(
          layer,
          "StatementInbox",
        );
      }
    });

    it("of another range than the header's", async () => {
      const { layer, bridge } = get();
      const prepared = await fullBatch(get());
      await expect(commit(prepared, prepared.daInput, { inboxFrom: 1n })).to.be.revertedWithCustomError(
        layer,
        "StatementInbox",
      );
      const inboxAcc = (await bridge.accumulator(5n)) as Hex;
      await expect(commit(prepared, prepared.daInput, { inboxTo: 5n, inboxAcc })).to.be.revertedWithCustomError(
        layer,
        "StatementInbox",
      );
    });
  });

  it("cannot be without a layer below, bridge or chain id", async () => {
    const { layer, actors } = get();
    const [below, bridge, l2ChainId] = await layer.parameters();
    const factory = new StatementDA__factory(actors.deployer);
    for (const [name, change] of [
      ["below", { below: ZeroAddress }],
      ["bridge", { bridge: ZeroAddress }],
      ["l2ChainId", { l2ChainId: 0n }],
    ] as const) {
      await expect(factory.deploy({ below, bridge, l2ChainId, ...change }))
        .to.be.revertedWithCustomError(factory, "StatementZeroParameter")
        .withArgs(name);
    }
  });
});

describe("StatementDA.commit with a committee", () => {
  const get = useValidity({ attested: true });

  it("refuses a certificate for other transfers, another length or other chunks than it is shown", async () => {
    const { layer, actors } = get();
    const prepared = await fullBatch(get());
    const header = headerOf(prepared, actors.sequencer.address);
    const below = concat(["0x02", prepared.belowHash]);
    const data = encodeBatch(prepared.segments);
    const shown = showBatch(prepared.segments);
    const [first, ...others] = shown;
    const input = (root: string, segments: typeof shown, attested = below) =>
      statementInput(prepared.consumed, concat([root, encodeShown(segments)]), attested);
    expect(input(chunkRoot(data), shown)).to.equal(prepared.daInput);
    await layer.commit.staticCall(header, prepared.daInput);
    for (const daInput of [
      input(chunkRoot(data), [{ ...first!, hTx: first!.hTx ^ 1n }, ...others]),
      input(chunkRoot(data), [{ ...first!, transferCount: first!.transferCount - 1 }, ...others]),
      input(ZeroHash, shown),
      input(chunkRoot(data), shown, concat(["0x02", ZeroHash])),
    ]) {
      await expect(layer.commit.staticCall(header, daInput)).to.be.revertedWithCustomError(
        layer,
        "StatementCertificate",
      );
    }
    await expect(
      layer.commit.staticCall(header, input(chunkRoot(data), [{ ...first!, hTx: FIELD_ORDER }, ...others])),
    ).to.be.revertedWithCustomError(STATEMENT, "LedgerStatementElement");
    await expect(layer.commit.staticCall(header, statementInput(prepared.consumed, "0x00", below)))
      .to.be.revertedWithCustomError(layer, "StatementTruncated")
      .withArgs(32n, 1n);
  });
});
