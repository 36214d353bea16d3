import { type RollupParameters, ZERO_ADDRESS } from "../../plugin/types.js";
import { PARAMETERS } from "./descriptions.js";
import { PRESETS } from "./presets.js";
import { escapeTime, EXIT_MARGIN, judgedAfter, leavingTime } from "./times.js";
import type { ParameterContext } from "./types.js";
import { DAY, HOUR, MINUTE } from "./units.js";

type Given = Partial<RollupParameters>;

/** Bonds of claims that a sequencer's bond is worth, at least: half of it pays who refuted the batch, see relations.ts. */
export const BONDS_OF_A_SEQUENCER = 4n;

/**
 * The parameters that were given over the defaults of the preset. A default that a relation ties to what was given follows it:
 * the preset's value, or the smallest sensible one that satisfies the relation. Only what nobody but the user can choose has no
 * value. There are values for parameters, too, that another kind of suite has.
 */
export function withDefaults(given: Given, { preset, deployer }: ParameterContext): Given {
  const { exitWindow, ...values } = PRESETS[preset];
  const base = {
    ...values,
    ...({ proof: "fraud", da: "calldata", guardian: deployer, upgrader: deployer } as const),
    // Who calls off upgrades is for each team to say, and so is whether anything goes without delay.
    ...{ cancellers: [], council: [], committeeKeys: ZERO_ADDRESS },
    ...given,
  };
  const {
    disputeExtension = longest(
      PARAMETERS.disputeExtension.min ?? 0n,
      shortest(values.disputeExtension, base.disputeClock, answerable(base, given)),
    ),
    permissionlessDelay = beyond("permissionlessDelay", values.permissionlessDelay, base.sequencerGrace),
  } = given;
  const times = { ...base, disputeExtension, permissionlessDelay };
  const leaving = leavingTime(times);
  const { escapeDelay = beyond("escapeDelay", values.escapeDelay, leaving) } = given;
  // Two ways out before an upgrade: a batch, and without any batch the escape hatch.
  const notice = longest(leaving + exitWindow, escapeTime({ ...base, escapeDelay }) + EXIT_MARGIN);
  return {
    ...times,
    bondWithdrawalDelay: beyond("bondWithdrawalDelay", values.bondWithdrawalDelay, judgedAfter(times)),
    escapeDelay,
    upgradeDelay: beyond("upgradeDelay", values.upgradeDelay, notice),
    pauseCooldown: longest(values.pauseCooldown, base.pauseDuration),
    sequencerBond: longest(values.sequencerBond, BONDS_OF_A_SEQUENCER * base.disputeBond),
    // Three quarters, rounded up: a quarter of them stops it.
    councilThreshold: (3n * BigInt(base.council.length) + 3n) / 4n,
    // Two thirds, rounded up: a third may be down, and a third of liars attests nothing.
    committeeThreshold: (2n * BigInt(given.committeeMembers?.length ?? 0) + 2n) / 3n,
    committeeOverlap: longest(values.committeeOverlap, base.sequencerGrace),
    ...demandTimes(base.challengeWindow, disputeExtension, given),
    ...given,
  };
}

/** The longest extension that leaves a batch, and where members hold data an answer, as much as it leaves every claim. */
function answerable({ da, challengeWindow }: Pick<RollupParameters, "da" | "challengeWindow">, given: Given): bigint {
  return da === "committee" ? (given.answerMargin ?? challengeWindow / 3n) : challengeWindow;
}

/** A third of the window each: to find that data are missing, to publish them, to dispute them. Less where others take more. */
function demandTimes(window: bigint, extension: bigint, given: Given): Given {
  const third = window / 3n;
  const { answerMargin = longest(third, extension) } = given;
  const open = [given.demandWindow, given.answerTime].filter((time) => time === undefined);
  const left = window - answerMargin - (given.demandWindow ?? 0n) - (given.answerTime ?? 0n);
  const share = longest(1n, shortest(third, left / BigInt(open.length || 1)));
  return { demandWindow: share, answerTime: share, answerMargin };
}

/** The preset's time if it is longer than `limit`, else the next whole minute, hour or day that is, as far as bounds allow. */
function beyond(name: keyof RollupParameters, value: bigint, limit: bigint): bigint {
  if (value > limit) return value;
  const unit = limit < 2n * HOUR ? MINUTE : limit < 4n * DAY ? HOUR : DAY;
  return shortest((limit / unit + 1n) * unit, PARAMETERS[name].max ?? value);
}

function longest(...values: bigint[]): bigint {
  return values.reduce((a, b) => (b > a ? b : a));
}

function shortest(...values: bigint[]): bigint {
  return values.reduce((a, b) => (b < a ? b : a));
}
