import { Signature, TypedDataEncoder, recoverAddress, type TypedDataDomain } from "ethers";

import { fromHex } from "../../ledger/bytes.js";
import type { Hex } from "../../types.js";

/** What a member of a committee signs: I hold these data and serve them until `expiry`; docs/data-availability.md §3. */
export interface Attestation {
  /** The epoch whose members sign. */
  epoch: bigint;
  /** Of the batch with the data. */
  batchIndex: bigint;
  dataHash: Hex;
  /** Of the data, in bytes. */
  length: bigint;
  /** L1 time in seconds. */
  expiry: bigint;
}

/** What an attestation is good for: one committee and bridge on one L1. */
export interface AttestationScope {
  l1ChainId: bigint;
  committee: Hex;
  bridge: Hex;
}

/** Bytes of a signature by ECDSA. */
export const ECDSA_SIGNATURE_LENGTH = 64;

const TYPES = {
  Attestation: [
    { name: "bridge", type: "address" },
    { name: "epoch", type: "uint64" },
    { name: "batchIndex", type: "uint64" },
    { name: "dataHash", type: "bytes32" },
    { name: "length", type: "uint64" },
    { name: "expiry", type: "uint64" },
  ],
};

/** Signs EIP-712 typed data; every ethers signer does. */
export interface AttestationSigner {
  signTypedData(
    domain: TypedDataDomain,
    types: Record<string, { name: string; type: string }[]>,
    value: Record<string, unknown>,
  ): Promise<string>;
}

/** Signs the digest itself: a member of an epoch by BLS. */
export interface DigestSigner {
  /** 128 bytes. */
  signDigest(digest: Hex): Hex;
}

/** The digest that members sign. */
export function attestationHash(scope: AttestationScope, attestation: Attestation): Hex {
  return TypedDataEncoder.hash(domainOf(scope), TYPES, { bridge: scope.bridge, ...attestation }) as Hex;
}

/** A member's signature: by ECDSA r and yParityAndS (EIP-2098), 64 bytes; by BLS a point of 128. */
export async function signAttestation(
  signer: AttestationSigner | DigestSigner,
  scope: AttestationScope,
  attestation: Attestation,
): Promise<Hex> {
  if ("signDigest" in signer) return signer.signDigest(attestationHash(scope, attestation));
  const signature = await signer.signTypedData(domainOf(scope), TYPES, { bridge: scope.bridge, ...attestation });
  return Signature.from(signature).compactSerialized as Hex;
}

/** Who signed; undefined for what is no signature of 64 bytes with a low s. */
export function attestationSigner(
  scope: AttestationScope,
  attestation: Attestation,
  signature: string,
): Hex | undefined {
  try {
    if (fromHex(signature).length !== ECDSA_SIGNATURE_LENGTH) return undefined;
    return recoverAddress(attestationHash(scope, attestation), Signature.from(signature)) as Hex;
  } catch {
    // Bytes that no key could have made.
    return undefined;
  }
}

function domainOf({ l1ChainId, committee }: AttestationScope): TypedDataDomain {
  return { name: "hardhat-rollup committee", version: "1", chainId: l1ChainId, verifyingContract: committee };
}
