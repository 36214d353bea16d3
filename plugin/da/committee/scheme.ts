import { concat, fromHex, toHex } from "../../ledger/bytes.js";
import type { Hex } from "../../types.js";
import {
  type Attestation,
  attestationHash,
  type AttestationScope,
  attestationSigner,
  ECDSA_SIGNATURE_LENGTH,
} from "./attestation.js";

/** Who a member is. */
export interface MemberIdentity {
  address: Hex;
  /** In an epoch by BLS: its key, 256 bytes. */
  key?: Hex | undefined;
}

/** How the members of an epoch sign an attestation. */
export interface SignatureScheme {
  /** Bytes of one member's signature. */
  length: number;
  isSignedBy(member: MemberIdentity, signature: Hex): boolean;
  /** What L1 takes, of signatures that are right, in ascending order of members. */
  join(signatures: readonly Hex[]): Hex;
}

/** That of an epoch: BLS where members have keys, else ECDSA. */
export async function schemeOf(
  members: readonly MemberIdentity[],
  scope: AttestationScope,
  attestation: Attestation,
): Promise<SignatureScheme> {
  if (!members.some(({ key }) => key !== undefined)) {
    return {
      length: ECDSA_SIGNATURE_LENGTH,
      isSignedBy: ({ address }, signature) =>
        attestationSigner(scope, attestation, signature)?.toLowerCase() === address.toLowerCase(),
      join: (signatures) => toHex(concat(...signatures.map((signature) => fromHex(signature)))),
    };
  }
  // The curve's code is loaded by those whose committee needs it only.
  const { addBlsSignatures, BLS_SIGNATURE_LENGTH, isBlsSignature } = await import("./bls.js");
  const digest = attestationHash(scope, attestation);
  return {
    length: BLS_SIGNATURE_LENGTH,
    isSignedBy: ({ key }, signature) => key !== undefined && isBlsSignature(key, digest, signature),
    join: addBlsSignatures,
  };
}
