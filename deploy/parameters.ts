import { getAddress, isAddress, parseUnits } from "ethers";

import { memberUrlsIn, membersIn, parseMember } from "../plugin/da/committee/directory.js";
import {
  type DataAvailability,
  type Hex,
  type MemberUrls,
  type ProofSystem,
  type RollupParameters,
  ZERO_ADDRESS,
} from "../plugin/types.js";

/**
 * A parameter as people write it: times as seconds or `"7d"`, amounts as wei or `"1.5 ether"`, accounts and members as a list,
 * or in one string with commas, of `0x…`, members also of `0x…=http://…`.
 */
export type ParameterInput = string | number | bigint | readonly string[];

/** What a parameter file, the flags or the Hardhat config may hold. */
export type RollupParametersInput = { [Key in keyof RollupParameters]?: ParameterInput };

/** Where defaults come from: `dev` is for chains whose time can be moved, `production` for all others. */
export type Preset = "dev" | "production";

/** What validation has to know about the place of the deployment. */
export interface ParameterContext {
  preset: Preset;
  l1ChainId: bigint;
  /** Becomes guardian and upgrader where none is named. */
  deployer: Hex;
}

export interface ParameterIssue {
  parameter: string;
  /** One line: what was wrong, what would be right. */
  message: string;
}

/** The parameters do not hold; `issues` names each fault. */
export class ParameterError extends Error {
  constructor(readonly issues: ParameterIssue[]) {
    super(issues.map(({ parameter, message }) => `${parameter}: ${message}`).join("\n"));
    this.name = "ParameterError";
  }
}

type Kind = "chainId" | "count" | "time" | "amount" | "address" | "choice" | "members" | "accounts";

interface Description {
  kind: Kind;
  /** For help texts and the plan. */
  about: string;
  min?: bigint;
  max?: bigint;
  choices?: readonly string[];
  /** Suites with another data availability, or proof system, do not have it. */
  da?: DataAvailability;
  proof?: ProofSystem;
}

/** Who calls off upgrades is for each team to say, and so is whether anything goes without delay. */
const NO_VETO = { cancellers: [], council: [] } as const;

const MINUTE = 60n;
const HOUR = 60n * MINUTE;
const DAY = 24n * HOUR;
const ETHER = 10n ** 18n;
const GWEI = 10n ** 9n;

/** What a user needs, beyond waiting, to leave before an upgrade executes. The timelock demands the same. */
export const EXIT_MARGIN = DAY;

/** Keys that the committee's contract keeps; docs/data-availability.md §3. */
const MAX_BLS_MEMBERS = 126n;

/** Chains whose time can be moved; everything else is a real network. */
const DEV_CHAIN_IDS: ReadonlySet<bigint> = new Set([31337n, 1337n]);

