import { abiWords, concat, fromHex, toHex } from "../../ledger/bytes.js";
import type { Hex } from "../../types.js";
import { channelIdOf, hashOf, stateHash } from "../hashes.js";
import type { ChannelDomain, ChannelParams, ChannelState } from "../types.js";

/** A state with what is behind its hashes, as it is shown to the judge. */
export interface ShownState {
  turnNum: bigint;
  isFinal: boolean;
  /** `encodeAppData`. */
  appData: Hex;
  /** `encodeOutcome`. */
  outcome: Hex;
}

/** A move of a channel: from one state to the next. */
export interface ChannelMove {
  channelId: Hex;
  params: ChannelParams;
  /** The state before. */
  base: ShownState;
  /** The state that it leads to; it names the hash of the other. */
  candidate: ShownState;
}

/** App data of a channel whose rules are a program; docs/wasm-apps.md §2. */
export interface WasmAppData {
  /** Struct hash of the state before; zero for a state that only everybody's signatures make valid, like the first. */
  previous: Hex;
  /** The state as the program has it. */
  state: Uint8Array;
}

/** More bytes of app data and outcomes, of both states, are no move. */
export const MOST_MOVE_BYTES = 65_536;

const HASH_LENGTH = 32;

/** App data are not those of a channel whose rules are a program. */
export class AppDataError extends Error {
  override readonly name = "AppDataError";
}

export function encodeAppData({ previous, state }: WasmAppData): Hex {
  return toHex(concat(fromHex(previous, HASH_LENGTH), state));
}

/** @throws AppDataError */
export function decodeAppData(appData: Hex): WasmAppData {
  const bytes = fromHex(appData);
  if (bytes.length < HASH_LENGTH) {
    throw new AppDataError(`app data begin with a hash of ${HASH_LENGTH} bytes, got ${bytes.length} in all`);
  }
  return { previous: toHex(bytes.subarray(0, HASH_LENGTH)), state: bytes.slice(HASH_LENGTH) };
}

/** A state as it is signed. */
export function channelStateOf({ turnNum, isFinal, appData, outcome }: ShownState): ChannelState {
  return { turnNum, isFinal, appDataHash: hashOf(appData), outcomeHash: hashOf(outcome) };
}

/** Struct hash of a state: what the next one names. */
export function shownStateHash(channelId: Hex, state: ShownState): Hex {
  return stateHash(channelId, channelStateOf(state));
}

/** The state that a move leads to, from the one before. @param after The next turn's, without what follows from the other. */
export function moveFrom(
  domain: ChannelDomain,
  params: ChannelParams,
  base: ShownState,
  after: { state: Uint8Array; outcome: Hex; isFinal?: boolean },
): ChannelMove {
  const channelId = channelIdOf(domain, params);
  const { state, outcome, isFinal = false } = after;
  const appData = encodeAppData({ previous: shownStateHash(channelId, base), state });
  return { channelId, params, base, candidate: { turnNum: base.turnNum + 1n, isFinal, appData, outcome } };
}

/** The bytes of a move, as the program reads them; docs/wasm-apps.md §3. */
export function encodeMove({ channelId, params, base, candidate }: ChannelMove): Uint8Array {
  const strings = [base.appData, candidate.appData, base.outcome, candidate.outcome].map((hex) => fromHex(hex));
  return concat(
    abiWords(
      channelId,
      params.appParamsHash,
      candidate.turnNum,
      candidate.isFinal ? 1n : 0n,
      BigInt(params.participants.length),
      ...params.participants,
    ),
    ...strings.flatMap((bytes) => [abiWords(BigInt(bytes.length)), bytes]),
  );
}

/** Bytes of a move that are limited. */
export function moveLength({ base, candidate }: ChannelMove): number {
  const strings = [base.appData, candidate.appData, base.outcome, candidate.outcome];
  return strings.reduce((sum, hex) => sum + (hex.length - 2) / 2, 0);
}

/** Index of who makes a turn's move. */
export function moverOf({ participants }: ChannelParams, turnNum: bigint): number {
  return Number(turnNum % BigInt(participants.length));
}
