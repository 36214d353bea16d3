import { disputeTerms, judgedAfter, leavingTime } from "../../deploy/parameters/times.js";
import type { Hex, RollupParameters } from "../../plugin/types.js";
import type { Escaped } from "./disaster.js";
import type { Judged } from "./lies.js";
import type { StepLog } from "./script.js";
import { type Stage, timeOf } from "./stage.js";
import type { Duration } from "./types.js";
import type { Upgraded } from "./upgrade.js";

/** Pairs of transactions between which something took its time; absent where it was not rehearsed. */
export interface Marks {
  deposit?: { asked: Hex; posted: Hex } | undefined;
  withdrawal?: { posted: Hex; claimed: Hex } | undefined;
  judged?: Judged | undefined;
  upgraded?: Upgraded | undefined;
  escaped?: Escaped | undefined;
}

/** How long things took on L1's clock, beside what the parameters promise. */
export async function measure(stage: Stage, p: RollupParameters, marks: Marks, log: StepLog): Promise<Duration[]> {
  const { deposit, withdrawal, judged, upgraded, escaped } = marks;
  const isFraud = p.proof === "fraud";
  const wanted: (Omit<Duration, "measured" | "ok"> | undefined)[] = [
    deposit && {
      ...{ what: "Deposit on L1 → in a batch on L1", from: deposit.asked, to: deposit.posted },
      ...{ promised: p.forceInclusionDelay + p.permissionlessDelay, bound: "most" },
      because: "forceInclusionDelay + permissionlessDelay: no batch may skip an older message, and then anybody posts",
    },
    withdrawal && {
      ...{ what: "Batch with the withdrawal → claimed on L1", from: withdrawal.posted, to: withdrawal.claimed },
      promised: isFraud ? p.challengeWindow : 0n,
      bound: "least",
      because: isFraud ? "challengeWindow" : "nothing: a proof makes it final at once",
    },
    judged && {
      ...{
        what: isFraud ? "False batch → slashed" : "Unproved batch → taken back",
        from: judged.posted,
        to: judged.ended,
      },
      ...{ promised: judgedAfter(p), bound: "most" },
      because: `challengeWindow + ${disputeTerms(p)}`,
    },
    upgraded && {
      ...{ what: "Upgrade announced → executed", from: upgraded.announced, to: upgraded.executed },
      ...{ promised: upgraded.delay, bound: "least" },
      because: "upgradeDelay, the timelock's immutable minimum",
    },
    upgraded && {
      ...{ what: "Asked on L1 to leave → out, before the upgrade", from: upgraded.asked, to: upgraded.left },
      ...{ promised: leavingTime(p), bound: "most" },
      because: "forceInclusionDelay + permissionlessDelay + challengeWindow + the longest dispute",
    },
    escaped && {
      ...{ what: "Everybody silent → everybody out", from: escaped.asked, to: escaped.gone },
      ...{ promised: p.escapeDelay, bound: "least" },
      because: "escapeDelay, from when the last message waits",
    },
  ];
  const measured: Duration[] = [];
  for (const each of wanted) {
    if (each === undefined) continue;
    const took = (await timeOf(stage, each.to)) - (await timeOf(stage, each.from));
    const ok = each.bound === "most" ? took <= each.promised : took >= each.promised;
    measured.push({ ...each, measured: took, ok });
    log.say(`${each.what}: ${took} s; promised at ${each.bound} ${each.promised} s`);
    log.compare({
      what: `${each.what}: as the parameters promise`,
      ...{ actual: ok, expected: true, transaction: each.to },
      meaning: `It took ${took} seconds of L1's time; the parameters promise at ${each.bound} ${each.promised} (${each.because}).`,
    });
  }
  return measured;
}
