import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { cacheNodes } from "../../plugin/store/cached-nodes.js";
import { StoreError, StoreLockedError } from "../../plugin/store/errors.js";
import { openLevelStore } from "../../plugin/store/level.js";
import { memoryStore } from "../../plugin/store/memory.js";
import type { Store, StoreRange } from "../../plugin/store/types.js";

const key = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);
const put = (at: Uint8Array, value: Uint8Array) => ({ type: "put" as const, key: at, value });

async function list(store: Store, range: StoreRange): Promise<[number[], number[]][]> {
  const found: [number[], number[]][] = [];
  for await (const [name, value] of store.entries(range)) found.push([[...name], [...value]]);
  return found;
}

describe("store", () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "rollup-store-"));
  });
  after(() => rm(directory, { recursive: true }));

  const kinds: [string, () => Promise<Store>][] = [
    ["on disk", () => openLevelStore(join(directory, "common"))],
    ["in memory", () => Promise.resolve(memoryStore())],
  ];
  for (const [kind, open] of kinds)
    describe(kind, () => {
      let store: Store;
      before(async () => {
        store = await open();
      });
      after(() => store.close());

      it("reads what was written, and not what was deleted in the same write", async () => {
        await store.write([put(key(1), key(10)), put(key(2), key(20)), { type: "del", key: key(1) }], { sync: true });
        expect(store.get(key(1))).to.equal(undefined);
        expect([...store.get(key(2))!]).to.deep.equal([20]);
      });

      it("lists a range in byte order, both ways", async () => {
        const keys = [key(5, 0), key(5, 200), key(5, 3, 1), key(6)];
        await store.write(
          keys.map((name) => put(name, key(0))),
          { sync: false },
        );
        const names = async (range: Partial<StoreRange>) =>
          (await list(store, { from: key(5), to: key(6), ...range })).map(([name]) => name);
        expect(await names({})).to.deep.equal([
          [5, 0],
          [5, 3, 1],
          [5, 200],
        ]);
        expect(await names({ reverse: true, limit: 1 })).to.deep.equal([[5, 200]]);
      });
    });

  it("keeps what was written over a restart", async () => {
    const path = join(directory, "restart");
    const first = await openLevelStore(path);
    await first.write([put(key(1), key(42))], { sync: true });
    await first.close();
    const second = await openLevelStore(path);
    expect([...second.get(key(1))!]).to.deep.equal([42]);
    await second.close();
  });

  it("says in one line that a store is in use by another process", async () => {
    const path = join(directory, "locked");
    await mkdir(path);
    const program = `import { ClassicLevel } from "classic-level";
      const level = new ClassicLevel(process.argv[1] + "/lock");
      await level.open(); console.log("open"); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program, path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await new Promise((resolve, reject) => {
        child.stdout.once("data", resolve);
        child.once("exit", () => reject(new Error("the other process ended")));
      });
      const error: unknown = await openLevelStore(path).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(StoreLockedError);
      expect((error as Error).message).to.equal(
        `the store at ${path} is in use; stop the process that has it open or choose another directory`,
      );
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("is open once, also within one process", async () => {
    const path = join(directory, "twice");
    const store = await openLevelStore(path);
    const error: unknown = await openLevelStore(path).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(StoreLockedError);
    await store.close();
    await (await openLevelStore(path)).close();
  });

  it("says in one line that a store cannot be opened", async () => {
    const error: unknown = await openLevelStore("/dev/null/store").catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(StoreError);
    expect((error as Error).message).to.match(/^the store at \/dev\/null\/store cannot be opened: .+$/);
  });

  it("answers nodes from memory once it has seen them, and forgets the least used", () => {
    let reads = 0;
    const reader = {
      get(hash: Uint8Array) {
        reads++;
        return hash[0] === 9 ? undefined : hash.subarray(0, 1);
      },
    };
    const hashOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
    const cache = cacheNodes(reader, 4);
    for (const byte of [1, 2, 1, 2]) expect([...cache.get(hashOf(byte))!]).to.deep.equal([byte]);
    expect(reads).to.equal(2);
    for (const byte of [3, 1, 4, 5]) cache.get(hashOf(byte));
    cache.get(hashOf(1));
    expect(reads).to.equal(5);
    cache.get(hashOf(2));
    expect(reads).to.equal(6);
    expect(cache.get(hashOf(9))).to.equal(undefined);
    cache.add([{ hash: hashOf(9), preimage: key(99) }]);
    expect([...cache.get(hashOf(9))!]).to.deep.equal([99]);
  });
});
