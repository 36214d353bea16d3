/** Codes of JSON-RPC and of Ethereum's own errors. */
export const RPC_CODES = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  /** A transaction or call that was refused. */
  rejected: -32000,
  limitExceeded: -32005,
  /** A call that ran and failed. */
  reverted: 3,
} as const;

/** What a JSON-RPC client is answered when a request fails. */
export class RpcError extends Error {
  override readonly name: string = "RpcError";
  constructor(
    readonly code: number,
    message: string,
    readonly data?: unknown,
  ) {
    super(message);
  }
}

/** A transaction that is not accepted; the message starts with the words that wallets look for. */
export class TransactionRefusedError extends RpcError {
  override readonly name = "TransactionRefusedError";
  constructor(message: string) {
    super(RPC_CODES.rejected, message);
  }
}

/** A block of somebody else's batch that no execution leads to. */
export class FalseBlockError extends Error {
  override readonly name = "FalseBlockError";
}

/** The sequencer was asked for something before it started or after it stopped. */
export class SequencerStoppedError extends Error {
  override readonly name = "SequencerStoppedError";
  constructor(why: string) {
    super(`the sequencer is not running: ${why}`);
  }
}
