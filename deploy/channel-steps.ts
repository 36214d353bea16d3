import type { TypedDataDomain } from "ethers";

import type { Hex } from "../plugin/types.js";
import { ChannelAdjudicator__factory } from "../typechain-types/index.js";
import type { RunState, Step } from "./runner.js";
import { codeAt } from "./self-aware.js";

/** What channels are deployed with. */
export interface ChannelsGiven {
  /** Bond of a challenge, in wei. */
  readonly challengeBond: bigint;
}

export type ChannelsState = RunState & ChannelsGiven;
export type ChannelStep = Step<ChannelsState>;

/** The contracts of a deployment of channels. */
export type ChannelContractName = "ChannelAdjudicator";

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
};

/** What creates each contract, in order. */
export const CHANNEL_STEPS: Readonly<Record<ChannelContractName, ChannelStep>> = Object.fromEntries(
  Object.entries(CREATIONS).map(([name, creation]) => [name, stepOf(name, creation)]),
) as Record<ChannelContractName, ChannelStep>;

export const CHANNEL_CONTRACTS = Object.keys(CREATIONS) as ChannelContractName[];

function stepOf(name: string, { number, data, domain }: Creation): ChannelStep {
  return {
    id: `${number}-${name}`,
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
