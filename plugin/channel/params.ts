import { addressOf, toDestination } from "./outcome.js";
import type { Hex } from "../types.js";
import type { ChannelParams, Outcome } from "./types.js";

const [MIN_PARTICIPANTS, MAX_PARTICIPANTS] = [2, 32];
const ZERO = `0x${"0".repeat(40)}`;

/** The same parameters, in lower case. */
export function normalParams({ participants, appDefinition, appParamsHash, ...rest }: ChannelParams): ChannelParams {
  const lower = (hex: Hex): Hex => hex.toLowerCase() as Hex;
  return {
    ...rest,
    participants: participants.map(lower),
    appDefinition: lower(appDefinition),
    appParamsHash: lower(appParamsHash),
  };
}

/** Why no channel of ours can have these parameters; in one line. @param least Shortest challenge, in seconds. */
export function paramsFault(id: Hex, params: ChannelParams, me: number, least: number): string | undefined {
  const { participants, challengeDuration } = params;
  if (participants.length < MIN_PARTICIPANTS || participants.length > MAX_PARTICIPANTS) {
    return `a channel has ${MIN_PARTICIPANTS} to ${MAX_PARTICIPANTS} participants, not ${participants.length}`;
  }
  if (new Set(participants).size < participants.length) return "a participant stands twice";
  if (participants.some((one) => one === ZERO)) return "a participant is the zero address";
  if (addressOf(id) !== undefined) return "the channel's id looks like an address; take another nonce";
  if (me < 0) return "we are no participant";
  if (challengeDuration < least) {
    return `a challenge of ${challengeDuration} seconds is too short to answer; at least ${least} are needed`;
  }
  return undefined;
}

/** Why deposits cannot bring about the first outcome. */
export function fundingFault({ participants }: ChannelParams, outcome: Outcome): string | undefined {
  const owners = new Set(participants.map(toDestination));
  for (const { allocations } of outcome) {
    for (const { destination, allocationType } of allocations) {
      if (allocationType !== 0 || !owners.has(destination)) {
        return `nobody deposits for ${destination}: the first outcome has simple allocations to participants only`;
      }
    }
  }
  return undefined;
}
