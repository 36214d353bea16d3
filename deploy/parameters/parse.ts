import { getAddress } from "ethers";

import { parseMember } from "../../plugin/da/committee/directory.js";
import { type Hex, type RollupParameters, ZERO_ADDRESS } from "../../plugin/types.js";
import { type Description, type Kind, PARAMETER_NAMES, PARAMETERS } from "./descriptions.js";
import type { ParameterIssue } from "./types.js";
import { DIGITS, formatAmount, formatTime, parseAmount, parseTime } from "./units.js";

/** An address, in the grammar of parameters and of their schema. */
export const ADDRESS = "0x[0-9a-fA-F]{40}";
/** In front of an account with a role: a Safe must be there. */
export const SAFE_PREFIX = "safe:";
/** A server's URL within a list. */
export const SERVER_URL = "https?://[^\\s,]+";

type Parsed = { value: bigint | string | readonly Hex[] } | { fault: string };

/** Parses what is there, alone: no defaults, no relations. Unknown names are issues. */
export function parseParameters(input: object): { values: Partial<RollupParameters>; issues: ParameterIssue[] } {
  const values: Record<string, bigint | string | readonly Hex[]> = {};
  const issues: ParameterIssue[] = [];
  for (const [name, raw] of Object.entries(input) as [string, unknown][]) {
    if (raw === undefined) continue;
    if (!isParameterName(name)) {
      // Whatever a name has in it: it ends up in terminals.
      const parameter = JSON.stringify(name).slice(1, -1);
      issues.push({ parameter, message: `no such parameter${suggestion(name)}` });
      continue;
    }
    const result = parseOne(PARAMETERS[name], raw);
    if ("fault" in result) issues.push({ parameter: name, message: result.fault });
    else values[name] = result.value;
  }
  return { values, issues };
}

/** One parameter by its description, as a file, a flag or the config has it. */
export function parseOne(description: Description, raw: unknown): Parsed {
  switch (description.kind) {
    case "choice":
      return parseChoice(description, raw);
    case "address":
      return parseAddress(description, raw);
    case "accounts":
      return parseAccounts(description, raw);
    case "members":
      return parseMembers(description, raw);
    default:
      return parseNumber(description, description.kind, raw);
  }
}

/** Accounts that are named as Safes, with the parameters that name them. */
export function safesIn(input: object): { parameter: string; address: Hex }[] {
  return Object.entries(input).flatMap(([parameter, raw]: [string, unknown]) => {
    if (!isParameterName(parameter) || PARAMETERS[parameter].role === undefined || !isList(raw)) return [];
    return entriesOf(raw)
      .filter((entry) => entry.startsWith(SAFE_PREFIX))
      .map((entry) => ({ parameter, address: getAddress(entry.slice(SAFE_PREFIX.length)) as Hex }));
  });
}

/** A list on a command line, in a file or in a config as its entries. */
function entriesOf(list: string | readonly string[]): string[] {
  if (typeof list !== "string") return list.map((entry) => entry.trim());
  return list.trim() === "" ? [] : list.split(",").map((entry) => entry.trim());
}

export function isList(raw: unknown): raw is string | readonly string[] {
  return typeof raw === "string" || (Array.isArray(raw) && raw.every((entry) => typeof entry === "string"));
}

function isParameterName(name: string): name is keyof RollupParameters {
  return Object.hasOwn(PARAMETERS, name);
}

function parseChoice({ choices = [] }: Description, raw: unknown): Parsed {
  if (typeof raw === "string" && choices.includes(raw)) return { value: raw };
  return { fault: `is ${show(raw)}; this version knows ${choices.map((choice) => `"${choice}"`).join(", ")}` };
}

function parseAddress({ role }: Description, raw: unknown): Parsed {
  const value = typeof raw === "string" ? accountIn(raw, role) : undefined;
  if (value !== undefined) return { value };
  return {
    fault: `is ${show(raw)}; an address has 0x and 40 hex digits, with a right checksum where letters are mixed${role === undefined ? "" : `, and ${SAFE_PREFIX} before it where a Safe must be there`}`,
  };
}

/** The address that `text` is, or that is named as a Safe; undefined when it is neither. */
function accountIn(text: string, role: Description["role"]): Hex | undefined {
  const isSafe = role !== undefined && text.startsWith(SAFE_PREFIX);
  const address = addressIn(isSafe ? text.slice(SAFE_PREFIX.length) : text);
  return isSafe && address === ZERO_ADDRESS ? undefined : address;
}

