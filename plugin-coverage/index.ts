import { globalFlag, task } from "hardhat/config";
import { definePlugin } from "hardhat/plugins";
import { ArgumentType } from "hardhat/types/arguments";
import type { HardhatPlugin } from "hardhat/types/plugins";

export type * from "./type-extensions.js";

/**
 * Branch coverage for `hardhat test --coverage`: instruments decisions and conditions, and writes the report of Hardhat's lines and of the branches
 * in place of Hardhat's own.
 */
const branchCoverage: HardhatPlugin = definePlugin({
  id: "hardhat-branch-coverage",
  globalOptions: [
    globalFlag({
      name: "coverageAppend",
      description: "With --coverage: keep the data of earlier runs and report nothing; coverage:report merges them",
    }),
  ],
  hookHandlers: {
    hre: () => import("./internal/hooks/hre.js"),
    solidity: () => import("./internal/hooks/solidity.js"),
  },
  tasks: [
    task("coverage:report", "Report what runs with --coverage --coverage-append have seen; give it --coverage too")
      .addOption({
        name: "minLines",
        description: "Per cent of lines below which the task fails",
        type: ArgumentType.FLOAT,
        defaultValue: 0,
      })
      .addOption({
        name: "minBranches",
        description: "Per cent of branches below which the task fails",
        type: ArgumentType.FLOAT,
        defaultValue: 0,
      })
      .addOption({
        name: "exclusions",
        description: "JSON file of what no test can reach: a list of { path, line, ways, reason }",
        type: ArgumentType.STRING_WITHOUT_DEFAULT,
        defaultValue: undefined,
      })
      .setAction(() => import("./internal/tasks/report.js"))
      .build(),
  ],
});

export default branchCoverage;
