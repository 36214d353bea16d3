import { abiWords, concat, fromHex, toBytes } from "../../ledger/bytes.js";
import { ERC20_SELECTORS, functionSelector } from "../../ledger/erc20.js";
import { type SignedTransaction, TransactionError, type TransactionFault } from "../../ledger/transaction.js";
import { L2_BRIDGE, type Hex } from "../../types.js";
import { decodeAmount, decodeFee } from "../../validity/amounts.js";
import { toAddress } from "../../validity/leaf.js";
import type { Domain } from "../../validity/statement.js";
import {
  parseRequest,
  RequestError,
  type RequestFault,
  type SignedRegistration,
  type SignedTransfer,
} from "../../validity/transfer.js";

/** What a user sent, in its own form and as the transaction that wallets and explorers show. */
export interface ShownRequest extends SignedTransaction {
  request: SignedTransfer | SignedRegistration;
}

const WITHDRAW = fromHex(functionSelector("withdraw(address,address,uint256)"));
const REGISTER = fromHex(functionSelector("register(address,uint256,uint256)"));
const TRANSFER = fromHex(ERC20_SELECTORS.transfer);
const EMPTY = new Uint8Array();

const FAULTS: Partial<Record<RequestFault, TransactionFault>> = {
  type: "type",
  key: "signature",
  owner: "signature",
  signature: "signature",
};

/** @throws TransactionError naming what is refused and what would be accepted. */
export function parseShown(raw: Uint8Array, domain: Domain): ShownRequest {
  try {
    const request = parseRequest(raw, domain);
    return request.type === "transfer" ? showTransfer(request, domain) : showRegistration(request, domain);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    throw new TransactionError(FAULTS[error.fault] ?? "encoding", error.message, { cause: error });
  }
}

/** The call that does the same on the ledger of docs/protocol.md. */
function showTransfer(request: SignedTransfer, domain: Domain): ShownRequest {
  const { token, recipient, amount40, fee8, isWithdrawal, nonce, signature } = request;
  const amount = decodeAmount(amount40);
  const fee = decodeFee(fee8);
  const call = isWithdrawal
    ? { to: L2_BRIDGE, data: concat(WITHDRAW, abiWords(token, recipient, amount)), value: token === 0n ? amount : 0n }
    : token === 0n
      ? { to: toAddress(recipient), data: EMPTY, value: amount }
      : { to: toAddress(token), data: concat(TRANSFER, abiWords(recipient, amount)), value: 0n };
  return {
    ...shown(request, domain),
    ...call,
    nonce,
    maxPriorityFeePerGas: fee,
    maxFeePerGas: fee,
    r: toBytes(signature.r8.x, 32),
    s: toBytes(signature.s, 32),
  };
}

function showRegistration(request: SignedRegistration, domain: Domain): ShownRequest {
  const { token, key } = request;
  return {
    ...shown(request, domain),
    to: L2_BRIDGE,
    data: concat(REGISTER, abiWords(token, key.x, key.y)),
    value: 0n,
    nonce: 0n,
    maxPriorityFeePerGas: 0n,
    maxFeePerGas: 0n,
    r: request.signature.slice(0, 32),
    s: request.signature.slice(32),
  };
}

/** One unit of gas, whose price is the fee. */
function shown(request: SignedTransfer | SignedRegistration, { l2ChainId }: Domain) {
  const { hash, raw } = request;
  return { request, hash, raw, chainId: l2ChainId, gasLimit: 1n, yParity: 0 as const, signingHash: EMPTY };
}

/** The request behind what `parseShown` made. */
export function requestOf(transaction: SignedTransaction): SignedTransfer | SignedRegistration {
  return (transaction as ShownRequest).request;
}

/** The sender of either. */
export function ownerOf(transaction: SignedTransaction): Hex {
  return toAddress(requestOf(transaction).owner);
}
