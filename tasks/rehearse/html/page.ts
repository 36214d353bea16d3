import type { RehearsalReport } from "../types.js";
import { esc, lines } from "./format.js";
import * as sections from "./sections.js";
import { STYLE } from "./style.js";

/** The report as one page that needs nothing else. */
export function htmlOf(report: RehearsalReport): string {
  const section = (title: string, text: string, about?: string) =>
    lines(
      `<section><h2>${esc(title)}</h2>`,
      about === undefined ? undefined : `<p class="soft">${esc(about)}</p>`,
      text,
      "</section>",
    );
  return `${lines(
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>Rehearsal on ${esc(sections.nameOf(report.rehearsed.chainId))}: ${report.verdict.ok ? "nothing essential went wrong" : "something went wrong"}</title>`,
    `<style>${STYLE}</style></head><body><main>`,
    sections.headline(report),
    section("Otherwise than expected", sections.findings(report)),
    section("What was done", sections.steps(report)),
    section(
      "Tokens",
      sections.tokens(report),
      "What left the holder, what L2 credited, what the bridge held and owed after all claims, and what came out when everybody left.",
    ),
    section(
      "Times",
      sections.durations(report),
      "By the timestamps of L1's blocks; the clock of the fork was moved. The bar is what was measured, the mark what the parameters promise.",
    ),
    section("Gas and cost", sections.gas(report)),
    section("What was rehearsed", sections.rehearsed(report)),
    section("Evidence", sections.transactions(report)),
    `<footer>report.json beside this page has the same content for programs. Made by ${esc(report.rehearsed.package)} ${esc(report.rehearsed.packageVersion)}: docs/rehearsal.md says what each step does, and what a rehearsal cannot show.</footer>`,
    "</main></body></html>",
  )}\n`;
}
