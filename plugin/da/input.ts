import { AbiCoder } from "ethers";

import { concat, fromHex } from "../ledger/bytes.js";
import type { Hex } from "../types.js";

/** What stands for data that members of a committee attest; docs/data-availability.md §3. */
export interface Certificate {
  /** Of the data, in bytes. */
  length: bigint;
  epoch: bigint;
  /** L1 time in seconds until which members serve the data. */
  expiry: bigint;
  /** Of the data's chunks. */
  root: Hex;
  /** Bit i for member i. */
  signers: bigint;
  /** By ECDSA in ascending order of members, 64 bytes each; by BLS one of 128 bytes. */
  signatures: Hex;
}

/** Where the data of a batch stand: what the `daInput` of its posting says; docs/data-availability.md. */
export type DataPlace =
  | { form: "calldata"; data: Uint8Array }
  /** `length` bytes in the blobs of the transaction from `first` on. */
  | { form: "blobs"; length: number; first: number }
  | { form: "committee"; certificate: Certificate };

const CALLDATA = 0;
const BLOBS = 1;
const COMMITTEE = 2;
const CERTIFICATE =
  "tuple(uint64 length, uint64 epoch, uint64 expiry, bytes32 root, uint256 signers, bytes signatures)";
const BLOBS_INPUT_LENGTH = 6;

/** The `daInput` that says so. */
export function encodeDaInput(place: DataPlace): Uint8Array {
  if (place.form === "calldata") {
    const input = new Uint8Array(1 + place.data.length);
    input[0] = CALLDATA;
    input.set(place.data, 1);
    return input;
  }
  if (place.form === "committee") {
    const encoded = AbiCoder.defaultAbiCoder().encode([CERTIFICATE], [place.certificate]);
    return concat(Uint8Array.of(COMMITTEE), fromHex(encoded));
  }
  const input = Buffer.alloc(BLOBS_INPUT_LENGTH, BLOBS);
  input.writeUInt32BE(place.length, 1);
  input.writeUInt8(place.first, 5);
  return new Uint8Array(input);
}

/** The inverse of `encodeDaInput`; undefined for what no data-availability layer of this package takes. */
export function decodeDaInput(input: Uint8Array): DataPlace | undefined {
  if (input[0] === CALLDATA) return { form: "calldata", data: input.subarray(1) };
  if (input[0] === COMMITTEE) return decodeCertificate(input.subarray(1));
  if (input[0] !== BLOBS || input.length !== BLOBS_INPUT_LENGTH) return undefined;
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  return { form: "blobs", length: view.getUint32(1), first: view.getUint8(5) };
}

type CertificateFields = [length: bigint, epoch: bigint, expiry: bigint, root: Hex, signers: bigint, signatures: Hex];

function decodeCertificate(bytes: Uint8Array): DataPlace | undefined {
  try {
    const [fields] = AbiCoder.defaultAbiCoder().decode([CERTIFICATE], bytes) as unknown as [CertificateFields];
    // By position: a decoded struct has a length of its own.
    const [length, epoch, expiry, root, signers, signatures] = fields;
    return { form: "committee", certificate: { length, epoch, expiry, root, signers, signatures } };
  } catch {
    // What the ABI does not allow is no certificate; L1 took none like it.
    return undefined;
  }
}
