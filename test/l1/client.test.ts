import { expect } from "chai";
import { parseEther, type Provider, TransactionResponse } from "ethers";

import { L1InconsistentError, L1UnavailableError } from "../../plugin/l1/ask.js";
import { BatchDataError, daInputOf } from "../../plugin/l1/batch-data.js";
import { connectL1, type L1Client, UnknownBatchError } from "../../plugin/l1/client.js";
import { createFollower } from "../../plugin/l1/follower.js";
import { appendBatchCall, type BatchToPost, createBatchPoster } from "../../plugin/l1/poster.js";
import { checkDeployedProgram, ProgramMismatchError } from "../../plugin/l1/program.js";
import { createSender } from "../../plugin/l1/sender.js";
import { createSource } from "../../plugin/l1/source.js";
import type { PlacedEvent } from "../../plugin/l1/types.js";
import { genesisHeader } from "../../plugin/ledger/header.js";
import { headerHash, inboxAcc } from "../../plugin/ledger/hashes.js";
import { type BatchHeader, type Deployment, type Hex, ZERO_HASH } from "../../plugin/types.js";
import { applyUpdate } from "./support/fake-chain.js";
import { failure } from "./support/failure.js";
import { intercept } from "./support/intercept.js";
import { deployTo, describeOnEveryL1, type TestL1 } from "./support/l1.js";

const ROOT: Hex = `0x${"22".repeat(32)}`;

