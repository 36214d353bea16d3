import {
  isPreset,
  PARAMETER_NAMES,
  type Preset,
  PRESETS,
  readParameterFile,
  type RollupParametersInput,
} from "../../deploy/parameters.js";
import type { RollupParameters } from "../../plugin/types.js";
import { ArgumentError } from "../support/action.js";

/** What a user may say about parameters on the command line: a file, a preset, a flag for each. */
export type ParameterArguments = { parameters: string | undefined; preset: string | undefined } & {
  [Key in keyof RollupParameters]: string | undefined;
};

/** The preset, if there is one, and the parameters that were given. Config, then parameter file, then flags: the later wins. */
export async function gatherParameters(
  input: ParameterArguments,
  config: RollupParametersInput,
): Promise<{ preset: Preset | undefined; given: RollupParametersInput }> {
  const named = presetArgument(input.preset);
  const file = input.parameters === undefined ? { parameters: {} } : await readParameterFile(input.parameters);
  const flags = Object.fromEntries(
    PARAMETER_NAMES.flatMap((name) => (input[name] === undefined ? [] : [[name, input[name]]])),
  );
  return { preset: named ?? file.preset, given: { ...config, ...file.parameters, ...flags } };
}

export function presetArgument(preset: string | undefined): Preset | undefined {
  if (preset === undefined || isPreset(preset)) return preset;
  throw new ArgumentError("preset", `--preset ${preset} is unknown; there are ${Object.keys(PRESETS).join(", ")}`);
}
