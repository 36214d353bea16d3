import { abiWords, concat, toBigInt, toBytes, toHex } from "../ledger/bytes.js";
import { recoverAddress } from "../machine/ecrecover.js";
import { keccak256 } from "../machine/keccak.js";
import type { Hex } from "../types.js";
import { decodeAmount, decodeFee } from "./amounts.js";
import { isUsableKey, type Signature, signElement, SUBGROUP_ORDER, verifyElement } from "./babyjubjub.js";
import { leafWord, type LeafId, type PublicKey } from "./leaf.js";
import { FIELD_ORDER, p4 } from "./poseidon.js";
import { type Domain, txDomain } from "./statement.js";

/*
 * What users send to a sequencer. Fields have fixed width, integers are big-endian:
 *
 * transfer      0x7a, owner 20, token 20, nonce 8, amount40 5, fee8 1, kind 1 (0 transfer, 1 withdrawal), recipient 20, R8x 32, R8y 32, S 32
 * registration  0x7b, owner 20, token 20, Ax 32, Ay 32, Ethereum signature 64 (r, then s with yParity in its highest bit)
 *
 * The hash of either is that of its bytes without the signature: batch data carry no signature of a transfer, and whoever rebuilds L2
 * from L1 finds the same hashes.
 */

/** A transfer on L2, or a withdrawal to L1; docs/validity.md §2. */
export interface Transfer extends LeafId {
  nonce: bigint;
  amount40: number;
  fee8: number;
  isWithdrawal: boolean;
  /** Owner of the receiving leaf, or the L1 target. An address as an integer. */
  recipient: bigint;
}

export interface SignedTransfer extends Transfer {
  type: "transfer";
  signature: Signature;
  hash: Hex;
  raw: Uint8Array;
}

/** The owner's Ethereum signature under a key for one leaf. */
export interface Registration extends LeafId {
  key: PublicKey;
}

export interface SignedRegistration extends Registration {
  type: "registration";
  /** 64 bytes, EIP-2098. */
  signature: Uint8Array;
  hash: Hex;
  raw: Uint8Array;
}

export type RequestFault =
  | "type" // neither a transfer nor a registration
  | "length" // another number of bytes than the type has
  | "kind" // neither 0 nor 1
  | "owner" // the address 0
  | "recipient" // the address 0
  | "key" // off the curve, or of small order
  | "signature"; // values out of range, or not the owner's

/** Bytes that can never be executed, whatever the state. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  constructor(
    readonly fault: RequestFault,
    message: string,
  ) {
    super(message);
  }
}

export const TRANSFER_TYPE = 0x7a;
export const REGISTRATION_TYPE = 0x7b;

const TRANSFER_BODY = 76;
const TRANSFER_LENGTH = TRANSFER_BODY + 3 * 32;
const REGISTRATION_BODY = 105;
const REGISTRATION_LENGTH = REGISTRATION_BODY + 64;

const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const PARITY_BIT = 1n << 255n;

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const DOMAIN_TYPE = keccak256(
  utf8("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
);
const REGISTRATION_TYPE_HASH = keccak256(utf8("Registration(address owner,address token,uint256 ax,uint256 ay)"));
const NAME_HASH = keccak256(utf8("hardhat-rollup validity"));
const VERSION_HASH = keccak256(utf8("1"));
const EIP712_PREFIX = Uint8Array.of(0x19, 0x01);

/** What the owner of a leaf signs. A field element. */
export function signingElement(transfer: Transfer, domain: bigint): bigint {
  const { owner, amount40, fee8, isWithdrawal, recipient } = transfer;
  const terms = (BigInt(amount40) << 160n) + (BigInt(fee8) << 200n) + (isWithdrawal ? 1n << 208n : 0n);
  return p4(domain, owner + terms, leafWord(transfer), recipient);
}

/**
 * Signs a transfer.
 * @returns The raw bytes for a sequencer.
 */
export function signTransfer(transfer: Transfer, domain: Domain, privateKey: Uint8Array): Uint8Array {
  return encodeTransfer(transfer, signElement(privateKey, signingElement(transfer, txDomain(domain))));
}

/** The raw bytes of a transfer. */
export function encodeTransfer(transfer: Transfer, { r8, s }: Signature): Uint8Array {
  return concat(encodeBody(transfer), abiWords(r8.x, r8.y, s));
}

/** Whether `key` signed the transfer for the rollup of this txDomain. */
export function isSignedBy(transfer: SignedTransfer, domain: bigint, key: PublicKey): boolean {
  return verifyElement(signingElement(transfer, domain), transfer.signature, key);
}

/** The hash by which a transfer is known. */
export function transferHash(transfer: Transfer): Hex {
  return toHex(keccak256(encodeBody(transfer)));
}

/** What the owner of a leaf signs, EIP-712, so that its transfers can be signed with `key`. 32 bytes. */
export function registrationDigest(
  registration: Registration,
  domain: Pick<Domain, "l1ChainId" | "bridge">,
): Uint8Array {
  const { owner, token, key } = registration;
  const separator = keccak256(abiWords(DOMAIN_TYPE, NAME_HASH, VERSION_HASH, domain.l1ChainId, domain.bridge));
  const content = keccak256(abiWords(REGISTRATION_TYPE_HASH, owner, token, key.x, key.y));
  return keccak256(concat(EIP712_PREFIX, separator, content));
}