export const PARAMETERS: { readonly [Key in keyof RollupParameters]: Description } = {
  l2ChainId: { kind: "chainId", about: "chain id of the L2", min: 1n, max: 2n ** 53n - 1n },
  proof: { kind: "choice", about: "proof system", choices: ["fraud", "validity"] },
  da: { kind: "choice", about: "data availability", choices: ["calldata", "blob", "committee"] },
  challengeWindow: {
    kind: "time",
    about: "how long a batch can be disputed, or its proof may take",
    min: MINUTE,
    max: 90n * DAY,
  },
  forceInclusionDelay: {
    kind: "time",
    about: "age from which no batch may skip an inbox message",
    min: MINUTE,
    max: 30n * DAY,
  },
  inboxCapacity: {
    kind: "count",
    about: "unfinalized inbox messages before the queue grows (a power of two)",
    min: 2n,
    max: 2n ** 31n,
  },
  slots: { kind: "count", about: "operations and transfers in one proof", min: 2n, max: 1_024n, proof: "validity" },
  levels: {
    kind: "count",
    about: "of the tree of balances, which has 4^levels leaves",
    min: 2n,
    max: 16n,
    proof: "validity",
  },
  dissectionBits: {
    kind: "count",
    about: "a claim of a dispute has 2^dissectionBits states",
    min: 1n,
    max: 5n,
    proof: "fraud",
  },
  disputeClock: {
    kind: "time",
    about: "thinking time of each line of claims in a dispute",
    min: MINUTE,
    max: 90n * DAY,
    proof: "fraud",
  },
  disputeExtension: {
    kind: "time",
    about: "time in which everybody can answer any claim, at least",
    min: MINUTE,
    max: 7n * DAY,
    proof: "fraud",
  },
  disputeBond: {
    kind: "amount",
    about: "bond of a claim of the last level; each level above adds as much",
    min: GWEI,
    max: 1_000n * ETHER,
    proof: "fraud",
  },
  sequencerBond: { kind: "amount", about: "bond of a sequencer", min: 1n, max: 1_000_000n * ETHER },
  bondWithdrawalDelay: {
    kind: "time",
    about: "time between a sequencer's exit and its bond",
    min: MINUTE,
    max: 365n * DAY,
  },
  sequencerGrace: { kind: "time", about: "silence after which the next sequencer may post", min: 1n, max: 30n * DAY },
  permissionlessDelay: {
    kind: "time",
    about: "silence after which any bonded account may post",
    min: 2n,
    max: 90n * DAY,
  },
  escapeDelay: {
    kind: "time",
    about: "silence after which anybody may freeze the chain, and everybody leaves",
    min: MINUTE,
    max: 365n * DAY,
  },
  upgradeDelay: { kind: "time", about: "delay of every upgrade", min: DAY, max: 365n * DAY },
  pauseDuration: { kind: "time", about: "how long a pause of deposits lasts", min: MINUTE, max: 30n * DAY },
  pauseCooldown: { kind: "time", about: "time between the end of a pause and the next", min: MINUTE, max: 365n * DAY },
  guardian: { kind: "address", about: "may pause deposits; zero: nobody" },
  upgrader: { kind: "address", about: "may propose and execute upgrades after the delay" },
  cancellers: { kind: "accounts", about: "accounts each of which may call off any upgrade", max: 64n },
  council: {
    kind: "accounts",
    about: "accounts that may, with evidence of a bug, have an announced upgrade executed at once; none: nobody ever",
    max: 64n,
  },
  councilThreshold: { kind: "count", about: "how many of the council that takes; above half of them", max: 64n },
  committeeMembers: {
    kind: "members",
    about: "accounts that hold batch data, with or without =url of their servers",
    max: 256n,
    da: "committee",
  },
  committeeKeys: {
    kind: "address",
    about: "BlsKeys that has the members' keys, who sign by BLS; zero: members are accounts",
    da: "committee",
  },
  committeeThreshold: {
    kind: "count",
    about: "how many members must sign; above half of them",
    min: 1n,
    max: 256n,
    da: "committee",
  },
  committeeOverlap: {
    kind: "time",
    about: "how long members attest after others took their place",
    min: MINUTE,
    max: 30n * DAY,
    da: "committee",
  },
  demandWindow: {
    kind: "time",
    about: "how long after a batch was posted its data can be demanded on L1",
    min: 1n,
    max: 90n * DAY,
    da: "committee",
    proof: "fraud",
  },
  answerTime: {
    kind: "time",
    about: "how long a demand can be answered",
    min: 1n,
    max: 30n * DAY,
    da: "committee",
    proof: "fraud",
  },
  answerMargin: {
    kind: "time",
    about: "time left of the challenge window when a demand can be answered no more",
    min: 1n,
    max: 30n * DAY,
    da: "committee",
    proof: "fraud",
  },
  demandBond: {
    kind: "amount",
    about: "bond of a demand; whoever answers has it",
    min: GWEI,
    max: 1_000n * ETHER,
    da: "committee",
    proof: "fraud",
  },
};

export const PARAMETER_NAMES = Object.keys(PARAMETERS) as (keyof RollupParameters)[];

/** The preset that fits a chain: `dev` for local chains, else `production`. */
export function presetFor(l1ChainId: bigint): Preset {
  return DEV_CHAIN_IDS.has(l1ChainId) ? "dev" : "production";
}

/** Whether a suite has a parameter. */
export function hasParameter(name: keyof RollupParameters, { proof, da }: { proof?: unknown; da?: unknown }): boolean {
  const wanted = PARAMETERS[name];
  return (wanted.da ?? da) === da && (wanted.proof ?? proof) === proof;
}

/** The value of a parameter that a suite does not have. */
export function absentParameter(name: keyof RollupParameters): bigint | Hex | readonly Hex[] {
  const { kind } = PARAMETERS[name];
  if (kind === "address") return ZERO_ADDRESS;
  return kind === "members" || kind === "accounts" ? [] : 0n;
}

