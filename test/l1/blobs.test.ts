import { createServer, type Server } from "node:http";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { hexlify } from "ethers";

import { memoryArchive, openArchive } from "../../plugin/da/archive.js";
import { type ArchivedBatch, archiveBatches } from "../../plugin/da/archiver.js";
import { beaconSource } from "../../plugin/da/beacon.js";
import { BLOB_CAPACITY, packBlobs } from "../../plugin/da/blob.js";
import { cheaperForm } from "../../plugin/da/choice.js";
import { makeSidecar } from "../../plugin/da/sidecar.js";
import { type BlobSource, BlobUnavailableError } from "../../plugin/da/source.js";
import { connectL1 } from "../../plugin/l1/client.js";
import type { BlobWithProof, Intent, SenderEvent } from "../../plugin/l1/intent.js";
import { memoryJournal } from "../../plugin/l1/journal.js";
import { type BatchToPost, type BlobPosting, createBatchPoster } from "../../plugin/l1/poster.js";
import { blobHashesOf } from "../../plugin/l1/rpc.js";
import { createSender } from "../../plugin/l1/sender.js";
import { toHex } from "../../plugin/ledger/bytes.js";
import { blobDataHash, dataHash } from "../../plugin/ledger/hashes.js";
import { type Deployment, type Hex, ZERO_HASH } from "../../plugin/types.js";
import { createRandom } from "../ledger/random.js";
import { failure } from "./support/failure.js";
import { deployTo, describeOnAnvil, describeOnEveryL1, type TestL1 } from "./support/l1.js";

const ROOT: Hex = `0x${"11".repeat(32)}`;
const random = createRandom(44);
const bytes = (length: number): Uint8Array => Buffer.from(random.bytes(length));
const SMALL = bytes(1_000);
/** Two blobs. */
const LARGE = bytes(BLOB_CAPACITY + 5);

