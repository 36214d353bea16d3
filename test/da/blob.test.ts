import { expect } from "chai";

import {
  BLOB_CAPACITY,
  BLOB_LENGTH,
  elementOf,
  packBlobs,
  unpackBlobs,
  versionedHashOf,
} from "../../plugin/da/blob.js";
import { createKzg, type Kzg } from "../../plugin/da/kzg.js";
import { loadNativeKzg, type NativeKzg } from "../../plugin/da/kzg-native.js";
import { concat, toBigInt } from "../../plugin/ledger/bytes.js";
import { createRandom } from "../ledger/random.js";
import { BLOB_HASH, BLOB_INDICES, blobElement, wholeBlob } from "../machine/support/blob.js";
import { naiveElements } from "./support/naive-blob.js";

const ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
const LENGTHS = [1, 30, 31, 32, 124, 125, 126, 127, 128, 4_096, BLOB_CAPACITY - 1, BLOB_CAPACITY];
const LONG = [BLOB_CAPACITY + 1, 3 * BLOB_CAPACITY - 127, 2 ** 20];
const random = createRandom(0xb10b);
const bytes = (length: number): Uint8Array => Buffer.from(random.bytes(length));

describe("blobs", () => {
  for (const length of [...LENGTHS, ...LONG]) {
    it(`carry ${length} bytes in as few elements as the protocol says, and give them back`, () => {
      const data = bytes(length);
      const blobs = packBlobs(data);
      expect(blobs).to.have.length(Math.ceil(length / BLOB_CAPACITY));
      expect(blobs.every((blob) => blob.length === BLOB_LENGTH)).to.equal(true);
      const expected = naiveElements(data);
      const all = concat(...blobs);
      for (const [i, element] of expected.entries()) {
        if (toBigInt(elementOf(all, i)) !== element) expect.fail(`element ${i}`);
      }
      expect(all.subarray(32 * expected.length).every((byte) => byte === 0)).to.equal(true);
      expect(Buffer.compare(unpackBlobs(blobs, length), data)).to.equal(0);
    });
  }

  it("never hold an element that is not below the field's order", () => {
    const [blob = Uint8Array.of()] = packBlobs(new Uint8Array(BLOB_CAPACITY).fill(0xff));
    for (let i = 0; i < 4_096; i++) {
      if (toBigInt(elementOf(blob, i)) >= ORDER) expect.fail(`element ${i}`);
    }
  });

  it("are read without the top two bits and what stands behind the data", () => {
    const data = bytes(1_000);
    const [blob = Uint8Array.of()] = packBlobs(data);
    const other = Uint8Array.from(blob);
    // 0x40 on top is an element that may be below the order, 0x80 and 0xc0 are not: no L1 has them, the reader does not care.
    for (let i = 0; i < 32; i++) other[32 * i] = (other[32 * i] ?? 0) | [0x40, 0x80, 0xc0][i % 3]!;
    other.fill(0x3f, 32 * 32);
    expect(Buffer.compare(unpackBlobs([other], 1_000), data)).to.equal(0);
  });

  it("decode to something whatever is in them, the same each time", () => {
    const blob = bytes(BLOB_LENGTH);
    const first = unpackBlobs([blob], BLOB_CAPACITY);
    const [packed = Uint8Array.of()] = packBlobs(first);
    expect(packed.every((byte, i) => byte === (i % 32 === 0 ? (blob[i] ?? 0) & 0x3f : blob[i]))).to.equal(true);
  });

  it("are refused when they are too few or of another size", () => {
    expect(() => unpackBlobs([], 1)).to.throw(RangeError, "1 bytes do not fit into 0 blobs");
    expect(() => unpackBlobs([bytes(BLOB_LENGTH)], BLOB_CAPACITY + 1)).to.throw(RangeError, "into 1 blobs");
    expect(() => unpackBlobs([bytes(BLOB_LENGTH - 1)], 5)).to.throw(RangeError, "a blob has 131072 bytes, not 131071");
  });
});

describe("KZG", () => {
  for (const [name, load] of [
    ["in JavaScript", () => Promise.resolve(createKzg())],
    ["by c-kzg", useNative],
  ] as const) {
    describe(name, () => {
      let kzg: Kzg;
      before(async function () {
        this.timeout(60_000);
        const loaded = await load();
        // An optional peer.
        if (loaded === undefined) this.skip();
        kzg = loaded;
      });

      it("commits as the ceremony's tools do, and proves elements as the precompile wants it", function () {
        this.timeout(60_000);
        const blob = wholeBlob();
        const [index = 0] = BLOB_INDICES.filter((at) => at === 5);
        const element = blobElement(index);
        expect(kzg.commit(blob)).to.deep.equal(element?.commitment);
        expect(versionedHashOf(kzg.commit(blob))).to.deep.equal(BLOB_HASH);
        expect(kzg.proveElement(blob, index)).to.deep.equal(element?.proof);
      });

      it("refuses a blob with an element that is not below the field's order", () => {
        const blob = new Uint8Array(BLOB_LENGTH);
        blob[32 * 7] = 0x80;
        expect(() => kzg.commit(blob)).to.throw();
      });
    });
  }

  it("is the same by c-kzg and in JavaScript, whatever is in a blob", async function () {
    this.timeout(120_000);
    const native = await useNative();
    if (native === undefined) return this.skip();
    const own = createKzg();
    for (const data of [new Uint8Array(1), bytes(BLOB_CAPACITY)]) {
      const [blob = new Uint8Array()] = packBlobs(data);
      const commitment = own.commit(blob);
      expect(native.commit(blob)).to.deep.equal(commitment);
      expect(native.proveBlob(blob, commitment)).to.deep.equal(own.proveBlob(blob, commitment));
      const index = random.int(4_096);
      expect(native.proveElement(blob, index)).to.deep.equal(own.proveElement(blob, index));
      const cells = native.proveCells(blob);
      expect(cells.map(({ length }) => length)).to.deep.equal(new Array(128).fill(48));
    }
  });
});

/** c-kzg, undefined where it is not installed; a failure where CI says that it is. */
async function useNative(): Promise<NativeKzg | undefined> {
  const native = await loadNativeKzg();
  if (typeof native !== "string") return native;
  if (process.env.ROLLUP_TEST_CKZG !== undefined) throw new Error(native);
  return undefined;
}
