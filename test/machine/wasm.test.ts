import { expect } from "chai";

import { GuestRefusedError } from "../../plugin/machine/errors.js";
import { buildProgram } from "../../plugin/machine/program.js";
import { readWasm } from "../../plugin/machine/wasm.js";
import { writeWasm } from "../../plugin/machine/wasmWriter.js";
import { rawBody, wat } from "./support/modules.js";

function refusalOf(guest: Uint8Array): GuestRefusedError {
  try {
    buildProgram(guest);
  } catch (error) {
    if (error instanceof GuestRefusedError) return error;
    throw error;
  }
  throw new Error("the guest was accepted");
}

describe("reading a guest", () => {
  const DROP = 0x1a;
  const refused: [string, Uint8Array, RegExp][] = [
    [
      "float constants",
      rawBody([0x43, 0, 0, 0, 0, DROP]),
      /function 0 \(run\): f32\.const, a float instruction \(opcode 0x43\).*Math/,
    ],
    ["float loads", rawBody([0x41, 0, 0x2a, 2, 0, DROP]), /f32\.load, a float instruction \(opcode 0x2a\)/],
    ["float conversions", rawBody([0x41, 0, 0xb2, DROP]), /f32\.convert_i32_s, a float instruction \(opcode 0xb2\)/],
    ["float locals", rawBody([], [0x7c]), /function 0 \(run\): it uses a float type/],
    ["vector instructions", rawBody([0x41, 0, 0xfd, 0x0f, DROP]), /a SIMD instruction/],
    ["atomic instructions", rawBody([0xfe, 0x03, 0x00]), /an atomic instruction/],
    ["bulk memory", rawBody([0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0b, 0]), /bulk-memory.*--disable bulk-memory/],
    ["reference types", rawBody([0xd0, 0x70, DROP]), /a reference-type instruction/],
    ["typed select", rawBody([0x41, 0, 0x41, 0, 0x41, 0, 0x1c, 1, 0x7f, DROP]), /a reference-type instruction/],
    ["tail calls", rawBody([0x12, 0]), /a tail or reference call/],
    ["exceptions", rawBody([0x06, 0x40, 0x0b]), /exception handling/],
  ];
  for (const [what, guest, message] of refused) {
    it(`refuses ${what}`, () => expect(refusalOf(guest).message).to.match(message));
  }

  it("names the opcode in a field of the error", () => {
    const { opcode, where, hint } = refusalOf(rawBody([0x43, 0, 0, 0, 0, DROP]));
    expect(opcode).to.equal(0x43);
    expect(where).to.equal("function 0 (run)");
    expect(hint).to.include("integer");
  });

  it("refuses memory beyond 4,096 pages", () => {
    expect(refusalOf(wat(`(memory 4097) (func (export "run"))`)).message).to.match(
      /memory: 4097 to any number of pages/,
    );
    expect(refusalOf(wat(`(memory 1 4097) (func (export "run"))`)).message).to.match(/memory: 1 to 4097 pages/);
    expect(buildProgram(wat(`(memory 1 4096) (func (export "run"))`)).maxPages).to.equal(4096);
  });

  it("refuses imports that are no host calls, naming those that are", () => {
    const module = readWasm(wat(`(func (export "run"))`));
    const importing = (from: string, name: string): Uint8Array =>
      writeWasm({
        ...module,
        imports: [{ module: from, name, type: 0 }],
        exports: [{ name: "run", kind: 0, index: 1 }],
      });
    expect(refusalOf(importing("env", "abort")).message).to.match(/import env\.abort.*host\.keccak256.*--use abort=/);
    expect(refusalOf(importing("host", "input")).message).to.match(
      /its type is another; it takes 1 i32 and returns 0 i32/,
    );
  });

  it("refuses an entry that is missing or takes arguments", () => {
    expect(refusalOf(wat(`(func (export "main"))`)).message).to.match(/export run: it is not a function/);
    expect(refusalOf(wat(`(func (export "run") (param i32))`)).message).to.match(/export run: it is not a function/);
  });

  it("refuses what is not WebAssembly", () => {
    expect(refusalOf(Uint8Array.of(1, 2, 3)).message).to.match(/not a valid WebAssembly module/);
  });

  it("refuses segments that do not fit", () => {
    expect(refusalOf(wat(`(memory 1) (data (i32.const 65535) "ab") (func (export "run"))`)).message).to.match(
      /does not fit/,
    );
    const table = `(table 1 funcref) (func $f (export "run")) (elem (i32.const 1) $f)`;
    expect(refusalOf(wat(table)).message).to.match(/does not fit/);
  });

  it("writes a module as it was read", () => {
    const bytes = wat(`
      (type (func)) (memory 1 2) (table 3 funcref) (global (mut i64) (i64.const -5))
      (func $f (export "run") (local i32 i32 i64)
        (block (br_table 0 0 (i32.const 1))) (drop (i64.load offset=70000 (i32.const 8))) (call_indirect (i32.const 2)))
      (elem (i32.const 1) $f) (data (i32.const 4) "abc") (start $f)`);
    const names = (module: ReturnType<typeof readWasm>): object => ({
      ...module,
      functionNames: [...module.functionNames],
    });
    const once = writeWasm(readWasm(bytes));
    expect(names(readWasm(once))).to.deep.equal(names(readWasm(bytes)));
    expect(writeWasm(readWasm(once))).to.deep.equal(once);
  });
});
