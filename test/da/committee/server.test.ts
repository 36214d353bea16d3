import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { type Attestation, attestationSigner } from "../../../plugin/da/committee/attestation.js";
import {
  collectSignatures,
  DataWithheldError,
  fetchData,
  type MemberAddress,
  type MemberFault,
} from "../../../plugin/da/committee/client.js";
import { CHUNK_LENGTH, isChunkOf, type ProvenChunk } from "../../../plugin/da/committee/chunks.js";
import { serveMember } from "../../../plugin/da/committee/server.js";
import type { Service } from "../../../plugin/net/service.js";
import { encodeRequest } from "../../../plugin/da/committee/wire.js";
import { toHex } from "../../../plugin/ledger/bytes.js";
import { dataHash } from "../../../plugin/ledger/hashes.js";
import type { Hex } from "../../../plugin/types.js";
import { bytes, fakeL1, memberOf, MEMBERS, requestOf, SCOPE, serveAnswer } from "./support.js";

const THRESHOLD = 5;
const DEAD = "http://127.0.0.1:9";
const CHILD = fileURLToPath(new URL("./child.ts", import.meta.url));

describe("A committee of 7, of which 5 must sign", () => {
  const data = bytes(3 * CHUNK_LENGTH + 5);
  const hash = dataHash(data);
  let open: { close(): Promise<void> }[] = [];
  let faults: MemberFault[] = [];
  const onFault = (fault: MemberFault) => faults.push(fault);

  beforeEach(() => {
    faults = [];
  });
  afterEach(async () => {
    await Promise.all(open.map((server) => server.close()));
    open = [];
  });

  function opened<T extends { close(): Promise<void> }>(server: T): T {
    open.push(server);
    return server;
  }
  const honest = async (position: number): Promise<Service> =>
    opened(await serveMember({ member: memberOf(position, fakeL1()), port: 0 }));
  const answering = async (...answer: Parameters<typeof serveAnswer>) => opened(await serveAnswer(...answer));
  const addresses = (urls: readonly (string | undefined)[]): MemberAddress[] =>
    urls.map((url, i) => ({ address: MEMBERS[i]!, url }));

  /** Members at their positions, honest but for those in `others`. */
  async function committee(others: Record<number, string | undefined> = {}): Promise<(string | undefined)[]> {
    return Promise.all(
      MEMBERS.map(async (_, position) => (position in others ? others[position] : (await honest(position)).url)),
    );
  }

  async function collect(urls: readonly (string | undefined)[], timeout = 5_000) {
    const request = await requestOf(data);
    const options = { scope: SCOPE, members: addresses(urls), threshold: THRESHOLD, request, timeout, onFault };
    return { request, found: await collectSignatures(options) };
  }

  function expectWhole({ request, found }: Awaited<ReturnType<typeof collect>>, positions: readonly number[]): void {
    expect(found?.signers).to.equal(positions.reduce((bits, position) => bits | (1n << BigInt(position)), 0n));
    const signers = positions.map((_, i) => {
      const signature: Hex = `0x${found?.signatures.slice(2 + 128 * i, 130 + 128 * i) ?? ""}`;
      return attestationSigner(SCOPE, request.attestation, signature);
    });
    expect(signers).to.deep.equal(positions.map((position) => MEMBERS[position]));
    expect(found?.signatures).to.have.length(2 + 128 * positions.length);
  }

  describe("asked for signatures", () => {
    it("gives those of any five when all are well", async () => {
      const { found } = await collect(await committee());
      expect(found?.signers.toString(2).replaceAll("0", "")).to.equal("11111");
      expect(faults).to.deep.equal([]);
    });

    it("gives five with two down", async () => {
      expectWhole(await collect(await committee({ 1: DEAD, 4: undefined })), [0, 2, 3, 5, 6]);
    });

    it("gives five with two lying, whose signatures are somebody else's or of something else", async () => {
      const request = await requestOf(data);
      const foreign = await memberOf(0, fakeL1()).attest(request);
      const other = await memberOf(6, fakeL1()).attest(await requestOf(bytes(7)));
      const liars = await Promise.all(
        [foreign, other].map((signature) => answering({ status: 200, body: JSON.stringify({ signature }) })),
      );
      expectWhole(await collect(await committee({ 2: liars[0]?.url, 6: liars[1]?.url })), [0, 1, 3, 4, 5]);
      expect(faults.map(({ member }) => member)).to.have.members([MEMBERS[2], MEMBERS[6]]);
    });

    it("waits for nobody who is slow once there are five", async () => {
      const slow = await answering(undefined);
      const began = Date.now();
      const result = await collect(await committee({ 0: slow.url, 3: DEAD }), 30_000);
      expectWhole(result, [1, 2, 4, 5, 6]);
      expect(Date.now() - began).to.be.below(15_000);
      expect(slow.asked()).to.equal(1);
    });

    it("gives none when three do not answer in time", async () => {
      const slow = await answering(undefined);
      const { found } = await collect(await committee({ 0: slow.url, 3: slow.url, 5: slow.url }), 1_500);
      expect(found).to.equal(undefined);
      expect(faults.map(({ reason }) => reason)).to.deep.equal(Array(3).fill("no answer within 1500 ms"));
    });

    it("gives none when all are down", async () => {
      expect((await collect(MEMBERS.map(() => DEAD))).found).to.equal(undefined);
      expect(faults).to.have.length(7);
    });

    it("is not believed when its answers are no answers", async () => {
      const bodies = ["", "[]", "null", '{"signature":5}', `{"signature":"0x${"00".repeat(65)}"}`, "x".repeat(1 << 20)];
      const liars = await Promise.all(bodies.map((body) => answering({ status: 200, body })));
      expect((await collect(liars.map(({ url }) => url))).found).to.equal(undefined);
      expect(faults).to.have.length(bodies.length);
    });

    it("is not waited for when the caller gives up", async () => {
      const slow = await answering(undefined);
      const request = await requestOf(data);
      const giveUp = new AbortController();
      setTimeout(() => {
        giveUp.abort(new Error("enough"));
      }, 50);
      const outcome = await collectSignatures({
        ...{ scope: SCOPE, members: addresses(MEMBERS.map(() => slow.url)), threshold: THRESHOLD, request },
        ...{ timeout: 60_000, signal: giveUp.signal },
      }).catch((error: unknown) => error);
      expect((outcome as Error).message).to.equal("enough");
    });
  });

  describe("asked for data", () => {
    async function holder(position: number): Promise<string> {
      const member = memberOf(position, fakeL1());
      await member.attest(await requestOf(data));
      return opened(await serveMember({ member, port: 0 })).url;
    }

    it("gives them from the one member that is honest and there", async () => {
      const liars = [
        await answering({ status: 200, body: bytes(data.length, 1) }),
        await answering({ status: 200, body: data.slice(1) }),
        await answering({ status: 200, body: "" }),
        await answering({ status: 200, body: new Uint8Array(3 << 20) }),
        await answering(undefined),
      ];
      const urls = [...liars.map(({ url }) => url), DEAD, await holder(6)];
      expect(await fetchData(urls, hash, { onFault })).to.deep.equal(data);
    });

    it("says of each member why it gave nothing", async () => {
      const urls = [DEAD, (await honest(1)).url, (await answering({ status: 200, body: "lie" })).url];
      const outcome = await fetchData(urls, hash).catch((error: unknown) => error);
      expect(outcome).to.be.instanceOf(DataWithheldError);
      expect((outcome as DataWithheldError).faults.map(({ url }) => url)).to.have.members(urls);
      expect((outcome as Error).message)
        .to.include("HTTP status 404")
        .and.to.include("another hash");
    });

    it("says so when nobody can be asked", async () => {
      const outcome = await fetchData([], hash).catch((error: unknown) => error);
      expect((outcome as Error).message).to.include("no URL is known");
    });

    it("gives chunks with their paths", async () => {
      const url = await holder(2);
      const answer = (await (await fetch(`${url}/v1/data/${hash}/chunks/3`)).json()) as ProvenChunk;
      expect(isChunkOf(hash, 3, answer)).to.equal(true);
      expect(answer.chunk).to.equal(toHex(data.subarray(3 * CHUNK_LENGTH)));
      for (const path of ["chunks/4", "chunks/-1", "chunks/x", "chunks/99999", "else"])
        expect((await fetch(`${url}/v1/data/${hash}/${path}`)).status, path).to.equal(404);
    });
  });

  describe("a member's server", () => {
    it("says what is wrong with a request, and lives on", async () => {
      const { url } = await honest(0);
      const post = (body: string) => fetch(`${url}/v1/attest`, { method: "POST", body });
      const good = JSON.parse(encodeRequest(await requestOf(data))) as Record<string, unknown>;
      const wrong: [string, string][] = [
        ["", "JSON"],
        ["[]", "object"],
        [JSON.stringify({ ...good, epoch: 0 }), "epoch"],
        [JSON.stringify({ ...good, batchIndex: "-1" }), "batchIndex"],
        [JSON.stringify({ ...good, expiry: `${2n ** 64n}` }), "expiry"],
        [JSON.stringify({ ...good, dataHash: "0x00" }), "dataHash"],
        [JSON.stringify({ ...good, data: "0x0" }), "data"],
        [JSON.stringify({ ...good, requester: "0x" }), "requester"],
      ];
      for (const [body, word] of wrong) {
        const response = await post(body);
        expect(response.status, body.slice(0, 60)).to.equal(400);
        expect(((await response.json()) as { error: string }).error).to.include(word);
      }
      expect((await post(JSON.stringify({ ...good, length: "1" }))).status).to.equal(409);
      expect((await post("x".repeat(3 << 20)).catch(() => ({ status: 413 }))).status).to.equal(413);
      expect((await fetch(`${url}/v1/attest`)).status).to.equal(404);
      expect((await post(JSON.stringify(good))).status).to.equal(200);
    });

    it("killed while it works, has whatever it signed a word of", async function () {
      this.timeout(60_000);
      // The batches that may be posted, with data that take a while.
      const batches = [3n, 4n, 5n, 6n].map((batchIndex, i) => ({ batchIndex, data: bytes(300_000, i) }));
      for (const moment of [40, 120]) {
        const directory = await mkdtemp(join(tmpdir(), "dac-"));
        try {
          const first = await startChild(directory);
          const answers = Promise.allSettled(
            batches.map(({ batchIndex, data: held }) => askAll(first.url, held, { batchIndex })),
          );
          await new Promise((resume) => setTimeout(resume, moment));
          await kill(first.process);
          const signed = (await answers).map((answer) => answer.status === "fulfilled");

          const second = await startChild(directory);
          for (const [i, { batchIndex, data: held }] of batches.entries()) {
            const kept = await fetchData([second.url], dataHash(held)).catch(() => undefined);
            if (signed[i]) expect(kept, `batch ${batchIndex}`).to.deep.equal(held);
            // What it has, it signed or was about to: it signs nothing else.
            const other = await askAll(second.url, bytes(11), { batchIndex });
            expect(other.startsWith("0x"), `batch ${batchIndex}: ${other}`).to.equal(kept === undefined);
          }
          await kill(second.process);
        } finally {
          await rm(directory, { recursive: true });
        }
      }
    });

    it("killed after it signed, still has what it signed and signs nothing else", async () => {
      const directory = await mkdtemp(join(tmpdir(), "dac-"));
      try {
        const first = await startChild(directory);
        const signed = await askAll(first.url, data);
        await kill(first.process);

        const second = await startChild(directory);
        expect(await fetchData([second.url], hash)).to.deep.equal(data);
        expect(await askAll(second.url, data)).to.equal(signed);
        expect(await askAll(second.url, bytes(11))).to.include("other data were signed");
        await kill(second.process);
      } finally {
        await rm(directory, { recursive: true });
      }
    });
  });
});

/** The signature that a member gives, or why it gives none. */
async function askAll(url: string, data: Uint8Array, attestation: Partial<Attestation> = {}): Promise<string> {
  const body = encodeRequest(await requestOf(data, { attestation }));
  const response = await fetch(`${url}/v1/attest`, { method: "POST", body });
  const { signature, error } = (await response.json()) as { signature?: string; error?: string };
  return signature ?? error ?? "nothing";
}

function startChild(directory: string): Promise<{ url: string; process: ChildProcess }> {
  const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), CHILD, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.stdout.once("data", (line: Buffer) => {
      resolve({ url: line.toString().trim(), process: child });
    });
    child.once("exit", (code) => {
      reject(new Error(`the member ended by itself with ${code}`));
    });
  });
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}
