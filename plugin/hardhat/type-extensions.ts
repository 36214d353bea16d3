import "@nomicfoundation/hardhat-ethers";
import "hardhat/types/config";
import "hardhat/types/network";

import type { RollupApi, RollupConfig, RollupUserConfig } from "./types.js";

declare module "hardhat/types/config" {
  interface HardhatUserConfig {
    /** Settings of hardhat-rollup. */
    rollup?: RollupUserConfig;
  }

  interface HardhatConfig {
    rollup: RollupConfig;
  }
}

declare module "hardhat/types/network" {
  interface NetworkConnection<
    // eslint-disable-next-line @typescript-eslint/no-unused-vars -- a merged interface must repeat its type parameter
    ChainTypeT extends string = DefaultChainType,
  > {
    /** A whole rollup on this network: deploy one, or attach to one. */
    rollup: RollupApi;
  }
}
