import secp256k1 from "secp256k1";

import { keccak256 } from "./keccak.js";

/**
 * Who signed `hash`, 20 bytes, or undefined for nobody: the EVM's precompile 1, which takes a high s.
 * @param hash 32 bytes.
 * @param r 32 bytes.
 * @param s 32 bytes.
 */
export function recoverAddress(hash: Uint8Array, yParity: 0 | 1, r: Uint8Array, s: Uint8Array): Uint8Array | undefined {
  const signature = new Uint8Array(64);
  signature.set(r);
  signature.set(s, 32);
  let key: Uint8Array;
  try {
    key = secp256k1.ecdsaRecover(signature, yParity, hash, false);
  } catch (error) {
    // "could not be parsed" when r or s reach the order, "could not be recover" when no key signed.
    if (error instanceof Error && error.message.includes("could not be")) return undefined;
    throw error;
  }
  return keccak256(key.subarray(1)).subarray(12);
}
