import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { claimWithdrawal, deposit, finalize, forceWithdrawal } from "../../plugin/l1/actions.js";
import { connectL1, type L1Client } from "../../plugin/l1/client.js";
import { createFollower } from "../../plugin/l1/follower.js";
import { type BatchPoster, createBatchPoster } from "../../plugin/l1/poster.js";
import { createSender } from "../../plugin/l1/sender.js";
import { createSource } from "../../plugin/l1/source.js";
import { encodeBatch, stripTransaction } from "../../plugin/ledger/batch.js";
import { fromHex, toHex } from "../../plugin/ledger/bytes.js";
import { executeLedger } from "../../plugin/ledger/execute.js";
import { loadLedgerGuest } from "../../plugin/ledger/guest.js";
import { withdrawalProof } from "../../plugin/ledger/hashes.js";
import { GENESIS_NODE, indexOf, readAccount } from "../../plugin/ledger/state.js";
import { parseTransaction } from "../../plugin/ledger/transaction.js";
import type { BatchOutput, NodeReader } from "../../plugin/ledger/types.js";
import { guestLedger } from "../../plugin/sequencer/guest-ledger.js";
import { createSequencer } from "../../plugin/sequencer/sequencer.js";
import { openLevelStore } from "../../plugin/store/level.js";
import { memoryStore } from "../../plugin/store/memory.js";
import type { Store } from "../../plugin/store/types.js";
import type { BatchHeader, Deployment, Hex } from "../../plugin/types.js";
import { readProgramFacts } from "../../plugin/machine/artifacts.js";
import { ledgerProgram } from "../../plugin/validator/program.js";
import type { ValidatorEvent } from "../../plugin/validator/types.js";
import { createValidator, type Validator } from "../../plugin/validator/validator.js";
import { deployTo, describeOnEveryL1, type TestL1 } from "../l1/support/l1.js";
import { user } from "./support/rollup.js";

const ETHER = 10n ** 18n;
const alice = user(1);
const bob = user(2);

