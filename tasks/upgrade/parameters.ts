import { readFile } from "node:fs/promises";

import { Contract, type FunctionFragment, Interface, type InterfaceAbi, type ParamType, type Provider } from "ethers";

import { formatTime, PARAMETERS, parseTime } from "../../deploy/parameters.js";
import type { Hex } from "../../plugin/types.js";
import type { ReadParameters } from "../../plugin/upgrade/diff.js";
import { ArgumentError } from "../support/action.js";

/** Immutables by name, as a contract's `parameters()` gives them. */
export type Values = Readonly<Record<string, unknown>>;

/** What a contract, or the code behind a proxy, tells of its immutables; undefined when it has no such function. */
export async function readParameters(provider: Provider, address: Hex, abi: InterfaceAbi): Promise<Values | undefined> {
  const face = new Interface(abi);
  const fragment: FunctionFragment | null = face.getFunction("parameters");
  if (fragment === null) return undefined;
  const result: unknown = await new Contract(address, face, provider).getFunction("parameters")();
  const [output] = fragment.outputs;
  return output === undefined ? undefined : (plain(output, result) as Values);
}

/** Arguments of a constructor: from the file, over what the code that is replaced was made of. */
export async function creationArguments(
  abi: InterfaceAbi,
  path: string | undefined,
  current: Values | undefined,
): Promise<unknown[]> {
  const given: unknown = path === undefined ? {} : await readJson(path);
  if (Array.isArray(given)) return given as unknown[];
  const { inputs } = new Interface(abi).deploy;
  const [only, ...others] = inputs;
  if (only === undefined) return [];
  if (others.length > 0 || only.components === null || typeof given !== "object" || given === null) {
    throw new ArgumentError("arguments", "--arguments names a JSON file with the list of the constructor's arguments");
  }
  const changes = given as Record<string, unknown>;
  const names = only.components.map(({ name }) => name);
  const unknown = Object.keys(changes).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new ArgumentError("arguments", `${path}: there is no parameter ${unknown}; there are ${names.join(", ")}`);
  const values = names.map((name) => ({
    name,
    value: name in changes ? fromJson(name, changes[name]) : current?.[name],
  }));
  const missing = values.find(({ value }) => value === undefined);
  if (missing !== undefined)
    throw new ArgumentError("arguments", `parameter ${missing.name} is new; give it in a file by --arguments`);
  return [Object.fromEntries(values.map(({ name, value }) => [name, value]))];
}

/** For people: times with their unit, and neighbours one by one. */
export function shown(values: Values | undefined): ReadParameters {
  return Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, text(name, value)]));
}

function text(name: string, value: unknown): string {
  if (typeof value === "bigint" && isTime(name)) return formatTime(value);
  return JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? each.toString() : each)).replaceAll(
    '"',
    "",
  );
}

function isTime(name: string): boolean {
  const known: Readonly<Record<string, { kind: string }>> = PARAMETERS;
  return known[name]?.kind === "time" || ["disputeDuration", "withdrawalDelay"].includes(name);
}

function fromJson(name: string, value: unknown): unknown {
  return typeof value === "string" && isTime(name) ? (parseTime(value) ?? value) : value;
}

function plain(type: ParamType, value: unknown): unknown {
  if (type.components === null) return value;
  const items = value as readonly unknown[];
  return Object.fromEntries(type.components.map((component, i) => [component.name, plain(component, items[i])]));
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new ArgumentError("arguments", `${path}: ${(error as Error).message}`);
  }
}
