import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { verifyTypedData } from "ethers";

import { channelDomain } from "../../../plugin/channel/hashes.js";
import {
  createWatchClient,
  UnwatchableError,
  type WatchClientEvent,
} from "../../../plugin/channel/watchtower/client.js";
import { decodeCheckpoint } from "../../../plugin/channel/watchtower/payload.js";
import { hintOf, unseal } from "../../../plugin/channel/watchtower/seal.js";
import { serveTower } from "../../../plugin/channel/watchtower/server.js";
import { blobsHash, watchDigests } from "../../../plugin/channel/watchtower/signing.js";
import { TowerRefusal, type TowerOptions } from "../../../plugin/channel/watchtower/tower.js";
import { ForeignWatchError, openVault, type VaultLimits } from "../../../plugin/channel/watchtower/vault.js";
import {
  encodeUpload,
  heldBlob,
  type HeldBlob,
  MAX_BLOB_LENGTH,
  MAX_BLOBS,
  MAX_BODY,
  type Upload,
} from "../../../plugin/channel/watchtower/wire.js";
import type { Service } from "../../../plugin/net/service.js";
import { openLevelStore } from "../../../plugin/store/level.js";
import { memoryStore } from "../../../plugin/store/memory.js";
import type { Store } from "../../../plugin/store/types.js";
import type { Hex } from "../../../plugin/types.js";
import { failure } from "../../l1/support/failure.js";
import { channelOf, DAY, id, keyOf, LIMITS, NOW, SOME_DOMAIN, towerWith, vaultIn } from "./support.js";

const RECEIPT_TYPES = {
  WatchReceipt: [
    { name: "hint", type: "bytes32" },
    { name: "blobHash", type: "bytes32" },
    { name: "until", type: "uint64" },
  ],
};
const UNTIL = NOW + 10n * DAY;

