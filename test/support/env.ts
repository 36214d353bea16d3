import { network } from "hardhat";

/** A fresh in-process L1 with ethers and the network helpers: the one door through which contract tests get theirs. */
export function createConnection() {
  return network.create();
}

export type Connection = Awaited<ReturnType<typeof createConnection>>;
