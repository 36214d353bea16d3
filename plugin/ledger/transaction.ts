import { recoverAddress } from "../machine/ecrecover.js";
import { keccak256 } from "../machine/keccak.js";
import type { Hex } from "../types.js";
import { concat, fromHex, toHex } from "./bytes.js";
import { RlpError, RlpReader, rlpInteger, rlpList, rlpString } from "./rlp.js";
import type { BatchTransaction, TransactionFields } from "./types.js";

export { recoverAddress };

/** Most bytes of `data` that a transaction may carry; docs/protocol.md §6. */
export const MAX_DATA_LENGTH = 1_024;

/** A parsed EIP-1559 transaction with its signature. */
export interface SignedTransaction extends TransactionFields {
  chainId: bigint;
  /** What the sender signed. */
  signingHash: Uint8Array;
  /** The transaction hash. */
  hash: Hex;
  raw: Uint8Array;
}

export type TransactionFault =
  | "type" // not an EIP-1559 transaction
  | "encoding" // not canonical RLP of the twelve fields
  | "creation" // `to` is missing
  | "access-list" // not empty
  | "data-size" // more than MAX_DATA_LENGTH bytes
  | "fee" // a fee of 2^128 wei per gas or more
  | "signature"; // high s, values out of range, or nobody's

/** A transaction that the ledger never accepts, whatever its state. */
export class TransactionError extends Error {
  override readonly name = "TransactionError";
  constructor(
    readonly fault: TransactionFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const TYPE_NAMES: Record<number, string> = {
  1: "access-list (EIP-2930)",
  3: "blob (EIP-4844)",
  4: "set-code (EIP-7702)",
};

const HALF_ORDER = fromHex("0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");
const ORDER = fromHex("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
const MAX_FEE = 1n << 128n;

/** Byte order is numeric order: all operands have 32 bytes. */
function isAbove(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) > 0;
}

/**
 * Parses a raw signed transaction as wallets send it. The chain id is left to the caller, the state to the ledger.
 * @throws TransactionError naming what is refused and what would be accepted.
 */
export function parseTransaction(raw: Uint8Array): SignedTransaction {
  const type = raw[0];
  if (type === undefined) throw new TransactionError("type", "empty transaction; send a signed EIP-1559 transaction");
  if (type !== 2) {
    const name = type >= 0xc0 ? "legacy" : (TYPE_NAMES[type] ?? `unknown (type ${type})`);
    throw new TransactionError("type", `${name} transactions are not accepted; send EIP-1559 (type 2)`);
  }
  try {
    return parseFields(raw);
  } catch (error) {
    if (!(error instanceof RlpError)) throw error;
    throw new TransactionError(
      "encoding",
      `not a canonical EIP-1559 transaction: ${error.reason}, byte ${error.offset}`,
      {
        cause: error,
      },
    );
  }
}

function parseFields(raw: Uint8Array): SignedTransaction {
  const outer = new RlpReader(raw, 1);
  const fields = outer.list();
  outer.finish();

  const start = fields.position;
  const chainId = fields.integer(32);
  const nonce = fields.integer(8);
  const maxPriorityFeePerGas = fields.integer(32);
  const maxFeePerGas = fields.integer(32);
  const gasLimit = fields.integer(8);
  const toAt = fields.position;
  const to = fields.string();
  const value = fields.integer(32);
  const data = fields.string();
  const accessList = fields.list();
  const signed = raw.subarray(start, fields.position);
  const parityAt = fields.position;
  const yParity = fields.integer(1);
  const r = fields.word();
  const s = fields.word();
  fields.finish();

  if (to.length === 0) throw new TransactionError("creation", "contract creation is not supported; `to` must be set");
  if (to.length !== 20) throw new RlpError(`\`to\` has ${to.length} bytes, not 20`, toAt);
  if (yParity !== 0n && yParity !== 1n) throw new RlpError(`yParity is ${yParity}, not 0 or 1`, parityAt);
  if (accessList.position !== accessList.end)
    throw new TransactionError("access-list", "access lists are not supported; send an empty one");
  if (data.length > MAX_DATA_LENGTH)
    throw new TransactionError("data-size", `data has ${data.length} bytes; at most ${MAX_DATA_LENGTH} are accepted`);
  if (maxFeePerGas >= MAX_FEE || maxPriorityFeePerGas >= MAX_FEE)
    throw new TransactionError("fee", "a fee per gas must be below 2^128 wei");
  if (isAbove(s, HALF_ORDER))
    throw new TransactionError("signature", "signature has a high s; only the low form (EIP-2) is accepted");
  if (!isAbove(ORDER, r) || isZero(r) || isZero(s))
    throw new TransactionError("signature", "signature values are out of range");

  return {
    chainId,
    nonce,
    maxPriorityFeePerGas,
    maxFeePerGas,
    gasLimit,
    to: toHex(to),
    value,
    data,
    yParity: yParity === 0n ? 0 : 1,
    r,
    s,
    signingHash: keccak256(concat(Uint8Array.of(2), rlpList([signed]))),
    hash: toHex(keccak256(raw)),
    raw,
  };
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/**
 * The sender of a transaction.
 * @throws TransactionError when the signature belongs to nobody.
 */
export function recoverSender(transaction: Pick<SignedTransaction, "signingHash" | "yParity" | "r" | "s">): Hex {
  const { signingHash, yParity, r, s } = transaction;
  const sender = recoverAddress(signingHash, yParity, r, s);
  if (sender === undefined) throw new TransactionError("signature", "the signature belongs to nobody");
  return toHex(sender);
}

/** The raw transaction that a batch transaction stands for; its `to` and `data` must be resolved. */
export function rebuildTransaction(transaction: BatchTransaction, chainId: bigint): SignedTransaction {
  const { nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, to, value, data, yParity, r, s } = transaction;
  const unsigned = concat(
    rlpInteger(chainId),
    rlpInteger(nonce),
    rlpInteger(maxPriorityFeePerGas),
    rlpInteger(maxFeePerGas),
    rlpInteger(gasLimit),
    rlpString(fromHex(to, 20)),
    rlpInteger(value),
    rlpString(data),
    rlpList([]),
  );
  const signature = concat(rlpInteger(BigInt(yParity)), rlpInteger(BigInt(toHex(r))), rlpInteger(BigInt(toHex(s))));
  const type = Uint8Array.of(2);
  const raw = concat(type, rlpList([unsigned, signature]));
  return {
    chainId,
    nonce,
    maxPriorityFeePerGas,
    maxFeePerGas,
    gasLimit,
    to,
    value,
    data,
    yParity,
    r,
    s,
    signingHash: keccak256(concat(type, rlpList([unsigned]))),
    hash: toHex(keccak256(raw)),
    raw,
  };
}
