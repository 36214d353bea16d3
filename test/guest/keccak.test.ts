import { keccak_256 } from "@noble/hashes/sha3.js";
import { expect } from "chai";
import { hexlify } from "ethers";

import { bindKeccak, keccak256 } from "../../plugin/machine/keccak.js";
import { createRandom } from "../ledger/random.js";

describe("keccak256 in WebAssembly", () => {
  it("knows the digests that the EVM is built on", () => {
    // Yellow paper: the empty string and the empty list; EIP-165's function; the long message of the Keccak team's test suite.
    const vectors: [Uint8Array, string][] = [
      [new Uint8Array(0), "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"],
      [Uint8Array.of(0xc0), "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"],
      [Uint8Array.of(0x80), "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"],
      [new TextEncoder().encode("abc"), "0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"],
    ];
    for (const [message, digest] of vectors) expect(hexlify(keccak256(message))).to.equal(digest);
  });

  it("agrees with an independent implementation at every length around a block, and on long messages", () => {
    const random = createRandom(5);
    const lengths = [...Array.from({ length: 420 }, (_, i) => i), 4_095, 4_096, 65_535, 65_536, 200_000, 3_000_001];
    for (const length of lengths) {
      const message = random.bytes(Math.min(length, 1_000));
      const whole = new Uint8Array(length).map((_, i) => message[i % 1_000]! ^ (i >> 8));
      expect(hexlify(keccak256(whole)), `${length} bytes`).to.equal(hexlify(keccak_256(whole)));
    }
  });

  it("returns digests that later ones leave alone", () => {
    const first = keccak256(Uint8Array.of(1));
    const copy = first.slice();
    keccak256(Uint8Array.of(2));
    expect(first).to.deep.equal(copy);
  });

  it("changes nothing of a memory but the digest, wherever message and digest stand", () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const hash = bindKeccak(memory);
    const random = createRandom(6);
    for (const [from, length, to] of [
      [0, 64, 0],
      [3, 200, 777],
      [100, 136, 120],
      [65_536 - 33, 33, 65_536 - 32],
      [65_536, 0, 5],
    ] as const) {
      const bytes = new Uint8Array(memory.buffer);
      bytes.set(random.bytes(65_536));
      const expected = bytes.slice();
      expected.set(keccak_256(bytes.slice(from, from + length)), to);
      hash(from, length, to);
      expect(Buffer.compare(bytes, expected), `${length} bytes at ${from}`).to.equal(0);
    }
  });
});
