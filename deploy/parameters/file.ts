import { readFile } from "node:fs/promises";

import { parseParameters } from "./parse.js";
import { isPreset, PRESETS } from "./presets.js";
import { ParameterError, type ParameterIssue, type Preset, type RollupParametersInput } from "./types.js";

/** A parameter file cannot be read at all. */
export class ParameterFileError extends Error {
  override readonly name = "ParameterFileError";
  constructor(
    readonly path: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`parameter file ${path}${reason}`, options);
  }
}

/** All parameters with the longest lists take a tenth of it. */
const MOST_TEXT = 100_000;

/** What is in a parameter file. */
export interface ParameterFile {
  preset?: Preset;
  parameters: RollupParametersInput;
}

/**
 * Reads a parameter file: parameters by their names, `"preset"`, and `"$schema"`, which is for editors.
 * @throws {ParameterFileError} when it is no JSON object
 * @throws {ParameterError} naming every fault of what is in it, one line each; relations apart
 */
export async function readParameterFile(path: string): Promise<ParameterFile> {
  const { $schema, preset, ...parameters } = await readObject(path);
  const issues: ParameterIssue[] = parseParameters(parameters).issues;
  if ($schema !== undefined && typeof $schema !== "string") {
    issues.unshift({
      parameter: "$schema",
      message: `is ${JSON.stringify($schema)}; the path or URL of a JSON schema`,
    });
  }
  if (preset !== undefined && !isPreset(preset)) {
    issues.unshift({
      parameter: "preset",
      message: `is ${JSON.stringify(preset)}; there are ${Object.keys(PRESETS).join(", ")}`,
    });
  }
  if (issues.length > 0) throw new ParameterError(issues);
  return { ...(isPreset(preset) ? { preset } : {}), parameters };
}

async function readObject(path: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ParameterFileError(path, `: ${code === "ENOENT" ? "there is no such file" : message}`, { cause: error });
  }
  if (text.length > MOST_TEXT) throw new ParameterFileError(path, ` is longer than ${MOST_TEXT} characters`);
  // What some editors put in front.
  text = text.replace(/^\uFEFF/, "");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ParameterFileError(path, ` is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ParameterFileError(path, " holds no JSON object of parameters");
  }
  const twice = keyTwice(text);
  if (twice !== undefined) throw new ParameterFileError(path, ` names ${JSON.stringify(twice)} twice; once is right`);
  return value as Record<string, unknown>;
}

/** JSON takes the last of two values of one name, and readers the first. @param text Valid JSON; nothing in it is nested but lists. */
function keyTwice(text: string): string | undefined {
  const seen = new Set<string>();
  for (const [token, literal = ""] of text.matchAll(/("(?:[^"\\]|\\.)*")(?:\s*:)?/g)) {
    if (token === literal) continue;
    const key = JSON.parse(literal) as string;
    if (seen.has(key)) return key;
    seen.add(key);
  }
  return undefined;
}
