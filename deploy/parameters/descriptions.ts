import {
  type DataAvailability,
  type Hex,
  type ProofSystem,
  type RollupParameters,
  ZERO_ADDRESS,
} from "../../plugin/types.js";
import { DAY, ETHER, GWEI, MINUTE } from "./units.js";

export type Kind = "chainId" | "count" | "time" | "amount" | "address" | "choice" | "members" | "accounts";

/** What a parameter may be, by itself. */
export interface Description {
  kind: Kind;
  /** For help texts, the plan and the schema. */
  about: string;
  /** Of numbers. */
  min?: bigint;
  /** Of numbers, and of the length of lists. */
  max?: bigint;
  choices?: readonly string[];
  /** Its accounts act in the suite's name, and may be named as Safes. */
  role?: true;
  /** Suites with another data availability, or proof system, do not have it. */
  da?: DataAvailability;
  proof?: ProofSystem;
}

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
  guardian: { kind: "address", about: "may pause deposits; zero: nobody", role: true },
  upgrader: { kind: "address", about: "may propose and execute upgrades after the delay", role: true },
  cancellers: { kind: "accounts", about: "accounts each of which may call off any upgrade", max: 64n, role: true },
  council: {
    kind: "accounts",
    about: "accounts that may, with evidence of a bug, have an announced upgrade executed at once; none: nobody ever",
    max: 64n,
    role: true,
  },
  councilThreshold: {
    kind: "count",
    about: "how many of the council that takes; above half of them",
    min: 0n,
    max: 64n,
  },
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
