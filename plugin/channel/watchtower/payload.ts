import { concat, fromHex, toBigInt, toBytes, toHex } from "../../ledger/bytes.js";
import type { Hex } from "../../types.js";
import { channelIdOf } from "../hashes.js";
import type { ChannelDomain, ChannelParams, ChannelState, SignedState } from "../types.js";

/** What a checkpoint needs. */
export interface Checkpoint {
  params: ChannelParams;
  /** Signed by everybody; without app data and outcome, which no checkpoint shows. */
  signed: SignedState;
}

const VERSION = 1;
const SIGNATURE = 64;
/** Everything but the participants and their signatures. */
const FIXED = 2 + 8 + 20 + 4 + 32 + 8 + 1 + 32 + 32;

/** @throws {RangeError} when a signature is missing, or a value does not fit. */
export function encodeCheckpoint({ params, signed: { state, signatures } }: Checkpoint): Uint8Array {
  const { participants, channelNonce, appDefinition, challengeDuration, appParamsHash } = params;
  return concat(
    Uint8Array.of(VERSION, participants.length),
    ...participants.map((participant) => fromHex(participant, 20)),
    toBytes(channelNonce, 8),
    fromHex(appDefinition, 20),
    toBytes(BigInt(challengeDuration), 4),
    fromHex(appParamsHash, 32),
    toBytes(state.turnNum, 8),
    Uint8Array.of(state.isFinal ? 1 : 0),
    fromHex(state.appDataHash, 32),
    fromHex(state.outcomeHash, 32),
    ...participants.map((_, i) => fromHex(signatures[i] ?? "0x", SIGNATURE)),
  );
}

/** The inverse of `encodeCheckpoint`; undefined when the bytes are none of its results. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint | undefined {
  const [version, count = 0] = bytes;
  if (version !== VERSION || bytes.length !== FIXED + count * (20 + SIGNATURE)) return undefined;
  let at = 2;
  const take = (length: number): Uint8Array => bytes.subarray(at, (at += length));
  const participants = Array.from({ length: count }, () => toHex(take(20)));
  const params: ChannelParams = {
    participants,
    channelNonce: toBigInt(take(8)),
    appDefinition: toHex(take(20)),
    challengeDuration: Number(toBigInt(take(4))),
    appParamsHash: toHex(take(32)),
  };
  const state: ChannelState = {
    turnNum: toBigInt(take(8)),
    isFinal: take(1)[0] === 1,
    appDataHash: toHex(take(32)),
    outcomeHash: toHex(take(32)),
  };
  const signatures = participants.map(() => toHex(take(SIGNATURE)));
  return { params, signed: { state, signatures, appData: "0x", outcome: "0x" } };
}

/** Tells whether parameters are a channel's; those of one channel are mostly asked for again and again. */
export function paramsChecker(domain: ChannelDomain, channelId: Hex): (params: ChannelParams) => boolean {
  let right: string | undefined;
  return (params) => {
    const text = [params.participants, params.channelNonce, params.appDefinition, params.challengeDuration].join();
    const full = `${text},${params.appParamsHash}`;
    if (full === right) return true;
    if (channelIdOf(domain, params) !== channelId) return false;
    right = full;
    return true;
  };
}
