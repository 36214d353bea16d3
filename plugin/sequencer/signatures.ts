import { recoverAddress } from "../ledger/transaction.js";

type Signed = { signingHash: Uint8Array; yParity: 0 | 1; r: Uint8Array; s: Uint8Array };

/** Signers of what was signed lately, so that a signature is recovered once however often its transaction runs. */
export interface Signatures {
  /** The caller has recovered the signer. */
  add(signed: Signed, signer: Uint8Array): void;
  /** The signer: from memory if exactly this signature was added, else recovered. */
  recover: typeof recoverAddress;
}

/** @param capacity Most signatures kept. */
export function rememberSignatures(capacity: number): Signatures {
  let young = new Map<string, Uint8Array>();
  let old = new Map<string, Uint8Array>();
  return {
    add({ signingHash, yParity, r, s }, signer) {
      if (young.size >= capacity / 2) {
        old = young;
        young = new Map();
      }
      young.set(keyOf(signingHash, yParity, r, s), signer);
    },
    recover(hash, yParity, r, s) {
      const key = keyOf(hash, yParity, r, s);
      return young.get(key) ?? old.get(key) ?? recoverAddress(hash, yParity, r, s);
    },
  };
}

function keyOf(hash: Uint8Array, yParity: 0 | 1, r: Uint8Array, s: Uint8Array): string {
  return `${text(hash)}${text(r)}${text(s)}${yParity}`;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