/**
 * The raw bytes of a registration.
 * @param signature 64 bytes (EIP-2098).
 */
export function encodeRegistration(registration: Registration, signature: Uint8Array): Uint8Array {
  const { owner, token, key } = registration;
  const type = Uint8Array.of(REGISTRATION_TYPE);
  return concat(type, toBytes(owner, 20), toBytes(token, 20), abiWords(key.x, key.y), signature);
}

/** Whether the owner signed, as L1 checks it: a compact signature with a low s, and never the address 0. */
export function isRegistrationSigned(
  registration: Registration,
  signature: Uint8Array,
  domain: Pick<Domain, "l1ChainId" | "bridge">,
): boolean {
  if (signature.length !== 64 || registration.owner === 0n) return false;
  const r = toBigInt(signature.subarray(0, 32));
  const vs = toBigInt(signature.subarray(32));
  const s = vs % PARITY_BIT;
  if (r === 0n || r >= ORDER || s === 0n || s > HALF_ORDER) return false;
  const digest = registrationDigest(registration, domain);
  const signer = recoverAddress(digest, vs < PARITY_BIT ? 0 : 1, signature.subarray(0, 32), toBytes(s, 32));
  return signer !== undefined && toBigInt(signer) === registration.owner;
}

/**
 * Parses what a user sends. A registration's signature is checked, a transfer's is not: its key is part of the state.
 * @throws RequestError
 */
export function parseRequest(
  raw: Uint8Array,
  domain: Pick<Domain, "l1ChainId" | "bridge">,
): SignedTransfer | SignedRegistration {
  const [type] = raw;
  if (type === TRANSFER_TYPE) return parseTransfer(raw);
  if (type === REGISTRATION_TYPE) return parseRegistration(raw, domain);
  const found = type === undefined ? "nothing" : `type ${type}`;
  throw new RequestError("type", `expected a transfer (0x7a) or a registration (0x7b), got ${found}`);
}

function parseTransfer(raw: Uint8Array): SignedTransfer {
  checkLength(raw, TRANSFER_LENGTH, "transfer");
  const number = numbersOf(raw);
  const owner = parseOwner(number(1, 20));
  const kind = Number(number(55, 1));
  if (kind > 1) throw new RequestError("kind", `kind is 0 (transfer) or 1 (withdrawal), got ${kind}`);
  const recipient = number(56, 20);
  if (recipient === 0n) throw new RequestError("recipient", "the recipient is the address 0");
  const signature = { r8: { x: number(76, 32), y: number(108, 32) }, s: number(140, 32) };
  if (signature.r8.x >= FIELD_ORDER || signature.r8.y >= FIELD_ORDER)
    throw new RequestError("signature", "the coordinates of R8 are not below the field's order");
  if (signature.s >= SUBGROUP_ORDER)
    throw new RequestError("signature", "S of the signature is not below the subgroup's order");
  return {
    type: "transfer",
    owner,
    token: number(21, 20),
    nonce: number(41, 8),
    amount40: Number(number(49, 5)),
    fee8: Number(number(54, 1)),
    isWithdrawal: kind === 1,
    recipient,
    signature,
    hash: toHex(keccak256(raw.subarray(0, TRANSFER_BODY))),
    raw,
  };
}

function parseRegistration(raw: Uint8Array, domain: Pick<Domain, "l1ChainId" | "bridge">): SignedRegistration {
  checkLength(raw, REGISTRATION_LENGTH, "registration");
  const number = numbersOf(raw);
  const registration: Registration = {
    owner: parseOwner(number(1, 20)),
    token: number(21, 20),
    key: { x: number(41, 32), y: number(73, 32) },
  };
  if (!isUsableKey(registration.key))
    throw new RequestError("key", "the key is no point of BabyJubjub, or one of small order");
  const signature = raw.subarray(REGISTRATION_BODY);
  if (!isRegistrationSigned(registration, signature, domain))
    throw new RequestError("signature", "the registration is not signed by its owner for this chain and bridge");
  const hash = toHex(keccak256(raw.subarray(0, REGISTRATION_BODY)));
  return { type: "registration", ...registration, signature, hash, raw };
}

function parseOwner(owner: bigint): bigint {
  if (owner === 0n) throw new RequestError("owner", "the owner is the address 0, which signs nothing");
  return owner;
}

function checkLength(raw: Uint8Array, length: number, what: string): void {
  if (raw.length !== length) throw new RequestError("length", `a ${what} has ${length} bytes, got ${raw.length}`);
}

/** Reads big-endian integers by their place. */
function numbersOf(raw: Uint8Array): (start: number, length: number) => bigint {
  return (start, length) => toBigInt(raw.subarray(start, start + length));
}

function encodeBody(transfer: Transfer): Uint8Array {
  const { owner, token, nonce, amount40, fee8, isWithdrawal, recipient } = transfer;
  decodeAmount(amount40); // both refuse what is out of range
  decodeFee(fee8);
  return concat(
    Uint8Array.of(TRANSFER_TYPE),
    toBytes(owner, 20),
    toBytes(token, 20),
    toBytes(nonce, 8),
    toBytes(BigInt(amount40), 5),
    Uint8Array.of(fee8, isWithdrawal ? 1 : 0),
    toBytes(recipient, 20),
  );
}
