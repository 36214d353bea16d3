import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { toJson, writeFileAtomically } from "../../deploy/address-book.js";
import { htmlOf } from "./html/page.js";
import type { RehearsalReport } from "./types.js";

/** Writes both forms of a report; returns where they are. */
export async function writeReport(folder: string, report: RehearsalReport): Promise<{ html: string; json: string }> {
  const [html, json] = [join(folder, "report.html"), join(folder, "report.json")];
  await mkdir(folder, { recursive: true });
  await writeFileAtomically(json, toJson(report));
  await writeFileAtomically(html, htmlOf(report));
  return { html, json };
}
