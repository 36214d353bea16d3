import { network } from "hardhat";

type Override = NonNullable<Exclude<Parameters<typeof network.create>[0], string | undefined>["override"]>;

/** A fresh in-process L1 with ethers and the network helpers: the one door through which contract tests get theirs. */
export function createConnection(override: Override = {}) {
  return network.create({ override });
}

export type Connection = Awaited<ReturnType<typeof createConnection>>;
