import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { HardhatPluginError } from "hardhat/plugins";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { Result } from "hardhat/types/utils";
import { errorResult, successfulResult } from "hardhat/utils/result";

import { managerOf } from "../manager.js";
import { type Count, countBranches, countLines, type Exclusion, exclude, percent, type Report } from "../report.js";
import { writeReport } from "../write.js";

interface ReportArguments {
  minLines: number;
  minBranches: number;
  exclusions: string | undefined;
}

export default async function report(
  { minLines, minBranches, exclusions }: ReportArguments,
  hre: HardhatRuntimeEnvironment,
): Promise<Result<void, string[]>> {
  if (!hre.globalOptions.coverage)
    throw new HardhatPluginError("hardhat-branch-coverage", "coverage:report needs --coverage");
  const { root } = hre.config.paths;
  const files = await withoutExclusions(await managerOf(hre).collect(), exclusions, root);
  await writeReport(files, join(root, "coverage"), root);
  const below = (what: string, count: Count, minimum: number) =>
    percent(count) < minimum ? [`${what}: ${count.hit} of ${count.total} seen, fewer than ${minimum} %`] : [];
  const errors = [
    ...below("lines", countLines(files), minLines),
    ...below("branches", countBranches(files), minBranches),
  ];
  for (const error of errors) console.error(error);
  return errors.length === 0 ? successfulResult() : errorResult(errors);
}

/** Prints each exclusion with its reason. */
async function withoutExclusions(report: Report, file: string | undefined, root: string): Promise<Report> {
  if (file === undefined) return report;
  const exclusions = JSON.parse(await readFile(join(root, file), "utf8")) as Exclusion[];
  const paths = report.map(({ path }) => path);
  const sources = await Promise.all(
    paths.map(async (path) => [path, await readFile(join(root, path), "utf8")] as const),
  );
  const { report: result, lineOf } = exclude(report, exclusions, new Map(sources));
  console.log("Excluded:");
  for (const [{ path, ways, reason }, line] of lineOf)
    console.log(`  ${path}:${line}${ways.map((way) => ` ${way}`).join(",")}: ${reason}`);
  return result;
}
