import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { writeWasm } from "../../plugin/machine/wasmWriter.js";
import { canonicalWasm, expectSameSnapshot, interpreterEngine, referenceEngine, v8Engine } from "./support/engines.js";
import { EXPECTED, FOLDER, readScript } from "./support/wast.js";

const listed = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .map(([engine, count]) => `${engine} ${count}`)
    .join(", ");

describe("WebAssembly test suite", function () {
  const isPresent = existsSync(FOLDER);
  if (!isPresent && process.env.WASM_TESTSUITE === undefined) {
    it("is not here: set WASM_TESTSUITE to its folder", () => expect(isPresent).to.equal(false));
    return;
  }
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".wast"));
  const total: Record<string, number> = {};

  it("has all its files here", () => expect(files).to.include.members(Object.keys(EXPECTED)));

  for (const file of files) {
    it(file, function () {
      const { modules, skipped } = readScript(join(FOLDER, file));
      const counts: Record<string, number> = { v8: 0, reference: 0, interpreter: 0 };
      for (const { module, calls } of modules) {
        if (calls.length === 0) continue;
        const guest = writeWasm(module);
        const engines = {
          v8: v8Engine(canonicalWasm(guest)),
          reference: referenceEngine(guest),
          interpreter: interpreterEngine(guest),
        };
        for (const { name, args, expected } of calls) {
          for (const [engine, { invoke }] of Object.entries(engines)) {
            const outcome = invoke(name, args);
            if (expected === undefined) continue;
            expect(outcome, `${name}(${args.join()}) in ${engine}`).to.deep.equal(expected);
            counts[engine] = (counts[engine] ?? 0) + 1;
          }
        }
        expectSameSnapshot(engines.reference, engines.v8);
        expectSameSnapshot(engines.interpreter, engines.v8);
      }
      for (const [engine, count] of Object.entries(counts)) {
        expect(count, engine).to.be.at.least(EXPECTED[file]?.assertions ?? 0);
        total[engine] = (total[engine] ?? 0) + count;
      }
      console.log(`      ${file}: ${listed(counts)}; ${skipped} skipped`);
    });
  }

  after(() => console.log(`      assertions: ${listed(total)}`));
});
