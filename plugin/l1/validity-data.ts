import { AbiCoder } from "ethers";

import { concat, fromHex, toHex } from "../ledger/bytes.js";
import { dataHash, dataHashOfRoot } from "../ledger/hashes.js";
import type { BatchHeader, Hex, InboxMessage } from "../types.js";
import { decodeBatch, decodeShown, fillShown, encodeBatch } from "../validity/batch.js";
import { certifiedRoot, type Domain, type Statement, statementHash } from "../validity/statement.js";
import { statementsOfData } from "../validity/statement-da.js";

const MESSAGE =
  "tuple(uint8 kind, uint64 index, uint64 timestamp, address sender, address target, address token, uint256 amount, bytes data)";
const INPUT = [`${MESSAGE}[]`, "bytes", "bytes"];
const ROOT_LENGTH = 32;

/** The `daInput` of a chain of validity proofs; docs/validity.md §4. */
export interface ValidityInput {
  consumed: InboxMessage[];
  shown: Uint8Array;
  /** The `daInput` of the layer below. */
  below: Uint8Array;
}

export function encodeValidityInput({ consumed, shown, below }: ValidityInput): Uint8Array {
  return fromHex(AbiCoder.defaultAbiCoder().encode(INPUT, [consumed, shown, below]));
}

/** @throws Error for what the ABI does not allow. */
export function decodeValidityInput(input: Uint8Array): ValidityInput {
  const [messages, shown, below] = AbiCoder.defaultAbiCoder().decode(INPUT, input) as unknown as [
    MessageFields[],
    Hex,
    Hex,
  ];
  return { consumed: messages.map(toMessage), shown: fromHex(shown), below: fromHex(below) };
}

type MessageFields = [
  kind: bigint,
  index: bigint,
  timestamp: bigint,
  sender: Hex,
  target: Hex,
  token: Hex,
  amount: bigint,
  data: Hex,
];

/** By position: a decoded struct has fields of its own. */
function toMessage([kind, index, timestamp, sender, target, token, amount, data]: MessageFields): InboxMessage {
  return { kind: Number(kind) as InboxMessage["kind"], index, timestamp, sender, target, token, amount, data };
}

/** What L1 made of the data of a batch. */
export interface CommittedData {
  /** docs/validity.md §4, with the transfers. */
  bytes: Uint8Array;
  /** From the layer below. */
  belowHash: Hex;
  isOnL1: boolean;
  /** One for each segment. */
  statements: Statement[];
  /** To be compared with the header's. */
  dataHash: Hex;
}

type Input = { domain: Domain; header: BatchHeader; consumed: readonly InboxMessage[] };

/** Of data in calldata. @throws MalformedDataError | DataMismatchError when L1 took other data. */
export function committedOnL1(input: Input, bytes: Uint8Array): CommittedData {
  const statements = statementsOfData({ ...input, prevInboxAcc: undefined }, decodeBatch(bytes));
  const belowHash = dataHash(bytes);
  return { bytes, belowHash, isOnL1: true, statements, dataHash: statementHash(belowHash, true, statements) };
}

/** The root that members of a committee certify for data that L1 was shown in this form. */
export function shownRoot(shown: Uint8Array): Hex {
  const segments = decodeShown(shown.subarray(ROOT_LENGTH));
  return certifiedRoot(
    toHex(shown.subarray(0, ROOT_LENGTH)),
    segments.map(({ hTx }) => hTx),
  );
}

/**
 * Of data that a committee holds.
 * @param held What a member gave.
 * @throws MalformedDataError | DataMismatchError when they are not those that L1 was shown.
 */
export function committedWithCommittee(input: Input, shown: Uint8Array, held: Uint8Array): CommittedData {
  const segments = decodeShown(shown.subarray(ROOT_LENGTH));
  const statements = statementsOfData({ ...input, prevInboxAcc: undefined }, segments);
  const belowHash = dataHashOfRoot(held.length, shownRoot(shown));
  const bytes = encodeBatch(fillShown(segments, decodeBatch(held)));
  return { bytes, belowHash, isOnL1: false, statements, dataHash: statementHash(belowHash, false, statements) };
}

/** What L1 is shown of data that a committee holds. */
export function shownBytes(chunkRoot: Hex, encoded: Uint8Array): Uint8Array {
  return concat(fromHex(chunkRoot, ROOT_LENGTH), encoded);
}
