import { expect } from "chai";
import { parseEther, type TransactionRequest, type Wallet } from "ethers";

import { encodeBatch, MAX_BATCH_MESSAGES } from "../../plugin/ledger/batch.js";
import { L1RevertError } from "../../plugin/l1/errors.js";
import { fromHex, toHex } from "../../plugin/ledger/bytes.js";
import { accountKey, GENESIS_STATE_ROOT, verifyProof } from "../../plugin/ledger/state.js";
import type { ExecuteLedger } from "../../plugin/sequencer/block-executor.js";
import { L2_BRIDGE, ZERO_ADDRESS, ZERO_HASH, type BatchHeader, type Hex } from "../../plugin/types.js";
import { createSigner } from "../ledger/signer.js";
import { FORCE_INCLUSION_DELAY, L2_CHAIN_ID, rawBytes, SEQUENCER } from "./support/fake-l1.js";
import { addressOf, loadExecute, startRig, walletOf, type Rig, type RigOptions } from "./support/rig.js";

const ONE = parseEther("1");
const FEES = { gasLimit: 21_000n, maxFeePerGas: 20_000_000n, maxPriorityFeePerGas: 0n };

describe("sequencer", () => {
  let execute: ExecuteLedger;
  let rig: Rig;
  const [alice, bob, carol] = [walletOf(0), walletOf(1), walletOf(2)];

  before(() => {
    execute = loadExecute();
  });
  const start = async (options: RigOptions = {}): Promise<void> => {
    rig = await startRig(execute, options);
  };
  beforeEach(() => start());
  afterEach(() => rig.close());

  const sign = (wallet: Wallet, nonce: number, request: TransactionRequest): Promise<string> =>
    wallet.signTransaction({ type: 2, chainId: L2_CHAIN_ID, nonce, ...FEES, ...request });
  const send = async (wallet: Wallet, nonce: number, value: bigint, to: { address: string } = bob): Promise<Hex> => {
    const raw = await sign(wallet, nonce, { to: to.address, value });
    return (await rig.sequencer.request({ method: "eth_sendRawTransaction", params: [raw] })) as Hex;
  };
  const balance = async (wallet: Wallet): Promise<bigint> =>
    BigInt((await rig.sequencer.request({ method: "eth_getBalance", params: [wallet.address, "latest"] })) as string);
  const confirmation = async (hash: Hex): Promise<unknown> =>
    ((await rig.sequencer.request({ method: "rollup_getConfirmation", params: [hash] })) as { status: string }).status;
  const fund = async (...wallets: Wallet[]): Promise<void> => {
    for (const wallet of wallets) rig.l1.deposit(addressOf(wallet), 10n * ONE);
    await rig.sequencer.sync();
    await rig.sequencer.seal();
  };
  /** The state must be what one run over everything that is on L1 gives. */
  const checkAgainstL1 = (): void => {
    const { head, view } = rig.sequencer.status();
    expect(view.batches.map(({ header }) => header)).to.deep.equal([...rig.l1.batches]);
    expect(view.batches.at(-1)!.header.stateRoot).to.equal(head.stateRoot);
  };

  it("takes a transaction up the confirmation ladder", async () => {
    await fund(alice);
    const hash = await send(alice, 0, ONE);
    expect(await confirmation(hash)).to.equal("accepted");
    await rig.sequencer.seal();
    expect(await confirmation(hash)).to.equal("in L2 block");
    const batch = await rig.sequencer.post();
    expect(batch).to.include({ blocks: 2, transactions: 1 });
    expect(await confirmation(hash)).to.equal("on L1");
    rig.l1.finalize(1n);
    await rig.sequencer.sync();
    expect(await confirmation(hash)).to.equal("finalized");
    expect(await confirmation(ZERO_HASH)).to.equal("unknown");
    checkAgainstL1();
  });

  it("posts nothing when there is nothing, and nothing twice", async () => {
    expect(await rig.sequencer.post()).to.equal(undefined);
    await fund(alice);
    expect((await rig.sequencer.post())?.header.index).to.equal(1n);
    expect(await rig.sequencer.post()).to.equal(undefined);
    expect(rig.l1.posts).to.equal(1);
  });

  it("goes on with everything else while a flood of signatures is checked", async () => {
    const signers = Array.from({ length: 20 }, (_, index) => createSigner(index));
    for (const { address } of signers) rig.l1.deposit(address, ONE);
    await rig.sequencer.sync();
    await rig.sequencer.seal();
    const raws = Array.from({ length: 600 }, (_, i) => {
      const nonce = BigInt(Math.floor(i / signers.length));
      return toHex(signers[i % signers.length]!.sign({ ...FEES, chainId: L2_CHAIN_ID, nonce }).raw);
    });
    let [turns, done] = [0, false];
    const turn = (): void => {
      turns++;
      if (!done) setImmediate(turn);
    };
    setImmediate(turn);
    await Promise.all(raws.map((raw) => rig.sequencer.request({ method: "eth_sendRawTransaction", params: [raw] })));
    done = true;
    // 600 signatures take 25 ms and more.
    expect(turns).to.be.greaterThan(4);
    expect(rig.sequencer.status().pending).to.equal(600);
  });

  it("posts many blocks as one batch that gives the same state", async () => {
    await fund(alice, carol);
    for (let nonce = 0; nonce < 5; nonce++) {
      await send(alice, nonce, 1n, carol);
      await send(carol, nonce, 2n, walletOf(100 + nonce));
      await rig.sequencer.seal();
    }
    const batch = await rig.sequencer.post();
    expect([batch?.blocks, batch?.transactions]).to.deep.equal([6, 10]);
    checkAgainstL1();
  });

  it("cuts batches by size and never loses a block", async () => {
    await rig.close();
    await start({ maxBatchBytes: 1_200 });
    await fund(alice);
    for (let nonce = 0; nonce < 40; nonce++) await send(alice, nonce, 1n);
    const sizes: number[] = [];
    for (;;) {
      const batch = await rig.sequencer.post();
      if (batch === undefined) break;
      sizes.push(batch.bytes);
    }
    expect(sizes.length).to.be.greaterThan(2);
    expect(Math.max(...sizes)).to.be.at.most(1_200);
    expect(await balance(bob)).to.equal(40n);
    checkAgainstL1();
  });

  it("keeps to L1's time when its own clock is far ahead or behind", async () => {
    for (const hours of [10n, -10n]) {
      await rig.close();
      await start({ clock: () => Number(rig.l1.now + hours * 3_600n) * 1000 });
      await fund(alice);
      const { timestamp } = rig.sequencer.status().head;
      expect(timestamp >= rig.l1.now && timestamp <= rig.l1.now + 600n, `${timestamp} at L1's ${rig.l1.now}`).to.equal(
        true,
      );
      expect((await rig.sequencer.post())?.header.index).to.equal(1n);
    }
  });

  it("proves balances and nonces to whoever knows the state root", async () => {
    await fund(alice);
    const { stateRoot } = rig.sequencer.status().head;
    for (const [wallet, balance] of [
      [alice, 10n * ONE],
      [carol, undefined],
    ] as const) {
      const proof = (await rig.sequencer.request({
        method: "rollup_getProof",
        params: [{ account: wallet.address }],
      })) as { siblings: Hex[]; leaf: { key: Hex; word0: Hex; word1: Hex } | null };
      const leaf = proof.leaf && {
        key: fromHex(proof.leaf.key),
        word0: BigInt(proof.leaf.word0),
        word1: BigInt(proof.leaf.word1),
      };
      const siblings = proof.siblings.map((sibling) => fromHex(sibling));
      const shown = verifyProof(stateRoot, accountKey(addressOf(wallet)), { siblings, leaf: leaf ?? undefined });
      expect(shown?.word1).to.equal(balance);
    }
  });

  it("gives a withdrawal with the proof that L1 asks for", async () => {
    await fund(alice);
    const data = `0xd9caed12${[ZERO_ADDRESS, addressOf(bob)].map((each) => each.slice(2).padStart(64, "0")).join("")}${ONE.toString(16).padStart(64, "0")}`;
    const raw = await sign(alice, 0, { to: L2_BRIDGE, value: ONE, data, gasLimit: 100_000n });
    const hash = await rig.sequencer.request({ method: "eth_sendRawTransaction", params: [raw] });
    const message = rig.l1.forceWithdrawal(addressOf(alice), 5n);
    await rig.sequencer.sync();
    await rig.sequencer.post();
    const byTransaction = await rig.sequencer.request({ method: "rollup_getWithdrawal", params: [hash] });
    const byMessage = await rig.sequencer.request({
      method: "rollup_getWithdrawal",
      params: [{ messageIndex: `0x${message.index.toString(16)}` }],
    });
    expect(byTransaction).to.deep.include({ batchIndex: "0x1", claimed: false, status: "on L1" });
    expect([byMessage, byTransaction].map((each) => (each as { leafIndex: string }).leafIndex)).to.deep.equal([
      "0x0",
      "0x1",
    ]);
    expect((byTransaction as { proof: unknown[] }).proof).to.have.length(1);
    const all = await rig.sequencer.request({ method: "rollup_getWithdrawals", params: [{ sender: alice.address }] });
    expect(all).to.have.length(2);
  });

  it("executes forced transactions, and drops a pending one that they overtake", async () => {
    await fund(alice);
    const overtaken = await send(alice, 0, 1n);
    const forced = rawBytes(await sign(alice, 0, { to: bob.address, value: 7n }));
    rig.l1.force(forced);
    rig.l1.force(new Uint8Array([1, 2, 3]));
    await rig.sequencer.sync();
    await rig.sequencer.post();
    expect(await balance(bob)).to.equal(7n);
    expect(await confirmation(overtaken)).to.equal("unknown");
    expect(rig.sequencer.status().pending).to.equal(0);
    checkAgainstL1();
  });

  it("continues after a restart where it was: pending, blocks and batches", async () => {
    await fund(alice);
    await send(alice, 0, 1n);
    await rig.sequencer.post();
    await send(alice, 1, 1n);
    await rig.sequencer.seal();
    await send(alice, 2, 1n);
    const { store, l1, sequencer } = rig;
    const { head } = sequencer.status();
    await rig.close();
    await start({ store, fake: l1 });
    expect(rig.sequencer.status().head).to.deep.equal(head);
    expect(rig.sequencer.status().pending).to.equal(1);
    await rig.sequencer.post();
    expect(await balance(bob)).to.equal(3n);
    expect(l1.posts).to.equal(2);
    checkAgainstL1();
  });

  it("rebuilds everything from L1 when its store is lost", async () => {
    await fund(alice);
    for (let nonce = 0; nonce < 3; nonce++) {
      await send(alice, nonce, 1n, walletOf(50 + nonce));
      await rig.sequencer.seal();
      if (nonce === 1) await rig.sequencer.post();
    }
    await rig.sequencer.post();
    const { l1 } = rig;
    const { head } = rig.sequencer.status();
    await rig.close();
    await start({ fake: l1 });
    await rig.sequencer.sync();
    expect(rig.sequencer.status().head.stateRoot).to.equal(head.stateRoot);
    expect(rig.sequencer.status().head.hash).to.equal(head.hash);
    await send(alice, 3, 1n);
    await rig.sequencer.post();
    checkAgainstL1();
  });

  it("refuses a store of another rollup", async () => {
    const { store } = rig;
    const error: unknown = await startRig(execute, { store, l2ChainId: 902n }).catch((reason: unknown) => reason);
    expect((error as Error).message).to.equal(
      "the store belongs to another rollup: its l2ChainId is 901, not 902; choose another directory",
    );
  });

  describe("when L1 changes its mind", () => {
    it("undoes blocks whose deposit vanished, and executes their transactions once it is back", async () => {
      await fund(alice);
      rig.l1.deposit(addressOf(carol), ONE);
      await rig.sequencer.sync();
      const lost = await send(alice, 0, 1n);
      await rig.sequencer.seal();
      const fromCarol = await send(carol, 0, 5n);
      await rig.sequencer.seal();
      rig.l1.reorg(1);
      rig.l1.mine();
      rig.l1.mine();
      await rig.sequencer.sync();
      expect(rig.sequencer.status().head.number).to.equal(1n);
      await rig.sequencer.seal();
      expect([await confirmation(lost), await confirmation(fromCarol)]).to.deep.equal(["in L2 block", "accepted"]);
      expect([await balance(bob), await balance(carol)]).to.deep.equal([1n, 0n]);
      rig.l1.deposit(addressOf(carol), ONE);
      await rig.sequencer.sync();
      await rig.sequencer.seal();
      await rig.sequencer.seal();
      expect(await confirmation(fromCarol)).to.equal("in L2 block");
      await rig.sequencer.post();
      expect(await balance(bob)).to.equal(6n);
      checkAgainstL1();
    });

    it("posts a batch again that a reorg dropped, without making its blocks again", async () => {
      await fund(alice);
      const hash = await send(alice, 0, 1n);
      await rig.sequencer.post();
      const { head } = rig.sequencer.status();
      rig.l1.reorg(1);
      rig.l1.mine();
      rig.l1.mine();
      await rig.sequencer.sync();
      expect(await confirmation(hash)).to.equal("in L2 block");
      expect(rig.sequencer.status().head).to.deep.equal(head);
      await rig.sequencer.post();
      expect(await confirmation(hash)).to.equal("on L1");
      checkAgainstL1();
    });

    it("makes the blocks of a reverted batch again, with every transaction", async () => {
      await fund(alice);
      await send(alice, 0, 1n);
      await rig.sequencer.post();
      const second = await send(alice, 1, 2n);
      await rig.sequencer.post();
      const third = await send(alice, 2, 4n);
      await rig.sequencer.post();
      const fourth = await send(alice, 3, 8n);
      rig.l1.revert(2n);
      await rig.sequencer.sync();
      expect(rig.sequencer.status().head.number).to.equal(rig.l1.batches.at(-1)!.l2BlockTo);
      const batch = await rig.sequencer.post();
      expect(batch).to.include({ transactions: 3 });
      for (const hash of [second, third, fourth]) expect(await confirmation(hash)).to.equal("on L1");
      expect(await balance(bob)).to.equal(15n);
      checkAgainstL1();
    });

    it("works off a queue of due messages that no batch can hold, whatever waits in the mempool", async () => {
      await fund(alice);
      await rig.sequencer.post();
      const length = Number(MAX_BATCH_MESSAGES) + 1_500;
      const timestamp = rig.l1.now;
      const to = addressOf(carol);
      const fields = {
        kind: 0,
        timestamp,
        sender: to,
        target: to,
        token: ZERO_ADDRESS,
        amount: 1n,
        data: "0x",
      } as const;
      rig.l1.mine(
        Array.from({ length }, (_, i) => ({ kind: "message", message: { ...fields, index: BigInt(i + 1) } })),
      );
      for (let nonce = 0; nonce < 20; nonce++) await send(alice, nonce, 1n);
      rig.l1.mine([], FORCE_INCLUSION_DELAY);
      while ((await rig.sequencer.post()) !== undefined);
      expect(await balance(carol)).to.equal(BigInt(length));
      expect(await balance(bob)).to.equal(20n);
      const consumed = rig.l1.batches.map(({ inboxFrom, inboxTo }) => inboxTo - inboxFrom);
      // Cut between blocks of 1,000 messages.
      expect(consumed).to.deep.equal([0n, 1n, 8_000n, 1_692n]);
      checkAgainstL1();
    }).timeout(60_000);

    it("makes a batch again that L1 refuses because it moved", async () => {
      const { l1 } = rig.l1;
      await rig.close();
      let refusals = 2;
      const refused = { name: "ChainInboxMismatch", args: {}, line: "L1 was reorganised", data: "0x" } as const;
      const poster: typeof l1.poster = async (journal) => {
        const real = await l1.poster(journal);
        return {
          post: (batch, signal) =>
            refusals-- > 0 ? Promise.reject(new L1RevertError("batch 1", refused)) : real.post(batch, signal),
        };
      };
      await start({ fake: rig.l1, l1: { ...l1, poster } });
      await fund(alice);
      expect((await rig.sequencer.post())?.header.index).to.equal(1n);
      refusals = 3;
      await send(alice, 0, 1n);
      const error: unknown = await rig.sequencer.post().catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(L1RevertError);
      await rig.sequencer.post();
      checkAgainstL1();
    });

    it("makes blocks again when a message fell due that a batch of them would leave", async () => {
      await rig.close();
      await start({ maxBatchBytes: 1_000 });
      await fund(alice);
      for (let nonce = 0; nonce < 20; nonce++) await send(alice, nonce, 1n);
      while ((await rig.sequencer.seal()) !== undefined);
      rig.l1.deposit(addressOf(carol), ONE);
      await rig.sequencer.sync();
      await rig.sequencer.seal();
      rig.l1.mine([], FORCE_INCLUSION_DELAY);
      while ((await rig.sequencer.post()) !== undefined);
      expect(await balance(bob)).to.equal(20n);
      expect(await balance(carol)).to.equal(ONE);
      checkAgainstL1();
    });
  });

  describe("when somebody else posts", () => {
    const foreign = (parent: BatchHeader, stateRoot: Hex, data: Uint8Array): BatchHeader => {
      const { inboxTo, inboxAcc, l2BlockTo } = parent;
      return rig.l1.append({
        parent,
        claim: { stateRoot, withdrawalsRoot: ZERO_HASH, inboxAcc, inboxTo, l2BlockTo: l2BlockTo + 1n },
        data,
      });
    };

    it("applies the other's batch and puts its own transactions on top", async () => {
      const other = await startRig(execute, { fake: rig.l1 });
      await fund(alice, carol);
      await other.sequencer.sync();
      await other.sequencer.seal();
      const mine = await send(alice, 0, 1n);
      await rig.sequencer.seal();
      const raw = await sign(carol, 0, { to: bob.address, value: 2n });
      await other.sequencer.request({ method: "eth_sendRawTransaction", params: [raw] });
      await other.sequencer.post();
      await other.close();
      await rig.sequencer.sync();
      expect(await confirmation(mine)).to.equal("accepted");
      await rig.sequencer.post();
      expect(await confirmation(mine)).to.equal("on L1");
      expect(await balance(bob)).to.equal(3n);
      expect(rig.sequencer.status().head.number).to.equal(3n);
      checkAgainstL1();
    });

    it("treats data that do not decode as an empty batch", async () => {
      await fund(alice);
      const first = await rig.sequencer.post();
      foreign(first!.header, first!.header.stateRoot, new Uint8Array([9, 9, 9]));
      await send(alice, 0, 1n);
      await rig.sequencer.post();
      expect(await balance(bob)).to.equal(1n);
      checkAgainstL1();
    });

    it("does not build on a false batch, and goes on once it is reverted", async () => {
      await fund(alice);
      const first = await rig.sequencer.post();
      const hash = await send(alice, 0, 1n);
      await rig.sequencer.seal();
      const content = {
        coinbase: SEQUENCER,
        baseFee: 0n,
        blocks: [{ timestamp: rig.l1.now, messages: 0, transactions: [] }],
      };
      foreign(first!.header, GENESIS_STATE_ROOT, encodeBatch(content));
      const error: unknown = await rig.sequencer.post().catch((reason: unknown) => reason);
      expect((error as Error).message).to.match(
        /^batch 2 on L1 is false: its stateRoot is 0x\w+, the ledger's 0x\w+; nothing can follow it until it is reverted$/,
      );
      await rig.sequencer.seal();
      await rig.sequencer.sync();
      expect(await confirmation(hash)).to.equal("in L2 block");
      rig.l1.revert(2n);
      await rig.sequencer.post();
      expect(await confirmation(hash)).to.equal("on L1");
      expect(rig.sequencer.status().falseBatch).to.equal(undefined);
      checkAgainstL1();
    });
  });

  it("goes on making blocks while L1 is down, and catches up after", async () => {
    await fund(alice);
    rig.l1.down = true;
    const hash = await send(alice, 0, 1n);
    const error: unknown = await rig.sequencer.sync().catch((reason: unknown) => reason);
    expect((error as Error).message).to.equal("L1 is unavailable (fake L1): it is down");
    await rig.sequencer.seal();
    expect(await confirmation(hash)).to.equal("in L2 block");
    rig.l1.down = false;
    await rig.sequencer.post();
    expect(await confirmation(hash)).to.equal("on L1");
  });

  it("runs by itself: follows L1, makes blocks, posts batches", async () => {
    await rig.close();
    await start({ blocks: "auto", pollInterval: 5, batches: { bytes: 1, age: 60_000 }, clock: Date.now });
    rig.l1.deposit(addressOf(alice), ONE);
    const deadline = Date.now() + 10_000;
    const until = async (done: () => boolean | Promise<boolean>): Promise<void> => {
      while (!(await done())) {
        if (Date.now() > deadline) throw new Error(`too slow: ${JSON.stringify(rig.logs.map(({ event }) => event))}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    await until(async () => (await balance(alice)) === ONE);
    const hash = await send(alice, 0, 1n);
    await until(async () => (await confirmation(hash)) === "on L1");
    checkAgainstL1();
  });
});
