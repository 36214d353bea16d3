import { access, constants, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

import { isMissing, toJson, writeFileAtomically } from "../../deploy/address-book.js";
import { ArgumentError } from "../support/action.js";
import { htmlOf } from "./html/page.js";
import type { RehearsalReport } from "./types.js";

/** A rehearsal takes minutes: whether its report can be written is known before, and nothing is made. @throws {ArgumentError} */
export async function requireFolder(folder: string): Promise<void> {
  try {
    const place = await nearest(resolve(folder));
    if (!(await stat(place)).isDirectory()) throw new Error(`${place} is a file`);
    await access(place, constants.W_OK);
  } catch (error) {
    throw new ArgumentError("report", `--report ${folder} is no folder to write to: ${(error as Error).message}`);
  }
}

/** What of a path is there already. */
async function nearest(path: string): Promise<string> {
  try {
    await access(path);
    return path;
  } catch (error) {
    if (isMissing(error)) return nearest(dirname(path));
    throw error;
  }
}

/** Writes both forms of a report; returns where they are. */
export async function writeReport(folder: string, report: RehearsalReport): Promise<{ html: string; json: string }> {
  const [html, json] = [join(folder, "report.html"), join(folder, "report.json")];
  await writeFileAtomically(json, toJson(report));
  await writeFileAtomically(html, htmlOf(report));
  return { html, json };
}
