import { expect } from "chai";
import { concat, getBytes, parseEther } from "ethers";
import { network } from "hardhat";

import { memoryArchive } from "../../plugin/da/archive.js";
import { packBlobs, unpackBlobs, versionedHashOf } from "../../plugin/da/blob.js";
import type { DataPlace } from "../../plugin/da/input.js";
import { loadKzg } from "../../plugin/da/kzg.js";
import type { BlobSource } from "../../plugin/da/source.js";
import { reconstruct } from "../../plugin/escape/reconstruct.js";
import { signerWithKey } from "../../plugin/hardhat/blobs.js";
import { moveClock } from "../../plugin/hardhat/clock.js";
import { certifierOf, committeeReader } from "../../plugin/hardhat/committee.js";
import { loadLedger } from "../../plugin/hardhat/ledger.js";
import type { LocalCommittee } from "../../plugin/hardhat/local-committee.js";
import { sequencerOf } from "../../plugin/hardhat/sequencer.js";
import { deposit, finalize } from "../../plugin/l1/actions.js";
import { connectL1 } from "../../plugin/l1/client.js";
import type { BlobWithProof } from "../../plugin/l1/intent.js";
import { appendBatchCall } from "../../plugin/l1/poster.js";
import { createSender } from "../../plugin/l1/sender.js";
import { createSource } from "../../plugin/l1/source.js";
import { toHex } from "../../plugin/ledger/bytes.js";
import { GENESIS_NODE } from "../../plugin/ledger/state.js";
import type { LedgerOutput, NodeReader } from "../../plugin/ledger/types.js";
import { guestLedger } from "../../plugin/sequencer/guest-ledger.js";
import { memoryStore } from "../../plugin/store/memory.js";
import { createValidator } from "../../plugin/validator/validator.js";
import { writeBatch } from "../guest/support/wire.js";
import { createRandom } from "../ledger/random.js";

const ledger = loadLedger();
const BLOCKS = 3;
const EMPTY = 1;

/** Batch data for a time, that consume so many messages. */
type Make = (timestamp: bigint, messages: number) => Uint8Array;

/** Blocks of nothing, which tell whether data were read: what is malformed is one block. */
function blocksAt(timestamp: bigint, messages: number, count = BLOCKS): Uint8Array {
  const blocks = Array.from({ length: count }, (_, i) => ({ timestamp, messages: i === 0 ? messages : 0 }));
  return writeBatch({ blocks });
}

/** An L1 with hostile batches, and readers whose sources of data lie as well. */
async function openScene(da: "blob" | "committee") {
  const connection = await network.create();
  const { provider } = connection.ethers;
  const [poster, user] = await connection.ethers.getSigners();
  if (poster === undefined || user === undefined) throw new Error("too few accounts");
  const chain = await connection.rollup.deploy({ da });
  const { deployment } = chain;
  const archive = memoryArchive();
  const liar: BlobSource = {
    name: "a liar",
    async read(request) {
      const spoilt = Uint8Array.from((await archive.read(request)) ?? []);
      spoilt[40] = (spoilt[40] ?? 0) ^ 1;
      return spoilt;
    },
  };
  const members = (chain.committee as LocalCommittee | undefined)?.reached ?? { urls: {} };
  const sources = { blobSources: [liar, archive], committee: committeeReader(deployment, members) };
  const l1 = connectL1(provider, deployment, signerWithKey(connection, poster), sources);
  const sender = await createSender({ provider, signer: signerWithKey(connection, poster) });
  const certify = certifierOf(l1, members);
  const follower = await sequencerOf(l1, guestLedger(ledger.execute), memoryStore(), {
    ...{ blocks: "manual", batches: "manual", pollInterval: "manual" },
  });
  await follower.start();
  const nodes = new Map([[toHex(GENESIS_NODE.hash), GENESIS_NODE.preimage]]);
  const reader: NodeReader = { get: (hash) => nodes.get(toHex(hash)) };

  /** Posts a batch with the true roots of its data, whatever they are; `carry` says where they go. */
  async function post(
    make: Make,
    carry: (data: Uint8Array) => Promise<{ data: Uint8Array; place?: DataPlace; blobs?: BlobWithProof[] }>,
  ): Promise<LedgerOutput> {
    await deposit(connectL1(provider, deployment, user), { amount: parseEther("0.1") });
    const { head } = await l1.heads();
    const parent = await l1.batchHeader(head);
    const messages = await l1.inboxMessages(parent.inboxTo, await l1.bridge.messageCount());
    const timestamp = await l1.now();
    const { inboxTo: inboxFrom, l2BlockTo: l2BlockFrom, stateRoot: prevStateRoot, inboxAcc: prevInboxAcc } = parent;
    const { bridge } = l1.addresses;
    const index = head + 1n;
    const position = { l2ChainId: l1.parameters.l2ChainId, bridge, index, timestamp, inboxFrom, l2BlockFrom };
    const { data, place, blobs } = await carry(make(timestamp, messages.length));
    const output = ledger.execute({ ...position, prevStateRoot, prevInboxAcc, messages, data }, reader);
    for (const { hash, preimage } of output.nodes) nodes.set(toHex(hash), preimage);
    const batch = { parent, claim: { ...output, inboxTo: inboxFrom + BigInt(messages.length) }, data };
    const certificate = place === undefined ? await certify?.(index, data) : undefined;
    if (blobs !== undefined) await archive.write(blobs);
    await sender.send({
      ...{ key: `hostile ${index}`, what: `batch ${index}`, to: l1.addresses.chain, blobs },
      data: appendBatchCall(batch, place ?? (certificate && { form: "committee", certificate })),
      ...(blobs && {
        estimateBy: { data: appendBatchCall({ ...batch, data: new Uint8Array() }), extraGas: 20_000n },
      }),
    });
    await follower.sync();
    const { head: own, falseBatch, l1Error } = follower.status();
    expect([falseBatch, l1Error]).to.deep.equal([undefined, undefined]);
    expect([own.stateRoot, own.number]).to.deep.equal([output.stateRoot, output.l2BlockTo]);
    const posted = await l1.batch(index);
    expect((await l1.batchData(posted.header)).bytes).to.deep.equal(data);
    return output;
  }

  async function readAnew(): Promise<void> {
    const { head } = await l1.heads();
    const last = await l1.batchHeader(head);
    await moveClock(connection, last.finalizesAt);
    await finalize(l1);
    const readers = { client: l1, program: ledger };
    const validator = await createValidator({ ...readers, source: createSource(l1), store: memoryStore() });
    expect(await validator.run({ watch: false })).to.include({ batches: head, agreed: head });
    const rebuilt = await reconstruct({ ...readers, source: createSource(l1), store: memoryStore() });
    expect(rebuilt.header).to.deep.equal(last);
    expect(follower.status().head.stateRoot).to.equal(last.stateRoot);
  }

  async function close(): Promise<void> {
    await follower.stop();
    await chain.close();
    await connection.close();
  }

  return { chain, post, readAnew, close };
}