function committeeDefaults(
  context: ParameterContext,
  { da, committeeMembers, challengeWindow = defaults(context).challengeWindow ?? 0n }: Partial<RollupParameters>,
): Partial<RollupParameters> {
  if (da !== "committee") return {};
  const isDev = context.preset === "dev";
  const count = BigInt(committeeMembers?.length ?? 0);
  const third = challengeWindow / 3n;
  return {
    committeeKeys: ZERO_ADDRESS,
    // Two thirds, rounded up: a third may be down, and a third of liars attests nothing.
    committeeThreshold: (2n * count + 2n) / 3n,
    committeeOverlap: isDev ? HOUR : DAY,
    // To find that data are missing, to publish them, to dispute them.
    ...{ demandWindow: third, answerTime: third, answerMargin: third },
    // An answer of 200,000 gas, at 350 gwei.
    demandBond: isDev ? ETHER / 1_000n : (7n * ETHER) / 100n,
  };
}

/** Three quarters, rounded up: a quarter of them stops it. */
function councilDefaults({ council = [] }: Partial<RollupParameters>): Partial<RollupParameters> {
  return { councilThreshold: (3n * BigInt(council.length) + 3n) / 4n };
}

function defaults({ preset, deployer }: ParameterContext): Partial<RollupParameters> {
  const common = { proof: "fraud", da: "calldata", guardian: deployer, upgrader: deployer, ...NO_VETO } as const;
  if (preset === "dev") {
    return {
      ...common,
      l2ChainId: 42_170_001n,
      challengeWindow: HOUR,
      forceInclusionDelay: 10n * MINUTE,
      inboxCapacity: 1024n,
      // One proof in seconds, its key in less than a minute.
      slots: 8n,
      levels: 6n,
      // Short, but a person can follow it. The bond is small beside the accounts of a development chain.
      dissectionBits: 4n,
      disputeClock: 30n * MINUTE,
      disputeExtension: MINUTE,
      disputeBond: ETHER / 1_000n,
      sequencerBond: ETHER,
      bondWithdrawalDelay: 6n * HOUR,
      sequencerGrace: 5n * MINUTE,
      permissionlessDelay: 20n * MINUTE,
      escapeDelay: 6n * HOUR,
      upgradeDelay: 3n * DAY,
      pauseDuration: HOUR,
      pauseCooldown: 6n * HOUR,
    };
  }
  return {
    ...common,
    challengeWindow: 7n * DAY,
    forceInclusionDelay: DAY,
    inboxCapacity: 8192n,
    // Room for 16 million balances.
    slots: 16n,
    levels: 12n,
    // 10 levels of 16 states: the fewest levels whose moves stay well below 150,000 gas.
    dissectionBits: 4n,
    // Half a window of censorship or outage in all for each line, and a night's outage at every single move.
    disputeClock: 84n * HOUR,
    disputeExtension: 6n * HOUR,
    // The dearest answer, a step of 300,000 gas, at 333 gwei.
    disputeBond: ETHER / 10n,
    sequencerBond: 10n * ETHER,
    bondWithdrawalDelay: 21n * DAY,
    sequencerGrace: 2n * HOUR,
    permissionlessDelay: 12n * HOUR,
    escapeDelay: 30n * DAY,
    upgradeDelay: 30n * DAY,
    pauseDuration: 3n * DAY,
    pauseCooldown: 14n * DAY,
  };
}

/**
 * The full parameters: `input` over the defaults of `context.preset`, checked one by one and against each other.
 * @throws {ParameterError} naming every fault, one line each.
 */