describeOnEveryL1("L1 client and follower", (get) => {
  let l1: TestL1;
  let deployment: Deployment;
  let client: L1Client;
  let snapshot: unknown;

  before(async () => {
    l1 = get();
    deployment = await deployTo(l1);
    client = connectL1(l1.provider, deployment, l1.wallet(0));
  });
  beforeEach(async () => {
    snapshot = await l1.send("evm_snapshot");
  });
  afterEach(async () => {
    await l1.send("evm_revert", snapshot);
  });

  async function deposit(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const { address } = l1.wallet(i + 1);
      await (await client.bridge.depositETH(address, { value: parseEther("0.1") })).wait();
    }
  }

  /** The batch after `parent` that consumes the inbox up to `inboxTo` and carries `data`. */
  async function batchAfter(parent: BatchHeader, inboxTo: bigint, data = "some data"): Promise<BatchToPost> {
    const messages = await client.inboxMessages(parent.inboxTo, inboxTo);
    const acc = inboxAcc(parent.inboxAcc, messages);
    return {
      parent,
      claim: { stateRoot: ROOT, withdrawalsRoot: ZERO_HASH, inboxAcc: acc, inboxTo, l2BlockTo: parent.l2BlockTo + 1n },
      data: new TextEncoder().encode(data),
    };
  }

  async function post(batch: BatchToPost): Promise<BatchHeader> {
    const sender = await createSender({ provider: l1.provider, signer: l1.wallet(0) });
    return (await createBatchPoster({ client, sender }).post(batch)).header;
  }

  it("refuses another program than the one that was deployed, whatever the address book says", async () => {
    const { program, genesis } = deployment;
    const { machineHash } = program;
    await checkDeployedProgram(client, machineHash);
    const other: Hex = `0x${"33".repeat(32)}`;
    const here = await failure(checkDeployedProgram(client, other));
    expect(here).to.be.instanceOf(ProgramMismatchError);
    expect(here.message).to.equal(
      `the rollup's machine hash is ${machineHash}, here it is ${other}; use the package version that deployed the rollup`,
    );
    const forged = connectL1(l1.provider, { ...deployment, program: { ...program, machineHash: other } });
    const onL1 = await failure(checkDeployedProgram(forged, other));
    expect(onL1.message).to.include(`the rollup's machine hash on L1 is ${machineHash}`);
    const restarted = connectL1(l1.provider, { ...deployment, genesis: { ...genesis, stateRoot: other } });
    expect((await failure(checkDeployedProgram(restarted, machineHash))).message).to.include("genesis state root");
  });

  it("knows the genesis batch and nothing above it", async () => {
    expect(await client.heads()).to.deep.equal({ head: 0n, finalizedHead: 0n });
    expect(await client.batchHeader(0n)).to.deep.equal(deployment.genesis);
    expect(await client.headerHash(0n)).to.equal(headerHash(deployment.genesis));
    const error = await failure(client.batchHeader(1n));
    expect(error).to.be.instanceOf(UnknownBatchError);
    expect(error.message).to.equal("batch 1 is not on L1; the last one is 0");
  });

  it("reads inbox messages whose hashes are the contract's accumulator", async () => {
    await deposit(3);
    await (await client.bridge.forceWithdrawal(`0x${"00".repeat(20)}`, 5n, l1.wallet(4).address)).wait();
    await (await client.bridge.forceTransaction("0x02c0")).wait();
    const messages = await client.inboxMessages(0n, 5n);
    expect(messages.map(({ kind }) => kind)).to.deep.equal([0, 0, 0, 2, 1]);
    expect(messages[1]).to.deep.include({ index: 1n, target: l1.wallet(2).address, amount: parseEther("0.1") });
    expect(inboxAcc(ZERO_HASH, messages)).to.equal(await client.bridge.accumulator(5));
    expect(await client.inboxMessages(2n, 4n)).to.deep.equal(messages.slice(2, 4));
    expect(await client.inboxMessages(2n, 2n)).to.be.empty;
    expect(await failure(client.inboxMessages(4n, 6n))).to.be.instanceOf(L1InconsistentError);
  });

  it("finds headers and data of batches, whatever hostile bytes stand beside the data", async () => {
    await deposit(1);
    const first = await post(await batchAfter(deployment.genesis, 1n, "first"));
    const second = await batchAfter(first, 1n, "second");
    // One more element of nextMessage, with an offset that leads nowhere: the contract never looks at it here.
    const call = appendBatchCall({ ...second, nextMessage: (await client.inboxMessages(0n, 1n))[0] });
    const offset = call.indexOf("20".padStart(64, "0"), 10 + 64 * 20);
    const hostile = `${call.slice(0, offset)}${"f".repeat(64)}${call.slice(offset + 64)}`;
    const strict = client.chain.interface.decodeFunctionData("appendBatch", hostile);
    expect(() => void strict.toArray(true)).to.throw();
    await (await l1.wallet(0).sendTransaction({ to: client.addresses.chain, data: hostile })).wait();

    const header = await client.batchHeader(2n);
    expect(header.parentHash).to.equal(headerHash(first));
    expect(new TextDecoder().decode((await client.batchData(header)).bytes)).to.equal("second");
    expect(new TextDecoder().decode((await client.batchData(first)).bytes)).to.equal("first");
    expect(await failure(client.batchData({ ...header, dataHash: ROOT }))).to.be.instanceOf(L1InconsistentError);
  });

  it("refuses data that is not what the header binds", async () => {
    const header = await post(await batchAfter(deployment.genesis, 0n));
    const { transaction } = await client.batch(1n);
    const lying = intercept(l1.provider, {
      getTransaction: async (hash) => {
        const found = await l1.provider.getTransaction(hash);
        return found === null
          ? null
          : new TransactionResponse({ ...found, data: tamper(found.data), signature: found.signature }, l1.provider);
      },
    });
    const error = await failure(connectL1(lying, deployment).batchData(header));
    expect(error).to.be.instanceOf(BatchDataError);
    expect(error.message).to.include(transaction);
    expect(error.message).to.include(header.dataHash);
  });

  it("follows the suite through posting, finality and a reorg", async () => {
    const source = createSource(client);
    const follower = createFollower({ source, fromBlock: Number(deployment.fromBlock) });
    let known: PlacedEvent[] = [];
    const poll = async () => {
      const update = await follower.poll();
      known = applyUpdate(known, update);
      return update;
    };
    const kinds = () => known.map(({ kind }) => kind);

    await poll();
    expect(kinds()).to.be.empty;
    await deposit(2);
    const header = await post(await batchAfter(deployment.genesis, 2n));
    await poll();
    expect(kinds()).to.deep.equal(["message", "message", "batch"]);
    expect(known[2]).to.deep.include({ header, headerHash: headerHash(header) });

    const before = await l1.send("evm_snapshot");
    await l1.pass(deployment.parameters.challengeWindow);
    await (await client.chain.finalize([header])).wait();
    await poll();
    expect(kinds()).to.deep.equal(["message", "message", "batch", "finalized"]);

    await l1.send("evm_revert", before);
    await deposit(1);
    await l1.mine(3);
    const update = await poll();
    expect(update.rollbackTo).to.be.a("number");
    expect(kinds()).to.deep.equal(["message", "message", "batch", "message"]);
    expect((await poll()).events).to.be.empty;

    const fresh = await createFollower({ source, fromBlock: Number(deployment.fromBlock) }).poll();
    expect(fresh.events).to.deep.equal(known);
  });

  it("halves the range of eth_getLogs until the provider accepts it", async () => {
    await deposit(4);
    await l1.mine(20);
    const asked: number[] = [];
    const limited = withGetLogs(l1.provider, (from, to) => {
      asked.push(to - from + 1);
      if (to - from + 1 > 3) throw new Error("query returned more than 10000 results");
    });
    const reader = connectL1(limited, deployment);
    expect(await reader.inboxMessages(0n, 4n)).to.deep.equal(await client.inboxMessages(0n, 4n));
    const follower = createFollower({ source: createSource(reader), fromBlock: Number(deployment.fromBlock) });
    expect((await follower.poll()).events).to.have.length(4);
    expect(Math.max(...asked)).to.be.above(3);

    const broken = withGetLogs(l1.provider, () => {
      throw new Error("eth_getLogs is off");
    });
    expect((await failure(connectL1(broken, deployment).inboxMessages(0n, 1n))).message).to.equal("eth_getLogs is off");
  });

  it("says that L1 is unavailable when it does not answer, and reads on when it does", async () => {
    await deposit(1);
    let silent = true;
    const provider = withGetLogs(l1.provider, async () => {
      if (silent) await new Promise(() => undefined);
    });
    const reader = connectL1(provider, deployment, undefined, { timeout: 30 });
    const source = createSource(reader, { timeout: 30 });
    const follower = createFollower({ source, fromBlock: Number(deployment.fromBlock) });
    const error = await failure(follower.poll());
    expect(error).to.be.instanceOf(L1UnavailableError);
    expect(error.message).to.match(/^L1 is unavailable \(eth_getLogs of blocks \d+ to \d+\): no answer within 30 ms$/);
    silent = false;
    expect((await follower.poll()).events).to.have.length(1);
  });
});

