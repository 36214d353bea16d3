import { type ChildProcess, spawn } from "node:child_process";
import { globSync } from "node:fs";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { expect } from "chai";
import hre from "hardhat";
import type { Task } from "hardhat/types/tasks";

import { closeServer, listen } from "../../plugin/net/listen.js";
import { type Anvil, anvilPath, startAnvil } from "../l1/support/anvil.js";
import { type Finished, finished } from "../support/run.js";

/** Where a command ends that stands in running text or in a code block. */
const COMMAND = /\b(?:npx hardhat|npm run|npm test|npm ci)\b[^`|#\n&]*/g;

interface Command {
  file: string;
  words: string[];
}

/** Every command that README and docs name. */
async function commands(): Promise<Command[]> {
  const found: Command[] = [];
  for (const file of ["README.md", ...globSync("docs/**/*.md").sort()]) {
    for (const [command] of (await readFile(file, "utf8")).matchAll(COMMAND))
      found.push({ file, words: command.trim().split(/\s+/) });
  }
  return found;
}

function flag(name: string): string {
  return `--${name.replaceAll(/[A-Z0-9]+/g, (letters) => `-${letters.toLowerCase()}`)}`;
}

function taskOf(id: string): Task | undefined {
  return hre.tasks.rootTasks.get(id);
}

describe("the commands in README and docs", () => {
  it("are many", async () => {
    expect((await commands()).length).to.be.greaterThan(15);
  });

  it("name tasks and options that exist", async () => {
    const wrong: string[] = [];
    const globals = Object.keys(hre.globalOptions).map(flag);
    for (const { file, words } of await commands()) {
      if (words[1] !== "hardhat") continue;
      const id = words.find((word) => /^(rollup|dac|channel):/.test(word));
      if (id === undefined) continue;
      const task = taskOf(id);
      const known = new Set([...globals, "--help", ...[...(task?.options.keys() ?? [])].map(flag)]);
      for (const word of words.filter((each) => each.startsWith("--")))
        if (task === undefined || !known.has(word)) wrong.push(`${file}: ${words.join(" ")}: ${word}`);
      if (task === undefined) wrong.push(`${file}: there is no task ${id}`);
    }
    expect(wrong).to.deep.equal([]);
  });

  it("name scripts that exist", async () => {
    const { scripts } = JSON.parse(await readFile("package.json", "utf8")) as { scripts: Record<string, string> };
    const named = (await commands()).filter(({ words }) => words[1] === "run").map(({ words }) => words[2] ?? "");
    expect(named.length).to.be.greaterThan(4);
    for (const script of named) expect(Object.keys(scripts)).to.include(script);
  });
});

describe("docs/operators.md and docs/channels.md, line by line", function () {
  this.timeout(120_000);
  let folder: string;
  let anvil: Anvil | undefined;
  const services: ChildProcess[] = [];

  beforeEach(async function () {
    const path = anvilPath();
    if (path === undefined) return this.skip();
    anvil = await startAnvil(path);
    folder = await mkdtemp(join(tmpdir(), "rollup-docs-"));
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    await writeFile(
      join(folder, "hardhat.config.ts"),
      `import rollup from ${JSON.stringify(resolve("plugin/index.ts"))};
const accounts = { mnemonic: "test test test test test test test test test test test junk" };
export default { plugins: [rollup], networks: { l1: { type: "http", url: ${JSON.stringify(anvil.url)}, accounts } } };`,
    );
    await symlink(resolve("node_modules"), join(folder, "node_modules"));
  });
  afterEach(async () => {
    for (const service of services.splice(0)) service.kill("SIGKILL");
    await anvil?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  /** Tasks and options of the lines in code blocks below a heading. */
  async function linesBelow(heading: string, file = "docs/operators.md"): Promise<string[][]> {
    const text = await readFile(file, "utf8");
    const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
    if (section === undefined) throw new Error(`${file} has no section "${heading}"`);
    const lines = [...section.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block]) => (block ?? "").trim().split("\n"));
    return lines.map((line) => (line.split("#")[0] ?? "").trim().split(/\s+/).slice(2));
  }

  function start(words: string[]) {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("HARDHAT_"));
    return spawn(process.execPath, [resolve("node_modules/hardhat/dist/src/cli.js"), ...words], {
      cwd: folder,
      env: { ...Object.fromEntries(inherited), NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Starts what runs until Ctrl-C. @returns its JSON document. */
  async function startService(words: string[]): Promise<{ url: string } & Record<string, unknown>> {
    const child = start([...words, "--json"]);
    services.push(child);
    let [stdout, stderr] = ["", ""];
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    return new Promise((done, fail) => {
      child.stdout.on("data", (chunk: Buffer) => {
        stdout += chunk.toString();
        if (stdout.endsWith("}\n")) done(JSON.parse(stdout) as { url: string });
      });
      child.once("exit", (code) => fail(new Error(`${words.join(" ")} ended with ${code}: ${stderr}`)));
    });
  }

  it("a rollup from nothing to a withdrawal does what it says", async () => {
    const inputs = await linesBelow("From nothing to a withdrawal");
    expect(inputs.map(([task]) => task)).to.include.members(["rollup:deploy", "rollup:sequencer", "rollup:validator"]);
    const outputs: Record<string, Finished> = {};
    let rpc: string | undefined;
    for (const words of inputs) {
      const line = words.join(" ");
      if (words[0] === "rollup:sequencer") {
        rpc = (await startService([...words, "--port", "0"])).url;
        continue;
      }
      const input = rpc === undefined || words[0] === "rollup:deploy" ? words : [...words, "--rpc", rpc];
      outputs[line] = await untilItWorks(() => finished(start(input)));
      expect(outputs[line].exitCode, `${line}: ${outputs[line].stderr}`).to.equal(0);
    }
    const said = (start: string): string =>
      Object.entries(outputs).find(([line]) => line.startsWith(start))?.[1].stdout ?? "";
    expect(said("rollup:deploy --network l1 --dry-run")).to.include("Plan (nothing was sent)");
    expect(outputs["rollup:deploy --network l1"]?.stdout).to.include("checks against the chain passed");
    expect(said("rollup:transfer")).to.include("Transferred 0.5 ETH");
    expect(said("rollup:validator")).to.match(/^\d+ of \d+ batches agree/m);
  });

  it("a committee does what it says", async () => {
    const ports = new Map<string, number>();
    for (const port of ["8550", "8551", "8552"]) ports.set(port, await freePort());
    const inputs = await linesBelow("A committee");
    expect(inputs.map(([task]) => task)).to.deep.equal([
      "rollup:deploy",
      ...Array<string>(3).fill("dac:node"),
      "rollup:sequencer",
    ]);
    const members: unknown[] = [];
    for (const words of inputs) {
      const input = words.map((word) => word.replaceAll(/\b855\d\b/g, (port) => String(ports.get(port))));
      if (words[0] === "rollup:deploy") {
        const { exitCode, stdout, stderr } = await finished(start(input));
        expect(exitCode, stderr).to.equal(0);
        expect(stdout).to.include("checks against the chain passed");
      } else if (words[0] === "dac:node") {
        const document = await startService(input);
        expect(document).to.deep.include({ isMember: true, epoch: "0" });
        members.push(document.address, document.url);
      } else {
        await startService([...input, "--port", "0"]);
      }
    }
    const { memberUrls } = JSON.parse(await readFile(join(folder, "deployments/l1/rollup.json"), "utf8")) as {
      memberUrls: Record<string, string>;
    };
    expect(Object.entries(memberUrls).flat()).to.have.members(members);
  });

  it("a channel between two participants does what it says", async () => {
    const ports = new Map<string, number>();
    for (const port of ["8561", "8562"]) ports.set(port, await freePort());
    const inputs = await linesBelow("10. From the command line", "docs/channels.md");
    expect(inputs.map(([task]) => task)).to.deep.equal(
      ["deploy", "node", "open", "pay", "list", "close"].map((name) => `channel:${name}`),
    );
    const outputs: Record<string, string> = {};
    for (const words of inputs) {
      const [task = ""] = words;
      const input = words.map((word) => word.replaceAll(/\b856\d\b/g, (port) => String(ports.get(port))));
      if (task === "channel:node") {
        await startService(input);
        continue;
      }
      // Its own port is the default one.
      const own = task === "channel:deploy" ? [] : ["--port", String(ports.get("8561"))];
      const { exitCode, stdout, stderr } = await finished(start([...input, ...own]));
      expect(exitCode, `${words.join(" ")}: ${stderr}`).to.equal(0);
      outputs[task] = stdout;
    }
    expect(outputs["channel:pay"]).to.include("1.5 ETH left.");
    expect(outputs["channel:close"]).to.include("is closed and paid out");
  });
});

/** A port that nobody listens on now. */
async function freePort(): Promise<number> {
  const server = createServer();
  const { port } = await listen(server, "127.0.0.1", 0);
  await closeServer(server);
  return port;
}

/** As a person does who is told that a deposit is not on L2 yet: once more, a moment later. */
async function untilItWorks(run: () => Promise<Finished>): Promise<Finished> {
  for (let tries = 0; ; tries++) {
    const done = await run();
    if (done.exitCode === 0 || tries === 10 || !/the account has (0\.0|not enough) ETH/.test(done.stderr)) return done;
    await new Promise((resume) => setTimeout(resume, 500));
  }
}
