import { IChannelAdjudicator__factory } from "../../typechain-types/index.js";
import type { Hex } from "../types.js";
import { stateHash as hashOf } from "./hashes.js";
import type { ChannelState } from "./types.js";

const contract = IChannelAdjudicator__factory.createInterface();

/** A state of a channel that L1 told of. */
export interface Revealed {
  stateHash: Hex;
  turnNum: bigint;
}

/**
 * States that a transaction shows to an adjudicator beside the one that its event names: those that a move follows. None
 * where it calls something else.
 */
export function statesShownIn(channelId: Hex, data: string): Revealed[] {
  const call = contract.parseTransaction({ data });
  if (call?.name !== "challenge" && call?.name !== "respond") return [];
  const support = call.args.getValue("support") as readonly { state: ChannelState }[];
  return support.map(({ state }) => ({ turnNum: state.turnNum, stateHash: hashOf(channelId, state) }));
}