describeOnEveryL1("settlement with the ledger guest, and its validator", (get) => {
  const guest = loadLedgerGuest();
  const program = ledgerProgram(guest);
  let l1: TestL1;
  let deployment: Deployment;
  let client: L1Client;
  let poster: BatchPoster;
  let nodes: Map<string, Uint8Array>;
  let reader: NodeReader;
  let snapshot: unknown;
  let events: ValidatorEvent[];

  before(async () => {
    l1 = get();
    deployment = await deployTo(l1, { l2ChainId: 42_069n }, readProgramFacts("ledger"));
    client = connectL1(l1.provider, deployment, l1.wallet(0));
  });
  beforeEach(async () => {
    snapshot = await l1.send("evm_snapshot");
    const sender = await createSender({ provider: l1.provider, signer: l1.wallet(0) });
    poster = createBatchPoster({ client, sender });
    nodes = new Map([[toHex(GENESIS_NODE.hash), GENESIS_NODE.preimage]]);
    reader = { get: (hash) => nodes.get(toHex(hash)) };
    events = [];
  });
  afterEach(async () => {
    await l1.send("evm_revert", snapshot);
  });

  /** Executes the waiting messages and the transactions as the next batch and posts what `lie` makes of the result. */
  async function post(
    transactions: Hex[],
    lie: (output: BatchOutput) => Partial<BatchOutput> = () => ({}),
  ): Promise<{ header: BatchHeader; output: BatchOutput }> {
    const { head } = await client.heads();
    const parent = await client.batchHeader(head);
    const messages = await client.inboxMessages(parent.inboxTo, await client.bridge.messageCount());
    const timestamp = await client.now();
    const known = (address: Hex) => indexOf(reader, parent.stateRoot, address);
    const stripped = transactions.map((raw) => stripTransaction(parseTransaction(fromHex(raw)), known));
    const blocks = [{ timestamp, messages: messages.length, transactions: stripped }];
    const data = encodeBatch({ coinbase: `0x${"c0".repeat(20)}`, baseFee: 1n, blocks });
    const { inboxTo: inboxFrom, l2BlockTo: l2BlockFrom, stateRoot: prevStateRoot, inboxAcc: prevInboxAcc } = parent;
    const bridge = deployment.contracts.L1EscrowBridge.address;
    const { l2ChainId } = deployment.parameters;
    const position = { l2ChainId, bridge, index: head + 1n, timestamp, inboxFrom, l2BlockFrom };
    const output = program.execute({ ...position, prevStateRoot, prevInboxAcc, messages, data }, reader);
    for (const { hash, preimage } of output.nodes) nodes.set(toHex(hash), preimage);
    const claim = { ...output, ...lie(output), inboxTo: inboxFrom + BigInt(messages.length) };
    return { header: (await poster.post({ parent, claim, data })).header, output };
  }

  function validatorWith(store: Store): Promise<Validator> {
    return createValidator({
      client,
      source: createSource(client),
      program,
      store,
      log: (event) => events.push(event),
    });
  }

  it("carries value to L2 and back, and the validator agrees with every step", async () => {
    await deposit(client, { amount: ETHER, target: alice.address });
    const first = await post([await alice.pay(0, bob.address, 5n)]);
    expect(readAccount(reader, first.header.stateRoot, bob.address)?.balance).to.equal(5n);
    await forceWithdrawal(connectL1(l1.provider, deployment, l1.wallet(3)), { amount: "all" });
    const { header, output } = await post([await alice.withdraw(1, 77n)]);
    expect(await (await validatorWith(memoryStore())).run({ watch: false })).to.include({ batches: 2n, agreed: 2n });

    await l1.pass(deployment.parameters.challengeWindow);
    await finalize(client);
    const [withdrawal] = output.withdrawals;
    expect(withdrawal).to.include({ amount: 77n, target: alice.address });
    if (withdrawal === undefined) throw new Error("no withdrawal");
    const proof = withdrawalProof(output.withdrawals, 0);
    const before = await l1.provider.getBalance(alice.address);
    await claimWithdrawal(client, { header, leafIndex: 0n, withdrawal, proof });
    expect((await l1.provider.getBalance(alice.address)) - before).to.equal(77n);
  });

  it("agrees with the sequencer's batches, in whatever way they are cut and whatever L1 does", async () => {
    const source = createSource(client);
    const sequencer = createSequencer({
      ...{ l2ChainId: 42_069n, bridge: deployment.contracts.L1EscrowBridge.address, genesis: deployment.genesis },
      forceInclusionDelay: deployment.parameters.forceInclusionDelay,
      l1: {
        follow: (cursor) => createFollower({ source, fromBlock: Number(deployment.fromBlock), cursor }),
        batchData: async (header, signal) => (await client.batchData(header, signal)).bytes,
        poster: async (journal) => {
          const sender = await createSender({ provider: l1.provider, signer: l1.wallet(0), journal });
          return createBatchPoster({ client, sender });
        },
      },
      ledger: guestLedger((input, state, options) => executeLedger(guest, input, state, options)),
      store: memoryStore(),
      ...{ coinbase: `0x${"c0".repeat(20)}`, baseFee: 1n, blocks: "manual", pollInterval: "manual" },
    });
    const validator = await validatorWith(memoryStore());
    await sequencer.start();
    try {
      await deposit(client, { amount: ETHER, target: alice.address });
      await sequencer.sync();
      await sequencer.seal();
      for (let nonce = 0; nonce < 12; nonce++) {
        const raw = nonce % 4 === 3 ? alice.withdraw(nonce, 10n) : alice.pay(nonce, user(nonce + 10).address, 1_000n);
        await sequencer.request({ method: "eth_sendRawTransaction", params: [await raw] });
        if (nonce % 3 === 2) await sequencer.seal();
        if (nonce % 5 === 4) await sequencer.post();
        if (nonce === 6) await forceWithdrawal(client, { amount: 1n });
      }
      await sequencer.post();
      const { batches, agreed } = await validator.run({ watch: false });
      expect(batches).to.equal(3n);
      expect(agreed).to.equal(3n);

      const fork = await l1.send("evm_snapshot");
      await deposit(client, { amount: 5n, target: bob.address });
      await sequencer.post();
      expect(await validator.run({ watch: false })).to.include({ batches: 4n, agreed: 4n });
      await l1.send("evm_revert", fork);
      await l1.mine(3);
      await deposit(client, { amount: 6n, target: bob.address });
      await sequencer.post();
      expect(await validator.run({ watch: false })).to.include({ batches: 4n, agreed: 4n });
      expect(events.map(({ kind }) => kind)).to.include("reverted");
      const last = events.filter((event) => event.kind === "agree").at(-1);
      expect(last).to.include({ messages: 1, l2BlockTo: sequencer.status().head.number });
    } finally {
      await sequencer.stop();
    }
  });

  it("contradicts a sequencer that keeps a withdrawal back", async () => {
    await deposit(client, { amount: ETHER, target: alice.address });
    await post([]);
    await post([await alice.withdraw(0, 9n)], () => ({ withdrawalsRoot: `0x${"00".repeat(32)}` }));
    await post([]);
    const { disagreement, agreed } = await (await validatorWith(memoryStore())).run({ watch: false });
    expect(agreed).to.equal(1n);
    expect(disagreement).to.deep.include({ index: 2n });
    expect(disagreement?.difference).to.include({ field: "withdrawalsRoot", l2Block: 2n });
    expect(events.map(({ kind }) => kind)).to.deep.equal(["agree", "disagree", "descends"]);
  });

  it("follows a reorg of L1 and a restart, from a store on disk", async () => {
    const folder = await mkdtemp(join(tmpdir(), "rollup-validator-"));
    try {
      let store = await openLevelStore(folder);
      await deposit(client, { amount: ETHER, target: alice.address });
      await post([]);
      const fork = await l1.send("evm_snapshot");
      await post([await alice.pay(0, bob.address, 1n)]);
      await (await validatorWith(store)).run({ watch: false });
      await store.close();

      await l1.send("evm_revert", fork);
      await l1.mine(2);
      await post([await alice.pay(0, bob.address, 2n)]);
      store = await openLevelStore(folder);
      const validator = await validatorWith(store);
      expect(await validator.run({ watch: false })).to.include({ batches: 2n, agreed: 2n });
      expect(events.map(({ kind }) => kind)).to.deep.equal(["agree", "agree", "reverted", "agree"]);
      expect(await validator.check(2n)).to.include({ kind: "agree", transactions: 1 });
      await store.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
