import type { Finding, StageReport } from "../../plugin/stage/types.js";
import { time } from "../../plugin/l1/errors.js";
import type { Output } from "../support/output.js";

const MARKS = { pass: "pass", fail: "FAIL", "not checkable": "?" } as const;

/** The verdict in one line. */
export function verdict({ stage, others, category, findings, drills }: StageReport): string {
  const open = findings.filter(({ result }) => result === "not checkable").map(({ id }) => id);
  const rest = open.length === 0 ? "" : `; not checkable: ${open.join(", ")}`;
  const kind = /^[aeiou]/i.test(category) ? `an ${category}` : `a ${category}`;
  if (others !== undefined) return `None of the stages, "Others" (${others.reason}: ${others.text})${rest}`;
  const looked = drills ? "as far as L1 tells" : "as far as L1 tells without drills";
  if (stage === undefined) return `Not even Stage 0, ${looked}: ${failing(findings).join(", ")}${rest}`;
  const why = stage === 2 ? "" : `, not ${stage + 1} for: ${failing(findings).join(", ")}`;
  const alt = category === "optimium" || category === "validium" ? " but for where its data are (no rollup)" : "";
  return `${kind} of Stage ${stage}${alt}, ${looked}${why}${rest}`.replace(/^./, (first) => first.toUpperCase());
}

function failing(findings: readonly Finding[]): string[] {
  return findings.filter(({ result }) => result === "fail").map(({ id }) => id);
}

/** The report as a table and its verdict. */
export function showReport(output: Output, report: StageReport): void {
  const { l2ChainId, bridge, l1ChainId, block, findings } = report;
  output.table([
    { type: "section-header", text: `Rollup ${l2ChainId}, bridge ${bridge}, chain ${l1ChainId} at block ${block}` },
    { type: "header", cells: ["stage", "criterion", "", "what was found"] },
    ...checkable(findings).map(({ stage, id, result, reason }) => ({
      type: "row" as const,
      cells: [`${stage}`, id, MARKS[result], shortened(reason)],
    })),
  ]);
  const open = findings.filter(({ result }) => result === "not checkable");
  if (open.length > 0) {
    output.table([
      { type: "section-header", text: "Not checkable from L1; never counted as a pass" },
      ...open.map(({ stage, id, reason }) => ({ type: "row" as const, cells: [`${stage}`, id, shortened(reason)] })),
    ]);
  }
  for (const { id, reason, result } of findings) {
    if (result === "fail" && reason !== shortened(reason)) output.line(`${id}: ${reason}`);
  }
  output.line(`${verdict(report)}.`);
}

const checkable = (findings: readonly Finding[]): Finding[] =>
  findings.filter(({ result }) => result !== "not checkable");

const WIDTH = 110;

function shortened(text: string): string {
  return text.length <= WIDTH ? text : `${text.slice(0, WIDTH - 1)}…`;
}

/** The report as a page for a team's repository. */
export function markdownOf(report: StageReport): string {
  const { l2ChainId, bridge, l1ChainId, block, time: at, category, findings, drills } = report;
  const open = findings.filter(({ result }) => result === "not checkable");
  return [
    `# How rollup ${l2ChainId} stands`,
    "",
    `**${verdict(report)}.**`,
    "",
    `${category}, bridge \`${bridge}\`, L1 chain ${l1ChainId}, block ${block} of ${time(at)}. Made by \`npx hardhat rollup:stage\`${drills ? ", drills on a fork of that block" : ", without drills"}.`,
    "",
    "| stage | criterion | result | what was found |",
    "|---|---|---|---|",
    ...checkable(findings).map(
      ({ stage, id, result, reason }) => `| ${stage} | [${id}](#${id}) | ${MARKS[result]} | ${cell(reason)} |`,
    ),
    ...(open.length === 0
      ? []
      : [
          "",
          "Not checkable from L1, and never counted as a pass:",
          "",
          "| stage | criterion | why |",
          "|---|---|---|",
          ...open.map(({ stage, id, reason }) => `| ${stage} | [${id}](#${id}) | ${cell(reason)} |`),
        ]),
    "",
    ...findings.flatMap(({ id, stage, asked, source, probe, result, reason, evidence }) => [
      `## ${id}`,
      "",
      `Stage ${stage}: ${asked}. *${source}*`,
      "",
      `Probe: ${probe}. **${result}**: ${cell(reason)}.`,
      "",
      ...(evidence.length === 0 ? [] : [...evidence.map(({ what, value }) => `- ${cell(what)}: ${cell(value)}`), ""]),
    ]),
  ].join("\n");
}

/** Text that stays in its cell, whoever wrote it. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ").replaceAll("<", "&lt;");
}