describe("calldata of appendBatch", () => {
  it("gives its data only when every length is inside it", () => {
    const batch: BatchToPost = {
      parent: EMPTY,
      claim: { stateRoot: ROOT, withdrawalsRoot: ZERO_HASH, inboxAcc: ZERO_HASH, inboxTo: 0n, l2BlockTo: 1n },
      data: Uint8Array.of(1, 2, 3),
    };
    const call = Buffer.from(appendBatchCall(batch).slice(2), "hex");
    expect(daInputOf(call)).to.deep.equal(Uint8Array.of(0, 1, 2, 3));
    expect(daInputOf(call.subarray(0, 4 + 22 * 32 + 32 + 32 + 4))).to.deep.equal(Uint8Array.of(0, 1, 2, 3));
    expect(daInputOf(call.subarray(0, 4 + 22 * 32 + 32 + 32 + 3))).to.equal(undefined);
    expect(daInputOf(call.subarray(0, 100))).to.equal(undefined);
    const offset = Buffer.from(call).fill(0xff, 4 + 21 * 32, 4 + 22 * 32);
    expect(daInputOf(offset)).to.equal(undefined);
    const selector = Buffer.from(call).fill(0, 0, 4);
    expect(daInputOf(selector)).to.equal(undefined);
  });
});

const EMPTY = genesisHeader(0n, ZERO_HASH);

/** `provider` with something in front of its getLogs. */
function withGetLogs(provider: Provider, before: (from: number, to: number) => void | Promise<void>): Provider {
  return intercept(provider, {
    async getLogs(filter) {
      const { fromBlock, toBlock } = filter as { fromBlock: number; toBlock: number };
      await before(fromBlock, toBlock);
      return provider.getLogs(filter);
    },
  });
}

/** The calldata with one bit of the batch data changed. */
function tamper(calldata: string): string {
  const at = calldata.indexOf(Buffer.from("some data").toString("hex"));
  return `${calldata.slice(0, at)}00${calldata.slice(at + 2)}`;
}
