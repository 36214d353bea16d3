// The door of the contract tests under Hardhat 2, in the place of test/support/env.ts.
import * as networkHelpers from "@nomicfoundation/hardhat-network-helpers";
import hre from "hardhat";

/** The one in-process chain of Hardhat 2, as it begins. What of the network can be set is set in hardhat.config.cjs. */
export async function createConnection(override: Record<string, unknown> = {}) {
  const wanted = Object.keys(override).filter((key) => override[key] !== undefined);
  if (wanted.length > 0) throw new Error(`Hardhat 2 has one chain, whose ${wanted.join(", ")} cannot be another`);
  await hre.network.provider.send("hardhat_reset", []);
  return { ethers: hre.ethers, networkHelpers, provider: hre.network.provider, close: () => Promise.resolve() };
}

export type Connection = Awaited<ReturnType<typeof createConnection>>;