export function resolveParameters(input: RollupParametersInput, context: ParameterContext): RollupParameters {
  const { values, issues } = parseParameters(input);
  const chosen: Partial<RollupParameters> = {
    ...defaults(context),
    ...committeeDefaults(context, values),
    ...councilDefaults(values),
    ...values,
  };
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
  if (issues.length === 0) issues.push(...relations(merged as unknown as RollupParameters, context));
  if (issues.length > 0) throw new ParameterError(issues);
  return merged as unknown as RollupParameters;
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

/** What to say of parameters without a default. */
const MISSING: { readonly [Key in keyof RollupParameters]?: string } = {
  l2ChainId: "choose a chain id that no other chain uses, for example 84532001",
  committeeMembers: "name the accounts that hold batch data, for example 0x…=http://host:8550,0x…=http://host:8550,0x…",
};

/** Where the members' servers are, as far as parameters that were resolved say it. */
export function memberUrlsOf({ committeeMembers }: RollupParametersInput): MemberUrls {
  return isMemberList(committeeMembers) ? memberUrlsIn(committeeMembers) : {};
}

/** Longest time from a batch's `finalizesAt` to the end of the dispute about it, in seconds; docs/dispute.md §3. */
export function disputeDuration(p: Pick<RollupParameters, DisputeTime | "proof">): bigint {
  // Who is not proven in time falls in one transaction.
  if (p.proof === "validity") return 1n;
  return 2n * p.disputeClock + levels(p) * p.disputeExtension;
}

type DisputeTime = "dissectionBits" | "disputeClock" | "disputeExtension";

/** Dissections until 2^40 instructions are one; docs/dispute.md §1. */
function levels({ dissectionBits }: Pick<RollupParameters, DisputeTime>): bigint {
  return (40n + dissectionBits - 1n) / dissectionBits;
}

/** Parses what is there, alone: no defaults, no relations. Unknown names are issues. */
export function parseParameters(input: object): { values: Partial<RollupParameters>; issues: ParameterIssue[] } {
  const values: Record<string, bigint | string | readonly Hex[]> = {};
  const issues: ParameterIssue[] = [];
  for (const [name, raw] of Object.entries(input) as [string, unknown][]) {
    if (raw === undefined) continue;
    if (!isParameterName(name)) {
      issues.push({ parameter: name, message: `no such parameter${suggestion(name)}` });
      continue;
    }
    const result = parseOne(PARAMETERS[name], raw);
    if ("fault" in result) issues.push({ parameter: name, message: result.fault });
    else values[name] = result.value;
  }
  return { values: values, issues };
}

/** `7d`, `1.5h` and so on as the plan shows times; exact, in the largest unit that divides. */
export function formatTime(seconds: bigint): string {
  for (const [unit, size] of TIME_UNITS) if (seconds % size === 0n) return `${seconds / size}${unit}`;
  return `${seconds}s`;
}

const TIME_UNITS: [string, bigint][] = [
  ["w", 7n * DAY],
  ["d", DAY],
  ["h", HOUR],
  ["m", MINUTE],
  ["s", 1n],
];

/** Seconds, from digits or a number with a unit; undefined for what is neither. */
export function parseTime(text: string): bigint | undefined {
  if (/^\d+$/.test(text)) return BigInt(text);
  const match = /^(\d+)\s*([smhdw])$/.exec(text);
  const size = TIME_UNITS.find(([unit]) => unit === match?.[2])?.[1];
  return match?.[1] === undefined || size === undefined ? undefined : BigInt(match[1]) * size;
}

function isParameterName(name: string): name is keyof RollupParameters {
  return Object.hasOwn(PARAMETERS, name);
}

type Parsed = { value: bigint | string | readonly Hex[] } | { fault: string };

function parseOne(description: Description, raw: unknown): Parsed {
  if (description.kind === "members") return parseMembers(description, raw);
  if (description.kind === "accounts") return parseAccounts(description, raw);
  if (description.kind === "choice") {
    const choices = description.choices ?? [];
    if (typeof raw === "string" && choices.includes(raw)) return { value: raw };
    return { fault: `is ${show(raw)}; this version knows ${choices.map((choice) => `"${choice}"`).join(", ")}` };
  }
  if (description.kind === "address") {
    try {
      return { value: getAddress(typeof raw === "string" ? raw : "") };
    } catch {
      return {
        fault: `is ${show(raw)}; an address has 0x and 40 hex digits, with a right checksum where letters are mixed`,
      };
    }
  }
  const value = parseNumber(description.kind, raw);
  if (value === undefined) return { fault: `is ${show(raw)}; ${EXPECTED[description.kind]}` };
  const { min, max } = description;
  const text = (limit: bigint) => (description.kind === "time" ? formatTime(limit) : limit.toString());
  if (min !== undefined && value < min) return { fault: `is ${show(raw)}; at least ${text(min)}` };
  if (max !== undefined && value > max) return { fault: `is ${show(raw)}; at most ${text(max)}` };
  return { value };
}

/** In ascending order, as L1 keeps them. */
function parseMembers({ max = 0n }: Description, raw: unknown): Parsed {
  if (!isMemberList(raw)) return { fault: `is ${show(raw)}; a list of addresses` };
  const members: Hex[] = [];
  for (const entry of membersIn(raw)) {
    const address = parseMember(entry)?.address;
    if (address === undefined)
      return { fault: `has ${show(entry)}; a member is an address, or an address, = and the http URL of its server` };
    if (members.includes(address)) return { fault: `has ${address} twice; each member once` };
    members.push(address);
  }
  if (members.length === 0) return { fault: "is empty; a committee has members" };
  if (BigInt(members.length) > max) return { fault: `has ${members.length} members; at most ${max}` };
  return { value: members.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)) };
}

