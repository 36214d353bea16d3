import type { ConfigHooks } from "hardhat/types/hooks";

import { resolveRollupConfig, validateRollupConfig } from "../config.js";

export default (): Promise<Partial<ConfigHooks>> =>
  Promise.resolve({
    validateUserConfig: validateRollupConfig,
    async resolveUserConfig(userConfig, resolveConfigurationVariable, next) {
      const resolved = await next(userConfig, resolveConfigurationVariable);
      return { ...resolved, rollup: resolveRollupConfig(userConfig, resolved) };
    },
  });
