import { randomBytes } from "node:crypto";

import { hexlify, type Provider, type Signer, type TransactionReceipt } from "ethers";

import type { Hex } from "../types.js";
import { ask } from "./ask.js";
import type { L1Client } from "./client.js";
import { decodeRevert, L1RevertError } from "./errors.js";
import type { Intent } from "./intent.js";
import { createSender, type Sender, type SenderOptions } from "./sender.js";

/** What a user asked for cannot be done; the message says why and, where there is a way, which. */
export class ActionError extends Error {
  override readonly name = "ActionError";
}

export interface ActionOptions {
  /** Default: one for the client's signer. Several actions of one account must share it or follow each other. */
  sender?: Sender | undefined;
  signal?: AbortSignal | undefined;
  log?: SenderOptions["log"];
}

/** A transaction of a user that L1 mined. */
export interface Done {
  transaction: Hex;
  block: number;
  gasUsed: bigint;
}

/** The sender that the options name, or one for the client's signer. */
export async function senderFor(l1: L1Client, { sender, log }: ActionOptions): Promise<Sender> {
  return sender ?? createSender({ provider: l1.provider, signer: signerOf(l1), log });
}

export function signerOf(l1: L1Client): Signer {
  if (l1.signer !== undefined) return l1.signer;
  throw new ActionError("this needs an account that signs; connect to L1 with a signer");
}

export interface Request {
  what: string;
  data: string;
  value?: bigint;
  /** Default: the bridge. */
  to?: Hex;
}

/** Sends and checks that it did not fail. */
export async function transact(
  l1: L1Client,
  sender: Sender,
  request: Request,
  { signal }: ActionOptions,
): Promise<TransactionReceipt> {
  const { what, data, value = 0n, to = l1.addresses.bridge } = request;
  return succeed(l1.provider, sender, { key: newKey(), what, to, data: data as Hex, value }, signal);
}

/** Key of an intent that is meant anew each time. */
export function newKey(): string {
  return hexlify(randomBytes(16));
}

/** Gets a transaction mined, at most once per key. @throws what the sender throws; when it was mined and failed, why. */
export async function succeed(
  provider: Provider,
  sender: Sender,
  intent: Intent,
  signal?: AbortSignal,
): Promise<TransactionReceipt> {
  const { receipt } = await sender.send(intent, signal);
  if (receipt.status === 1) return receipt;
  throw await failed(provider, sender, intent, receipt, signal);
}

/** Why a transaction that passed when it was tried failed when it was mined. */
async function failed(
  provider: Provider,
  { address }: Sender,
  { what, to, data, value = 0n }: Intent,
  receipt: TransactionReceipt,
  signal?: AbortSignal,
): Promise<Error> {
  const replay = { from: address, to, data, value, blockTag: receipt.blockNumber };
  try {
    await ask("replay", () => provider.call(replay), { signal });
  } catch (error) {
    const revert = decodeRevert(error);
    if (revert !== undefined) return new L1RevertError(what, revert, { cause: error });
  }
  return new ActionError(`transaction ${receipt.hash} for ${what} failed after ${receipt.gasUsed} gas`);
}

/** What a receipt says. */
export function done({ hash, blockNumber, gasUsed }: TransactionReceipt): Done {
  return { transaction: hash as Hex, block: blockNumber, gasUsed };
}
