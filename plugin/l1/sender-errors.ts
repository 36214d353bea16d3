import { MAX_TRANSACTION_GAS } from "./fees.js";

/** The account cannot pay for the transaction. */
export class InsufficientFundsError extends Error {
  override readonly name = "InsufficientFundsError";

  constructor(
    readonly what: string,
    readonly address: string,
    readonly needed: bigint,
    readonly present: bigint,
  ) {
    super(`${address} has ${present} wei on L1, ${what} needs ${needed} wei; send it ${needed - present} wei or more`);
  }
}

/** The transaction needs more gas than L1 allows to any. */
export class GasLimitError extends Error {
  override readonly name = "GasLimitError";

  constructor(
    readonly what: string,
    readonly needed: bigint,
  ) {
    super(`${what} needs ${needed} gas, L1 allows ${MAX_TRANSACTION_GAS} per transaction (EIP-7825); make it smaller`);
  }
}

/** Another transaction took the nonce: nothing of this sending was, or will be, mined. */
export class DisplacedError extends Error {
  override readonly name = "DisplacedError";

  constructor(
    readonly what: string,
    readonly address: string,
    readonly nonce: number,
    certain: boolean,
  ) {
    super(
      `nonce ${nonce} of ${address} was used by another transaction than the one for ${what}` +
        (certain
          ? "; try again"
          : " or by one whose hash the node never told; look at the account before trying again"),
    );
  }
}

/** The node does not take the transaction. */
export class RejectedError extends Error {
  override readonly name = "RejectedError";

  constructor(
    readonly what: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`the L1 node rejects the transaction for ${what}: ${reason}`, options);
  }
}