/** In ascending order, as the task that names them later has to. */
function parseAccounts({ max = 0n }: Description, raw: unknown): Parsed {
  if (!isMemberList(raw)) return { fault: `is ${show(raw)}; a list of addresses` };
  const entries = (typeof raw === "string" ? raw.split(",") : raw).map((entry) => entry.trim()).filter(Boolean);
  const accounts: Hex[] = [];
  for (const entry of entries) {
    if (!isAddress(entry) || entry === ZERO_ADDRESS)
      return { fault: `has ${show(entry)}; an address is 0x and 40 hex digits, not all zero` };
    const address = getAddress(entry) as Hex;
    if (accounts.includes(address)) return { fault: `has ${address} twice; each account once` };
    accounts.push(address);
  }
  if (BigInt(accounts.length) > max) return { fault: `has ${accounts.length} accounts; at most ${max}` };
  return { value: accounts.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)) };
}

function isMemberList(raw: unknown): raw is string | readonly string[] {
  return typeof raw === "string" || (Array.isArray(raw) && raw.every((entry) => typeof entry === "string"));
}

const EXPECTED: Record<"chainId" | "count" | "time" | "amount", string> = {
  chainId: "a whole number, for example 84532001",
  count: "a whole number",
  time: 'seconds, or a number with s, m, h, d or w, for example "7d"',
  amount: 'whole wei, or a number with a unit, for example "1.5 ether"',
};

function parseNumber(kind: "chainId" | "count" | "time" | "amount", raw: unknown): bigint | undefined {
  if (typeof raw === "bigint") return raw;
  if (typeof raw === "number") return Number.isSafeInteger(raw) ? BigInt(raw) : undefined;
  if (typeof raw !== "string") return undefined;
  const text = raw.trim().replaceAll("_", "");
  if (/^\d+$/.test(text)) return BigInt(text);
  if (kind === "time") return parseTime(text);
  if (kind === "amount") {
    const match = /^(\d+(?:\.\d{1,18})?)\s*(wei|gwei|ether|eth)$/.exec(text);
    const [, figure, unit] = match ?? [];
    if (figure === undefined || unit === undefined) return undefined;
    const decimals = { wei: 0, gwei: 9, ether: 18, eth: 18 }[unit] ?? 0;
    return (figure.split(".")[1] ?? "").length > decimals ? undefined : parseUnits(figure, decimals);
  }
  return undefined;
}

