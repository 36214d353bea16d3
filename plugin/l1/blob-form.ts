import { decodeRlp, encodeRlp, type RlpStructuredData } from "ethers";

import { loadNativeKzg, type NativeKzg } from "../da/kzg-native.js";
import { concat, fromHex, toHex } from "../ledger/bytes.js";
import type { Hex } from "../types.js";
import { L1UnavailableError } from "./ask.js";

/** This L1 takes blobs with cell proofs only, and nothing here makes them. */
export class CellProofsMissingError extends Error {
  override readonly name = "CellProofsMissingError";
  constructor(
    /** Why c-kzg does not do it. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `this L1 wants blobs with cell proofs (EIP-7594), which only c-kzg makes: npm install c-kzg (${reason})`,
      options,
    );
  }
}

/** Gives a signed transaction to the node. */
export type SendRaw = (raw: Hex, signal?: AbortSignal) => Promise<unknown>;

const BLOB_TRANSACTION = "0x03";
/** What a node says of proofs that it does not want, of a form that it does not know. */
const ABOUT_PROOFS = /sidecar|cell|proof|wrapper|version/i;

/**
 * Sends transactions with blobs in the form that the node takes: with proofs of their cells (EIP-7594) since Osaka, before
 * it with one proof for each blob. Local nodes say that they are at Osaka and take the old form. So where c-kzg makes
 * cell proofs they go first; what the node takes once is what it is given from then on. The form is no part of the
 * transaction: its hash is the same.
 * @param isOfContent Whether an error is about what the transaction says, not about the form of its blobs.
 * @param native c-kzg, or why it is not there; default: as it is installed.
 */
export function blobFormSender(
  send: SendRaw,
  isOfContent: (error: unknown) => boolean,
  native: () => Promise<NativeKzg | string> = loadNativeKzg,
): SendRaw {
  let taken: "cells" | "blobs" | undefined;

  return async (raw, signal) => {
    if (!raw.startsWith(BLOB_TRANSACTION)) return send(raw, signal);
    const kzg = taken === "blobs" ? "not needed" : await native();
    if (typeof kzg === "string") {
      try {
        return await send(raw, signal);
      } catch (error) {
        if (taken === "blobs" || isOfContent(error) || !ABOUT_PROOFS.test(String(error))) throw error;
        throw new CellProofsMissingError(kzg, { cause: error });
      }
    }
    let refusal: unknown;
    try {
      const sent = await send(withCellProofs(raw, kzg), signal);
      taken = "cells";
      return sent;
    } catch (error) {
      if (taken === "cells" || isOfContent(error) || error instanceof L1UnavailableError) throw error;
      refusal = error;
    }
    signal?.throwIfAborted();
    try {
      const sent = await send(raw, signal);
      taken = "blobs";
      return sent;
    } catch (error) {
      // What it says of the form that it does not take is of no use to anybody.
      throw !isOfContent(error) && ABOUT_PROOFS.test(String(error)) ? refusal : error;
    }
  };
}

/** A transaction as it travels with one proof for each blob (EIP-4844), with those of their cells instead. */
export function withCellProofs(raw: Hex, kzg: Pick<NativeKzg, "proveCells">): Hex {
  const [transaction, blobs, commitments] = decodeRlp(`0x${raw.slice(4)}`) as [
    RlpStructuredData,
    Hex[],
    RlpStructuredData,
  ];
  const proofs = blobs.flatMap((blob) => kzg.proveCells(fromHex(blob)).map(toHex));
  const version = "0x01";
  const content = encodeRlp([transaction, version, blobs, commitments, proofs]);
  return toHex(concat(fromHex(BLOB_TRANSACTION), fromHex(content)));
}
