import {
  CommitteeDA__factory,
  type DataAvailabilityCommittee,
  DataAvailabilityCommittee__factory,
  StateCommitmentChain__factory,
} from "../../../typechain-types/index.js";
import { ask, L1UnavailableError } from "../../l1/ask.js";
import type { L1Client } from "../../l1/client.js";
import { decodeLog, TOPICS } from "../../l1/decode.js";
import { decodeRevert } from "../../l1/errors.js";
import { readLogs } from "../../l1/logs.js";
import type { Deployment, Hex } from "../../types.js";
import type { AttestationScope } from "./attestation.js";
import type { MemberL1 } from "./member.js";

/** What is asked of a suite. */
export type CommitteeClient = Pick<L1Client, "addresses" | "provider" | "registry" | "heads"> & {
  deployment: Pick<Deployment, "l1ChainId">;
};

/** The committee that a suite posts with. */
export interface CommitteeOnL1 {
  contract: DataAvailabilityCommittee;
  scope: AttestationScope;
  /** Longest time from a batch's `finalizesAt` to the end of the dispute about it, in seconds. */
  disputeDuration: bigint;
  /** Members in ascending order and threshold; undefined for an epoch that does not exist. */
  epoch: (index: bigint) => Promise<{ members: Hex[]; threshold: number } | undefined>;
}

/** The chain's data-availability layer has no committee. */
export class NoCommitteeError extends Error {
  override readonly name = "NoCommitteeError";
  constructor(
    readonly dataAvailability: string,
    options?: ErrorOptions,
  ) {
    super(`this rollup has no committee: ${dataAvailability}, where its batch data go, is no CommitteeDA`, options);
  }
}

/** Asks the chain for its committee. @throws {NoCommitteeError} */
export async function findCommittee({ addresses, provider, deployment }: CommitteeClient): Promise<CommitteeOnL1> {
  const chain = StateCommitmentChain__factory.connect(addresses.chain, provider);
  const { dataAvailability } = await ask("parameters of the chain", () => chain.parameters());
  const layer = CommitteeDA__factory.connect(dataAvailability, provider);
  let found: [string, bigint];
  try {
    found = await ask("the committee", () => Promise.all([layer.COMMITTEE(), layer.DISPUTE_DURATION()]));
  } catch (error) {
    // The node is there: the contract has no such function.
    if (error instanceof L1UnavailableError) throw error;
    throw new NoCommitteeError(dataAvailability, { cause: error });
  }
  const [committee, disputeDuration] = found;
  const contract = DataAvailabilityCommittee__factory.connect(committee, provider);
  const scope = { l1ChainId: deployment.l1ChainId, committee: committee as Hex, bridge: addresses.bridge };
  /** Members and threshold of an epoch never change. */
  const epochs = new Map<bigint, { members: Hex[]; threshold: number }>();
  return {
    contract,
    scope,
    disputeDuration,
    async epoch(index) {
      const known = epochs.get(index);
      if (known !== undefined) return known;
      try {
        const { members, threshold } = await ask(`epoch ${index}`, () => contract.epochOf(index));
        const epoch = { members: [...members] as Hex[], threshold: Number(threshold) };
        epochs.set(index, epoch);
        return epoch;
      } catch (error) {
        if (decodeRevert(error)?.name === "CommitteeUnknownEpoch") return undefined;
        throw error;
      }
    },
  };
}

/** What a member sees of L1. */
export function memberL1(client: CommitteeClient, { epoch }: CommitteeOnL1): MemberL1 {
  const { provider, registry, addresses } = client;
  return {
    members: async (index) => (await epoch(index))?.members,
    isSequencer: (account) => ask(`sequencer ${account}`, () => registry.isSequencer(account)),
    heads: () => client.heads(),
    async block() {
      const block = await ask("last block", () => provider.getBlock("latest"));
      if (block === null) throw new Error("the L1 node does not know its last block");
      return { number: block.number, timestamp: BigInt(block.timestamp) };
    },
    async wasReverted(index, after) {
      const to = await ask("block number", () => provider.getBlockNumber());
      const query = { addresses: [addresses.chain], topics: [TOPICS.reverted], from: after + 1, to };
      for await (const logs of readLogs(provider, query, "forward")) {
        for (const log of logs) {
          const event = decodeLog(log);
          if (event.kind === "reverted" && event.fromIndex <= index) return true;
        }
      }
      return false;
    },
  };
}
