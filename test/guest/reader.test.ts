import { expect } from "chai";
import { hexlify } from "ethers";

import { createRandom } from "../ledger/random.js";
import { compileSdk, peek, poke, startSdk, type Sdk } from "./support/sdk.js";
import { varint } from "./support/wire.js";

/** docs/protocol.md §6: value and length in bytes, or undefined when malformed. */
function decode(bytes: Uint8Array): { value: bigint; length: number } | undefined {
  let value = 0n;
  for (let i = 0; i < 37; i++) {
    const byte = bytes[i];
    if (byte === undefined) return undefined;
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return value < 2n ** 256n ? { value, length: i + 1 } : undefined;
  }
  return undefined;
}

describe("reader of guests", () => {
  let sdk: Sdk;
  let area: number;

  before(async () => {
    ({ sdk } = startSdk(await compileSdk()));
    area = sdk.area();
  });

  function checkVarint(bytes: Uint8Array): void {
    const expected = decode(bytes);
    const what = hexlify(bytes);
    poke(sdk, area, bytes);
    poke(sdk, area + bytes.length, new Uint8Array(64).fill(1));
    sdk.startReading(area, bytes.length);
    sdk.takeVarint(area + 4096);
    expect(sdk.malformed() !== 0, what).to.equal(expected === undefined);
    if (expected !== undefined) {
      expect(BigInt(hexlify(peek(sdk, area + 4096, 32))), what).to.equal(expected.value);
      expect(sdk.cursor(), what).to.equal(area + expected.length);
    }
    sdk.startReading(area, bytes.length);
    const small = BigInt.asUintN(64, sdk.takeVarint64());
    const isSmall = expected !== undefined && expected.value < 2n ** 64n;
    expect(sdk.malformed() === 0, what).to.equal(isSmall);
    expect(small, what).to.equal(isSmall ? expected.value : 0n);
  }

  it("reads varints up to 256 bits and 37 bytes, and none beyond the end", () => {
    const edges = [0n, 127n, 128n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n, 2n ** 252n - 1n, 2n ** 252n, 2n ** 256n - 1n];
    for (const value of edges) {
      for (const length of [0, 5, 36, 37, 38, 40]) checkVarint(Uint8Array.from(varint(value, length)));
      checkVarint(Uint8Array.from(varint(value)).subarray(0, -1));
    }
    for (const last of [15, 16, 31, 127]) checkVarint(Uint8Array.from([...new Array<number>(36).fill(0xff), last]));
    checkVarint(new Uint8Array(50).fill(0x80));
    checkVarint(new Uint8Array(0));
    const random = createRandom(3);
    for (let i = 0; i < 3_000; i++) {
      const bytes = random.bytes(random.int(45));
      // Long ones are rare among random bytes.
      if (random.chance(0.7)) for (let j = 0; j < bytes.length - 1; j++) bytes[j]! |= random.chance(0.98) ? 0x80 : 0;
      checkVarint(bytes);
    }
  });

  it("takes no bytes beyond the end, whatever length is asked", () => {
    for (const [length, works] of [
      [0, true],
      [10, true],
      [11, false],
      [2 ** 31, false],
      [2 ** 32 - 1, false],
    ] as const) {
      sdk.startReading(area, 10);
      const start = sdk.take(length);
      expect(sdk.malformed() === 0, `${length}`).to.equal(works);
      if (works) expect([start, sdk.cursor()]).to.deep.equal([area, area + length]);
    }
  });
});
