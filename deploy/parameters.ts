export {
  absentParameter,
  type Description,
  hasParameter,
  PARAMETER_NAMES,
  PARAMETERS,
} from "./parameters/descriptions.js";
export { type ParameterFile, ParameterFileError, readParameterFile } from "./parameters/file.js";
export { parseOne, parseParameters, SAFE_PREFIX, safesIn } from "./parameters/parse.js";
export { isPreset, presetFor, PRESETS } from "./parameters/presets.js";
export { memberUrlsOf, resolveParameters } from "./parameters/resolve.js";
export { disputeDuration, EXIT_MARGIN, exitWindow, leavingTime } from "./parameters/times.js";
export {
  type ParameterContext,
  ParameterError,
  type ParameterInput,
  type ParameterIssue,
  type Preset,
  type RollupParametersInput,
} from "./parameters/types.js";
export { formatAmount, formatTime, parseTime } from "./parameters/units.js";
export { warningsOf } from "./parameters/warnings.js";
