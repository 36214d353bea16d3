import { type BaseWallet, parseEther, Wallet } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import type { BlobSource } from "../../plugin/da/source.js";
import { committeeReader, type Members } from "../../plugin/hardhat/committee.js";
import { connectL1, type L1Client } from "../../plugin/l1/client.js";
import { deploymentOf } from "../../plugin/stage/deployment.js";
import { notCheckable } from "../../plugin/stage/outcome.js";
import type { Look } from "../../plugin/stage/look.js";
import type { Outcome } from "../../plugin/stage/types.js";
import type { Deployment } from "../../plugin/types.js";
import { explain } from "../support/explain.js";
import { setBalance } from "../support/fork.js";

/** More than any bond that somebody could still pay. */
const PLENTY = parseEther("100000");

/** Where a drill takes place. */
export interface Scene {
  /** A chain that nothing else depends on, whose clock can be moved. */
  copy: NetworkConnection;
  look: Look;
  deployment: Deployment;
  blobSources: readonly BlobSource[];
  members: Members;
  /** Folder of circuits and keys. */
  cache: string;
  signal?: AbortSignal | undefined;
}

export function sceneOf(
  copy: NetworkConnection,
  look: Look,
  sources: Pick<Scene, "blobSources" | "members" | "cache" | "signal">,
): Scene {
  return { copy, look, deployment: deploymentOf(look.facts, look.book?.parameters.slots), ...sources };
}

/** Somebody whom nobody knows, with money and without a role. */
export async function stranger({ copy }: Pick<Scene, "copy">): Promise<BaseWallet> {
  const wallet = Wallet.createRandom().connect(copy.ethers.provider);
  await setBalance(copy, wallet.address, PLENTY);
  return wallet;
}

/** The suite on the copy, as somebody sees it. */
export function as({ copy, deployment, blobSources, members }: Scene, signer: L1Client["signer"]): L1Client {
  const sources = { blobSources: [...blobSources], committee: committeeReader(deployment, members) };
  return connectL1(copy.ethers.provider, deployment, signer, sources);
}

/** Does something, and undoes it. */
export async function undone<T>({ copy }: Pick<Scene, "copy">, work: () => Promise<T>): Promise<T> {
  const id: unknown = await copy.provider.request({ method: "evm_snapshot", params: [] });
  try {
    return await work();
  } finally {
    await copy.provider.request({ method: "evm_revert", params: [id] });
  }
}

/** What went wrong, in a line. */
export function told(error: unknown): string {
  return explain(error).join("; ");
}

/** Data that are nowhere to be had are no verdict on the suite. */
export function unavailable(error: unknown): Outcome | undefined {
  const name = error instanceof Error ? error.name : "";
  if (!["BlobUnavailableError", "DataWithheldError", "BatchDataError"].includes(name)) return undefined;
  return notCheckable(`the data of a batch cannot be had here (--archive, --beacon, --members): ${told(error)}`);
}
