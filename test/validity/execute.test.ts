import { expect } from "chai";
import { AbiCoder } from "ethers";

import { fromHex, toBytes, toHex } from "../../plugin/ledger/bytes.js";
import { MissingNodeError } from "../../plugin/ledger/state.js";
import type { Hex } from "../../plugin/types.js";
import type { RefusalFault } from "../../plugin/validity/engine.js";
import { compareIds, FIRST_LEAF, fromAddress, type Leaf, leafHash, LIST_END } from "../../plugin/validity/leaf.js";
import { keyChangeData } from "../../plugin/validity/operations.js";
import { p4 } from "../../plugin/validity/poseidon.js";
import { replaySegment, UnprovableSegmentError } from "../../plugin/validity/replay.js";
import { FeeLeafError, SegmentFullError } from "../../plugin/validity/run.js";
import { beginSegment, SegmentOrderError, TransferRefusedError } from "../../plugin/validity/segment.js";
import { txDomain } from "../../plugin/validity/statement.js";
import { escapeProof, genesisNodes, openState, type State, stateRootOf } from "../../plugin/validity/state.js";
import type { LeafUpdate, SegmentTrace } from "../../plugin/validity/trace.js";
import { rootOfPath } from "../../plugin/validity/tree.js";
import { createRandom } from "../ledger/random.js";
import { type Chain, createChain, type SegmentPlan } from "./support/chain.js";
import { addressOf, createOwner, DOMAIN, numberOf, type TransferFields } from "./support/owner.js";
import { createScenario } from "./support/scenario.js";

const ETHER = 10n ** 18n;
const WHOLE = 2n ** 256n - 1n;
const TOKEN = numberOf(0x70);

