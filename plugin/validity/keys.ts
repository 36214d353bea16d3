import { toBigInt } from "../ledger/bytes.js";
import { keccak256 } from "../machine/keccak.js";
import type { Hex } from "../types.js";

/** A personal_sign signature that no key can be derived from. */
export class KeySignatureError extends Error {
  override readonly name = "KeySignatureError";
}

const SIGNATURE_LENGTH = 65;

/** What an owner signs once with personal_sign to have a key for L2; docs/validity.md §2. */
export function keyMessage(l1ChainId: bigint, bridge: Hex): string {
  return [
    "hardhat-rollup validity key",
    `chain ${l1ChainId}`,
    `bridge ${bridge.toLowerCase()}`,
    "Only sign this for an application that you trust.",
  ].join("\n");
}

/**
 * The private key that belongs to the signature of keyMessage, 32 bytes. The same wallet gives the same key again.
 * @param signature r, s and v; v may be 0 or 1 too, as some wallets have it.
 * @throws KeySignatureError
 */
export function keyOfSignature(signature: Uint8Array): Uint8Array {
  if (signature.length !== SIGNATURE_LENGTH)
    throw new KeySignatureError(`a signature has ${SIGNATURE_LENGTH} bytes, got ${signature.length}`);
  const v = signature[64]! < 27 ? signature[64]! + 27 : signature[64]!;
  if (v > 28) throw new KeySignatureError(`v is 27 or 28, got ${signature[64]}`);
  if (toBigInt(signature.subarray(0, 32)) === 0n) throw new KeySignatureError("the signature is empty");
  const normal = signature.slice();
  normal[64] = v;
  return keccak256(normal);
}
