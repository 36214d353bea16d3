import { type Description, PARAMETER_NAMES, PARAMETERS } from "./descriptions.js";
import { ADDRESS, SAFE_PREFIX, SERVER_URL } from "./parse.js";
import { unitNumbers, wholeNumbers } from "./patterns.js";
import { PRESETS, type PresetValues } from "./presets.js";
import { AMOUNT_UNITS, formatAmount, formatTime, TIME_UNITS } from "./units.js";

/** A JSON schema, or a part of one. */
export type Schema = Readonly<Record<string, unknown>>;

/**
 * The JSON schema (draft 7) of parameter files. It accepts of each parameter what `parseOne` accepts, except that it knows neither
 * checksums of addresses nor that an account is named twice, and of URLs only the start; relations between parameters are not in it.
 */
export function parameterSchema(): Schema {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Parameters of a rollup, for npx hardhat rollup:deploy --parameters",
    type: "object",
    additionalProperties: false,
    properties: {
      $schema: { type: "string", description: "where this schema is, for editors" },
      preset: {
        enum: Object.keys(PRESETS),
        description: "where defaults come from; by default the network's chain id says it",
      },
      ...Object.fromEntries(
        PARAMETER_NAMES.map((name) => [name, { description: describe(name), ...schemaOf(PARAMETERS[name]) }]),
      ),
    },
  };
}

/** What a file may have as the value of one parameter. */
export function schemaOf(description: Description): Schema {
  switch (description.kind) {
    case "choice":
      return { enum: description.choices ?? [] };
    case "address":
      return { type: "string", pattern: `^${accountPattern(description, "")}$` };
    case "accounts":
      return listSchema(description, 0, accountPattern(description, NOT_ZERO));
    case "members":
      return listSchema(description, 1, `${NOT_ZERO}${ADDRESS}(?:=${SERVER_URL})?`);
    default:
      return numberSchema(description);
  }
}

const NOT_ZERO = "(?!0x0{40}(?![0-9a-fA-F]))";

function accountPattern({ role }: Description, condition: string): string {
  return role === undefined
    ? `${condition}${ADDRESS}`
    : `(?:${condition}${ADDRESS}|${SAFE_PREFIX}${NOT_ZERO}${ADDRESS})`;
}

function listSchema({ max = 0n }: Description, least: number, entry: string): Schema {
  const listed = `\\s*${entry}\\s*(?:,\\s*${entry}\\s*){0,${max - 1n}}`;
  return {
    anyOf: [
      {
        type: "array",
        minItems: least,
        maxItems: Number(max),
        items: { type: "string", pattern: `^\\s*${entry}\\s*$` },
      },
      { type: "string", pattern: least === 0 ? `^(?:\\s*|${listed})$` : `^${listed}$` },
    ],
  };
}

function numberSchema({ kind, min = 0n, max = BigInt(Number.MAX_SAFE_INTEGER) }: Description): Schema {
  const plain = wholeNumbers(min, max);
  const forms =
    kind === "time" ? [plain, ...times(min, max)] : kind === "amount" ? [plain, ...amounts(min, max)] : [plain];
  const most = max < Number.MAX_SAFE_INTEGER ? Number(max) : Number.MAX_SAFE_INTEGER;
  return {
    anyOf: [
      { type: "integer", minimum: Number(min), maximum: most },
      { type: "string", pattern: `^\\s*(?:${forms.join("|")})\\s*$` },
    ],
  };
}

function times(min: bigint, max: bigint): string[] {
  return TIME_UNITS.flatMap(([unit, size]) => {
    const [low, high] = [(min + size - 1n) / size, max / size];
    return low > high ? [] : [`${wholeNumbers(low, high)}\\s*${unit}`];
  });
}

function amounts(min: bigint, max: bigint): string[] {
  const sizes = new Set(AMOUNT_UNITS.map(([, decimals]) => decimals));
  return [...sizes].map((size) => {
    const units = AMOUNT_UNITS.flatMap(([unit, decimals]) => (decimals === size ? [unit] : []));
    return `${unitNumbers(min, max, size)}\\s*(?:${units.join("|")})`;
  });
}

/** With the defaults of all presets, which an editor shows. */
function describe(name: (typeof PARAMETER_NAMES)[number]): string {
  const defaults = Object.entries(PRESETS).flatMap(([preset, values]) => {
    const value = values[name as keyof PresetValues];
    return value === undefined ? [] : [[shown(PARAMETERS[name], value), preset] as const];
  });
  const { about } = PARAMETERS[name];
  if (defaults.length === 0) return about;
  const isOne = defaults.length === Object.keys(PRESETS).length && new Set(defaults.map(([value]) => value)).size === 1;
  const listed = isOne ? defaults[0]?.[0] : defaults.map(([value, preset]) => `${value} (${preset})`).join(", ");
  return `${about}. Default: ${listed}`;
}

function shown({ kind }: Description, value: bigint): string {
  if (kind === "time") return formatTime(value);
  return kind === "amount" ? formatAmount(value) : value.toString();
}
