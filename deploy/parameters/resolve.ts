import { memberUrlsIn } from "../../plugin/da/committee/directory.js";
import type { MemberUrls, RollupParameters } from "../../plugin/types.js";
import { absentParameter, hasParameter, PARAMETER_NAMES, PARAMETERS } from "./descriptions.js";
import { withDefaults } from "./follow.js";
import { isList, parseParameters } from "./parse.js";
import { brokenRelations } from "./relations.js";
import { type ParameterContext, ParameterError, type RollupParametersInput } from "./types.js";

/** What to say of parameters without a default. */
const MISSING: { readonly [Key in keyof RollupParameters]?: string } = {
  l2ChainId: "choose a chain id that no other chain uses, for example 84532001",
  committeeMembers: "name the accounts that hold batch data, for example 0x…=http://host:8550,0x…=http://host:8550,0x…",
};

/**
 * The full parameters: `input` over the defaults of `context.preset`, which follow it, checked one by one and against each other.
 * @throws {ParameterError} naming every fault, one line each.
 */
export function resolveParameters(input: RollupParametersInput, context: ParameterContext): RollupParameters {
  const { values, issues } = parseParameters(input);
  const chosen = withDefaults(values, context);
  const merged: Record<string, unknown> = { ...chosen };
  const faulty = new Set(issues.map(({ parameter }) => parameter));
  for (const name of PARAMETER_NAMES) {
    if (!hasParameter(name, chosen)) {
      merged[name] = absentParameter(name);
      if (values[name] !== undefined) issues.push({ parameter: name, message: whoHas(name, chosen) });
    } else if (merged[name] === undefined && !faulty.has(name)) {
      issues.push({ parameter: name, message: `missing; ${MISSING[name] ?? PARAMETERS[name].about}` });
    }
  }
  // In one order, whatever the order of the input: a journal knows them by their text.
  const parameters = Object.fromEntries(
    PARAMETER_NAMES.map((name) => [name, merged[name]]),
  ) as unknown as RollupParameters;
  if (issues.length === 0) issues.push(...brokenRelations(parameters, values, context));
  if (issues.length > 0) throw new ParameterError(issues);
  return parameters;
}

/** Says which suites have a parameter that was given to another. */
function whoHas(name: keyof RollupParameters, chosen: Partial<RollupParameters>): string {
  const wanted = PARAMETERS[name];
  const [choice, value, other] =
    wanted.da !== undefined && wanted.da !== chosen.da
      ? ["da", wanted.da, chosen.da]
      : ["proof", wanted.proof, chosen.proof];
  return `is given; only a rollup with ${choice} "${value}" has it, not "${other}"`;
}

/** Where the members' servers are, as far as parameters that were resolved say it. */
export function memberUrlsOf({ committeeMembers }: RollupParametersInput): MemberUrls {
  return isList(committeeMembers) ? memberUrlsIn(committeeMembers) : {};
}
