import { IChannelAdjudicator__factory } from "../../typechain-types/index.js";
import type { Hex } from "../types.js";
import { stateHash as hashOf } from "./hashes.js";
import type { ChannelState, SignedState } from "./types.js";

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

/** The state of a checkpoint and its signatures, which are those of everybody; undefined where it calls something else. */
export function checkpointIn(data: string): SignedState | undefined {
  const call = contract.parseTransaction({ data });
  if (call?.name !== "checkpoint") return undefined;
  const { state, signatures } = call.args.getValue("signed") as { state: ChannelState; signatures: string };
  const { turnNum, isFinal, appDataHash, outcomeHash } = state;
  const each = signatures.slice(2).match(/.{128}/g) ?? [];
  return {
    state: { turnNum, isFinal, appDataHash, outcomeHash },
    signatures: each.map((one): Hex => `0x${one.toLowerCase()}`),
    appData: "0x",
    outcome: "0x",
  };
}