function addressIn(text: string): Hex | undefined {
  if (!new RegExp(`^${ADDRESS}$`).test(text)) return undefined;
  try {
    return getAddress(text) as Hex;
  } catch {
    // A wrong checksum: one letter or more is not what was meant.
    return undefined;
  }
}

/** In ascending order, as the task that names them later has to. */
function parseAccounts({ max = 0n, role }: Description, raw: unknown): Parsed {
  if (!isList(raw)) return { fault: `is ${show(raw)}; a list of addresses` };
  const accounts: Hex[] = [];
  for (const entry of entriesOf(raw)) {
    const address = accountIn(entry, role);
    if (address === undefined || address === ZERO_ADDRESS) {
      return { fault: `has ${show(entry)}; an address is 0x and 40 hex digits, not all zero` };
    }
    if (accounts.includes(address)) return { fault: `has ${address} twice; each account once` };
    accounts.push(address);
  }
  if (BigInt(accounts.length) > max) return { fault: `has ${accounts.length} accounts; at most ${max}` };
  return { value: ascending(accounts) };
}

/** In ascending order, as L1 keeps them. */
function parseMembers({ max = 0n }: Description, raw: unknown): Parsed {
  if (!isList(raw)) return { fault: `is ${show(raw)}; a list of addresses` };
  const grammar = new RegExp(`^${ADDRESS}(?:=${SERVER_URL})?$`);
  const members: Hex[] = [];
  for (const entry of entriesOf(raw)) {
    const address = grammar.test(entry) ? parseMember(entry)?.address : undefined;
    if (address === undefined) {
      return { fault: `has ${show(entry)}; a member is an address, or an address, = and the http URL of its server` };
    }
    if (members.includes(address)) return { fault: `has ${address} twice; each member once` };
    members.push(address);
  }
  if (members.length === 0) return { fault: "is empty; a committee has members" };
  if (BigInt(members.length) > max) return { fault: `has ${members.length} members; at most ${max}` };
  return { value: ascending(members) };
}

function ascending(accounts: readonly Hex[]): Hex[] {
  return accounts.toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
}

type NumberKind = Extract<Kind, "chainId" | "count" | "time" | "amount">;

const EXPECTED: Record<NumberKind, string> = {
  chainId: "a whole number, for example 84532001",
  count: "a whole number",
  time: 'seconds, or a number with s, m, h, d or w, for example "7d"',
  amount: 'whole wei, or a number with a unit, for example "1.5 ether"',
};

function parseNumber({ min, max }: Description, kind: NumberKind, raw: unknown): Parsed {
  const value = numberIn(kind, raw);
  if (value === undefined) return { fault: `is ${show(raw)}; ${EXPECTED[kind]}` };
  const text = (limit: bigint) => (SHOWN[kind] ?? String)(limit);
  if (min !== undefined && value < min) return { fault: `is ${show(raw)}; at least ${text(min)}` };
  if (max !== undefined && value > max) return { fault: `is ${show(raw)}; at most ${text(max)}` };
  return { value };
}

const SHOWN: Partial<Record<NumberKind, (value: bigint) => string>> = { time: formatTime, amount: formatAmount };

const WHOLE = new RegExp(`^${DIGITS}$`);

function numberIn(kind: NumberKind, raw: unknown): bigint | undefined {
  if (typeof raw === "bigint") return raw;
  if (typeof raw === "number") return Number.isSafeInteger(raw) ? BigInt(raw) : undefined;
  if (typeof raw !== "string") return undefined;
  const text = raw.trim();
  if (WHOLE.test(text)) return BigInt(text.replaceAll("_", ""));
  if (kind === "time") return parseTime(text);
  return kind === "amount" ? parseAmount(text) : undefined;
}

function suggestion(name: string): string {
  const [best] = PARAMETER_NAMES.map((known) => ({
    known,
    distance: editDistance(name.toLowerCase(), known.toLowerCase()),
  })).sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= Math.max(2, name.length / 3)
    ? `; did you mean ${best.known}?`
    : `; there are ${PARAMETER_NAMES.join(", ")}`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function show(raw: unknown): string {
  return typeof raw === "bigint" ? raw.toString() : (JSON.stringify(raw) ?? "undefined");
}
