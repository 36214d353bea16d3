import { createHash } from "node:crypto";

import { keccak_256 } from "@noble/hashes/sha3.js";
import { expect } from "chai";

import { ExecutorFaultError, GuestRefusedError } from "../../plugin/machine/errors.js";
import { canonicalWasm } from "../../plugin/machine/instrument.js";
import { compileGuest, GuestTrap, MissingPreimage, type GuestRunOptions } from "../../plugin/machine/native.js";
import { wat } from "../machine/support/modules.js";

const IMPORTS = `
  (import "host" "input" (func $input (param i32)))
  (import "host" "output" (func $output (param i32)))
  (import "host" "keccak256" (func $keccak256 (param i32 i32)))
  (import "host" "sha256" (func $sha256 (param i32 i32)))
  (import "host" "ecrecover" (func $ecrecover (param i32)))
  (import "host" "preimage" (func $preimage (param i32 i32) (result i32)))
  (import "host" "blob" (func $blob (param i32 i32)))
  (memory (export "memory") 2 64)`;

const compile = (text: string) => compileGuest(canonicalWasm(wat(text)));
const INPUT = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
const PAGE = 4_096;

describe("native runner", () => {
  /** Runs a body that has 2 pages of memory; what it leaves in the first page, and its output. */
  function run(body: string, options: Partial<GuestRunOptions> = {}) {
    const guest = compile(`${IMPORTS}
      (func (export "run") ${body})
      (func (export "receipts") (result i32) (i32.const 0))
      (func (export "receiptCount") (result i32) (i32.const 100))`);
    const { output, receipts, hashed } = guest.run({ input: INPUT, preimage: () => undefined, ...options });
    return { output, memory: receipts, hashed };
  }
  const end = "(call $output (i32.const 0))";

  it("hands in the input and takes the output", () => {
    const { output } = run(`(call $input (i32.const 8192)) (call $output (i32.const 8192))`);
    expect(output).to.deep.equal(INPUT);
  });

  it("hashes in place, leaves the rest of the page, and records what was hashed", () => {
    const body = (name: string) => `
      (call $input (i32.const 0)) (i32.store (i32.const 32) (i32.const 77))
      (call $${name} (i32.const 0) (i32.const 35)) ${end}`;
    const content = new Uint8Array(35);
    content.set(INPUT);
    content[32] = 77;
    const { output, memory, hashed } = run(body("keccak256"));
    expect(output).to.deep.equal(keccak_256(content));
    expect(memory[32]).to.equal(77);
    expect([...hashed.entries()].map(([hash, preimage]) => [hash, preimage])).to.deep.equal([[output, content]]);
    expect(run(body("sha256")).output).to.deep.equal(new Uint8Array(createHash("sha256").update(content).digest()));
    expect(run(`(call $keccak256 (i32.const 0) (i32.const 0)) ${end}`).output).to.deep.equal(
      keccak_256(new Uint8Array(0)),
    );
    const whole = run(`(call $keccak256 (i32.const 4096) (i32.const 4096)) (call $output (i32.const 4096))`);
    expect(whole.output).to.deep.equal(keccak_256(new Uint8Array(4_096)));
  });

  it("brings preimages page by page, zero-filled, and returns their whole length", () => {
    const long = Uint8Array.from({ length: 5_000 }, (_, i) => (i % 255) + 1);
    const asked: Uint8Array[] = [];
    const preimage = (hash: Uint8Array) => (asked.push(hash.slice()), long);
    const at = (offset: number) => `
      (call $input (i32.const 0)) (i32.store (i32.const 4092) (i32.const -1))
      (i32.store (i32.const 4096) (call $preimage (i32.const 0) (i32.const ${offset}))) ${end}`;
    for (const offset of [0, 1, 904, 905, 4_096, 4_999, 5_000, 9_999, -1]) {
      const { memory } = run(at(offset), { preimage });
      const page = new Uint8Array(PAGE);
      page.set(long.subarray(offset >>> 0, (offset >>> 0) + PAGE));
      expect(Buffer.compare(memory.subarray(0, PAGE), page), `offset ${offset}`).to.equal(0);
      expect(new DataView(memory.buffer).getInt32(PAGE, true)).to.equal(5_000);
    }
    expect(asked.every((hash) => Buffer.compare(hash, INPUT) === 0)).to.equal(true);
  });

  it("answers for what the run hashed itself, and says what is missing", () => {
    const body = `
      (call $input (i32.const 0)) (call $keccak256 (i32.const 0) (i32.const 32))
      (drop (call $preimage (i32.const 0) (i32.const 0))) ${end}`;
    expect(run(body).output).to.deep.equal(INPUT);
    expect(() => run(`(call $input (i32.const 0)) (drop (call $preimage (i32.const 0) (i32.const 0))) ${end}`))
      .to.throw(MissingPreimage, Buffer.from(INPUT).toString("hex"))
      .with.property("hash")
      .that.deep.equals(INPUT);
    const reader = () => {
      throw new RangeError("the disk is full");
    };
    expect(() => run(`(drop (call $preimage (i32.const 0) (i32.const 0))) ${end}`, { preimage: reader })).to.throw(
      RangeError,
      "the disk is full",
    );
  });

  it("asks who signed, for v of 27 and 28 alone, and changes the first word alone", () => {
    const asked: unknown[] = [];
    const recover: GuestRunOptions["recover"] = (hash, yParity, r, s) => {
      asked.push([hash[0], yParity, r[0], s[0]]);
      return new Uint8Array(20).fill(5);
    };
    const body = (v: number, high: number) => `
      (call $input (i32.const 0)) (i32.store8 (i32.const ${high}) (i32.const 1)) (i32.store8 (i32.const 63) (i32.const ${v}))
      (i32.store8 (i32.const 64) (i32.const 3)) (i32.store8 (i32.const 96) (i32.const 4))
      (call $ecrecover (i32.const 0)) ${end}`;
    const signer = Uint8Array.from({ length: 32 }, (_, i) => (i < 12 ? 0 : 5));
    for (const v of [27, 28]) {
      const { output, memory } = run(body(v, 200), { recover });
      expect(output).to.deep.equal(signer);
      expect([memory[63], memory[64], memory[96]]).to.deep.equal([v, 3, 4]);
    }
    expect(asked).to.deep.equal([
      [1, 0, 3, 4],
      [1, 1, 3, 4],
    ]);
    for (const [v, high] of [
      [0, 200],
      [26, 200],
      [29, 200],
      [27, 32],
      [28, 62],
    ] as const)
      expect(run(body(v, high), { recover }).output).to.deep.equal(new Uint8Array(32));
    expect(asked).to.have.length(2);
    expect(run(body(27, 200), { recover: () => undefined }).output).to.deep.equal(new Uint8Array(32));
    expect(run(body(27, 200)).output, "by the library").to.have.length(32);
  });

  it("brings field elements of blobs", () => {
    const blob: GuestRunOptions["blob"] = (hash, index) => new Uint8Array(32).fill(hash[0]! + index);
    const body = (index: number) =>
      `(call $input (i32.const 0)) (call $blob (i32.const 0) (i32.const ${index})) ${end}`;
    expect(run(body(7), { blob }).output).to.deep.equal(new Uint8Array(32).fill(8));
    expect(() => run(body(7))).to.throw(MissingPreimage, "no blob of");
    for (const index of [4_096, -1]) expect(() => run(body(index), { blob })).to.throw(GuestTrap, "field element");
  });

  it("follows the memory when the guest grows it, before a call and between calls", () => {
    const { output, memory } = run(`
      (call $input (i32.const 0)) (drop (memory.grow (i32.const 3)))
      (call $input (i32.const 196608)) (call $keccak256 (i32.const 196608) (i32.const 32))
      (drop (memory.grow (i32.const 1)))
      (drop (call $preimage (i32.const 196608) (i32.const 0)))
      (call $output (i32.const 196608))`);
    expect(output).to.deep.equal(INPUT);
    expect(memory.subarray(0, 32)).to.deep.equal(INPUT);
  });

  describe("traps", () => {
    const calls = ["input $", "output $", "keccak256 $ 32", "sha256 $ 32", "ecrecover $", "preimage $ 0", "blob $ 0"];
    const pages = { 1: "not a multiple", 4095: "not a multiple", 131072: "outside", [-4096]: "outside" };
    for (const [page, reason] of Object.entries(pages))
      for (const text of calls) {
        const [name, ...values] = text.replace("$", page).split(" ");
        const call = `(call $${name} ${values.map((value) => `(i32.const ${value})`).join(" ")})`;
        it(`${name} of the page at ${page}`, () => {
          const body = `${name === "preimage" ? `(drop ${call})` : call} ${end}`;
          expect(() => run(body, { preimage: () => INPUT, blob: () => INPUT })).to.throw(GuestTrap, reason);
        });
      }

    for (const name of ["keccak256", "sha256"])
      it(`${name} of more than a page`, () => {
        for (const length of [4_097, -1])
          expect(() => run(`(call $${name} (i32.const 0) (i32.const ${length})) ${end}`)).to.throw(
            GuestTrap,
            "do not fit",
          );
      });

    it("of the guest itself, however deep it calls, and an end without output", () => {
      expect(() => run("unreachable")).to.throw(GuestTrap, "unreachable");
      expect(() => run(`(drop (i32.load (i32.const 131072))) ${end}`)).to.throw(GuestTrap);
      const deep = compile(`(memory (export "memory") 1) (func $run (export "run") (call $run))`);
      expect(() => deep.run({ input: INPUT, preimage: () => undefined })).to.throw(GuestTrap, "unreachable");
      expect(() => run("nop")).to.throw(GuestTrap, "without an output");
    });
  });

  it("takes canonical artifacts only", () => {
    const raw = wat(`(memory (export "memory") 1) (func (export "run"))`);
    expect(() => compileGuest(raw)).to.throw(GuestRefusedError, "not a canonical artifact");
  });

  it("calls a stack that is too small a fault of the executor", () => {
    const guest = compile(`${IMPORTS} (func $down (param i32)
        (if (i32.eqz (local.get 0)) (then ${end}) (else (call $down (i32.sub (local.get 0) (i32.const 1))))))
      (func (export "run") (call $down (i32.const 1000)))`);
    const options = { input: INPUT, preimage: () => undefined };
    expect(guest.run(options).output).to.deep.equal(new Uint8Array(32));
    // Fills this thread's stack, and runs the guest with what is left of it.
    const faults: unknown[] = [];
    const fill = (): void => {
      try {
        fill();
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
      if (faults.length > 0) return;
      try {
        guest.run(options);
      } catch (error) {
        if (error instanceof ExecutorFaultError) faults.push(error);
      }
    };
    fill();
    expect(faults).to.have.length(1);
  });

  it("starts every run from the program's first memory", () => {
    const guest = compile(`${IMPORTS} (global $runs (mut i32) (i32.const 0))
        (func (export "_start") (i32.store (i32.const 0) (i32.const 5)))
        (func (export "run")
          (i32.store (i32.const 4) (i32.add (i32.load (i32.const 4)) (i32.const 1)))
          (global.set $runs (i32.add (global.get $runs) (i32.const 1)))
          (i32.store (i32.const 8) (global.get $runs))
          (call $output (i32.const 0)))`);
    for (let i = 0; i < 2; i++) {
      const { output } = guest.run({ input: INPUT, preimage: () => undefined });
      expect([output[0], output[4], output[8]]).to.deep.equal([5, 1, 1]);
    }
  });
});
