import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { expect } from "chai";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";

import rollupPlugin from "../../plugin/index.js";
import { readGuestProgram, readProgramFacts } from "../../plugin/machine/artifacts.js";
import { canonicalWasm } from "../../plugin/machine/instrument.js";
import { compileGuest } from "../../plugin/machine/native.js";
import { programOf } from "../../plugin/machine/program.js";
import { rawBody, wat } from "../machine/support/modules.js";
import { runCommand, runTask, type TaskRun } from "./support/run.js";

/** The guest of docs/guest.md: doubles a number. */
async function documentedGuest(): Promise<string> {
  const [, code] = /```ts\n(\/\/ assembly\/index\.ts.*?)```/s.exec(await readFile("docs/guest.md", "utf8")) ?? [];
  if (code === undefined) throw new Error("docs/guest.md shows no guest");
  return code;
}

describe("rollup:build-guest", () => {
  let folder: string;
  let build: (file: string, options?: Record<string, string | boolean>) => Promise<TaskRun>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rollup-guest-"));
    await mkdir(join(folder, "node_modules"));
    await symlink(resolve("."), join(folder, "node_modules", "hardhat-rollup"));
    await write("package.json", '{ "type": "module" }');
    const hre = await createHardhatRuntimeEnvironment({ plugins: [rollupPlugin] }, {}, folder);
    build = (file, options = {}) => runTask(hre, "rollup:build-guest", { file, ...options });
  });
  after(() => rm(folder, { recursive: true }));

  const write = (name: string, content: string | Uint8Array): Promise<void> => writeFile(join(folder, name), content);
  const memory = `(memory (export "memory") 1)`;

  it("makes a program of AssemblyScript on the SDK, and writes what the runner takes and a deployment names", async () => {
    await write("double.ts", await documentedGuest());
    const run = await build("double.ts", { out: "build/double" });
    expect(run.errors).to.deep.equal([]);
    for (const text of ["machine hash", "host calls", "input", "ALU64", "4,096", "build/double.wasm"]) {
      expect(run.stdout).to.include(text);
    }
    const wasm = await readFile(join(folder, "build/double.wasm"));
    const facts = JSON.parse(await readFile(join(folder, "build/double.json"), "utf8")) as { machineHash: string };
    expect(facts).to.deep.equal(run.value.facts);
    expect(facts.machineHash).to.equal(`0x${Buffer.from(programOf(wasm).machineHash).toString("hex")}`);

    const input = new Uint8Array(32);
    input[31] = 21;
    const { output } = compileGuest(wasm).run({ input, preimage: () => undefined });
    expect(output[31]).to.equal(42);
  });

  it("gives one JSON document with all that is printed", async () => {
    await write("double.ts", await documentedGuest());
    const { stdout } = await build("double.ts", { json: true });
    const document = JSON.parse(stdout) as Record<string, unknown> & { operations: Record<string, number> };
    expect(document).to.have.keys(
      "facts",
      "sizes",
      "instructions",
      "operations",
      "functions",
      "largestFrame",
      "hostCalls",
    );
    const sum = Object.values(document.operations).reduce((total, count) => total + count, 0);
    expect(sum).to.equal(document.instructions);
    expect(document.hostCalls).to.deep.equal(["input", "output"]);
  });

  it("takes WebAssembly of any compiler", async () => {
    await write("any.wasm", wat(`${memory} (func (export "run") (drop (memory.grow (i32.const 1))))`));
    const { errors, value } = await build("any.wasm");
    expect(errors).to.deep.equal([]);
    expect(value).to.deep.include({ functions: 2, hostCalls: [] });
    expect(value.operations).to.include({ GROW: 1, HALT: 1 });
    expect(value.largestFrame)
      .to.have.property("name")
      .that.matches(/^function \d/);
  });

  it("makes the same code of the ledger as the package's build", async () => {
    await symlink(resolve("guests"), join(folder, "guests"));
    const { errors, value } = await build("guests/ledger/index.ts");
    expect(errors).to.deep.equal([]);
    expect((value.facts as { codeRoot: string }).codeRoot).to.equal(readProgramFacts("ledger").codeRoot);
  });

  it("obeys the project's asconfig.json", async () => {
    await write("small.ts", "export function run(): void {}");
    await write("asconfig.json", JSON.stringify({ options: { initialMemory: 7, maximumMemory: 9 } }));
    const { value } = await build("small.ts");
    await rm(join(folder, "asconfig.json"));
    expect(value.facts).to.include({ pages: 7, maxPages: 9 });
  });

  it("says what to install where AssemblyScript is not, and does without it for WebAssembly", async () => {
    const hook = `import { registerHooks } from "node:module"; registerHooks({ resolve(name, context, next) {
      if (name !== "assemblyscript/asc") return next(name, context);
      throw Object.assign(new Error("not found"), { code: "ERR_MODULE_NOT_FOUND" }); } });`;
    const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(hook)}` };
    const source = await runCommand(["rollup:build-guest", "guests/ledger/index.ts"], env);
    expect(source.exitCode).to.equal(1);
    expect(source.stderr).to.include(
      "Error: the AssemblyScript compiler is not installed; run: npm install --save-dev assemblyscript\n",
    );
    const wasm = await runCommand(["rollup:build-guest", "build/guests/ledger.asc.wasm", "--json"], env);
    expect(wasm.stderr).not.to.include("Error");
    expect((JSON.parse(wasm.stdout) as { facts: object }).facts).to.deep.equal(readProgramFacts("ledger"));
  });

  describe("refuses, with one line that says where and what instead,", () => {
    const sources: [what: string, source: string, line: RegExp][] = [
      [
        "Math.max on integers, which is f64",
        "export function run(): void { store<i32>(0, <i32>Math.max(load<i32>(0), load<i32>(4))); }",
        /^guest refused: function \d+ \(bad\/run\): f64\.convert_i32_s, a float instruction \(opcode 0xb7\); .*Math\.\*.*builtins min, max/,
      ],
      [
        "Math.random",
        "export function run(): void { store<f64>(0, Math.random()); }",
        /^guest refused: import env\.seed: the machine has no such host call; it has host\.input, .*Math\.random/,
      ],
      [
        "Date.now",
        "export function run(): void { store<i64>(0, Date.now()); }",
        /^guest refused: import env\.Date\.now: the machine has no such host call; .*Date/,
      ],
      [
        "console.log",
        'export function run(): void { console.log("hi"); }',
        /^guest refused: import env\.console\.log: .*console/,
      ],
      [
        "a host call of another type",
        '@external("host", "input") declare function input(page: i64): void;\nexport function run(): void { input(0); }',
        /^guest refused: import host\.input: its type is another; it takes 1 i32 and returns 0 i32$/,
      ],
      [
        "a float parameter",
        "export function run(x: f32): void {}",
        /\(bad\/run\): it uses a float type; .*floating point/,
      ],
      ["no run", "export function main(): void {}", /^guest refused: export run: .*export a function run\(\): void$/],
      [
        "what does not compile",
        "export function run(): void { foo(); }",
        /^bad\.ts\(1,31\): Cannot find name 'foo'\.$/,
      ],
    ];
    for (const [what, source, line] of sources) {
      it(what, async () => {
        await write("bad.ts", source);
        const { exitCode, errors } = await build("bad.ts");
        expect(exitCode).to.equal(1);
        expect(errors).to.have.length(1);
        expect(errors[0]).to.match(line);
      });
    }

    const modules: [what: string, wasm: Uint8Array, line: RegExp][] = [
      [
        "SIMD",
        rawBody([0x41, 0, 0xfd, 0x0f, 0x1a]),
        /function 0 \(run\): a SIMD instruction \(opcode 0xfd\); .*--disable simd/,
      ],
      ["threads", rawBody([0xfe, 0x03, 0x00]), /an atomic instruction \(opcode 0xfe\); .*--disable threads/],
      [
        "bulk memory",
        rawBody([0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0b, 0]),
        /a bulk-memory .* instruction \(opcode 0xfc\); .*--disable bulk-memory/,
      ],
      [
        "too much memory",
        wat(`(memory (export "memory") 1 5000) (func (export "run"))`),
        /memory: 1 to 5000 pages; .*--maximumMemory 4096/,
      ],
      ["a memory that is not exported", wat(`(memory 1) (func (export "run"))`), /^guest refused: export memory: /],
      ["what is no WebAssembly", Uint8Array.of(1, 2, 3), /it is not a valid WebAssembly module/],
      [
        "a canonical artifact",
        canonicalWasm(wat(`${memory} (func (export "run"))`)),
        /it is a canonical artifact; take it as it is/,
      ],
      ["the ledger that comes with the package", readGuestProgram("ledger"), /it is a canonical artifact/],
    ];
    for (const [what, wasm, line] of modules) {
      it(what, async () => {
        await write("bad.wasm", wasm);
        const { exitCode, errors } = await build("bad.wasm");
        expect(exitCode).to.equal(1);
        expect(errors).to.have.length(1);
        expect(errors[0]).to.match(line);
      });
    }

    it("a file that is not there, or of another kind", async () => {
      expect((await build("gone.ts")).errors).to.deep.equal(["gone.ts: there is no such file"]);
      await write("guest.rs", "fn run() {}");
      expect((await build("guest.rs")).errors).to.deep.equal([
        "guest.rs: a guest is AssemblyScript (.ts) or WebAssembly (.wasm)",
      ]);
    });

    it("every mistake that the compiler finds, a line each", async () => {
      await write("bad.ts", 'export function run(): void { foo(); let x: i32 = "a"; }');
      const { errors, stdout } = await build("bad.ts", { json: true });
      expect(errors).to.have.length(2);
      expect(JSON.parse(stdout)).to.deep.equal({ errors });
    });
  });
});
