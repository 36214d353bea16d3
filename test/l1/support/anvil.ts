import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { JsonRpcProvider } from "ethers";

export interface Anvil {
  url: string;
  provider: JsonRpcProvider;
  /** Stops the node at once, as a crash would. */
  stop(): Promise<void>;
}

/**
 * Where npm put anvil; undefined when this machine's platform has no such optional dependency.
 * @throws when ROLLUP_TEST_ANVIL says, as CI does, that its tests must run.
 */
export function anvilPath(): string | undefined {
  const name = `@foundry-rs/anvil-${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    return join(dirname(manifest), "bin", process.platform === "win32" ? "anvil.exe" : "anvil");
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND";
    if (isMissing && process.env.ROLLUP_TEST_ANVIL === undefined) return undefined;
    throw error;
  }
}

/** A fresh anvil on a free port. */
export async function startAnvil(path: string, ...flags: string[]): Promise<Anvil> {
  const child = spawn(path, ["--port", "0", ...flags], { stdio: ["ignore", "pipe", "inherit"] });
  const url = await listening(child);
  const provider = new JsonRpcProvider(url, undefined, { staticNetwork: true, cacheTimeout: -1, pollingInterval: 50 });
  return {
    url,
    provider,
    async stop() {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`anvil ended with code ${code}: ${output}`)));
    child.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const address = /Listening on ([\d.]+:\d+)/.exec(output)?.[1];
      if (address !== undefined) resolve(`http://${address}`);
    });
  });
}
