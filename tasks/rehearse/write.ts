import { access, constants, mkdir } from "node:fs/promises";
import { join } from "node:path";

import { toJson, writeFileAtomically } from "../../deploy/address-book.js";
import { ArgumentError } from "../support/action.js";
import { htmlOf } from "./html/page.js";
import type { RehearsalReport } from "./types.js";

/** A rehearsal takes minutes: whether its report can be written is known before. @throws {ArgumentError} */
export async function requireFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    throw new ArgumentError("report", `--report ${folder} is no folder to write to: ${(error as Error).message}`);
  }
}

/** Writes both forms of a report; returns where they are. */
export async function writeReport(folder: string, report: RehearsalReport): Promise<{ html: string; json: string }> {
  const [html, json] = [join(folder, "report.html"), join(folder, "report.json")];
  await writeFileAtomically(json, toJson(report));
  await writeFileAtomically(html, htmlOf(report));
  return { html, json };
}
