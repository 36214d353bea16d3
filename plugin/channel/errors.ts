import type { Hex } from "../types.js";

/** A channel cannot be opened like this; nothing was signed. */
export class ChannelRefusedError extends Error {
  override readonly name = "ChannelRefusedError";
}

/** An update that does not come about; the message says why. */
export class UpdateFailedError extends Error {
  override readonly name = "UpdateFailedError";
  constructor(
    readonly channelId: Hex,
    readonly reason: string,
  ) {
    super(`the update of channel ${channelId} does not come about: ${reason}`);
  }
}

/** This client has no such channel. */
export class UnknownChannelError extends Error {
  override readonly name = "UnknownChannelError";
  constructor(readonly channelId: Hex) {
    super(`there is no channel ${channelId} here`);
  }
}

/** The client was stopped, or its store failed: nothing is signed any more. */
export class ClientStoppedError extends Error {
  override readonly name = "ClientStoppedError";
}
