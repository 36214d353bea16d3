import { relative } from "node:path";

import type { SolidityHooks } from "hardhat/types/hooks";

import { findBranches, instrumentBranches } from "../branches.js";
import { librarySources } from "../library.js";
import { managerOf } from "../manager.js";

export default (): Promise<Partial<SolidityHooks>> => {
  // A build asks for each file about ten times.
  const done = new Map<string, string>();
  return Promise.resolve({
    async preprocessProjectFileBeforeBuilding(context, sourceName, fsPath, source, solcVersion, next) {
      const inner = await next(context, sourceName, fsPath, source, solcVersion);
      // Hardhat decides what is instrumented: no tests, and nothing that the configuration skips.
      if (!context.globalOptions.coverage || inner === source) return inner;
      const path = relative(context.config.paths.root, fsPath);
      const key = `${path}\0${inner}`;
      let result = done.get(key);
      if (result === undefined) {
        const branches = findBranches(source, path);
        managerOf(context).addBranches(path, branches);
        result = instrumentBranches(inner, path, branches.points);
        done.set(key, result);
      }
      return result;
    },
    async preprocessSolcInputBeforeBuilding(context, input, next) {
      const result = await next(context, input);
      if (!context.globalOptions.coverage) return result;
      return { ...result, sources: { ...result.sources, ...librarySources(Object.keys(result.sources)) } };
    },
  });
};
