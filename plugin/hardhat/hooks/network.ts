import type { HookContext, NetworkHooks } from "hardhat/types/hooks";
import type { NetworkConnection } from "hardhat/types/network";

import { createLazyRollup, type LazyRollup } from "../lazy.js";

export default (): Promise<Partial<NetworkHooks>> => {
  // A connection that nobody closes must stay collectable.
  const rollups = new WeakMap<object, LazyRollup>();
  return Promise.resolve({
    async newConnection<ChainTypeT extends string>(
      context: HookContext,
      next: (nextContext: HookContext) => Promise<NetworkConnection<ChainTypeT>>,
    ): Promise<NetworkConnection<ChainTypeT>> {
      const connection = await next(context);
      const rollup = createLazyRollup(connection, context.config.rollup, context.hooks);
      rollups.set(connection, rollup);
      connection.rollup = rollup.api;
      return connection;
    },
    async closeConnection<ChainTypeT extends string>(
      context: HookContext,
      connection: NetworkConnection<ChainTypeT>,
      next: (nextContext: HookContext, nextConnection: NetworkConnection<ChainTypeT>) => Promise<void>,
    ): Promise<void> {
      try {
        await rollups.get(connection)?.close();
      } finally {
        await next(context, connection);
      }
    },
  });
};