async function sidecarOf(blobs: Uint8Array[]): Promise<BlobWithProof[]> {
  const kzg = await loadKzg();
  return blobs.map((bytes) => {
    const commitment = kzg.commit(bytes);
    return { bytes, commitment, versionedHash: versionedHashOf(commitment), proof: kzg.proveBlob(bytes, commitment) };
  });
}

describe("hostile batches on L1, read through sources that lie", function () {
  this.timeout(180_000);

  it("are the same at every reader in blobs, whatever their elements and what is said of their length", async () => {
    const scene = await openScene("blob");
    const random = createRandom(44);
    const inBlobs = async (blobs: Uint8Array[], length: number, first = 0) => ({
      data: unpackBlobs(blobs.slice(first), length),
      blobs: await sidecarOf(blobs),
      place: { form: "blobs", length, first } as const,
    });
    /** Bits that are not read, and whatever stands behind the data. */
    const littered = (data: Uint8Array): Uint8Array[] =>
      packBlobs(data).map((blob) => {
        const used = 32 * 4 * Math.ceil(data.length / 127);
        return Uint8Array.from(blob, (byte, i) => {
          if (i % 32 === 0) return byte < 0x30 ? byte | 0x40 : byte;
          return i < used ? byte : random.int(256);
        });
      });

    // Another blob in front, which is none of its own.
    const foreign = packBlobs(Uint8Array.from(random.bytes(100)));
    const read = await scene.post(blocksAt, (data) => inBlobs([...foreign, ...littered(data)], data.length, 1));
    expect(read.l2BlockTo).to.equal(BigInt(BLOCKS));
    const cut = await scene.post(blocksAt, (data) => inBlobs(packBlobs(data), data.length - 1));
    expect(cut.l2BlockTo).to.equal(BigInt(BLOCKS + EMPTY));
    await scene.readAnew();
    await scene.close();
  });

  it("are the same at every reader where a certificate is right and the data are not", async () => {
    const scene = await openScene("committee");
    scene.chain.committee?.set("lying", 1);
    const held = (data: Uint8Array) => Promise.resolve({ data });
    const hostile: Record<string, readonly [make: Make, blocks: number]> = {
      "well-formed": [blocksAt, BLOCKS],
      "cut off": [(...at) => blocksAt(...at).subarray(0, -1), EMPTY],
      "with a byte behind": [(...at) => getBytes(concat([blocksAt(...at), "0x00"])), EMPTY],
      "of another version": [(...at) => blocksAt(...at).map((byte, i) => (i === 0 ? 2 : byte)), EMPTY],
      "of 65,536 blocks": [(...at) => blocksAt(...at, 65_536), EMPTY],
      "1 MiB of what goes on": [() => new Uint8Array(1 << 20).fill(0x80), EMPTY],
      "one byte": [() => Uint8Array.of(1), EMPTY],
    };
    let expected = 0n;
    for (const [what, [make, blocks]] of Object.entries(hostile)) {
      expected += BigInt(blocks);
      expect((await scene.post(make, held)).l2BlockTo, what).to.equal(expected);
    }
    await scene.readAnew();
    await scene.close();
  });
});
