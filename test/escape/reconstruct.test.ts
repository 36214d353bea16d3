import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { decodeBalanceProof } from "../../plugin/escape/guest-state.js";
import { escapeProofs } from "../../plugin/escape/proofs.js";
import { accountsOf } from "../../plugin/escape/reconstruct.js";
import { resumableSource } from "../../plugin/escape/resumable-source.js";
import { fromHex } from "../../plugin/ledger/bytes.js";
import { withdrawalsRoot } from "../../plugin/ledger/hashes.js";
import { accountKey, readAccount, verifyProof } from "../../plugin/ledger/state.js";
import { openLevelStore } from "../../plugin/store/level.js";
import { memoryStore } from "../../plugin/store/memory.js";
import { type Hex, ZERO_ADDRESS } from "../../plugin/types.js";
import type { Program } from "../../plugin/validator/types.js";
import { failure } from "../l1/support/failure.js";
import { finished } from "../support/run.js";
import type { TestRollup } from "../validator/support/rollup.js";
import { alice, BATCHES, bob, realProgram, rebuild, someLife } from "./support/scene.js";

const CHILD = fileURLToPath(new URL("./support/child.ts", import.meta.url));

describe("reconstruct", () => {
  let program: Program;
  let rollup: TestRollup;

  before(() => {
    program = realProgram();
  });
  beforeEach(async () => {
    rollup = await someLife(program);
  });

  it("rebuilds the state of the last final batch, and knows what is above it", async () => {
    for (let i = 0; i < 4; i++) rollup.finalize();
    const { state, events } = await rebuild(rollup, program, memoryStore());
    expect([state.header.index, state.head]).to.deep.equal([4n, BigInt(BATCHES)]);
    expect(state.left.map(({ index }) => index)).to.deep.equal([5n, 6n]);
    const total = 1_000n + 1_001n + 1_002n + 1_003n + 4n * 10n ** 6n + 6n;
    expect(readAccount(state.nodes, state.header.stateRoot, bob.address)?.balance).to.equal(total);
    const executed = events.flatMap((event) => (event.kind === "executed" ? [[event.index, event.last]] : []));
    expect(executed).to.deep.equal(Array.from({ length: BATCHES }, (_, i) => [BigInt(i + 1), BigInt(BATCHES)]));
  });

  it("stands at genesis while nothing is final", async () => {
    const { state } = await rebuild(rollup, program, memoryStore());
    expect(state.header).to.deep.equal(rollup.client.deployment.genesis);
    expect([...accountsOf(state)]).to.deep.equal([]);
    expect(escapeProofs(state, bob.address)).to.include({ account: bob.address }).and.to.deep.include({ balances: [] });
  });

  it("proves every account's balance, from the leaf upwards", async () => {
    for (let i = 0; i < BATCHES; i++) rollup.finalize();
    const { state } = await rebuild(rollup, program, memoryStore());
    const accounts = [...accountsOf(state)];
    expect(accounts.map((account) => account.toLowerCase())).to.include.members([alice.address, bob.address]);
    let sum = 0n;
    for (const account of accounts) {
      for (const { token, amount, proof: encoded } of escapeProofs(state, account).balances) {
        expect(token).to.equal(ZERO_ADDRESS);
        const key = accountKey(account);
        const { leaf, siblings } = decodeBalanceProof(encoded);
        const proof = { siblings: siblings.toReversed().map((hash) => fromHex(hash)), leaf: { key, ...leaf } };
        expect(verifyProof(state.header.stateRoot, key, proof)?.word1).to.equal(amount);
        sum += amount;
      }
    }
    const withdrawn = state
      .unclaimed()
      .reduce((total, { leafIndex, withdrawals }) => total + (withdrawals[leafIndex]?.amount ?? 0n), 0n);
    const deposited =
      10n ** 18n + Array.from({ length: BATCHES }, (_, i) => 1_000n + BigInt(i)).reduce((a, b) => a + b);
    expect(sum + withdrawn).to.equal(deposited);
  });

  it("has nothing for an account that the state does not have", async () => {
    for (let i = 0; i < BATCHES; i++) rollup.finalize();
    const { state } = await rebuild(rollup, program, memoryStore());
    const { balances, deposits, withdrawals } = escapeProofs(state, `0x${"77".repeat(20)}`);
    expect([balances, deposits, withdrawals]).to.deep.equal([[], [], []]);
  });

  it("finds the withdrawals that nobody claimed, with their proofs", async () => {
    for (let i = 0; i < BATCHES; i++) rollup.finalize();
    rollup.l1.mine({ kind: "claimed", batchIndex: 2n, leafIndex: 0n });
    const { state } = await rebuild(rollup, program, memoryStore());
    const { withdrawals } = escapeProofs(state, alice.address);
    expect(withdrawals.map(({ header }) => header.index)).to.deep.equal([1n, 3n, 4n, 5n, 6n]);
    for (const { header, withdrawal, proof } of withdrawals) {
      expect(proof).to.deep.equal([]);
      expect(withdrawalsRoot([withdrawal])).to.equal(header.withdrawalsRoot);
    }
  });

  it("lists the account's own deposits that did not arrive", async () => {
    rollup.deposit(bob.address, 5n);
    rollup.deposit(alice.address, 6n);
    for (let i = 0; i < BATCHES; i++) rollup.finalize();
    const { state } = await rebuild(rollup, program, memoryStore());
    expect(
      escapeProofs(state, bob.address.toUpperCase().replace("0X", "0x") as Hex).deposits.map(({ amount }) => amount),
    ).to.deep.equal([5n]);
  });

  it("passes over a false batch that is not final, and refuses one that is", async () => {
    for (let i = 0; i < BATCHES; i++) rollup.finalize();
    rollup.post({
      blocks: [{ messages: 0, transactions: [] }],
      tamper: () => ({ stateRoot: `0xbad${"0".repeat(61)}` }),
    });
    const { state } = await rebuild(rollup, program, memoryStore());
    expect([state.header.index, state.head]).to.deep.equal([6n, 7n]);
    rollup.finalize();
    expect((await failure(rebuild(rollup, program, memoryStore()))).message).to.match(
      /^batch 7 is FALSE: .*; it became final all the same, so nobody can prove a balance/,
    );
  });

  it("executes each batch once, also when it comes back to the same folder", async () => {
    const store = memoryStore();
    const first = await rebuild(rollup, program, store);
    expect(first.events.filter(({ kind }) => kind === "executed")).to.have.length(BATCHES);
    rollup.post({ blocks: [{ messages: 0, transactions: [] }] });
    const second = await rebuild(rollup, program, store);
    expect(second.events.filter(({ kind }) => kind === "executed")).to.have.length(1);
    expect(second.state.head).to.equal(7n);
  });

  it("goes on after kill -9 in the middle of any batch", async () => {
    const folder = await mkdtemp(join(tmpdir(), "rollup-rebuild-"));
    const run = (killAt: number) =>
      finished(
        spawn(process.execPath, ["--import", import.meta.resolve("tsx"), CHILD, folder, `${killAt}`], {
          stdio: ["ignore", "pipe", "pipe"],
        }),
      );
    try {
      for (const killAt of [2, 5]) expect((await run(killAt)).exitCode).to.equal(null);
      const last = await run(0);
      expect(last.stderr).to.equal("");
      expect(Number(last.stdout)).to.equal(BATCHES - 4);
      for (let i = 0; i < BATCHES; i++) rollup.finalize();
      const store = await openLevelStore(folder);
      const { state } = await rebuild(rollup, program, store);
      expect(state.header.stateRoot).to.equal(rollup.head().stateRoot);
      expect(escapeProofs(state, bob.address).balances).to.have.length(1);
      await store.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("resumableSource", () => {
  it("reads each window once, over interruptions, and again when L1 lost its last block", async () => {
    const rollup = await someLife(realProgram());
    const store = memoryStore();
    const reads: [number, number][] = [];
    let failAt = Number.POSITIVE_INFINITY;
    const counting = {
      ...rollup.source,
      events: (from: number, to: number) => {
        if (from >= failAt) return Promise.reject(new Error("the node went away"));
        reads.push([from, to]);
        return rollup.source.events(from, to);
      },
    };
    const open = () => resumableSource(counting, store, undefined, 4);
    const all = await rollup.source.events(0, rollup.l1.height);

    failAt = 8;
    await failure(open().events(0, rollup.l1.height));
    expect(reads).to.deep.equal([
      [0, 3],
      [4, 7],
    ]);
    failAt = Number.POSITIVE_INFINITY;
    expect(await open().events(0, rollup.l1.height)).to.deep.equal(all);
    expect(reads.slice(2).map(([from]) => from)).to.deep.equal([8, 12].filter((from) => from <= rollup.l1.height));

    reads.length = 0;
    rollup.l1.drop(2);
    rollup.l1.mine();
    rollup.l1.mine();
    await open().events(0, rollup.l1.height);
    expect(reads.length).to.be.greaterThan(0);
    expect(reads.every(([from]) => from >= 4)).to.equal(true);

    reads.length = 0;
    const source = open();
    await source.forget();
    await source.events(0, 3);
    expect(reads).to.deep.equal([[0, 3]]);
  });
});
