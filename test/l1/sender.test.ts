import { expect } from "chai";
import { type Signer } from "ethers";

import { deposit, forceWithdrawal } from "../../plugin/l1/actions.js";
import { L1UnavailableError } from "../../plugin/l1/ask.js";
import { connectL1, type L1Client } from "../../plugin/l1/client.js";
import { L1RevertError } from "../../plugin/l1/errors.js";
import { createFollower } from "../../plugin/l1/follower.js";
import { type Journal, memoryJournal, readSlot } from "../../plugin/l1/journal.js";
import { type BatchToPost, createBatchPoster } from "../../plugin/l1/poster.js";
import type { SenderEvent } from "../../plugin/l1/intent.js";
import { createSender, type SenderOptions } from "../../plugin/l1/sender.js";
import { createSource } from "../../plugin/l1/source.js";
import { type Deployment, type Hex, ZERO_ADDRESS, ZERO_HASH } from "../../plugin/types.js";
import { anvilPath, startAnvil } from "./support/anvil.js";
import { failure } from "./support/failure.js";
import { deployTo, describeOnEveryL1, type TestL1, walletOf } from "./support/l1.js";

const ROOT: Hex = `0x${"22".repeat(32)}`;

describeOnEveryL1("L1 sender", (get) => {
  let l1: TestL1;
  let deployment: Deployment;
  let client: L1Client;
  let journal: Journal;
  let events: SenderEvent[];
  let snapshot: unknown;

  before(async () => {
    l1 = get();
    deployment = await deployTo(l1);
    client = connectL1(l1.provider, deployment);
  });
  beforeEach(async () => {
    snapshot = await l1.send("evm_snapshot");
    journal = memoryJournal();
    events = [];
  });
  afterEach(async () => {
    await l1.send("evm_setAutomine", true);
    await l1.send("evm_revert", snapshot);
  });

  function batch(data = "data"): BatchToPost {
    return {
      parent: deployment.genesis,
      claim: { stateRoot: ROOT, withdrawalsRoot: ZERO_HASH, inboxAcc: ZERO_HASH, inboxTo: 0n, l2BlockTo: 1n },
      data: new TextEncoder().encode(data),
    };
  }

  async function posterFor(signer: Signer, options: Partial<SenderOptions> = {}) {
    const log = (event: SenderEvent) => events.push(event);
    const sender = await createSender({ provider: l1.provider, signer, journal, log, pollInterval: 20, ...options });
    return createBatchPoster({ client, sender, recheckAfter: 20 });
  }

  const signers: [string, () => Promise<Signer>][] = [
    ["a wallet", () => Promise.resolve(l1.wallet(0))],
    ["the node's own account", () => l1.nodeSigner(0)],
  ];
  for (const [name, signerOf] of signers) {
    it(`replaces what is not mined by what pays more, signed by ${name}`, async () => {
      const poster = await posterFor(await signerOf(), { bumpAfter: 60 });
      await l1.send("evm_setAutomine", false);
      const posting = poster.post(batch());
      await until(() => events.filter(({ kind }) => kind === "replaced").length >= 2);
      await l1.mine();
      const { header } = await posting;
      expect(header.index).to.equal(1n);
      expect(await client.heads()).to.include({ head: 1n });
      const slot = await readSlot(journal, l1.wallet(0).address);
      expect(slot?.attempts).to.have.length.at.least(3);
    });

    it(`resumes after a kill that followed the sending, signed by ${name}`, async () => {
      await l1.send("evm_setAutomine", false);
      const controller = new AbortController();
      const killed = await posterFor(await signerOf());
      const dying = failure(killed.post(batch(), controller.signal));
      await until(() => events.some(({ kind }) => kind === "sent"));
      controller.abort(new Error("killed"));
      expect((await dying).message).to.equal("killed");

      const poster = await posterFor(await signerOf());
      const posting = poster.post(batch());
      await until(() => events.some(({ kind }) => kind === "rebroadcast"));
      await l1.mine();
      await posting;
      await l1.mine(2);
      expect(await client.heads()).to.include({ head: 1n });
      const hashes = events.flatMap((event) => ("hash" in event && event.hash !== undefined ? [event.hash] : []));
      expect(new Set(hashes)).to.have.length(1);
    });
  }

  it("posts a second batch with the same account after a reorg took the first", async () => {
    const poster = await posterFor(l1.wallet(0));
    const before = await l1.send("evm_snapshot");
    await poster.post(batch("first"));
    await l1.send("evm_revert", before);
    const { header } = await poster.post(batch("second"));
    expect(new TextDecoder().decode((await client.batchData(header)).bytes)).to.equal("second");
    expect(await client.heads()).to.include({ head: 1n });
  });

  /** All of the inbox is consumed by the batch; then a message comes. */
  async function overtaken(): Promise<BatchToPost> {
    const made = batch();
    await forceWithdrawal(connectL1(l1.provider, deployment, l1.wallet(1)), { amount: 1n });
    return made;
  }

  it("shows a message that came after its batch was made, once L1 was silent for too long not to", async () => {
    const poster = await posterFor(l1.wallet(0));
    await l1.pass(deployment.parameters.forceInclusionDelay);
    const { header } = await poster.post(await overtaken());
    expect([header.index, header.inboxTo]).to.deep.equal([1n, 0n]);
    expect(await client.counts("latest")).to.include({ messages: 1n });
  });

  it("shows it also when the transaction without it was on its way already, and failed", async () => {
    const poster = await posterFor(l1.wallet(0));
    await l1.send("evm_setAutomine", false);
    const posting = poster.post(batch());
    await until(() => events.some(({ kind }) => kind === "sent"));
    // Ahead of the batch in its block, which comes after the delay.
    const { hash } = await l1.wallet(1).sendTransaction({
      to: deployment.contracts.L1EscrowBridge.address,
      data: client.bridge.interface.encodeFunctionData("forceWithdrawal", [ZERO_ADDRESS, 1n, l1.wallet(1).address]),
      gasLimit: 300_000n,
      maxFeePerGas: 100_000_000_000n,
      maxPriorityFeePerGas: 50_000_000_000n,
    });
    await l1.send("evm_increaseTime", Number(deployment.parameters.forceInclusionDelay));
    await l1.send("evm_setAutomine", true);
    await l1.mine();
    expect((await posting).header.inboxTo).to.equal(0n);
    const failed = events.flatMap((event) => (event.kind === "mined" ? [event.hash] : []));
    const receipts = await Promise.all(failed.map((each) => l1.provider.getTransactionReceipt(each)));
    expect(receipts.map((receipt) => receipt?.status)).to.deep.equal([0, 1]);
    expect((await l1.provider.getTransactionReceipt(hash))?.blockNumber).to.equal(receipts[0]?.blockNumber);
  });

  it("says why the chain refuses a batch", async () => {
    const stranger = await posterFor(l1.wallet(5));
    const error = await failure(stranger.post(batch()));
    expect(error).to.be.instanceOf(L1RevertError);
    expect(error.message).to.equal(
      `L1 refuses batch 1: ${l1.wallet(5).address} is no bonded sequencer; register it first`,
    );
    const past = batch();
    past.claim.l2BlockTo = 0n;
    expect((await failure((await posterFor(l1.wallet(0))).post(past))).message).to.match(/ChainL2BlockNotAfter/);
  });
});

describe("an L1 node that dies", () => {
  it("is reported as unavailable by every part", async function () {
    const path = anvilPath();
    if (path === undefined) return this.skip();
    const anvil = await startAnvil(path);
    const { provider } = anvil;
    const l1 = { provider, wallet: (index: number) => walletOf(index).connect(provider) };
    const deployment = await deployTo(l1);
    const client = connectL1(provider, deployment, l1.wallet(0), { timeout: 2_000 });
    const follower = createFollower({ source: createSource(client), fromBlock: Number(deployment.fromBlock) });
    await follower.poll();
    await anvil.stop();
    for (const attempt of [() => follower.poll(), () => client.heads(), () => deposit(client, { amount: 1n })]) {
      const error = await failure(attempt());
      expect(error).to.be.instanceOf(L1UnavailableError);
      expect(error.message).to.match(/^L1 is unavailable \(.+\): .*ECONNREFUSED/);
    }
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
