import { join } from "node:path";

import type { HardhatRuntimeEnvironmentHooks } from "hardhat/types/hooks";

export default (): Promise<Partial<HardhatRuntimeEnvironmentHooks>> =>
  Promise.resolve({
    async created(context, hre) {
      if (!context.globalOptions.coverage) return;
      const { extendManager } = await import("../manager.js");
      extendManager(hre, join(hre.config.paths.root, "coverage"));
    },
  });
