import type { Hex } from "../types.js";
import type { L1Move } from "./l1-steps.js";
import type { Notice } from "./protocol.js";
import type { ChannelEvent, ChannelStatus, Mined } from "./types.js";

/** What a client tells of its work; each is one event. */
export type ChannelReport =
  | (Notice & { channelId: Hex })
  | { kind: "opened"; channelId: Hex; isOpener: boolean }
  | { kind: "openingRefused"; channelId: Hex; reason: string }
  | { kind: "unreachable"; participant: Hex; error: unknown }
  /** Bytes that are no message of a participant. */
  | { kind: "malformed"; source: string; reason: string }
  | { kind: "l1Event"; channelId: Hex; event: ChannelEvent }
  | { kind: "l1Move"; channelId: Hex; move: L1Move["kind"]; mined: Mined }
  | { kind: "l1MoveFailed"; channelId: Hex; move: L1Move["kind"]; error: unknown }
  | { kind: "l1Unseen"; error: unknown }
  | { kind: "l1SeenAgain" }
  /** L1 ended the channel with a state that we do not have. */
  | { kind: "endedUnknown"; channelId: Hex; status: ChannelStatus }
  | { kind: "ended"; channelId: Hex }
  /** A session key that others' states hang on expires before the longest dispute would end: end the channel now. */
  | { kind: "keyExpires"; channelId: Hex; participant: number; expiry: bigint }
  /** An error of this machine; where it is fatal nothing is signed any more. */
  | { kind: "fault"; channelId: Hex | undefined; error: unknown; isFatal: boolean };
