/** What a person should know when the ChannelAdjudicator refuses; docs/channels.md. */
type Line = (args: Record<string, unknown>) => string;

/** By ChannelMode. */
const MODES = [
  "is open: there is no dispute",
  "is under dispute",
  "is before its app's judge",
  "is final",
  "is closed and paid out",
];

/**
 * @param show A value as people read it.
 * @param time Seconds since 1970 as people read them.
 */
export function channelLines(show: (value: unknown) => string, time: (seconds: unknown) => string) {
  const participants = (bits: unknown): string => {
    if (typeof bits !== "bigint") return show(bits);
    const found = [...bits.toString(2)].reverse().flatMap((bit, i) => (bit === "1" ? [i] : []));
    return found.length === 0 ? "nobody" : found.map((i) => `participant ${i}`).join(", ");
  };
  return {
    ChannelParticipantCount: (a) => `a channel has 2 to 32 participants, not ${show(a.count)}`,
    ChannelParticipant: (a) =>
      `participant ${show(a.participant)} is the zero address or stands twice; all must be distinct`,
    ChannelZeroDuration: () => "the challengeDuration is 0; it must leave time to answer",
    ChannelIdIsAddress: (a) => `${show(a.channelId)} is an address, not the id of a channel`,
    ChannelAmount: (a) =>
      `a deposit of ${show(a.amount)} cannot be counted; it must bring more than 0 and stay below 2^248 in all`,
    ChannelAsset: (a) =>
      `${show(a.asset)} is no ERC-20 that can be deposited; ETH goes in as the value of the transaction`,
    ChannelUnderfunded: (a) =>
      `the channel got ${show(a.deposited)} so far, ${show(a.expected)} was expected before this deposit; wait for the others' deposits`,
    ChannelWrongMode: (a) =>
      `channel ${show(a.channelId)} ${MODES[Number(a.mode)] ?? `is in mode ${show(a.mode)}`}, which does not allow this`,
    ChannelStaleTurn: (a) =>
      `the state is of turn ${show(a.turnNum)}, L1 knows of a later one; turn ${show(a.least)} or later is needed`,
    ChannelWrongBond: (a) => `the bond of a challenge is ${show(a.expected)} wei, not ${show(a.found)}`,
    ChannelNoParticipant: (a) => `the channel has no participant ${show(a.index)}`,
    ChannelSignature: (a) =>
      `the signature of participant ${show(a.index)} is by ${show(a.recovered)}; it must be by its account or by its session key before its expiry`,
    ChannelSignaturesLength: (a) =>
      `the signers named need ${show(a.expected)} bytes of signatures, 64 each; ${show(a.found)} are there`,
    ChannelNotUnanimous: (a) => `this needs everybody's signature; signed has only ${participants(a.signedBy)}`,
    ChannelTurnOrder: (a) =>
      `states must have ascending turns: turn ${show(a.turnNum)} stands behind turn ${show(a.before)}`,
    ChannelFinalState: (a) => `the state of turn ${show(a.turnNum)} is final; nothing follows it`,
    ChannelNoState: () => "no state was shown; at least one is needed",
    ChannelPreimage: (a) =>
      `the bytes have hash ${show(a.found)}, the state says ${show(a.expected)}; show the bytes that are behind the hash`,
    ChannelNotSupported: (a) =>
      `the app ${show(a.appDefinition)} does not allow the state, and not everybody signed it`,
    ChannelStateMismatch: (a) =>
      `the channel stands at state ${show(a.expected)}, not at ${show(a.found)}; show the state that L1 knows`,
    ChannelNotFinal: () => "the state is not final; only one with isFinal ends a channel by signatures",
    ChannelOutcomeType: (a) =>
      `asset ${show(a.assetIndex)} of the outcome has type ${show(a.found)}; assets are ETH or ERC-20 (0), allocations simple (0) or guarantees (2)`,
    ChannelAssetOrder: (a) => `assets must ascend strictly: ${show(a.asset)} stands behind ${show(a.before)}`,
    ChannelOutcomeSum: (a) => `the allocations of asset ${show(a.assetIndex)} are more than can be counted`,
    ChannelNoAllocation: (a) =>
      `the outcome has no allocation ${show(a.allocationIndex)} of an asset ${show(a.assetIndex)}`,
    ChannelNotGuarantee: (a) => `allocation ${show(a.allocationIndex)} is no guarantee for channel ${show(a.target)}`,
    ChannelReclaimed: (a) =>
      `guarantee ${show(a.allocationIndex)} of asset ${show(a.assetIndex)} was divided before; pay it out`,
    ChannelNothingToPay: (a) =>
      `nothing of this is left to pay by channel ${show(a.channelId)}: it was paid before, or the channel does not have it`,
    ChannelNoBond: (a) => `channel ${show(a.channelId)} has no bond to give back`,
    ChannelSessionKey: (a) =>
      `session key ${show(a.key)} until ${time(a.expiry)} cannot be registered: once for each participant, not zero, until ${time(a.least)} at least`,
    ChannelUnauthorized: (a) =>
      `${show(a.caller)} is not the channel's app ${show(a.appDefinition)}, which alone may do this`,
    ChannelNoCredit: (a) => `${show(a.account)} has no credit of asset ${show(a.asset)}`,
    ChannelNotPaid: (a) =>
      `${show(a.to)} does not take ${show(a.amount)} of asset ${show(a.asset)}; claim to another account`,
    ChannelZeroRecipient: () => "the recipient must not be the zero address",
  } satisfies Record<string, Line>;
}
