import { readFile } from "node:fs/promises";
import { relative, sep } from "node:path";

import { HardhatPluginError } from "hardhat/plugins";
import type { HookContext } from "hardhat/types/hooks";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import type { SourceBranches } from "./branches.js";
import { createReport, type Report } from "./report.js";
import { writeReport } from "./write.js";

/** What this plugin uses of Hardhat 3.17's coverage manager, which has no public type. */
interface HardhatManager {
  data: Map<string, number>;
  addData(data: string[]): Promise<void>;
  addMetadata(metadata: object[]): Promise<void>;
  clearData(id: string): Promise<void>;
  saveData(id: string): Promise<void>;
  loadData(...ids: string[]): Promise<void>;
  getReport(): Promise<Record<string, { lineExecutionCounts: Map<number, number> }>>;
  enableReport(): void;
  disableReport(): void;
}

/** Hardhat's manager with branches: Hardhat's tasks call it where they called their own. */
export interface BranchCoverageManager extends Omit<HardhatManager, "data" | "loadData" | "getReport"> {
  addBranches(path: string, branches: SourceBranches): void;
  report(...ids: string[]): Promise<void>;
  /** Merges the data of the given runners, whoever compiled: the report's lines and branches are found anew from the sources. */
  collect(...ids: string[]): Promise<Report>;
}

const USED = [
  "addData",
  "addMetadata",
  "clearData",
  "saveData",
  "loadData",
  "getReport",
  "enableReport",
  "disableReport",
];
const RUNNERS = ["mocha", "nodejs", "solidity"];

interface Holder {
  _coverage?: unknown;
}

/** Puts a manager with branches in the place of Hardhat's. */
export function extendManager(hre: HardhatRuntimeEnvironment, folder: string): void {
  const holder = hre as unknown as Holder;
  const inner = holder._coverage;
  if (!isHardhatManager(inner))
    throw new HardhatPluginError(
      "hardhat-branch-coverage",
      "Hardhat's coverage manager is not the one of Hardhat 3.17, which this version of the plugin is for",
    );
  holder._coverage = createManager(hre, inner, folder);
}

/** The manager that `extendManager` has put there. */
export function managerOf(context: HookContext | HardhatRuntimeEnvironment): BranchCoverageManager {
  return (context as unknown as Holder)._coverage as BranchCoverageManager;
}

function isHardhatManager(value: unknown): value is HardhatManager {
  return (
    typeof value === "object" &&
    value !== null &&
    "data" in value &&
    value.data instanceof Map &&
    USED.every((name) => typeof (value as Record<string, unknown>)[name] === "function")
  );
}

function createManager(hre: HardhatRuntimeEnvironment, inner: HardhatManager, folder: string): BranchCoverageManager {
  const branches = new Map<string, SourceBranches>();
  const isAppending = hre.globalOptions.coverageAppend;
  let isReporting = !isAppending;

  /** Has every source instrumented once more, without compiling: a run with --no-compile knows no statements otherwise. */
  async function readSources(): Promise<void> {
    const { root } = hre.config.paths;
    const { compilers } = hre.config.solidity.profiles.default ?? { compilers: [] };
    const version = compilers.at(-1)?.version;
    if (version === undefined) return;
    for (const path of await hre.solidity.getRootFilePaths({ scope: "contracts" })) {
      if (path.startsWith("npm:")) continue;
      const source = await readFile(path, "utf8");
      const name = ["project", ...relative(root, path).split(sep)].join("/");
      await hre.hooks.runHandlerChain(
        "solidity",
        "preprocessProjectFileBeforeBuilding",
        [name, path, source, version],
        (_context, _name, _path, content) => Promise.resolve(content),
      );
    }
  }

  const manager: BranchCoverageManager = {
    addData: (data) => inner.addData(data),
    addMetadata: (metadata) => inner.addMetadata(metadata),
    saveData: (id) => inner.saveData(id),
    async clearData(id) {
      if (!isAppending) return inner.clearData(id);
      inner.data = new Map();
    },
    enableReport() {
      isReporting = !isAppending;
    },
    disableReport() {
      isReporting = false;
    },
    addBranches: (path, found) => void branches.set(path, found),
    async collect(...ids) {
      await readSources();
      await inner.loadData(...(ids.length === 0 ? RUNNERS : ids));
      const lines = await inner.getReport();
      return createReport(
        new Map(Object.entries(lines).map(([path, { lineExecutionCounts }]) => [path, lineExecutionCounts])),
        branches,
        new Set(inner.data.keys()),
      );
    },
    async report(...ids) {
      if (isReporting) await writeReport(await manager.collect(...ids), folder, hre.config.paths.root);
    },
  };
  return manager;
}
