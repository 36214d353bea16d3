import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { Result } from "hardhat/types/utils";
import { errorResult, successfulResult } from "hardhat/utils/result";

import { explain } from "./explain.js";
import { createOutput, type Output } from "./output.js";

/** The argument that every task of this plugin has. */
export interface CommonArguments {
  json: boolean;
}

/** Arguments of tasks on a deployed rollup. */
export interface RollupArguments extends CommonArguments {
  /** Path of the address book. */
  deployment: string | undefined;
  /** URL of the sequencer. */
  rpc: string | undefined;
}

export interface TaskContext {
  hre: HardhatRuntimeEnvironment;
  output: Output;
}

/** A task's argument is wrong; the message says what would be right. */
export class ArgumentError extends Error {
  constructor(
    readonly argument: string,
    message: string,
  ) {
    super(message);
    this.name = "ArgumentError";
  }
}

/**
 * A task action around `run`: what `run` returns is the JSON document, and what it throws becomes clear lines on stderr (and `{ "errors": [...] }`
 * as the document) with exit code 1. `--show-stack-traces` adds the stack.
 */
export function action<Arguments extends CommonArguments>(
  run: (input: Arguments, context: TaskContext) => Promise<object>,
): (input: Arguments, hre: HardhatRuntimeEnvironment) => Promise<Result<object, string[]>> {
  return async (input, hre) => {
    const output = createOutput(input.json);
    try {
      const document = await run(input, { hre, output });
      output.document(document);
      return successfulResult(document);
    } catch (error) {
      const errors = explain(error);
      for (const line of errors) output.error(line);
      output.document({ errors });
      if (hre.globalOptions.showStackTraces) output.line(stackOf(error));
      return errorResult(errors);
    }
  };
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
