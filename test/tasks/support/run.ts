import { spawn } from "node:child_process";
import { resolve } from "node:path";

import { expect } from "chai";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import type { HardhatUserConfig } from "hardhat/types/config";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import rollupPlugin from "../../../plugin/index.js";
import { type Finished, finished } from "../../support/run.js";

export interface TaskRun {
  /** 0 or 1, as the command line would end. */
  exitCode: number;
  stdout: string;
  /** Lines after `Error:`. */
  errors: string[];
  stderr: string;
  /** What the task returned: the JSON document. */
  value: Record<string, unknown>;
}

/** A Hardhat environment with nothing but this plugin, whose files go to `folder`. */
export function environment(
  folder: string,
  config: HardhatUserConfig = {},
  network?: string,
): Promise<HardhatRuntimeEnvironment> {
  return createHardhatRuntimeEnvironment(
    { plugins: [rollupPlugin], ...config, rollup: { deployments: folder, ...config.rollup } },
    network === undefined ? {} : { network },
  );
}

/** Runs a task as the command line does, with its output caught. */
export async function runTask(
  hre: HardhatRuntimeEnvironment,
  id: string,
  input: Record<string, string | number | boolean> = {},
): Promise<TaskRun> {
  const out = capture(process.stdout);
  const err = capture(process.stderr);
  let result: { success: boolean; value?: Record<string, unknown> };
  try {
    result = (await hre.tasks.getTask(id).run(input)) as typeof result;
  } finally {
    out.release();
    err.release();
  }
  const stderr = err.text();
  return {
    exitCode: result.success ? 0 : 1,
    stdout: out.text(),
    stderr,
    errors: [...stderr.matchAll(/^Error: (.*)$/gm)].map(([, line]) => line ?? ""),
    value: result.value ?? {},
  };
}

/** A run that must not fail. */
export function succeed(run: TaskRun): TaskRun {
  expect(run.errors).to.deep.equal([]);
  return run;
}

/** Where one of these is set, Hardhat prints a stack trace below its own errors. */
const CI_VARIABLES = new Set(["CI", "CONTINUOUS_INTEGRATION", "GITHUB_ACTIONS", "BUILD_NUMBER", "RUN_ID"]);

/** Runs `npx hardhat …` in a process of its own, in this repository, as at a person's terminal. */
export function runCommand(input: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !CI_VARIABLES.has(name)));
  const child = spawn(process.execPath, [resolve("node_modules/hardhat/dist/src/cli.js"), ...input], {
    env: { ...inherited, NO_COLOR: "1", HARDHAT_DISABLE_TELEMETRY_PROMPT: "true", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return finished(child);
}

function capture(stream: NodeJS.WriteStream): { text(): string; release(): void } {
  const original = stream.write.bind(stream);
  let text = "";
  stream.write = (chunk: string | Uint8Array): boolean => {
    text += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    return true;
  };
  return {
    text: () => text,
    release: () => {
      stream.write = original;
    },
  };
}
