import type { Hex } from "../../plugin/types.js";

/**
 * What a rehearsal found: `report.json`, and what `report.html` shows. Amounts are in the smallest unit (wei for ETH), times
 * in seconds, gas in units of gas; all of these are decimal strings in the JSON.
 */
export interface RehearsalReport {
  version: 1;
  verdict: Verdict;
  rehearsed: Rehearsed;
  /** Whatever went otherwise than expected: what is essential first. */
  findings: Finding[];
  steps: StepReport[];
  tokens: TokenReport[];
  durations: Duration[];
  gas: GasRow[];
  /** Wei per gas; the first is the base fee of the block that was forked. */
  gasPrices: bigint[];
  parameters: { name: string; value: string; about: string }[];
  roles: Role[];
  /** What holds, and deserves a second thought before a real deployment. */
  warnings: string[];
  contracts: { name: string; address: Hex }[];
  audit: Audit;
  /** Every transaction that the rehearsal sent to its fork, in order. */
  transactions: TransactionRecord[];
}

export interface Verdict {
  /** Nothing essential went wrong. */
  ok: boolean;
  /** One line for people. */
  line: string;
  asExpected: number;
  otherwise: number;
  failed: number;
  skipped: number;
}

export interface Rehearsed {
  package: string;
  packageVersion: string;
  chainId: bigint;
  /** Host of the node: URLs may hold a key. */
  node: string;
  block: number;
  blockHash: Hex;
  /** Timestamp of the block. */
  blockTime: bigint;
  baseFee: bigint;
  preset: string;
  parameterFile: string | undefined;
  deployer: Hex;
  /** ISO 8601. */
  startedAt: string;
  /** How long the rehearsal took, and by how much it moved L1's clock. */
  seconds: number;
  l1Seconds: bigint;
}

/** `essential`: money is missing, or a step failed. `note`: worth knowing. */
export type Severity = "essential" | "note";

export interface Finding {
  severity: Severity;
  /** Id of the step. */
  step: string;
  what: string;
  /** What it means. */
  meaning: string;
  expected?: string | undefined;
  actual?: string | undefined;
  error?: string | undefined;
  /** Where it can be seen. */
  transaction?: Hex | undefined;
  token?: Hex | undefined;
}

export type Outcome = "as expected" | "otherwise" | "failed" | "skipped";

export interface StepReport {
  id: string;
  title: string;
  outcome: Outcome;
  /** What happened, a line each. */
  story: string[];
  /** What was compared. */
  checks: Check[];
  /** Blocks of the fork, both inclusive. */
  fromBlock: number;
  toBlock: number;
  seconds: number;
  l1Seconds: bigint;
}

export interface Check {
  what: string;
  ok: boolean;
  expected: string;
  actual: string;
  transaction?: Hex | undefined;
}

export interface TokenReport {
  /** Zero for ETH. */
  address: Hex;
  symbol: string;
  decimals: number;
  holder: Hex | undefined;
  /** Why it took no part, or only to a point. */
  absent?: string | undefined;
  /** What is known of its code: proxies, blocklists, fees that were seen. */
  traits: string[];
  deposit?: { paid: bigint; credited: bigint; transaction: Hex } | undefined;
  withdrawals: { target: Hex; amount: bigint; received: bigint; credited: bigint; transaction: Hex }[];
  /** After all claims. */
  bridge?: { held: bigint; owed: bigint } | undefined;
  escape?: { putIn: bigint; takenOut: bigint; received: bigint; leftBehind: bigint } | undefined;
}

export interface Duration {
  what: string;
  /** Of L1's time. */
  measured: bigint;
  promised: bigint;
  /** `most`: it may take no longer. `least`: no shorter. */
  bound: "most" | "least";
  /** What the promise follows from. */
  because: string;
  ok: boolean;
  from: Hex;
  to: Hex;
}

export interface GasRow {
  kind: string;
  /** Who sends it, or what for. */
  group: "users" | "operators" | "disputes" | "upgrades" | "deployment" | "around";
  count: number;
  failed: number;
  min: bigint;
  mean: bigint;
  max: bigint;
  /** Gas of all of them. */
  sum: bigint;
}

export interface Role {
  role: string;
  account: Hex;
  /** What is at the address, on the forked chain. */
  holder: string;
}

export interface Audit {
  checks: number;
  failed: { name: string; expected: string; actual: string }[];
}

export interface TransactionRecord {
  hash: Hex;
  block: number;
  /** Timestamp of its block. */
  time: bigint;
  step: string;
  kind: string;
  from: Hex;
  to: Hex | undefined;
  gasUsed: bigint;
  ok: boolean;
}