describe("execution of segments", () => {
  const alice = createOwner(1);
  const bob = createOwner(2);
  let chain: Chain;

  beforeEach(() => {
    chain = createChain();
  });

  function deposit(target: Hex, amount = ETHER, token = addressOf(0)) {
    return chain.message(0, { target, token, amount });
  }

  /** Alice has 1 ETH and a key in leaf 1, Bob a leaf without key in place 2. */
  function begin(): void {
    chain.run({
      messages: [deposit(alice.address)],
      operations: [alice.register(0n), { kind: 6, owner: bob.id, token: 0n }],
    });
  }

  function balance(owner: bigint, token = 0n): bigint | undefined {
    const found = chain.state().find({ owner, token });
    return found.exists ? found.leaf.balance : undefined;
  }

  it("moves value between leaves, and out to L1", () => {
    begin();
    const { segments } = chain.run({
      transfers: [
        alice.sign({ recipient: bob.id, amount: ETHER / 4n, fee: 10n ** 15n }),
        alice.sign({ nonce: 1n, recipient: numberOf(0xd0), isWithdrawal: true, amount: ETHER / 2n }),
      ],
      feeLeaf: 2,
    });
    expect(balance(alice.id)).to.equal(ETHER / 4n - 10n ** 15n);
    expect(balance(bob.id)).to.equal(ETHER / 4n + 10n ** 15n);
    const [first, second] = segments[0]!.receipts;
    expect(first).to.deep.include({ source: "transfer", amount: ETHER / 4n, fee: 10n ** 15n, withdrawal: undefined });
    expect(second).to.deep.include({
      withdrawal: {
        nonce: 0n,
        sender: alice.address,
        target: addressOf(0xd0),
        token: addressOf(0),
        amount: ETHER / 2n,
        data: "0x",
      },
    });
  });

  it("lets an owner leave by messages of L1 alone, without a key", () => {
    chain.run({ messages: [deposit(alice.address), deposit(alice.address, 7n, addressOf(0x70))] });
    const common = { sender: alice.address, target: addressOf(0xd0) };
    const { segments } = chain.run({
      messages: [
        chain.message(2, { ...common, amount: ETHER / 4n }),
        chain.message(2, { ...common, amount: WHOLE }),
        chain.message(2, { ...common, token: addressOf(0x70), amount: WHOLE }),
      ],
    });
    expect(segments[0]!.exits.map(({ amount }) => amount)).to.deep.equal([ETHER / 4n, (ETHER * 3n) / 4n, 7n]);
    expect(balance(alice.id)).to.equal(0n);
    expect(chain.state().withdrawalNonce()).to.equal(3n);
  });

  describe("messages that do nothing", () => {
    const withdrawal = { sender: bob.address, target: addressOf(0xd0) };
    const keyData = (data: Uint8Array) => ({ sender: alice.address, data: toHex(data) });
    const cases: [string, () => SegmentPlan][] = [
      [
        "a withdrawal without a leaf",
        () => plan(chain.message(2, { ...withdrawal, token: addressOf(0x99), amount: 1n })),
      ],
      [
        "a withdrawal of more than there is",
        () => plan(chain.message(2, { ...withdrawal, sender: alice.address, amount: ETHER + 1n })),
      ],
      [
        "a withdrawal of everything without a leaf",
        () => plan(chain.message(2, { ...withdrawal, token: addressOf(0x99), amount: WHOLE })),
      ],
      ["a withdrawal of everything, which is nothing", () => plan(chain.message(2, { ...withdrawal, amount: WHOLE }))],
      [
        "a key for a leaf that is not there",
        () => plan(chain.message(1, keyData(keyChangeData(TOKEN, bob.publicKey)))),
      ],
      ["a key of another length", () => plan(chain.message(1, keyData(keyChangeData(0n, bob.publicKey).subarray(1))))],
      ["the key (0, 0)", () => plan(chain.message(1, keyData(keyChangeData(0n, { x: 0n, y: 0n }))))],
      ["a transaction of Ethereum", () => plan(chain.message(1, { data: "0x02c0" }))],
      ["a second key by signature", () => ({ operations: [alice.register(0n, bob.publicKey)] })],
      ["a key by signature without a leaf", () => ({ operations: [alice.register(TOKEN)] })],
      ["a leaf that is there", () => ({ operations: [{ kind: 6, owner: alice.id, token: 0n }] })],
    ];
    const plan = (message: ReturnType<Chain["message"]>): SegmentPlan => ({ messages: [message] });

    for (const [name, make] of cases)
      it(name, () => {
        begin();
        const before = chain.root();
        const { segments } = chain.run(make());
        expect(segments[0]!.receipts.map((receipt) => receipt.source !== "transfer" && receipt.outcome)).to.deep.equal([
          "nothing",
        ]);
        expect(chain.root()).to.equal(before);
      });
  });

  it("sets a key once by signature, and after that by messages alone", () => {
    begin();
    const change = (data: Uint8Array) => chain.message(1, { sender: alice.address, data: toHex(data) });
    chain.run({ messages: [change(keyChangeData(0n, bob.publicKey))], operations: [alice.register(0n)] });
    expect(chain.state().find({ owner: alice.id, token: 0n }).leaf.key).to.deep.equal(bob.publicKey);
    const { segments } = chain.run({ transfers: [alice.sign({ amount: 1n })] });
    expect(segments[0]!.refused.map(({ fault }) => fault)).to.deep.equal(["signature"]);
  });

  describe("a full tree", () => {
    beforeEach(() => {
      chain = createChain({ levels: 1 });
      chain.run({ messages: [deposit(alice.address), deposit(bob.address), deposit(addressOf(0xe1))] });
    });

    it("sends a deposit for a new leaf back to its sender", () => {
      const message = chain.message(0, { sender: addressOf(0x5d), target: addressOf(0xe2), amount: 9n });
      const { segments } = chain.run({ messages: [message, deposit(alice.address, 1n)] });
      expect(segments[0]!.exits).to.deep.equal([
        { owner: numberOf(0xe2), target: numberOf(0x5d), token: 0n, amount: 9n },
      ]);
      const [returned, added] = segments[0]!.receipts;
      expect(returned).to.include({ outcome: "returned" });
      expect(added).to.include({ outcome: "succeeded" });
      expect(balance(alice.id)).to.equal(ETHER + 1n);
    });

    it("creates no leaf", () => {
      const { segments } = chain.run({ operations: [{ kind: 6, owner: 5n, token: 5n }] });
      expect(segments[0]!.receipts).to.have.length(1);
      expect(chain.model.leaves).to.have.length(4);
    });
  });

  describe("transfers that cannot be executed", () => {
    const stranger = createOwner(3);
    const cases: [string, RefusalFault, TransferFields, RegExp][] = [
      [
        "more than the balance",
        "balance",
        { amount: ETHER, fee: 1n },
        /amount and fee are 1000000000000000001, but 0x\w{40} has 1000000000000000000/,
      ],
      ["a nonce that was used", "nonce-low", { nonce: 0n }, /nonce is 0, the next one of 0x\w{40} .* is 1/],
      ["a nonce that is not next", "nonce-high", { nonce: 2n }, /nonce is 2, .* is 1/],
      ["a recipient without a leaf", "recipient", { recipient: 5n }, /has no leaf in token 0x0{40} yet/],
      ["a token without a leaf", "sender", { token: TOKEN }, /has no leaf in token 0x70/],
      ["a fee in another token than the block's", "fee", { fee: 1n }, /another token/],
    ];

    beforeEach(() => {
      begin();
      chain.run({
        transfers: [alice.sign({ recipient: alice.id })],
        messages: [deposit(bob.address, 5n, addressOf(0x71))],
      });
    });

    for (const [name, fault, fields, message] of cases)
      it(name, () => {
        const before = chain.root();
        const feeLeaf = fault === "fee" ? 3 : 0;
        const { segments } = chain.run({ transfers: [alice.sign({ nonce: 1n, ...fields })], feeLeaf });
        expect(segments[0]!.refused.map((refusal) => refusal.fault)).to.deep.equal([fault]);
        expect(segments[0]!.refused[0]!.message).to.match(message);
        expect(chain.root()).to.equal(before);
      });

    it("without a key, or with another one", () => {
      const forged = { ...stranger.sign({ nonce: 1n }), owner: alice.id };
      const { segments } = chain.run({ transfers: [bob.sign({}), forged] });
      expect(segments[0]!.refused.map(({ fault }) => fault)).to.deep.equal(["key", "signature"]);
    });

    it("for want of a signature, before anything is said about its recipient", () => {
      const forged = { ...stranger.sign({ nonce: 1n, recipient: 5n }), owner: alice.id };
      const { segments } = chain.run({
        transfers: [forged, alice.sign({ nonce: 1n, recipient: 5n, amount: 2n * ETHER })],
      });
      expect(segments[0]!.refused.map(({ fault }) => fault)).to.deep.equal(["signature", "balance"]);
    });

    it("are thrown when they are executed all the same, and leave no trace", () => {
      const state = chain.state();
      const builder = beginSegment(state, { slotCount: 2, feeLeaf: 0, domain: txDomain(DOMAIN) });
      expect(() => builder.transfer(alice.sign({ nonce: 5n }))).to.throw(TransferRefusedError, "nonce is 5");
      expect(builder.freeSlots).to.equal(2);
      expect(builder.finish().content.stateRoot).to.equal(BigInt(chain.root()));
    });
  });

  it("does not execute twice what was asked about once", () => {
    begin();
    const builder = beginSegment(chain.state(), { slotCount: 4, feeLeaf: 0, domain: txDomain(DOMAIN) });
    const transfer = alice.sign({ recipient: bob.id, amount: 1n });
    expect(builder.refusal(transfer)).to.equal(undefined);
    builder.transfer(transfer);
    expect(() => builder.transfer(transfer)).to.throw(TransferRefusedError, "nonce is 0");
    const next = alice.sign({ nonce: 1n, recipient: bob.id, amount: ETHER / 2n });
    const other = alice.sign({ nonce: 1n, recipient: bob.id });
    expect(builder.refusal(next)).to.equal(undefined);
    builder.transfer(other);
    expect(() => builder.transfer(next)).to.throw(TransferRefusedError, "nonce is 1");
  });

  it("takes fees in the token of their leaf, from whoever the leaf belongs to", () => {
    begin();
    chain.run({
      transfers: [
        alice.sign({ recipient: alice.id, amount: 5n, fee: 7n }),
        alice.sign({ nonce: 1n, recipient: bob.id, fee: 2n }),
      ],
      feeLeaf: 1,
    });
    expect(balance(alice.id), "paid to herself").to.equal(ETHER);
    chain.run({ transfers: [alice.sign({ nonce: 2n, fee: 3n })], feeLeaf: 0 });
    expect(balance(0n), "burnt").to.equal(3n);
  });

  it("needs a leaf for fees that exists, if only when it ends", () => {
    begin();
    const options = { slotCount: 4, feeLeaf: 3, domain: txDomain(DOMAIN) };
    expect(() => beginSegment(chain.state(), options).finish()).to.throw(FeeLeafError, "leaf 3 cannot take the fees");
    chain.run({ operations: [{ kind: 6, owner: bob.id, token: TOKEN }], feeLeaf: 3 });
  });

  it("has as many slots as the circuit, and an order", () => {
    begin();
    const builder = beginSegment(chain.state(), { slotCount: 2, feeLeaf: 0, domain: txDomain(DOMAIN) });
    builder.consume(chain.message(1, { data: "0x00" }));
    expect(builder.freeSlots, "a message without a slot").to.equal(2);
    builder.operate({ kind: 6, owner: 5n, token: 0n });
    expect(() => builder.consume(deposit(alice.address))).to.throw(SegmentOrderError, "before any operation");
    builder.transfer(alice.sign({ recipient: bob.id }));
    expect(builder.refusal(alice.sign({ nonce: 1n }))).to.include({ fault: "full" });
    expect(() => builder.operate({ kind: 6, owner: 6n, token: 0n })).to.throw(SegmentOrderError, "before any transfer");
    const full = beginSegment(chain.state(), { slotCount: 1, feeLeaf: 0, domain: txDomain(DOMAIN) });
    full.consume(deposit(alice.address));
    expect(() => full.consume(deposit(alice.address))).to.throw(SegmentFullError, "1 slots");
  });

  describe("random batches", () => {
    for (const [seed, levels] of [
      [1, 3],
      [2, 2],
      [3, 2],
      [4, 4],
    ] as const)
      it(`agree with plain lists, keep all value and keep the list sorted (seed ${seed}, ${4 ** levels} leaves)`, () => {
        const random = createRandom(seed);
        const scenario = createScenario(random);
        chain = createChain({ levels });
        const kept = new Map<bigint, bigint>();
        const add = (token: bigint, amount: bigint) => kept.set(token, (kept.get(token) ?? 0n) + amount);
        const seen = new Set<string>();
        for (let batch = 0; batch < 8; batch++) {
          const plans = [scenario.next(chain)];
          for (const { kind, token, amount } of plans.flatMap(({ messages = [] }) => messages))
            if (kind === 0) add(fromAddress(token), amount);
          const { segments } = chain.run(...plans);
          for (const { exits, receipts, refused, trace } of segments) {
            for (const { token, amount } of exits) add(token, -amount);
            for (const receipt of receipts) seen.add(receipt.source === "transfer" ? "transfer" : receipt.outcome);
            for (const { fault } of refused) seen.add(fault);
            expectLinked(trace!);
          }
          expectSorted(chain.state());
          for (const [token, amount] of kept) expect(total(chain.state(), token)).to.equal(amount);
        }
        expect([...seen]).to.include.members(["succeeded", "nothing", "transfer"]);
      });

    it("with several segments each", () => {
      const scenario = createScenario(createRandom(5));
      for (let batch = 0; batch < 3; batch++) {
        const { segments } = chain.run(scenario.next(chain), {}, scenario.next(chain));
        expect(segments).to.have.length(3);
      }
      expectSorted(chain.state());
    });
  });

  /** Each update begins at the root that the one before led to. */
  function expectLinked(trace: SegmentTrace): void {
    let root = trace.before.treeRoot;
    const follow = ({ index, before, after, siblings }: LeafUpdate) => {
      const rootOf = (leaf: Leaf | undefined) => rootOfPath(index, leaf === undefined ? 0n : leafHash(leaf), siblings);
      expect(rootOf(before), "before").to.equal(root);
      root = rootOf(after);
    };
    for (const { a, b } of trace.slots) [a, b].forEach(follow);
    [trace.idle, trace.idle, trace.fee].forEach(follow);
    expect(root, "after").to.equal(trace.after.treeRoot);
  }

  function expectSorted(state: State): void {
    let [leaf, count] = [state.get(0)!, 1];
    for (; compareIds(leaf.next, LIST_END) !== 0; count++) {
      expect(compareIds(leaf, leaf.next)).to.be.lessThan(0);
      const found = state.find(leaf.next);
      expect(found.exists).to.equal(true);
      leaf = found.leaf;
    }
    expect(count).to.equal(state.leafCount());
  }

  function total(state: State, token: bigint): bigint {
    const leaves = Array.from({ length: state.leafCount() }, (_, i) => state.get(i)!);
    return leaves.reduce((sum, leaf) => (leaf.token === token ? sum + leaf.balance : sum), 0n);
  }

  describe("replay of batch data", () => {
    it("refuses what nobody can prove", () => {
      begin();
      chain.run({ messages: [deposit(bob.address, 5n, addressOf(0x71))] });
      const before = chain.root();
      const message = chain.message(2, { sender: alice.address, target: bob.address, amount: 1n });
      const transfers = [
        alice.sign({ recipient: bob.id, amount: 5n }),
        alice.sign({ nonce: 1n, recipient: bob.id, isWithdrawal: true, amount: 6n }),
      ];
      const { data } = chain.run({ messages: [message], transfers });
      const [segment] = data;
      const [first, second] = segment!.transfers;
      const [forced, left] = segment!.exits;
      const wrong: [string, Partial<typeof segment>][] = [
        ["another root", { stateRoot: segment!.stateRoot + 1n }],
        ["another withdrawal nonce", { withdrawalNonce: 1n }],
        ["no withdrawal", { exits: [] }],
        ["another amount", { exits: [forced!, { ...left!, amount: 7n }] }],
        ["another target", { exits: [{ ...forced!, target: 5n }, left!] }],
        ["more than there is", { transfers: [{ ...first!, amount40: 2 ** 40 - 1 }, second!] }],
        ["from nowhere", { transfers: [{ ...first!, from: 9 }, second!] }],
        ["to nowhere", { transfers: [{ ...first!, to: 9 }, second!] }],
        ["from a leaf without a key", { transfers: [{ ...first!, from: 2, amount40: 0 }, second!] }],
        ["more messages", { messages: 2 }],
      ];
      for (const [name, change] of wrong) {
        const state = openState(chain.levels, before, chain.nodes);
        const replay = () => replaySegment(state, { ...segment!, ...change }, [message], 16);
        expect(replay, name).to.throw(UnprovableSegmentError);
      }
      const fee = { ...first!, fee8: 32 };
      const taking = (feeLeaf: number) => () =>
        replaySegment(
          openState(chain.levels, before, chain.nodes),
          { ...segment!, transfers: [fee, second!], feeLeaf },
          [message],
          16,
        );
      expect(taking(3), "fees in another token").to.throw(UnprovableSegmentError, "another token");
      expect(taking(9), "fees to nowhere").to.throw(UnprovableSegmentError, "another token");
      const idle = () =>
        replaySegment(openState(chain.levels, before, chain.nodes), { ...segment!, feeLeaf: 9 }, [message], 16);
      expect(idle, "no fees, to nowhere").to.throw(FeeLeafError);
      const within = (slotCount: number) => () =>
        replaySegment(openState(chain.levels, before, chain.nodes), segment!, [message], slotCount);
      expect(within(0), "more messages than slots").to.throw(SegmentFullError);
      expect(within(2), "more transfers than slots").to.throw(UnprovableSegmentError, "all 2 slots");
    });
  });

  describe("escape proofs", () => {
    it("lead from a balance to the state root, in every state", () => {
      const scenario = createScenario(createRandom(9));
      const roots: Hex[] = [];
      for (let batch = 0; batch < 4; batch++) {
        chain.run(scenario.next(chain));
        roots.push(chain.root());
      }
      for (const root of roots) {
        const state = openState(chain.levels, root, chain.nodes);
        for (let i = 0; i < state.leafCount(); i++) {
          const leaf = state.get(i)!;
          const proof = toHex(escapeProof(state, leaf)!);
          const types = ["uint256", "uint256", "uint256", "uint64", "uint256[]", "uint256", "uint256"];
          const [word, held, aux, index, siblings, leafCount, nonce] = AbiCoder.defaultAbiCoder().decode(
            types,
            proof,
          ) as unknown as [bigint, bigint, bigint, bigint, bigint[], bigint, bigint];
          expect(
            AbiCoder.defaultAbiCoder().encode(types, [word, held, aux, index, [...siblings], leafCount, nonce]),
          ).to.equal(proof);
          expect([word & (2n ** 160n - 1n), held]).to.deep.equal([leaf.token, leaf.balance]);
          const treeRoot = rootOfPath(Number(index), p4(leaf.owner, word, held, aux), [...siblings]);
          expect(p4(treeRoot, leafCount, nonce, 0n)).to.equal(BigInt(root));
        }
      }
    });

    it("are not made for who has no leaf", () => {
      begin();
      expect(escapeProof(chain.state(), { owner: bob.id, token: TOKEN })).to.equal(undefined);
    });
  });

  describe("states", () => {
    it("begin with one leaf that nobody owns", () => {
      const nodes = genesisNodes(2);
      const numbers = { treeRoot: 0n, leafCount: 1, withdrawalNonce: 0n };
      const path = Array.from({ length: 3 }, () => 0n).concat(Array.from({ length: 3 }, () => p4(0n, 0n, 0n, 0n)));
      numbers.treeRoot = rootOfPath(0, leafHash(FIRST_LEAF), path);
      expect(toHex(nodes[0]!.hash)).to.equal(toHex(toBytes(stateRootOf(numbers), 32)));
    });

    it("say when a part of them is not stored", () => {
      begin();
      expect(() => openState(3, `0x${"11".repeat(32)}`, chain.nodes)).to.throw(MissingNodeError, "is not stored");
      const top = chain.nodes.get(fromHex(chain.root()))!;
      const partial = { get: (hash: Uint8Array) => (toHex(hash) === chain.root() ? top : undefined) };
      const state = openState(3, chain.root(), partial);
      expect(() => state.get(0)).to.throw(MissingNodeError);
      expect(() => state.find({ owner: 1n, token: 0n })).to.throw(MissingNodeError);
    });
  });
});
