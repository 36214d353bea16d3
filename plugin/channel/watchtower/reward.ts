import type { ChannelStatus, ChannelParams, ChannelState } from "../types.js";

/** Whether a state that everybody signed proves the challenge stale, so that who shows it gets the bond; docs/channels.md §5. */
export function provesStale(
  { turnNum, challenger, bondHeld }: ChannelStatus,
  { participants }: Pick<ChannelParams, "participants">,
  shown: Pick<ChannelState, "turnNum">,
): boolean {
  if (!bondHeld) return false;
  if (shown.turnNum >= turnNum + 2n) return true;
  // It signed second, so it had both signatures.
  const mover = Number(shown.turnNum % BigInt(participants.length));
  return shown.turnNum === turnNum + 1n && participants.length === 2 && challenger !== mover;
}
