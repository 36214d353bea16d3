import type { HookManager, NetworkHooks } from "hardhat/types/hooks";
import type { NetworkConnection } from "hardhat/types/network";

import type { LocalChain } from "./chain.js";
import type { RollupApi, RollupConfig } from "./types.js";

/** `connection.rollup` and what stops everything that came of it. */
export interface LazyRollup {
  api: RollupApi;
  close(): Promise<void>;
}

/** The facade that every connection gets: it loads nothing until it is used. */
export function createLazyRollup(
  connection: NetworkConnection<string>,
  config: RollupConfig,
  hooks: HookManager,
): LazyRollup {
  const chains: LocalChain[] = [];
  const handlers = snapshotHandlers(connection, chains);
  const keep = (chain: LocalChain): LocalChain => {
    if (chains.length === 0) hooks.registerHandlers("network", handlers);
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
      hooks.unregisterHandlers("network", handlers);
      await Promise.all(chains.splice(0).map((chain) => chain.close()));
    },
  };
}

/** L2 goes with L1 through snapshots (and so through `loadFixture`): an L2 that stayed ahead would see them as a reorganisation. */
function snapshotHandlers(connection: NetworkConnection<string>, chains: LocalChain[]): Partial<NetworkHooks> {
  const saved = new Map<unknown, (() => Promise<void>)[]>();
  return {
    async onRequest(context, requested, request, next) {
      const response = await next(context, requested, request);
      // Connections of several chain types go through one hook.
      if ((requested as NetworkConnection<string>) !== connection || !("result" in response)) return response;
      if (request.method === "evm_snapshot") {
        saved.set(response.result, await Promise.all(chains.map((chain) => chain.save())));
      }
      if (request.method === "evm_revert" && response.result === true && Array.isArray(request.params)) {
        await Promise.all((saved.get(request.params[0]) ?? []).map((restore) => restore()));
      }
      return response;
    },
  };
}
