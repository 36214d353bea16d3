import { request } from "node:http";

import { expect } from "chai";

import { groupCommit } from "../../plugin/channel/group-commit.js";
import { createInbox } from "../../plugin/channel/inbox.js";
import { httpTransport, type HttpTransport, UndeliveredError } from "../../plugin/channel/transport-http.js";
import { MAX_MESSAGE_BYTES } from "../../plugin/channel/wire.js";
import { memoryStore } from "../../plugin/store/memory.js";
import type { StoreOperation } from "../../plugin/store/types.js";
import { person } from "./support/world.js";

const BOB = person(1).address;

describe("messages over HTTP", () => {
  let here: HttpTransport;
  let there: HttpTransport;
  let [taken, isFull]: [Uint8Array[], boolean] = [[], false];
  beforeEach(async () => {
    [taken, isFull] = [[], false];
    there = await httpTransport({ urlOf: () => undefined, port: 0, bodiesPerSource: 2 });
    here = await httpTransport({ urlOf: (to) => (to === BOB ? `${there.url}/` : undefined), port: 0, timeout: 2_000 });
    there.onMessage((bytes) => !isFull && taken.push(bytes) > 0);
  });
  afterEach(async () => {
    await here.close();
    await there.close();
  });

  const send = async (bytes: Uint8Array, to = BOB): Promise<string> =>
    await here.send(to, bytes, AbortSignal.timeout(5_000)).then(
      () => "taken",
      (error: unknown) => (error instanceof UndeliveredError ? error.reason : String(error)),
    );

  it("get there as they are", async () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, i) => i % 256);
    expect(await send(bytes)).to.equal("taken");
    expect(Buffer.from(taken[0]!).equals(bytes)).to.equal(true);
  });

  it("say why not", async () => {
    expect(await send(new Uint8Array(1), person(5).address)).to.equal("no URL of it is known");
    isFull = true;
    expect(await send(new Uint8Array(1))).to.equal("HTTP status 503");
    await there.close();
    expect(await send(new Uint8Array(1))).to.match(/ECONNREFUSED|socket/);
    there = await httpTransport({ urlOf: () => undefined, port: 0 });
  });

  it("are no longer than a message may be", async () => {
    expect(await send(new Uint8Array(MAX_MESSAGE_BYTES))).to.equal("taken");
    expect(await send(new Uint8Array(MAX_MESSAGE_BYTES + 1))).to.not.equal("taken");
    expect(taken).to.have.length(1);
  });

  it("are what is posted to one path", async () => {
    const statuses = await Promise.all(
      ["/", "/v1/channel-messages"].map(async (path) => (await fetch(`${there.url}${path}`)).status),
    );
    expect(statuses).to.deep.equal([404, 404]);
  });

  it("do not wait for somebody who sends bodies without an end", async () => {
    const slow = [1, 2].map(() => {
      const open = request(`${there.url}/v1/channel-messages`, { method: "POST" });
      // It is ended by us, in the middle.
      open.on("error", () => undefined);
      open.write("x");
      return open;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await send(new Uint8Array(1))).to.equal("HTTP status 429");
    for (const open of slow) open.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await send(new Uint8Array(1))).to.equal("taken");
  });
});

const LIMITS = {
  perSource: 10,
  sources: 10,
  size: { perSource: 100, all: 100 },
  sizeOf: (text: string) => text.length,
};

describe("inbox", () => {
  it("lets sources take turns, however much one sends", async () => {
    const order: string[] = [];
    const inbox = createInbox<string>({ ...LIMITS, perSource: 3, sources: 2 }, (message) => void order.push(message));
    expect(["a1", "a2", "a3", "a4"].map((message) => inbox.add("a", message))).to.deep.equal([true, true, true, false]);
    expect([inbox.add("b", "b1"), inbox.add("c", "c1")]).to.deep.equal([true, false]);
    await inbox.idle();
    expect(order).to.deep.equal(["a1", "b1", "a2", "a3"]);
    inbox.add("c", "c2");
    await inbox.idle();
    expect(order.at(-1)).to.equal("c2");
  });

  it("holds no more than its size", async () => {
    const inbox = createInbox<string>({ ...LIMITS, size: { perSource: 5, all: 8 } }, () => undefined);
    expect([inbox.add("a", "12345"), inbox.add("a", "1")]).to.deep.equal([true, false]);
    expect([inbox.add("b", "1234"), inbox.add("b", "123")]).to.deep.equal([false, true]);
    await inbox.idle();
    expect(inbox.add("a", "12345")).to.equal(true);
    await inbox.idle();
  });
});

describe("writes of several channels", () => {
  const put = (i: number): StoreOperation => ({ type: "put", key: Uint8Array.of(i), value: Uint8Array.of(i) });

  it("go together while one is under way, each synced", async () => {
    const sizes: number[] = [];
    const store = memoryStore();
    const commit = groupCommit({
      ...store,
      async write(operations, options) {
        expect(options.sync).to.equal(true);
        sizes.push(operations.length);
        await new Promise((resolve) => setTimeout(resolve, 5));
        await store.write(operations, options);
      },
    });
    const first = commit([put(1)]);
    await Promise.resolve();
    await Promise.all([first, commit([put(2)]), commit([put(3), put(4)])]);
    expect(sizes).to.deep.equal([1, 3]);
    expect(store.get(Uint8Array.of(4))).to.deep.equal(Uint8Array.of(4));
  });

  it("fail for those who wait for them, and for nobody later", async () => {
    let isBroken = true;
    const store = memoryStore();
    const commit = groupCommit({
      ...store,
      write: (operations, options) =>
        isBroken ? Promise.reject(new Error("disk full")) : store.write(operations, options),
    });
    expect(await commit([put(1)]).catch((error: unknown) => (error as Error).message)).to.equal("disk full");
    isBroken = false;
    await commit([put(2)]);
    expect(store.get(Uint8Array.of(2))).to.not.equal(undefined);
  });
});