function relations(p: RollupParameters, context: ParameterContext): ParameterIssue[] {
  const issues: ParameterIssue[] = [];
  const demand = (holds: boolean, parameter: keyof RollupParameters, message: string) => {
    if (!holds) issues.push({ parameter, message });
  };
  demand(
    p.l2ChainId !== context.l1ChainId,
    "l2ChainId",
    `is ${p.l2ChainId}, the L1's own; with another one no signature can be replayed across layers`,
  );
  demand(
    (p.inboxCapacity & (p.inboxCapacity - 1n)) === 0n,
    "inboxCapacity",
    `is ${p.inboxCapacity}; a power of two, because slots are found by a bit mask`,
  );
  demand(
    p.disputeExtension <= p.disputeClock,
    "disputeExtension",
    `is ${formatTime(p.disputeExtension)}; at most disputeClock (${formatTime(p.disputeClock)}), which it stands in for when that is used up`,
  );
  demand(
    p.disputeExtension <= p.challengeWindow,
    "disputeExtension",
    `is ${formatTime(p.disputeExtension)}; at most challengeWindow (${formatTime(p.challengeWindow)}), for a batch is answered like a claim`,
  );
  const dispute = p.proof === "validity" ? "1s" : `2 · disputeClock + ${levels(p)} · disputeExtension`;
  const judged = p.challengeWindow + disputeDuration(p);
  demand(
    p.bondWithdrawalDelay > judged,
    "bondWithdrawalDelay",
    `is ${formatTime(p.bondWithdrawalDelay)}; longer than challengeWindow + ${dispute} (${formatTime(judged)}), else a bond is gone before its batch is judged`,
  );
  demand(
    p.permissionlessDelay > p.sequencerGrace,
    "permissionlessDelay",
    `is ${formatTime(p.permissionlessDelay)}; longer than sequencerGrace (${formatTime(p.sequencerGrace)}), else ranks mean nothing`,
  );
  const going = p.forceInclusionDelay + p.permissionlessDelay + judged;
  demand(
    p.escapeDelay > going,
    "escapeDelay",
    `is ${formatTime(p.escapeDelay)}; longer than forceInclusionDelay + permissionlessDelay + challengeWindow + ${dispute} (${formatTime(going)}), so that everybody who wants the chain to go on has a turn before it can be frozen`,
  );
  const leaving = p.forceInclusionDelay + p.permissionlessDelay + judged + EXIT_MARGIN;
  demand(
    p.upgradeDelay > leaving,
    "upgradeDelay",
    `is ${formatTime(p.upgradeDelay)}; longer than forceInclusionDelay + permissionlessDelay + challengeWindow + ${dispute} + ${formatTime(EXIT_MARGIN)} (${formatTime(leaving)}), so that users leave before an upgrade executes`,
  );
  demand(
    p.pauseCooldown >= p.pauseDuration,
    "pauseCooldown",
    `is ${formatTime(p.pauseCooldown)}; at least pauseDuration (${formatTime(p.pauseDuration)}), else deposits can be paused most of the time`,
  );
  demand(
    p.upgrader !== ZERO_ADDRESS,
    "upgrader",
    "is the zero address; name an account, or no fault of the suite could ever be mended",
  );
  const council = BigInt(p.council.length);
  demand(
    council === 0n ? p.councilThreshold === 0n : 2n * p.councilThreshold > council && p.councilThreshold <= council,
    "councilThreshold",
    council === 0n
      ? `is ${p.councilThreshold}; 0 without a council`
      : `is ${p.councilThreshold} of ${council} members; ${council / 2n + 1n} to ${council}, so that no two quorums are without a member of both`,
  );
  demand(
    p.proof !== "validity" || p.da !== "blob",
    "da",
    'is "blob"; with proof "validity" "calldata" or "committee": the circuit counts in another field than blobs do',
  );
  if (p.da === "committee") {
    const count = BigInt(p.committeeMembers.length);
    demand(
      p.committeeKeys === ZERO_ADDRESS || count <= MAX_BLS_MEMBERS,
      "committeeMembers",
      `has ${count} members; at most ${MAX_BLS_MEMBERS} sign by BLS`,
    );
    demand(
      2n * p.committeeThreshold > count && p.committeeThreshold <= count,
      "committeeThreshold",
      `is ${p.committeeThreshold} of ${count} members; ${count / 2n + 1n} to ${count}, so that no two data are attested for one batch without a member that signs both`,
    );
    demand(
      p.committeeOverlap >= p.sequencerGrace,
      "committeeOverlap",
      `is ${formatTime(p.committeeOverlap)}; at least sequencerGrace (${formatTime(p.sequencerGrace)}), else signatures expire before the turn of who collected them`,
    );
  }
  if (p.da === "committee" && p.proof === "fraud") {
    const demanded = p.demandWindow + p.answerTime + p.answerMargin;
    demand(
      demanded <= p.challengeWindow,
      "demandWindow",
      `is ${formatTime(p.demandWindow)}; with answerTime (${formatTime(p.answerTime)}) and answerMargin (${formatTime(p.answerMargin)}) at most challengeWindow (${formatTime(p.challengeWindow)}), else the last demands are refused`,
    );
    demand(
      p.answerMargin >= p.disputeExtension,
      "answerMargin",
      `is ${formatTime(p.answerMargin)}; at least disputeExtension (${formatTime(p.disputeExtension)}), in which data that were published last can be disputed`,
    );
  }
  return issues;
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
