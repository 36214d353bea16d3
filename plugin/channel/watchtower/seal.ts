import { createCipheriv, createDecipheriv } from "node:crypto";

import { concat, fromHex, toHex } from "../../ledger/bytes.js";
import { keccak256 } from "../../machine/keccak.js";
import type { Hex } from "../../types.js";

const HINT_TAG = Buffer.from("hardhat-rollup.watch.hint.v1");
const KEY_TAG = Buffer.from("hardhat-rollup.watch.key.v1");
const NONCE_TAG = Buffer.from("hardhat-rollup.watch.nonce.v1");
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;
const CIPHER = "aes-256-gcm";

/** Bytes that sealing adds. */
export const SEAL_LENGTH = NONCE_LENGTH + TAG_LENGTH;

/**
 * Under what a tower keeps what follows a state. Nobody who does not know the state's hash can tell whose it is, or write
 * there what a walk would find.
 */
export function hintOf(stateHash: Hex): Hex {
  return toHex(keccak256(concat(HINT_TAG, fromHex(stateHash, 32))));
}

/**
 * Seals what follows a state, for who knows the state's hash: its participants, and from a challenge on everybody. The
 * same payload makes the same blob.
 */
export function seal(stateHash: Hex, payload: Uint8Array): Uint8Array {
  const key = keyOf(stateHash);
  // By the payload: two payloads of one key never share a nonce.
  const nonce = keccak256(concat(NONCE_TAG, key, payload)).subarray(0, NONCE_LENGTH);
  const cipher = createCipheriv(CIPHER, key, nonce);
  return concat(nonce, cipher.update(payload), cipher.final(), cipher.getAuthTag());
}

/** What was sealed; undefined when the blob is not one of this state. */
export function unseal(stateHash: Hex, blob: Uint8Array): Uint8Array | undefined {
  if (blob.length < SEAL_LENGTH) return undefined;
  const decipher = createDecipheriv(CIPHER, keyOf(stateHash), blob.subarray(0, NONCE_LENGTH));
  decipher.setAuthTag(blob.subarray(blob.length - TAG_LENGTH));
  const payload = decipher.update(blob.subarray(NONCE_LENGTH, blob.length - TAG_LENGTH));
  try {
    decipher.final();
  } catch {
    // The tag is another one: garbage, or sealed under another key.
    return undefined;
  }
  return payload;
}

function keyOf(stateHash: Hex): Uint8Array {
  return keccak256(concat(KEY_TAG, fromHex(stateHash, 32)));
}