describe("A watchtower's server", () => {
  const channel = channelOf(SOME_DOMAIN, [keyOf("alice"), keyOf("bob")]);
  const client = keyOf("client");
  const digests = watchDigests(SOME_DOMAIN);
  let open: { close(): Promise<void> }[] = [];

  afterEach(async () => {
    for (const each of open.reverse()) await each.close();
    open = [];
  });
  function opened<T extends { close(): Promise<void> }>(each: T): T {
    open.push(each);
    return each;
  }

  const blobAt = (name: string, length = 300): HeldBlob =>
    heldBlob(id(`hint of ${name}`), Buffer.concat([Buffer.from(id(name)), Buffer.alloc(length)]).subarray(0, length));

  function uploadOf(tower: Hex, blobs: readonly HeldBlob[], { until = UNTIL, by = client } = {}): Upload {
    return { blobs, until, signature: by.sign(digests.upload({ tower, blobsHash: blobsHash(blobs), until })) };
  }

  async function towerOf(options: Partial<TowerOptions> = {}, limits: VaultLimits = LIMITS, store = memoryStore()) {
    const vault = await vaultIn(store, limits);
    return { vault, store, tower: towerWith(vault, options) };
  }

  describe("asked to hold blobs", () => {
    it("signs a receipt for each, which EIP-712 tools read", async () => {
      const { tower, vault } = await towerOf();
      const blobs = [blobAt("a"), blobAt("b")];
      const accepted = await tower.accept(uploadOf(tower.info.tower, blobs));
      expect(accepted.client).to.equal(client.address);
      for (const [i, { hint, blobHash, blob }] of blobs.entries()) {
        const signer = verifyTypedData(
          channelDomain(SOME_DOMAIN),
          RECEIPT_TYPES,
          { hint, blobHash, until: UNTIL },
          accepted.receipts[i]!,
        );
        expect(signer.toLowerCase()).to.equal(tower.info.tower);
        expect((await vault.blobs(hint)).map((each) => Buffer.from(each))).to.deep.equal([Buffer.from(blob)]);
      }
    });

    it("keeps those that several clients have for one hint", async () => {
      const { tower, vault } = await towerOf();
      const hint = id("one hint");
      for (const name of ["first", "second", "third"]) {
        const blob = heldBlob(hint, Buffer.from(name));
        await tower.accept(uploadOf(tower.info.tower, [blob], { by: keyOf(name) }));
      }
      await tower.accept(uploadOf(tower.info.tower, [heldBlob(hint, Buffer.from("another"))], { by: keyOf("first") }));
      const held = (await vault.blobs(hint)).map((blob) => Buffer.from(blob).toString()).sort();
      expect(held).to.deep.equal(["another", "first", "second", "third"]);
    });

    it("counts a blob once, however often it comes", async () => {
      const { tower, vault } = await towerOf();
      const upload = uploadOf(tower.info.tower, [blobAt("a"), blobAt("a")]);
      const { receipts } = await tower.accept(upload);
      const { bytes } = vault;
      expect((await tower.accept(upload)).receipts).to.deep.equal(receipts);
      expect(vault.bytes).to.equal(bytes);
    });

    it("refuses in one line, and holds nothing then", async () => {
      const { tower, vault } = await towerOf(
        { clients: [client.address] },
        { clientBytes: 1_000n, totalBytes: 1_500n },
      );
      const me = tower.info.tower;
      const blobs = [blobAt("a")];
      const cases: [Upload, RegExp][] = [
        [uploadOf(me, blobs, { until: NOW }), /would be held until 1800000000; 1800000001 to \d+ is right/],
        [uploadOf(me, blobs, { until: NOW + 91n * DAY }), /would be held until/],
        [uploadOf(me, blobs, { by: keyOf("a stranger") }), /^0x[0-9a-f]{40} is no client of this tower$/],
        [uploadOf(client.address, blobs), /is no client of this tower$/],
        [{ ...uploadOf(me, blobs), until: UNTIL + 1n }, /is no client of this tower$/],
        [{ ...uploadOf(me, blobs), blobs: [blobAt("b")] }, /is no client of this tower$/],
        [{ ...uploadOf(me, blobs), signature: `0x${"ff".repeat(64)}` }, /^nobody signed the request$/],
        [uploadOf(me, [blobAt("a"), blobAt("b"), blobAt("c")]), /^the tower holds 1000 bytes for a client/],
      ];
      for (const [upload, reason] of cases) {
        const error = await failure(tower.accept(upload));
        expect(error).to.be.instanceOf(TowerRefusal);
        expect(error.message).to.match(reason);
      }
      expect(vault.bytes).to.equal(0n);
    });

    it("takes no more than there is room for all, and room again once promises are over", async () => {
      let now = NOW;
      const { tower, vault } = await towerOf({ now: () => now }, { clientBytes: 1_000n, totalBytes: 1_500n });
      const me = tower.info.tower;
      await tower.accept(uploadOf(me, [blobAt("a"), blobAt("b")]));
      const late = uploadOf(me, [blobAt("c"), blobAt("d")], { by: keyOf("another"), until: UNTIL + DAY });
      expect((await failure(tower.accept(late))).message).to.match(/^the tower is full/);
      now = UNTIL;
      expect(await vault.sweep(now)).to.equal(0);
      expect(await vault.sweep(now + 1n)).to.equal(2);
      expect(vault.bytes).to.equal(0n);
      await tower.accept(late);
      expect(await vault.blobs(blobAt("a").hint)).to.deep.equal([]);
      expect(await vault.blobs(blobAt("c").hint)).to.have.length(1);
    });

    it("holds a blob to the end of its longest promise", async () => {
      const { tower, vault } = await towerOf();
      const { hint } = blobAt("a");
      await tower.accept(uploadOf(tower.info.tower, [blobAt("a")], { until: NOW + 5n * DAY }));
      await tower.accept(uploadOf(tower.info.tower, [blobAt("a")], { until: NOW + 9n * DAY }));
      await tower.accept(uploadOf(tower.info.tower, [blobAt("a")], { until: NOW + 2n * DAY }));
      expect(await vault.sweep(NOW + 9n * DAY)).to.equal(0);
      expect(await vault.blobs(hint)).to.have.length(1);
      expect(await vault.sweep(NOW + 9n * DAY + 1n)).to.equal(1);
      expect(await vault.blobs(hint)).to.have.length(0);
    });

    it("takes only so many a second of one client, and all of another", async () => {
      const { tower } = await towerOf({ blobsPerSecond: 1 });
      const me = tower.info.tower;
      const many = Array.from({ length: MAX_BLOBS }, (_, i) => blobAt(`${i}`, 40));
      await tower.accept(uploadOf(me, many));
      const error = await failure(tower.accept(uploadOf(me, many)));
      expect((error as TowerRefusal).retryAfter).to.be.within(250, 256);
      await tower.accept(uploadOf(me, many, { by: keyOf("another") }));
    });

    it("keeps its key and its blobs, and keeps nothing for another adjudicator", async () => {
      const { tower, store } = await towerOf();
      await tower.accept(uploadOf(tower.info.tower, [blobAt("a")]));
      const again = await towerOf({}, LIMITS, store);
      expect(again.tower.info).to.deep.equal(tower.info);
      expect(await again.vault.blobs(blobAt("a").hint)).to.have.length(1);
      const other = openVault(store, { owner: id("another adjudicator"), place: "the folder", limits: LIMITS });
      expect(await failure(other)).to.be.instanceOf(ForeignWatchError);
    });

    for (const written of [false, true]) {
      it(`has every blob that has a receipt, when it dies ${written ? "after" : "before"} it wrote`, async () => {
        const store = memoryStore();
        await vaultIn(store);
        let hasReceipt = false;
        for (let death = 0; !hasReceipt; death++) {
          const { tower } = await towerOf({}, LIMITS, mortal(store, death, written));
          const answer = await tower
            .accept(uploadOf(tower.info.tower, [blobAt("a"), blobAt("b")]))
            .catch(() => undefined);
          hasReceipt = answer !== undefined;
          const { vault } = await towerOf({}, LIMITS, store);
          const held = (await vault.blobs(blobAt("a").hint)).length + (await vault.blobs(blobAt("b").hint)).length;
          if (hasReceipt) expect(held).to.equal(2);
          else expect(held).to.equal(written ? 2 : 0);
          expect(vault.bytes).to.equal(held === 0 ? 0n : 984n);
          if (death === 0) expect(hasReceipt).to.equal(false);
        }
      });
    }
  });

  describe("over HTTP", () => {
    async function served(options: Partial<TowerOptions> = {}): Promise<{ server: Service; tower: Hex }> {
      const { tower } = await towerOf(options);
      return { server: opened(await serveTower({ tower, port: 0 })), tower: tower.info.tower };
    }
    const post = (url: string, body: string): Promise<Response> => fetch(`${url}/v1/blobs`, { method: "POST", body });

    it("says what is wrong with a request", async () => {
      const { server, tower } = await served();
      const right = encodeUpload(uploadOf(tower, [blobAt("a")]));
      const changed = (change: (fields: Record<string, unknown>) => void): string => {
        const fields = JSON.parse(right) as Record<string, unknown>;
        change(fields);
        return JSON.stringify(fields);
      };
      const big = heldBlob(id("big"), new Uint8Array(MAX_BLOB_LENGTH + 1));
      const cases: [string, number, RegExp][] = [
        ["", 400, /no JSON|not JSON/],
        ["[]", 400, /no object/],
        [changed((fields) => (fields.blobs = [])), 400, /a list of 1 to 256/],
        [changed((fields) => (fields.blobs = Array.from({ length: 257 }))), 400, /a list of 1 to 256/],
        [changed((fields) => (fields.blobs = [null])), 400, /blob must be bytes/],
        [changed((fields) => (fields.blobs = [{ hint: "0x12", blob: "0x" }])), 400, /hint must be 32 bytes/],
        [changed((fields) => (fields.until = 5)), 400, /until must be/],
        [changed((fields) => (fields.signature = "0x")), 400, /signature must be 64 bytes/],
        [encodeUpload(uploadOf(tower, [big])), 400, /at most 4096 bytes/],
        [encodeUpload(uploadOf(tower, [blobAt("a")], { until: 1n })), 409, /would be held until 1/],
        ["x".repeat(MAX_BODY + 1), 413, /too large/],
      ];
      for (const [body, status, reason] of cases) {
        const response = await post(server.url, body);
        expect(response.status, reason.source).to.equal(status);
        expect(((await response.json()) as { error: string }).error).to.match(reason);
      }
      expect((await fetch(`${server.url}/v1/nothing`)).status).to.equal(404);
      expect((await post(server.url, right)).status).to.equal(200);
    });

    it("asks who sends too much to wait", async () => {
      const { server, tower } = await served({ blobsPerSecond: 1 });
      const body = encodeUpload(
        uploadOf(
          tower,
          Array.from({ length: MAX_BLOBS }, (_, i) => blobAt(`${i}`, 40)),
        ),
      );
      expect((await post(server.url, body)).status).to.equal(200);
      const response = await post(server.url, body);
      expect(response.status).to.equal(429);
      expect(Number(response.headers.get("retry-after"))).to.be.within(250, 256);
    });
  });

  describe("and its client", () => {
    let events: WatchClientEvent[] = [];
    beforeEach(() => (events = []));

    async function clientOf(url: string, store: Store = memoryStore(), options: { tower?: Hex } = {}) {
      const log = (event: WatchClientEvent): void => void events.push(event);
      return opened(
        await createWatchClient({
          ...{ domain: SOME_DOMAIN, url, store, now: () => NOW, gather: 1, maxBackoff: 20, log, ...options },
        }),
      );
    }
    async function served(store = memoryStore(), port = 0) {
      const { tower, vault } = await towerOf({}, LIMITS, store);
      return { vault, tower: tower.info.tower, server: opened(await serveTower({ tower, port })) };
    }
    const hand = (watch: Awaited<ReturnType<typeof clientOf>>, from: number, to: number): void => {
      for (let turn = from; turn < to; turn++)
        watch.hand(channel.channelId, channel.stateAt(turn), channel.signedAt(turn + 1), channel.params);
    };

    it("brings every state to the tower, in batches, and files receipts", async () => {
      const { server, vault, tower } = await served();
      const watch = await clientOf(server.url);
      hand(watch, 0, 600);
      await watch.settled();
      const receipts = await watch.receipts(channel.channelId);
      expect(receipts).to.have.length(600);
      const hints = new Set(receipts.map(({ hint }) => hint));
      for (let turn = 0; turn < 600; turn++) expect(hints.has(hintOf(channel.hashAt(turn)))).to.equal(true);
      for (const { hint, blobHash, until, signature } of receipts.slice(0, 5)) {
        const domain = channelDomain(SOME_DOMAIN);
        const signer = verifyTypedData(domain, RECEIPT_TYPES, { hint, blobHash, until }, signature);
        expect(signer.toLowerCase()).to.equal(tower);
        expect(await vault.blobs(hint)).to.have.length(1);
      }
      expect(events.filter(({ kind }) => kind === "uploaded")).to.have.length(3);
    });

    it("catches up after an outage of the tower", async () => {
      const towerStore = memoryStore();
      const first = await served(towerStore);
      const watch = await clientOf(first.server.url);
      hand(watch, 0, 3);
      await watch.settled();
      await first.server.close();
      open = open.filter((each) => each !== first.server);
      hand(watch, 3, 300);
      while (!events.some(({ kind }) => kind === "failed")) await new Promise((resolve) => setTimeout(resolve, 2));
      const second = await served(towerStore, Number(new URL(first.server.url).port));
      await watch.settled();
      expect(await watch.receipts(channel.channelId)).to.have.length(300);
      expect(second.tower).to.equal(first.tower);
      expect(await second.vault.blobs(hintOf(channel.hashAt(299)))).to.have.length(1);
    });

    it("keeps what waits when its process ends, and uploads nothing twice", async () => {
      const { server } = await served();
      const store = memoryStore();
      const watch = await clientOf("http://127.0.0.1:9", store);
      hand(watch, 0, 5);
      await watch.close();
      const again = await clientOf(server.url, store);
      await again.settled();
      expect(await again.receipts(channel.channelId)).to.have.length(5);
      events = [];
      hand(again, 3, 6);
      await again.settled();
      expect(events).to.deep.equal([{ kind: "uploaded", count: 1 }]);
    });

    it("is not settled before what was handed while it looked through its outbox has a receipt", async () => {
      const { server } = await served();
      const inner = memoryStore();
      let begin = (): void => undefined;
      let settled: Promise<void> | undefined;
      const store: Store = {
        ...inner,
        async *entries(range) {
          await new Promise((resolve) => setImmediate(resolve));
          yield* inner.entries(range);
          if (range.limit === MAX_BLOBS && settled === undefined) begin();
        },
      };
      const watch = await clientOf(server.url, store);
      begin = () => {
        hand(watch, 0, 3);
        settled = watch.settled();
      };
      while (settled === undefined) await new Promise((resolve) => setImmediate(resolve));
      await settled;
      expect(await watch.receipts(channel.channelId)).to.have.length(3);
    });

    it("believes the receipts of its tower only", async () => {
      const { server } = await served();
      const watch = await clientOf(server.url, memoryStore(), { tower: keyOf("the tower that was chosen").address });
      hand(watch, 0, 1);
      while (events.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      expect(events[0]).to.include({ kind: "failed" });
      expect((events[0] as { reason: string }).reason).to.match(/^tower 0x\w+ answers, 0x\w+ is wanted$/);
      expect(await watch.receipts(channel.channelId)).to.deep.equal([]);
    });

    it("does not take a receipt for other blobs, or signed by another", async () => {
      const { tower } = await towerOf();
      const liar = {
        ...tower,
        accept: async (upload: Upload) => ({
          ...(await tower.accept(upload)),
          receipts: upload.blobs.map(({ hint, blobHash }) =>
            keyOf("liar").sign(digests.receipt({ hint, blobHash, until: upload.until })),
          ),
        }),
      };
      const server = opened(await serveTower({ tower: liar, port: 0 }));
      const watch = await clientOf(server.url);
      hand(watch, 0, 1);
      while (events.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      expect((events[0] as { reason: string }).reason).to.match(/^a receipt is signed by 0x\w+, not by the tower/);
      expect(await watch.receipts(channel.channelId)).to.deep.equal([]);
    });

    it("renews a promise that comes near its end", async () => {
      const { server, vault } = await served();
      const store = memoryStore();
      const watch = await clientOf(server.url, store);
      hand(watch, 0, 3);
      await watch.settled();
      await watch.close();
      const later = await createWatchClient({
        ...{ domain: SOME_DOMAIN, url: server.url, store, now: () => NOW + 20n * DAY, gather: 1 },
      });
      opened(later);
      await later.settled();
      for (const { until } of await later.receipts(channel.channelId)) expect(until).to.equal(NOW + 50n * DAY);
      expect(await vault.sweep(NOW + 40n * DAY)).to.equal(0);
    });

    it("forgets a channel, and says which states cannot be watched", async () => {
      const { server } = await served();
      const watch = await clientOf(server.url);
      hand(watch, 0, 3);
      await watch.settled();
      await watch.forget(channel.channelId);
      expect(await watch.receipts(channel.channelId)).to.deep.equal([]);
      const { channelId, params } = channel;
      expect(() => {
        watch.hand(channelId, channel.stateAt(4), channel.signedAt(5, { by: [0] }), params);
      }).to.throw(UnwatchableError, "participant 1 did not sign turn 5");
      expect(() => {
        watch.hand(channelId, channel.stateAt(5), channel.signedAt(5), params);
      }).to.throw(UnwatchableError, "turn 5 does not come after turn 5");
    });

    it("seals what a checkpoint needs under the state before", async () => {
      const { server, vault } = await served();
      const watch = await clientOf(server.url);
      hand(watch, 7, 8);
      await watch.settled();
      const [blob] = await vault.blobs(hintOf(channel.hashAt(7)));
      const payload = unseal(channel.hashAt(7), blob ?? new Uint8Array());
      expect(payload && decodeCheckpoint(payload)).to.deep.equal({
        params: channel.params,
        signed: channel.signedAt(8),
      });
    });
  });

  it("keeps its blobs on disk", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tower-"));
    try {
      const store = await openLevelStore(folder);
      const { tower } = await towerOf({}, LIMITS, store);
      await tower.accept(uploadOf(tower.info.tower, [blobAt("a"), blobAt("b")]));
      await store.close();
      const reopened = await openLevelStore(folder);
      const again = await towerOf({}, LIMITS, reopened);
      expect(again.tower.info.tower).to.equal(tower.info.tower);
      expect(await again.vault.blobs(blobAt("b").hint)).to.have.length(1);
      expect(await again.vault.sweep(UNTIL + 1n)).to.equal(2);
      await reopened.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

/** A store whose process dies at the write of that number, before or after it. */
function mortal(store: Store, death: number, written: boolean): Store {
  let count = 0;
  return {
    ...store,
    async write(operations, options) {
      const dies = count++ === death;
      if (!dies || written) await store.write(operations, options);
      if (dies) throw new Error("killed");
    },
  };
}
