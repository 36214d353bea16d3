import { getBytes } from "ethers";

import { concat, equal, word } from "../../../plugin/machine/bytes.js";
import type { BlobElement, Oracle } from "../../../plugin/machine/hostCalls.js";
import { sha256 } from "../../../plugin/machine/hostCalls.js";
import type { BlobCheck } from "../../../plugin/machine/witness.js";

// A real blob: element i is (i + 1)^20 · 12345678901234567890123456789. Commitment and proofs are those of the
// mainnet ceremony, made by `KZG.blobToKzgCommitment` and `KZG.computeProof` of micro-eth-signer 0.19. The precompile judges them.

const MODULUS = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
const COMMITMENT = getBytes(
  "0x91ff5c43468d373824fbc1ca6a51cad815291d5c8def1ea3d23f5702e404469855d6607152ac5afa3a2c46465c4042d0",
);
const PROOFS: Record<number, string> = {
  0: "0x8a5d7f1c72a443f49e29138655b57be86e09ab6306fe9c5218d929f75dcd5f0232be3a5f43b54b4e34d739979a47a8eb",
  1: "0xb510245f56e8b38c95cf82b43f11af8215e812fb221c62ebdbd0c9d6dc7bd8d8765f3491f1ffd018be3ce120e2a0634d",
  2: "0xaffb6b7c121bb2b2d156f4033b076a23db0d9d4a25d805f2f89d487f34765563827134659f8b942515d360fafd8a6d48",
  5: "0xa63931b30a9ab409988ce7d30ca7566167b8d7a227d0d513f4d4f159ab8c21d48a9061d327223ed41ac515131c2f7a92",
  1000: "0xa7ee453e2ead6c69ca0281e8118b459c500a9e460dba51b8c4d782ecc2be020415dd839f8a07abbe03e72a4e9d79b4b2",
  2048: "0x909ff9896c339c32f428dfdc5902c099d15392718ca6eefc186b29ca6e084a2bcf657fb15fb6494c4846d2a3750b68e9",
  4095: "0x8bf54ef28960d89bc8fddc0553049231040dd624fbecce440d620eaee7a01f14908f63b4097589fb98ed7c5e2b8c9a08",
};

export const BLOB_INDICES = Object.keys(PROOFS).map(Number);

/** EIP-4844: the commitment's sha256 with the version in the first byte. */
export const BLOB_HASH = sha256(COMMITMENT);
BLOB_HASH[0] = 1;

function valueOf(index: number): Uint8Array {
  return word((BigInt(index + 1) ** 20n * 12345678901234567890123456789n) % MODULUS);
}

/** All of it, 131,072 bytes. */
export function wholeBlob(): Uint8Array {
  return concat(Array.from({ length: 4_096 }, (_, i) => valueOf(i)));
}

export function blobElement(index: number): BlobElement | undefined {
  const proof = PROOFS[index];
  if (proof === undefined) return undefined;
  return { value: valueOf(index), commitment: COMMITMENT, proof: getBytes(proof) };
}

export const BLOB_ORACLE: Oracle = {
  preimage: () => undefined,
  blob: (hash, index) => (equal(hash, BLOB_HASH) ? blobElement(index) : undefined),
};

/** Accepts the blob's own elements only. */
export const checkBlob: BlobCheck = (hash, index, { value, commitment, proof }) => {
  const known = blobElement(index);
  return (
    known !== undefined &&
    equal(hash, BLOB_HASH) &&
    equal(value, known.value) &&
    equal(commitment, known.commitment) &&
    equal(proof, known.proof)
  );
};
