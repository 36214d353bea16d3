import type { Hex } from "../../types.js";
import { hashOf } from "../hashes.js";
import { encodeOutcome } from "../outcome.js";
import type { ChannelState, Outcome } from "../types.js";

/** A state with what is behind its hashes, as apps look at it. */
export interface AppState {
  turnNum: bigint;
  isFinal: boolean;
  appData: Hex;
  outcome: Outcome;
}

/** An app does not allow this; the message says why and what would be right. */
export class AppError extends Error {
  override readonly name = "AppError";
}

/** What is signed of a state, and the bytes that L1 is shown. @throws {OutcomeError} */
export function encodeState({ turnNum, isFinal, appData, outcome }: AppState): {
  state: ChannelState;
  appData: Hex;
  outcome: Hex;
} {
  const encoded = encodeOutcome(outcome);
  return {
    state: { turnNum, isFinal, appDataHash: hashOf(appData), outcomeHash: hashOf(encoded) },
    appData,
    outcome: encoded,
  };
}

/** The states of `last` and what follows it. @throws {AppError} when nothing does. */
export function next(last: AppState, changes: Partial<AppState>): AppState {
  if (last.isFinal) throw new AppError(`turn ${last.turnNum} was final: nothing follows it`);
  return { ...last, turnNum: last.turnNum + 1n, ...changes };
}
