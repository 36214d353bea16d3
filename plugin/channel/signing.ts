import { randomBytes } from "node:crypto";

import secp256k1 from "secp256k1";

import { fromHex, toHex } from "../ledger/bytes.js";
import { recoverAddress } from "../machine/ecrecover.js";
import { keccak256 } from "../machine/keccak.js";
import type { Hex } from "../types.js";

/** The greatest s that is low (EIP-2). */
const HALF_ORDER = fromHex("0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0", 32);

/** A key that signs states by itself: a participant's own, or its session key. */
export interface KeySigner {
  /** Lower case. */
  readonly address: Hex;
  /** 64 bytes: r, and s with the parity of y in its highest bit (EIP-2098). @param digest 32 bytes. */
  sign(digest: Uint8Array): Hex;
}

/** @param privateKey 32 bytes. */
export function keySigner(privateKey: Hex): KeySigner {
  const key = fromHex(privateKey, 32);
  const address = toHex(keccak256(secp256k1.publicKeyCreate(key, false).subarray(1)).subarray(12));
  return {
    address,
    sign(digest) {
      const { signature, recid } = secp256k1.ecdsaSign(digest, key);
      signature[32]! |= recid << 7;
      return toHex(signature);
    },
  };
}

/** A fresh private key. */
export function randomKey(): Hex {
  for (;;) {
    const key = randomBytes(32);
    if (secp256k1.privateKeyVerify(key)) return toHex(key);
  }
}

/** Who signed a digest, in lower case; undefined for nobody, or for a signature that L1 does not take. */
export function signerOf(digest: Uint8Array, signature: Hex): Hex | undefined {
  if (signature.length !== 130) return undefined;
  const bytes = fromHex(signature, 64);
  const yParity = bytes[32]! >> 7 === 1 ? 1 : 0;
  const s = bytes.slice(32);
  s[0]! &= 0x7f;
  // Libsecp256k1 recovers from a high s as well.
  if (Buffer.compare(s, HALF_ORDER) > 0) return undefined;
  const signer = recoverAddress(digest, yParity, bytes.subarray(0, 32), s);
  return signer && toHex(signer);
}
