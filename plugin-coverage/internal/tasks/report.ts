import { join } from "node:path";

import { HardhatPluginError } from "hardhat/plugins";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { Result } from "hardhat/types/utils";
import { errorResult, successfulResult } from "hardhat/utils/result";

import { managerOf } from "../manager.js";
import { type Count, countBranches, countLines, percent } from "../report.js";
import { writeReport } from "../write.js";

interface ReportArguments {
  minLines: number;
  minBranches: number;
}

export default async function report(
  { minLines, minBranches }: ReportArguments,
  hre: HardhatRuntimeEnvironment,
): Promise<Result<void, string[]>> {
  if (!hre.globalOptions.coverage)
    throw new HardhatPluginError("hardhat-branch-coverage", "coverage:report needs --coverage");
  const { root } = hre.config.paths;
  const files = await managerOf(hre).collect();
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
