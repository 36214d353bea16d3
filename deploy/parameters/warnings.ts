import type { Holder } from "../../plugin/l1/holders.js";
import type { Hex, RollupParameters } from "../../plugin/types.js";
import { escapeTime, EXIT_MARGIN, exitWindow } from "./times.js";
import type { Preset } from "./types.js";
import { DAY, formatTime } from "./units.js";

/** What the published criteria for stages of rollups ask for; rollup:stage checks it on the chain. */
const CHALLENGE_PERIOD = 7n * DAY;
const [EXIT_OF_STAGE_1, EXIT_OF_STAGE_2] = [7n * DAY, 30n * DAY];
const COMMITTEE = 5;
const COUNCIL = 8;
/** 4,096 epochs: how long the nodes of L1 keep blobs. */
const BLOBS_KEPT = 18n * DAY;

export interface WarningContext {
  preset: Preset;
  deployer: Hex;
  /** What is behind the accounts with roles. */
  holders: ReadonlyMap<Hex, Holder>;
}

/**
 * What holds, and still is less than a rollup with value on it should have: a line each. Only for `mainnet`, where nothing is forbidden
 * that L1 does not forbid.
 */
export function warningsOf(p: RollupParameters, { preset, deployer, holders }: WarningContext): string[] {
  if (preset !== "mainnet") return [];
  const stage = (text: string, verdict: string) => `${text}; rollup:stage will say ${verdict}`;
  const warnings: string[] = [];
  if (p.proof === "fraud" && p.challengeWindow < CHALLENGE_PERIOD) {
    const given = formatTime(p.challengeWindow);
    warnings.push(stage(`challengeWindow is ${given}, less than ${formatTime(CHALLENGE_PERIOD)}`, "Stage 0"));
  }
  const window = exitWindow(p);
  if (window < EXIT_OF_STAGE_2) {
    const [least, verdict] =
      window < EXIT_OF_STAGE_1 ? ([EXIT_OF_STAGE_1, "Stage 0"] as const) : ([EXIT_OF_STAGE_2, "Stage 1"] as const);
    const text = `upgradeDelay is ${formatTime(p.upgradeDelay)}, of which users have ${formatTime(window)} to decide to leave, less than ${formatTime(least)}`;
    warnings.push(stage(text, verdict));
  }
  const escape = escapeTime(p) + EXIT_MARGIN;
  if (p.upgradeDelay < escape) {
    const text = `upgradeDelay is ${formatTime(p.upgradeDelay)}, less than forceInclusionDelay + escapeDelay + ${formatTime(EXIT_MARGIN)} (${formatTime(escape)}), so that nobody escapes before an upgrade if nobody posts`;
    warnings.push(stage(text, "Stage 1 at most"));
  }
  if (p.da === "committee") {
    const count = p.committeeMembers.length;
    if (count < COMMITTEE) {
      warnings.push(stage(`the committee has ${count} members, fewer than ${COMMITTEE}`, '"Others"'));
    } else if (3n * p.committeeThreshold < 2n * BigInt(count)) {
      const text = `${p.committeeThreshold} of ${count} members of the committee sign, less than two thirds`;
      warnings.push(stage(text, '"Others"'));
    }
  }
  const { length: members } = p.council;
  if (members > 0 && (members < COUNCIL || 4n * p.councilThreshold < 3n * BigInt(members))) {
    const text = `${p.councilThreshold} of ${members} are a quorum of the council, which should have ${COUNCIL} members or more, and a quorum of three quarters`;
    warnings.push(stage(text, "Stage 0"));
  }
  if (p.da === "blob" && p.challengeWindow > BLOBS_KEPT) {
    warnings.push(
      `challengeWindow is ${formatTime(p.challengeWindow)}, and L1 keeps blobs for ${formatTime(BLOBS_KEPT)}: later validators need an archive`,
    );
  }
  for (const role of ["guardian", "upgrader"] as const) {
    const kind = holders.get(p[role])?.kind;
    if (p[role] === deployer && (kind === "account" || kind === "delegated")) {
      warnings.push(`${role} is the deployer, an account with one key; name a Safe as safe:0x…`);
    }
  }
  return warnings.map((warning) => `mainnet: ${warning}`);
}
