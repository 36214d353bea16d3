import type { RollupParameters } from "../../plugin/types.js";
import { EXIT_MARGIN } from "./times.js";
import type { Preset } from "./types.js";
import { DAY, ETHER, HOUR, MINUTE } from "./units.js";

type Fixed =
  | "challengeWindow"
  | "forceInclusionDelay"
  | "inboxCapacity"
  | "slots"
  | "levels"
  | "dissectionBits"
  | "disputeClock"
  | "disputeExtension"
  | "disputeBond"
  | "sequencerBond"
  | "bondWithdrawalDelay"
  | "sequencerGrace"
  | "permissionlessDelay"
  | "escapeDelay"
  | "upgradeDelay"
  | "pauseDuration"
  | "pauseCooldown"
  | "committeeOverlap"
  | "demandBond";

/** What a preset has of its own. Where other parameters are given, follow.ts adapts these. */
export interface PresetValues extends Pick<RollupParameters, Fixed> {
  /** Only where nobody else can have a chain of that id. */
  l2ChainId?: bigint;
  /** Time that an `upgradeDelay` which is not given leaves users to decide, beyond the time that leaving takes. */
  exitWindow: bigint;
}

export const PRESETS: Readonly<Record<Preset, PresetValues>> = {
  // Short, but a person can follow it. Bonds are small beside the accounts of a development chain.
  dev: {
    l2ChainId: 42_170_001n,
    challengeWindow: HOUR,
    forceInclusionDelay: 10n * MINUTE,
    inboxCapacity: 1024n,
    // One proof in seconds, its key in less than a minute.
    slots: 8n,
    levels: 6n,
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
    committeeOverlap: HOUR,
    demandBond: ETHER / 1_000n,
    exitWindow: EXIT_MARGIN,
  },
  // A batch is final within a day, disputed or not; an upgrade takes a week. Faucets pay for all of it.
  sepolia: {
    challengeWindow: 8n * HOUR,
    forceInclusionDelay: 3n * HOUR,
    inboxCapacity: 8192n,
    slots: 16n,
    levels: 12n,
    dissectionBits: 4n,
    disputeClock: 4n * HOUR,
    disputeExtension: 30n * MINUTE,
    disputeBond: ETHER / 1_000n,
    sequencerBond: ETHER / 20n,
    bondWithdrawalDelay: 2n * DAY,
    sequencerGrace: 30n * MINUTE,
    permissionlessDelay: 3n * HOUR,
    escapeDelay: 2n * DAY,
    upgradeDelay: 7n * DAY,
    pauseDuration: 6n * HOUR,
    pauseCooldown: DAY,
    committeeOverlap: 6n * HOUR,
    demandBond: ETHER / 1_000n,
    exitWindow: 4n * DAY,
  },
  mainnet: {
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
    // 18 days that leaving takes, 30 in which to decide it, a margin; docs/upgrades.md.
    upgradeDelay: 50n * DAY,
    pauseDuration: 3n * DAY,
    pauseCooldown: 14n * DAY,
    committeeOverlap: DAY,
    // An answer of 200,000 gas, at 350 gwei.
    demandBond: (7n * ETHER) / 100n,
    exitWindow: 30n * DAY + EXIT_MARGIN,
  },
};

/** Chains whose time can be moved. */
const DEV_CHAIN_IDS: ReadonlySet<bigint> = new Set([31337n, 1337n]);

/** Public networks on which nothing is worth anything: Sepolia, Holesky, Hoodi. */
const TEST_CHAIN_IDS: ReadonlySet<bigint> = new Set([11_155_111n, 17_000n, 560_048n]);

/** The preset that fits a chain: what is not known to be worth nothing is treated like Ethereum. */
export function presetFor(l1ChainId: bigint): Preset {
  if (DEV_CHAIN_IDS.has(l1ChainId)) return "dev";
  return TEST_CHAIN_IDS.has(l1ChainId) ? "sepolia" : "mainnet";
}

export function isPreset(name: unknown): name is Preset {
  return typeof name === "string" && Object.hasOwn(PRESETS, name);
}
