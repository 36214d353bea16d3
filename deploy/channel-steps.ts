import type { TypedDataDomain } from "ethers";

import type { Hex } from "../plugin/types.js";
import {
  ChannelAdjudicator__factory,
  ConsensusApp__factory,
  HashTimeLockApp__factory,
  SingleAssetPaymentApp__factory,
  VirtualPaymentApp__factory,
} from "../typechain-types/index.js";
import { createdBy, type RunState, type Step } from "./runner.js";
import { codeAt } from "./self-aware.js";

/** What channels are deployed with. */
export interface ChannelsGiven {
  /** Bond of a challenge, in wei. */
  readonly challengeBond: bigint;
}

export type ChannelsState = RunState & ChannelsGiven;
export type ChannelStep = Step<ChannelsState>;

/** The contracts of a deployment of channels. */
export type ChannelContractName =
  "ChannelAdjudicator" | "ConsensusApp" | "SingleAssetPaymentApp" | "VirtualPaymentApp" | "HashTimeLockApp";

interface Creation {
  number: number;
  data: (state: ChannelsState) => Promise<string>;
  /** Of a contract that has an EIP-712 domain: its name. */
  domain?: string;
}

const CREATIONS: Record<ChannelContractName, Creation> = {
  ChannelAdjudicator: {
    number: 110,
    data: ({ challengeBond }) => dataOf(new ChannelAdjudicator__factory().getDeployTransaction(challengeBond)),
    domain: "hardhat-rollup channels",
  },
  ConsensusApp: { number: 120, data: () => dataOf(new ConsensusApp__factory().getDeployTransaction()) },
  SingleAssetPaymentApp: {
    number: 130,
    data: () => dataOf(new SingleAssetPaymentApp__factory().getDeployTransaction()),
  },
  VirtualPaymentApp: {
    number: 140,
    data: (state) => {
      const adjudicator = createdBy(state, { id: idOf("ChannelAdjudicator") });
      return dataOf(new VirtualPaymentApp__factory().getDeployTransaction(adjudicator));
    },
    domain: "hardhat-rollup virtual payment",
  },
  HashTimeLockApp: { number: 150, data: () => dataOf(new HashTimeLockApp__factory().getDeployTransaction()) },
};

/** In the order of their creation. */
export const CHANNEL_CONTRACTS = Object.keys(CREATIONS) as ChannelContractName[];

/** What creates each contract. */
export const CHANNEL_STEPS: Readonly<Record<ChannelContractName, ChannelStep>> = Object.fromEntries(
  CHANNEL_CONTRACTS.map((name) => [name, stepOf(name, CREATIONS[name])]),
) as Record<ChannelContractName, ChannelStep>;

/** Of the step that creates a contract. */
function idOf(name: ChannelContractName): string {
  return `${CREATIONS[name].number}-${name}`;
}

function stepOf(name: ChannelContractName, { data, domain }: Creation): ChannelStep {
  return {
    id: idOf(name),
    title: `Create ${name}`,
    request: async (state) => ({ data: (await data(state)) as Hex }),
    async codeAt(address, state, provider) {
      const creation = await data(state);
      if (domain === undefined) return provider.call({ data: creation });
      return codeAt(provider, address, { data: creation, domain: domainOf(domain, state) });
    },
  };
}

function domainOf(name: string, { l1ChainId }: ChannelsState): TypedDataDomain {
  return { name, version: "1", chainId: l1ChainId };
}

async function dataOf(transaction: Promise<{ data: string }>): Promise<string> {
  return (await transaction).data;
}
