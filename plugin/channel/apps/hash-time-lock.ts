import { createHash } from "node:crypto";

import { abiWords, fromHex, toBigInt, toHex } from "../../ledger/bytes.js";
import { keccak256 } from "../../machine/keccak.js";
import type { Hex } from "../../types.js";
import { paid } from "./conditional-payment.js";
import { AppError, type AppState, next } from "./state.js";

const WORD = 32;
const ALGORITHMS = ["keccak256", "sha256"] as const;
/** Words before the amounts: algorithm, hash, deadline. */
const HEAD_WORDS = 3;

export type HashAlgorithm = (typeof ALGORITHMS)[number];

/** What is paid against the preimage of a hash, until a time. */
export interface HashTimeLock {
  algorithm: HashAlgorithm;
  /** 32 bytes. */
  hash: Hex;
  /** L1 time in seconds: claims are of blocks before it, refunds of blocks from it on. */
  deadline: bigint;
  /** By asset of the outcome, in its order, in its smallest unit. */
  amounts: readonly bigint[];
}

/** App data of the state that everybody signs. */
export function encodeHashTimeLock({ algorithm, hash, deadline, amounts }: HashTimeLock): Hex {
  if (fromHex(hash).length !== WORD) throw new AppError(`a hash has ${WORD} bytes, got ${hash}`);
  return toHex(abiWords(BigInt(ALGORITHMS.indexOf(algorithm)), hash, deadline, ...amounts));
}

/** @throws {AppError} unless the bytes are those of a lock. */
export function decodeHashTimeLock(appData: Hex): HashTimeLock {
  const bytes = fromHex(appData);
  if (bytes.length % WORD !== 0 || bytes.length < HEAD_WORDS * WORD) {
    throw new AppError(`a lock is three words and an amount for each asset, got ${bytes.length} bytes`);
  }
  const words = Array.from({ length: bytes.length / WORD }, (_, i) => bytes.subarray(WORD * i, WORD * (i + 1)));
  const [index, deadline, ...amounts] = [words[0]!, ...words.slice(2)].map(toBigInt);
  const algorithm = ALGORITHMS[Number(index)];
  if (algorithm === undefined) throw new AppError(`the algorithm is 0 (keccak256) or 1 (sha256), got ${index}`);
  return { algorithm, hash: toHex(words[1]!), deadline: deadline!, amounts };
}

/** Hash of a preimage of 32 bytes. @throws {AppError} for another length. */
export function hashOfPreimage(algorithm: HashAlgorithm, preimage: Hex): Hex {
  const bytes = fromHex(preimage);
  if (bytes.length !== WORD) throw new AppError(`a preimage has ${WORD} bytes, got ${bytes.length}`);
  return toHex(algorithm === "sha256" ? createHash("sha256").update(bytes).digest() : keccak256(bytes));
}

/**
 * The state that pays the payee, which it alone signs and shows L1 before the deadline.
 * @throws {AppError} when HashTimeLockApp would not allow it at any time.
 */
export function claim(locked: AppState, preimage: Hex): AppState {
  const { algorithm, hash, amounts } = termsOf(locked);
  const found = hashOfPreimage(algorithm, preimage);
  if (found !== hash.toLowerCase()) throw new AppError(`the preimage's ${algorithm} is ${found}, not ${hash}`);
  return next(locked, { isFinal: true, appData: preimage, outcome: paid(locked.outcome, amounts) });
}

/** The state that ends the channel unpaid, which the payer alone signs and shows L1 from the deadline on. @throws {AppError} */
export function refund(locked: AppState): AppState {
  termsOf(locked);
  return next(locked, { isFinal: true, appData: "0x", outcome: paid(locked.outcome, []) });
}

/** The preimage that a claim shows: what whoever forwarded the payment claims with. @throws {AppError} unless it is a claim. */
export function preimageOf(claimed: Hex): Hex {
  if (fromHex(claimed).length !== WORD) throw new AppError(`app data of a claim are ${WORD} bytes, got ${claimed}`);
  return claimed;
}

function termsOf({ appData, outcome }: AppState): HashTimeLock {
  const lock = decodeHashTimeLock(appData);
  if (lock.amounts.length !== outcome.length) {
    throw new AppError(`the outcome has ${outcome.length} assets, the lock ${lock.amounts.length} amounts`);
  }
  return lock;
}