/** A suite that takes blobs, before each test as it was deployed. */
function useSuite(get: () => TestL1) {
  let deployment: Deployment;
  let snapshot: unknown;

  before(async () => {
    deployment = await deployTo(get(), { da: "blob" });
  });
  beforeEach(async () => {
    snapshot = await get().send("evm_snapshot");
  });
  afterEach(async () => {
    await get().send("evm_setAutomine", true);
    await get().send("evm_revert", snapshot);
  });

  const batch = (data: Uint8Array): BatchToPost => ({
    parent: deployment.genesis,
    claim: { stateRoot: ROOT, withdrawalsRoot: ZERO_HASH, inboxAcc: ZERO_HASH, inboxTo: 0n, l2BlockTo: 1n },
    data,
  });

  function setUp(more: Partial<BlobPosting> = {}) {
    const l1 = get();
    const archive = memoryArchive();
    const client = connectL1(l1.provider, deployment, l1.wallet(0), { blobSources: [archive] });
    const events: SenderEvent[] = [];
    const journal = memoryJournal();
    const senderOf = () =>
      createSender({
        ...{ provider: l1.provider, signer: l1.wallet(0), journal, pollInterval: 20, bumpAfter: 200 },
        log: (event) => events.push(event),
      });
    const prices = () => Promise.resolve({ baseFee: 10n ** 9n, blobBaseFee: 1n });
    const blobs: BlobPosting = { archive, prices, ...more };
    const posterOf = async () => createBatchPoster({ client, sender: await senderOf(), blobs, recheckAfter: 20 });
    /** Resolves when the sender reported `kind`; throws what `running` throws. */
    const reported = async (kind: SenderEvent["kind"], running: Promise<unknown>, from = 0): Promise<void> => {
      let failed: unknown;
      running.catch((error: unknown) => (failed = error));
      while (!events.slice(from).some((event) => event.kind === kind)) {
        if (failed !== undefined) throw failed instanceof Error ? failed : new Error("it failed");
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    return { l1, deployment, archive, client, events, senderOf, posterOf, reported };
  }

  return { batch, setUp };
}

describeOnEveryL1("batches in blobs", (get) => {
  const { batch, setUp } = useSuite(get);

  it("are posted, bound by their versioned hashes, and read back from an archive", async function () {
    this.timeout(60_000);
    const { l1, deployment, client, posterOf, archive } = setUp();
    const poster = await posterOf();
    const posted = await poster.post(batch(LARGE));
    const hashes = (await makeSidecar(LARGE)).map(({ versionedHash }) => versionedHash);
    expect(posted.header.dataHash).to.equal(blobDataHash(LARGE.length, hashes));
    expect(await blobHashesOf(l1.provider, posted.transaction)).to.deep.equal(hashes.map((hash) => toHex(hash)));
    expect(await archive.has(toHex(hashes[1]!))).to.equal(true);

    const found = await client.batchData(posted.header);
    expect(Buffer.compare(found.bytes, LARGE)).to.equal(0);
    expect(found.blobs?.map(({ versionedHash }) => versionedHash)).to.deep.equal(hashes);

    // Another archive takes from the first what it does not have, and has it then.
    const other = memoryArchive();
    const sources = { blobSources: [other, archive] };
    const keeper = connectL1(l1.provider, deployment, undefined, sources);
    const kept: ArchivedBatch[] = [];
    for (let round = 0; round < 2; round++) {
      expect(await archiveBatches(keeper, other, 1n, (batch) => kept.push(batch))).to.equal(2n);
    }
    expect(kept).to.deep.equal([
      { index: 1n, blobs: 2, added: 2 },
      { index: 1n, blobs: 2, added: 0 },
    ]);
    expect(await archiveBatches(keeper, other, 2n, (batch) => kept.push(batch))).to.equal(2n);
    expect(kept).to.have.length(2);
    // The same batch again is the one that is there.
    expect((await (await posterOf()).post(batch(LARGE))).transaction).to.equal(posted.transaction);
  });

  it("go in calldata when that is cheaper", async () => {
    const { client, posterOf } = setUp({
      prices: () => Promise.resolve({ baseFee: 1n, blobBaseFee: 10n ** 12n }),
    });
    const { header } = await (await posterOf()).post(batch(SMALL));
    expect(header.dataHash).to.equal(dataHash(SMALL));
    expect(await client.batchData(header)).to.deep.equal({ bytes: new Uint8Array(SMALL) });
  });

  it("are asked for from the next source when one gives another blob, a short one or none", async function () {
    this.timeout(120_000);
    const { l1, deployment, archive, posterOf } = setUp();
    const { header } = await (await posterOf()).post(batch(SMALL));
    const [other = new Uint8Array()] = packBlobs(bytes(100));
    const overOrder = new Uint8Array(131_072).fill(0xff);
    const source = (name: string, answer: Uint8Array | undefined): BlobSource => ({
      name,
      read: () => Promise.resolve(answer),
    });
    const down: BlobSource = { name: "down", read: () => Promise.reject(new Error("no answer")) };
    const liars = [
      ...[source("liar", other), source("short", other.subarray(1)), source("none", undefined), down],
      source("no field", overOrder),
    ];
    const lines: string[] = [];
    const warn = (line: string) => lines.push(line);
    const honest = connectL1(l1.provider, deployment, undefined, { blobSources: [...liars, archive], warn });
    expect(Buffer.compare((await honest.batchData(header)).bytes, SMALL)).to.equal(0);
    expect(lines).to.have.length(3);
    expect(lines[0]).to.match(/^blob 0x01[0-9a-f]{62}: liar gives another blob, 0x01[0-9a-f]{62}$/);
    expect(lines[1]).to.include("short gives 131071 bytes, a blob has 131072");
    expect(lines[2]).to.include("no field gives no blob");

    const error = await failure(
      connectL1(l1.provider, deployment, undefined, { blobSources: liars }).batchData(header),
    );
    expect(error).to.be.instanceOf(BlobUnavailableError);
    expect(error.message).to.include("none does not have it; down: no answer");
    const without = await failure(connectL1(l1.provider, deployment).batchData(header));
    expect(without.message).to.include("there is no source of blobs; name a beacon node or an archive");
  });
});

describeOnAnvil("a transaction with blobs that waits", (get) => {
  const { batch, setUp } = useSuite(get);

  it("is replaced by one that pays twice as much in every respect, also after a restart", async function () {
    this.timeout(60_000);
    const { l1, events, posterOf, reported } = setUp();
    await l1.send("evm_setAutomine", false);
    const stop = new AbortController();
    const first = (await posterOf()).post(batch(SMALL), stop.signal);
    await reported("replaced", first);
    stop.abort(new Error("killed by the test"));
    expect((await failure(first)).message).to.equal("killed by the test");

    const seen = events.length;
    const again = (await posterOf()).post(batch(SMALL));
    await reported("replaced", again, seen);
    await l1.mine();
    await again;
    const sent = events.flatMap((event) => (event.kind === "sent" || event.kind === "replaced" ? [event] : []));
    expect(new Set(sent.map(({ nonce }) => nonce)).size).to.equal(1);
    for (const [i, { maxFeePerGas, maxFeePerBlobGas = 0n }] of sent.slice(1).entries()) {
      expect(maxFeePerGas >= 2n * (sent[i]?.maxFeePerGas ?? 0n)).to.equal(true);
      expect(maxFeePerBlobGas >= 2n * (sent[i]?.maxFeePerBlobGas ?? 0n)).to.equal(true);
    }
  });

  it("makes way for another of the account, which then carries an empty blob", async function () {
    this.timeout(60_000);
    const { l1, events, posterOf, senderOf, reported } = setUp();
    await l1.send("evm_setAutomine", false);
    const stop = new AbortController();
    const first = (await posterOf()).post(batch(SMALL), stop.signal);
    await reported("sent", first);
    stop.abort(new Error("killed by the test"));
    await failure(first);

    const seen = events.length;
    const to = l1.wallet(5).address as Hex;
    const other: Intent = { key: "other", what: "a payment", to, data: "0x", value: 3n };
    const paid = (await senderOf()).send(other);
    await reported("replaced", paid, seen);
    await l1.mine();
    const { receipt } = await paid;
    expect(receipt.status).to.equal(1);
    expect(await blobHashesOf(l1.provider, receipt.hash)).to.have.length(1);
  });
});

describe("the choice between blobs and calldata", () => {
  it("takes what is cheaper, and blobs for what no calldata carries", () => {
    const data = new Uint8Array(100_000).fill(1);
    // 100,000 bytes at 40 gas, less what posting costs anyway: 3,940,000 gas; a blob takes 131,072 blob gas and 5,000 gas.
    const baseFee = 1_000n;
    const even = ((3_940_000n - 5_000n) * baseFee) / 131_072n;
    expect(cheaperForm(data, { baseFee, blobBaseFee: even })).to.equal("blobs");
    expect(cheaperForm(data, { baseFee, blobBaseFee: even + 1n })).to.equal("calldata");
    expect(cheaperForm(new Uint8Array(0), { baseFee, blobBaseFee: 0n })).to.equal("calldata");
    const long = new Uint8Array(128_001);
    expect(cheaperForm(long, { baseFee: 0n, blobBaseFee: 10n ** 18n })).to.equal("blobs");
  });
});

describe("sources of blobs", () => {
  let folder: string;
  let blob: BlobWithProof;
  const request = () => ({ versionedHash: toHex(blob.versionedHash), timestamp: 1_036n });

  before(async function () {
    this.timeout(60_000);
    folder = await mkdtemp(join(tmpdir(), "rollup-blobs-"));
    [blob] = (await makeSidecar(SMALL)) as [BlobWithProof];
  });
  after(() => rm(folder, { recursive: true }));

  it("an archive has a file for each blob, whole or not at all", async () => {
    const archive = openArchive(join(folder, "archive"));
    expect(await archive.read(request())).to.equal(undefined);
    await archive.write([blob]);
    await archive.write([blob]);
    expect(await readdir(join(folder, "archive"))).to.deep.equal([`${toHex(blob.versionedHash)}.blob`]);
    expect(Buffer.compare((await archive.read(request())) ?? Uint8Array.of(), blob.bytes)).to.equal(0);
    expect((await readFile(join(folder, "archive", `${toHex(blob.versionedHash)}.blob`))).length).to.equal(131_072);
    await writeFile(join(folder, "archive", `${ZERO_HASH}.blob`), "");
    expect(await openArchive(join(folder, "archive")).has(ZERO_HASH)).to.equal(true);
  });

  /** A beacon node: chain since 1,000, slots of 12 s. */
  async function beaconNode(
    answers: Record<string, unknown>,
  ): Promise<{ server: Server; url: string; asked: string[] }> {
    const asked: string[] = [];
    const all: Record<string, unknown> = {
      "/eth/v1/beacon/genesis": { data: { genesis_time: "1000" } },
      "/eth/v1/config/spec": { data: { SECONDS_PER_SLOT: "12" } },
      ...answers,
    };
    const server = createServer((incoming, response) => {
      asked.push(incoming.url ?? "");
      const answer = all[incoming.url ?? ""];
      response.writeHead(answer === undefined ? 404 : typeof answer === "number" ? answer : 200);
      response.end(JSON.stringify(answer ?? { code: 404 }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked };
  }

  const sidecars = () => ({
    data: [
      { index: "0", kzg_commitment: `0xc0${"00".repeat(47)}`, blob: "0x00" },
      { index: "1", kzg_commitment: hexlify(blob.commitment), blob: hexlify(blob.bytes) },
    ],
  });
  const path = () => `/eth/v1/beacon/blobs/3?versioned_hashes=${toHex(blob.versionedHash)}`;

  for (const [what, answers] of [
    ["by their versioned hashes", () => ({ [path()]: { data: [hexlify(blob.bytes)] } })],
    ["as sidecars, from a node that knows those only", () => ({ "/eth/v1/beacon/blob_sidecars/3": sidecars() })],
  ] as [string, () => Record<string, unknown>][]) {
    it(`a beacon node gives blobs ${what}, from the slot of the L1 block`, async () => {
      const { server, url } = await beaconNode(answers());
      try {
        const found = await beaconSource(url).read(request());
        expect(Buffer.compare(found ?? Uint8Array.of(), blob.bytes)).to.equal(0);
      } finally {
        server.close();
      }
    });
  }

  it("a beacon node that has them no more says so, one that fails is an error, and what is none is named", async () => {
    const [gone, failing, none] = await Promise.all([
      beaconNode({}),
      beaconNode({ [path()]: 500 }),
      beaconNode({ "/eth/v1/beacon/genesis": { data: {} } }),
    ]);
    try {
      expect(await beaconSource(gone.url).read(request())).to.equal(undefined);
      expect((await failure(beaconSource(failing.url).read(request()))).message).to.include("answers 500");
      expect((await failure(beaconSource(none.url).read(request()))).message).to.include("is it a beacon node?");
    } finally {
      for (const { server } of [gone, failing, none]) server.close();
    }
  });
});
