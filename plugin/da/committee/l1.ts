import {
  CommitteeDA__factory,
  type DataAvailabilityCommittee,
  DataAvailabilityCommittee__factory,
  StateCommitmentChain__factory,
  StatementDA__factory,
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
  /** Where members prove their BLS keys; zero where the committee knows none. */
  keys: Hex;
  /** Longest time from a batch's `finalizesAt` to the end of the dispute about it, in seconds. */
  disputeDuration: bigint;
  /** Undefined for an epoch that does not exist. */
  epoch: (index: bigint) => Promise<EpochFacts | undefined>;
}

/** What never changes of an epoch. */
export interface EpochFacts {
  /** In ascending order. */
  members: Hex[];
  threshold: number;
  /** By BLS: the members' keys, 256 bytes each. */
  keys?: Hex[];
}

/** `AttestationScheme.BLS` of the contracts. */
const BLS = 1n;

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
  const { dataAvailability: first, proofRequired } = await ask("parameters of the chain", () => chain.parameters());
  const dataAvailability = proofRequired ? await layerBelow(first, provider) : first;
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
  const keys = (await ask("the committee's keys", () => contract.KEYS())) as Hex;
  const scope = { l1ChainId: deployment.l1ChainId, committee: committee as Hex, bridge: addresses.bridge };
  const epochs = new Map<bigint, EpochFacts>();
  const keyOf = async (member: Hex): Promise<Hex> => {
    const code = await ask(`key of ${member}`, () => provider.getCode(member));
    // Behind a zero byte.
    return `0x${code.slice(4)}`;
  };
  return {
    contract,
    scope,
    keys,
    disputeDuration,
    async epoch(index) {
      const known = epochs.get(index);
      if (known !== undefined) return known;
      try {
        const { members: found, threshold, scheme } = await ask(`epoch ${index}`, () => contract.epochOf(index));
        const members = [...found] as Hex[];
        const keys = scheme === BLS ? { keys: await Promise.all(members.map(keyOf)) } : {};
        const epoch = { members, threshold: Number(threshold), ...keys };
        epochs.set(index, epoch);
        return epoch;
      } catch (error) {
        if (decodeRevert(error)?.name === "CommitteeUnknownEpoch") return undefined;
        throw error;
      }
    },
  };
}

/** With validity proofs, where data go is below what makes statements of them; docs/validity.md §4. */
async function layerBelow(address: string, provider: CommitteeClient["provider"]): Promise<string> {
  const layer = StatementDA__factory.connect(address, provider);
  return (await ask("parameters of StatementDA", () => layer.parameters())).below;
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
