import type { NetworkConnection } from "hardhat/types/network";

import type { RollupApi, RollupChain, RollupConfig } from "./types.js";

/** `connection.rollup` and what stops everything that came of it. */
export interface LazyRollup {
  api: RollupApi;
  close(): Promise<void>;
}

/** The facade that every connection gets: it loads nothing until it is used. */
export function createLazyRollup(connection: NetworkConnection<string>, config: RollupConfig): LazyRollup {
  const chains: RollupChain[] = [];
  const keep = (chain: RollupChain): RollupChain => {
    chains.push(chain);
    return chain;
  };
  return {
    api: {
      async deploy(parameters, options) {
        const { deployChain } = await import("./chain.js");
        return keep(await deployChain(connection, config, parameters, options));
      },
      async attach(book, options) {
        const { attachChain } = await import("./chain.js");
        return keep(await attachChain(connection, config, book, options));
      },
    },
    async close() {
      await Promise.all(chains.splice(0).map((chain) => chain.close()));
    },
  };
}
