import { expect } from "chai";

import { keccak256 } from "../../plugin/machine/keccak.js";
import { PreimageMap } from "../../plugin/machine/preimage-map.js";
import { createRandom } from "../ledger/random.js";

const key = (hash: Uint8Array) => Buffer.from(hash).toString("hex");

describe("preimage map", () => {
  it("behaves like a map, through growth, whatever the hashes share", () => {
    const random = createRandom(21);
    const map = new PreimageMap();
    const expected = new Map<string, Uint8Array>();
    const hashes: Uint8Array[] = [];
    const views: [view: Uint8Array, content: string][] = [];
    for (let i = 0; i < 6_000; i++) {
      const hash = random.bytes(32);
      // Some differ from an earlier one in one byte alone.
      const earlier = hashes.at(random.int(hashes.length + 1));
      if (earlier !== undefined && random.chance(0.3)) {
        hash.set(earlier);
        hash[random.int(32)]! ^= 1;
      }
      const preimage = random.bytes(random.pick([0, 1, 3, 64, 64, 64, 128, 128, 500]));
      if (!expected.has(key(hash))) expected.set(key(hash), preimage);
      hashes.push(hash);
      map.set(hash, preimage);
      if (i % 100 === 0) views.push([map.get(hash)!, key(map.get(hash)!)]);
    }
    expect(map.size).to.equal(expected.size);
    for (const hash of hashes) expect(key(map.get(hash)!)).to.equal(key(expected.get(key(hash))!));
    for (const [view, content] of views) expect(key(view), "a view taken before").to.equal(content);
    for (let i = 0; i < 500; i++) expect(map.get(random.bytes(32))).to.equal(undefined);
    expect([...map.entries()].map(([hash, preimage]) => [key(hash), key(preimage)])).to.deep.equal(
      [...expected].map(([hash, preimage]) => [hash, key(preimage)]),
    );
  });

  it("copies what it is given, reads a hash from the beginning of a longer view, and holds large preimages", () => {
    const map = new PreimageMap();
    const hash = new Uint8Array(32).fill(7);
    const large = new Uint8Array(5 << 20).fill(1);
    map.set(hash, large);
    large.fill(2);
    hash.fill(8);
    const page = new Uint8Array(4_096).fill(7);
    expect(map.get(page)?.length).to.equal(5 << 20);
    expect(map.get(page)?.every((byte) => byte === 1)).to.equal(true);
    expect(map.get(hash)).to.equal(undefined);
  });

  it("holds many large preimages beside small ones", () => {
    const map = new PreimageMap();
    const hashOf = (i: number) => keccak256(Uint8Array.of(i & 255, i >> 8));
    const lengthOf = (i: number) => (i % 4 === 0 ? 300_000 : 64);
    for (let i = 0; i < 400; i++) map.set(hashOf(i), new Uint8Array(lengthOf(i)).fill(i));
    for (let i = 0; i < 400; i++) {
      const preimage = map.get(hashOf(i))!;
      expect([preimage.length, preimage[0], preimage.at(-1)]).to.deep.equal([lengthOf(i), i & 255, i & 255]);
    }
    expect(map.size).to.equal(400);
  });

  it("takes an entry from memory in two steps", () => {
    const map = new PreimageMap();
    const memory = new Int32Array(64).map((_, i) => i + 1);
    const bytes = new Uint8Array(memory.buffer);
    map.stage(memory, 0, 61);
    map.stage(memory, 16, 65);
    const expected = bytes.slice(64, 129);
    bytes.fill(9, 64, 96);
    map.commit(bytes, 64);
    expect(map.size).to.equal(1);
    expect(map.get(new Uint8Array(32).fill(9))).to.deep.equal(expected);
  });
});
