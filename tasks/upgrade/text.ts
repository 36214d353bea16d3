import { formatTime } from "../../deploy/parameters.js";
import { time } from "../../plugin/l1/errors.js";
import { readRoles } from "../../plugin/l1/roles.js";
import type { CodeDiff } from "../../plugin/upgrade/diff.js";
import type { Hex } from "../../plugin/types.js";
import type { Output } from "../support/output.js";
import type { Upgrades } from "./open.js";

interface Change {
  /** What the address book calls the proxy. */
  proxy: string;
  from: { name: string; codeHash: Hex };
  to: { name: string; codeHash: Hex };
  diff: CodeDiff;
  initData: Hex;
}

/** What an upgrade changes, for people. */
export function showDiff(output: Output, { proxy, from, to, diff, initData }: Change): void {
  const { added, removed, changed } = diff.functions;
  const listed = (name: string, lines: readonly string[]) =>
    (lines.length === 0 ? ["none"] : lines).map((line, i) => ({
      type: "row" as const,
      cells: [i === 0 ? name : "", line],
    }));
  output.table([
    { type: "section-header", text: `Upgrade of ${proxy}` },
    ...listed("code", [`${from.name} (${from.codeHash})`, `→ ${to.name} (${to.codeHash})`]),
    ...listed("functions added", added),
    ...listed("functions removed", removed),
    ...listed("functions changed", changed),
    ...listed("parameters changed", diff.parameters),
    ...listed("storage added", diff.storage),
    ...listed("storage kept", ["all that is there keeps its place, type and name"]),
    ...listed("call that follows", initData === "0x" ? [] : [initData]),
  ]);
}

/** Who can still leave before an operation executes, and until when they must have asked. */
export async function showLeaving(
  output: Output,
  { l1, timelock }: Pick<Upgrades, "l1" | "timelock">,
  { executableAt, exitTime }: { executableAt: bigint; exitTime: bigint },
): Promise<{ leaveBy: bigint }> {
  const leaveBy = executableAt - exitTime;
  const now = await l1.now();
  output.line(
    now < leaveBy
      ? `Whoever dislikes it leaves: who asks on L1 by ${time(leaveBy)} (in ${roughly(leaveBy - now)}; rollup:force --withdraw all) can have it all before, whatever anybody does.`
      : `Whoever asked on L1 by ${time(leaveBy)} to leave can have it all before; who asks now may be late, by up to ${roughly(now - leaveBy)}.`,
  );
  const threshold = await timelock.COUNCIL_THRESHOLD();
  if (threshold > 0n) {
    const { council } = await readRoles(timelock);
    output.line(
      `With evidence of a bug, ${threshold} of ${council.length} members of the council make an upgrade of the chain's judge execute sooner.`,
    );
  }
  return { leaveBy };
}

/** To the minute, where that is enough. */
export function roughly(seconds: bigint): string {
  const [day, hour, minute] = [86_400n, 3_600n, 60n];
  if (seconds >= day) return `${seconds / day}d ${(seconds % day) / hour}h`;
  if (seconds >= hour) return `${seconds / hour}h ${(seconds % hour) / minute}m`;
  return formatTime(seconds);
}
