import { sha256 } from "@noble/hashes/sha2.js";

import { recoverAddress } from "./ecrecover.js";
import { keccak256 } from "./keccak.js";

export { keccak256, sha256 };

/** What a guest can ask for beyond computation. */
export interface Oracle {
  /**
   * The bytes whose keccak256 is `hash`; undefined when they are not known, which stops the engine. The hash is a view that is
   * valid during the call only.
   */
  preimage(hash: Uint8Array): Uint8Array | undefined;
  /** Field element `index` of a blob, with its proof. */
  blob?(versionedHash: Uint8Array, index: number): BlobElement | undefined;
  /** Who signed a hash, for whoever knows it before; by default it is computed. As `recover` of a native run. */
  recover?: typeof recoverAddress | undefined;
}

/** One field element of a blob, as the point-evaluation precompile (EIP-4844) checks it. */
export interface BlobElement {
  /** 32 bytes, big-endian. */
  value: Uint8Array;
  /** 48 bytes each. */
  commitment: Uint8Array;
  proof: Uint8Array;
}

/**
 * The precompile at address 1.
 * @param input hash, v, r, s: 128 bytes.
 * @returns the signer's address as a 32-byte word, or zero.
 */
export function ecrecover(input: Uint8Array, recover = recoverAddress): Uint8Array {
  const out = new Uint8Array(32);
  const v = input[63] ?? 0;
  const isShort = input.subarray(32, 63).every((byte) => byte === 0);
  if (!isShort || (v !== 27 && v !== 28)) return out;
  const signer = recover(input.subarray(0, 32), v === 27 ? 0 : 1, input.subarray(64, 96), input.subarray(96, 128));
  if (signer !== undefined) out.set(signer, 12);
  return out;
}
