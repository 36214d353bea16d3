import { getAddress, isHexString } from "ethers";

import type { ClaimRequest } from "../l1/actions.js";
import { readHeader } from "../ledger/header.js";
import type { ConfirmationStatus } from "../sequencer/rpc/rollup.js";
import type { Hex, InboxMessage, Withdrawal } from "../types.js";

/** Sends one JSON-RPC request: in this process or over HTTP. */
export type Send = (method: string, params: unknown[]) => Promise<unknown>;

/** A withdrawal as the sequencer sees it. */
export interface KnownWithdrawal {
  withdrawal: Withdrawal;
  status: ConfirmationStatus;
  l2Transaction: Hex;
  l2BlockNumber: bigint;
  claimed: boolean;
  /** What L1 asks for to pay it; absent until its batch is on L1. */
  claim?: ClaimRequest;
}

/** The sequencer answered something that it does not answer. */
export class RpcAnswerError extends Error {
  constructor(
    readonly method: string,
    readonly field: string,
  ) {
    super(`the answer to ${method} has no valid ${field}; is this the JSON-RPC of this rollup's sequencer?`);
    this.name = "RpcAnswerError";
  }
}

/**
 * Asks the sequencer for a withdrawal.
 * @param wanted Hash of the L2 transaction, or the inbox message of a forced one.
 * @returns undefined when that was no withdrawal, or is in no block yet.
 */
export async function getWithdrawal(
  send: Send,
  wanted: Hex | Pick<InboxMessage, "index">,
): Promise<KnownWithdrawal | undefined> {
  const method = "rollup_getWithdrawal";
  const query = typeof wanted === "string" ? wanted : { messageIndex: `0x${wanted.index.toString(16)}` };
  const answer = await send(method, [query]);
  if (answer === null) return undefined;
  const fields = read(answer, method);
  const withdrawal = toWithdrawal(fields.object("withdrawal"));
  const known = {
    withdrawal,
    status: fields.text("status") as ConfirmationStatus,
    l2Transaction: fields.hex("l2Transaction"),
    l2BlockNumber: fields.quantity("l2BlockNumber"),
    claimed: fields.value.claimed === true,
  };
  if (fields.value.header === undefined) return known;
  const { quantity, hex } = fields.object("header");
  const header = readHeader({ integer: quantity, address: hex, hash: hex });
  const proof = fields.value.proof;
  if (!Array.isArray(proof) || !proof.every((node) => isHexString(node, 32))) throw new RpcAnswerError(method, "proof");
  return {
    ...known,
    claim: { header, withdrawal, leafIndex: fields.quantity("leafIndex"), proof: proof },
  };
}

interface Fields {
  value: Record<string, unknown>;
  object: (name: string) => Fields;
  quantity: (name: string) => bigint;
  hex: (name: string) => Hex;
  text: (name: string) => string;
}

function read(value: unknown, method: string, path = ""): Fields {
  if (typeof value !== "object" || value === null) throw new RpcAnswerError(method, path === "" ? "object" : path);
  const record = value as Record<string, unknown>;
  const field = <T>(name: string, convert: (item: string) => T): T => {
    const item = record[name];
    if (typeof item !== "string") throw new RpcAnswerError(method, `${path}${name}`);
    return convert(item);
  };
  const hex = (name: string) =>
    field(name, (item) => {
      if (!isHexString(item)) throw new RpcAnswerError(method, `${path}${name}`);
      return item;
    });
  return {
    value: record,
    object: (name) => read(record[name], method, `${path}${name}.`),
    quantity: (name) => BigInt(hex(name)),
    hex,
    text: (name) => field(name, (item) => item),
  };
}

function toWithdrawal(fields: Fields): Withdrawal {
  return {
    nonce: fields.quantity("nonce"),
    sender: getAddress(fields.hex("sender")) as Hex,
    target: getAddress(fields.hex("target")) as Hex,
    token: getAddress(fields.hex("token")) as Hex,
    amount: fields.quantity("amount"),
    data: fields.hex("data"),
  };
}
