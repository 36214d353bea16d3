import { type ChildProcess, spawn } from "node:child_process";
import { symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { type Finished, finished } from "../../support/run.js";

export interface Service {
  /** Its JSON document, given when it is ready. */
  document: Record<string, never>;
  /** All that it logged. */
  log(): string;
  /** Ctrl-C; resolves with the exit code. */
  interrupt(): Promise<number | null>;
  /** Ends it as a power cut would. */
  kill(): Promise<unknown>;
}

/** A Hardhat project in `folder`, with this plugin and the network `remote`. */
export async function makeProject(folder: string, url = "http://127.0.0.1:1"): Promise<void> {
  const plugin = JSON.stringify(resolve("plugin/index.ts"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await writeFile(
    join(folder, "hardhat.config.ts"),
    `import rollup from ${plugin};
export default { plugins: [rollup], networks: { remote: { type: "http", url: ${JSON.stringify(url)} } } };`,
  );
  await symlink(resolve("node_modules"), join(folder, "node_modules"));
}

/** Runs a task that goes on until Ctrl-C, in a process of its own. */
export async function startService(project: string, input: readonly string[]): Promise<Service> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("HARDHAT_"));
  const child: ChildProcess = spawn(
    process.execPath,
    [resolve("node_modules/hardhat/dist/src/cli.js"), ...input, "--json"],
    { cwd: project, env: { ...Object.fromEntries(inherited), NO_COLOR: "1" }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let [stdout, log] = ["", ""];
  child.stderr?.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const ended = new Promise<number | null>((done) => child.on("close", done));
  await new Promise<void>((ready, fail) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout.endsWith("}\n")) ready();
    });
    void ended.then((code) => {
      fail(new Error(`it ended with exit code ${code}: ${log}`));
    });
  });
  return {
    document: JSON.parse(stdout) as Record<string, never>,
    log: () => log,
    interrupt() {
      child.kill("SIGINT");
      return ended;
    },
    kill() {
      child.kill("SIGKILL");
      return ended;
    },
  };
}

/** Runs a task in a process of its own, which gets Ctrl-C as soon as it said `text`. */
export async function interruptAt(project: string, input: readonly string[], text: string): Promise<Finished> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("HARDHAT_"));
  const child = spawn(process.execPath, [resolve("node_modules/hardhat/dist/src/cli.js"), ...input], {
    cwd: project,
    env: { ...Object.fromEntries(inherited), NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    const before = said.includes(text);
    said += chunk.toString();
    if (!before && said.includes(text)) child.kill("SIGINT");
  });
  return finished(child);
}

export async function eventually(check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error("it did not come to pass within 20 seconds");
    await new Promise((resume) => setTimeout(resume, 50));
  }
}
