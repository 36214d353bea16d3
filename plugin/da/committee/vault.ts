import type { Journal } from "../../l1/journal.js";
import { concat, equal, fromHex, toBytes } from "../../ledger/bytes.js";
import type { Store, StoreOperation } from "../../store/types.js";
import type { Hex } from "../../types.js";
import type { Attestation } from "./attestation.js";
import { chunkCount, chunksOf } from "./chunks.js";

/** What a member signed, and when. */
export interface SignedRecord {
  attestation: Attestation;
  /** Last L1 block when it was signed. */
  l1Block: number;
}

/** What a member keeps, on disk when a write resolves. */
export interface Vault {
  /** Writes data, unless they are there, and what was signed about them, together. */
  record(record: SignedRecord, data: Uint8Array): Promise<void>;
  /** What was signed last for a batch in an epoch. */
  signed(epoch: bigint, batchIndex: bigint): SignedRecord | undefined;
  /** Data by their hash. */
  data(dataHash: Hex): Uint8Array | undefined;
}

const TABLE = { chunk: 0x63, journal: 0x6a, length: 0x6c, owner: 0x6f, signed: 0x73 } as const;

/** What is kept in a place was signed by another member, or for another rollup. */
export class ForeignVaultError extends Error {
  override readonly name = "ForeignVaultError";
  constructor(readonly place: string) {
    super(`${place} holds what was signed by another member or for another rollup; name another folder`);
  }
}

/**
 * Writes down whose vault a store is, the first time.
 * @param owner Stands for one member of one rollup.
 * @param place Where the store is, for the error.
 * @throws {ForeignVaultError} when it is somebody else's: signatures of one say nothing about the other.
 */
export async function claimVault(store: Store, owner: Hex, place: string): Promise<void> {
  const key = Uint8Array.of(TABLE.owner);
  const found = store.get(key);
  if (found === undefined) await store.write([put(key, fromHex(owner))], { sync: true });
  else if (!equal(found, fromHex(owner))) throw new ForeignVaultError(place);
}

/** Opens what a member keeps in `store`, which stays the caller's to close. */
export function openVault(store: Store): Vault {
  return {
    async record({ attestation, l1Block }, data) {
      const { epoch, batchIndex, dataHash } = attestation;
      const hash = fromHex(dataHash, 32);
      const operations: StoreOperation[] = [put(signedKey(epoch, batchIndex), encode({ attestation, l1Block }))];
      if (store.get(lengthKey(hash)) === undefined) {
        operations.push(put(lengthKey(hash), toBytes(BigInt(data.length), 4)));
        for (const [index, chunk] of chunksOf(data).entries()) operations.push(put(chunkKey(hash, index), chunk));
      }
      await store.write(operations, { sync: true });
    },
    signed(epoch, batchIndex) {
      const bytes = store.get(signedKey(epoch, batchIndex));
      return bytes && decode(bytes);
    },
    data(dataHash) {
      const hash = fromHex(dataHash, 32);
      const length = store.get(lengthKey(hash));
      if (length === undefined) return undefined;
      const count = chunkCount(Buffer.from(length).readUInt32BE());
      return concat(...Array.from({ length: count }, (_, index) => store.get(chunkKey(hash, index)) ?? NOTHING));
    },
  };
}

/** Where a member writes down what it is about to send to L1, beside what it holds. */
export function vaultJournal(store: Store): Journal {
  const key = (name: string): Uint8Array => concat(Uint8Array.of(TABLE.journal), Buffer.from(name));
  return {
    get(name) {
      const found = store.get(key(name));
      return Promise.resolve(found && Buffer.from(found).toString());
    },
    put: (name, text) => store.write([put(key(name), Buffer.from(text))], { sync: true }),
  };
}

const NOTHING = new Uint8Array();

const put = (key: Uint8Array, value: Uint8Array): StoreOperation => ({ type: "put", key, value });
const chunkKey = (hash: Uint8Array, index: number): Uint8Array =>
  concat(Uint8Array.of(TABLE.chunk), hash, toBytes(BigInt(index), 4));
const lengthKey = (hash: Uint8Array): Uint8Array => concat(Uint8Array.of(TABLE.length), hash);
const signedKey = (epoch: bigint, batchIndex: bigint): Uint8Array =>
  concat(Uint8Array.of(TABLE.signed), toBytes(epoch, 8), toBytes(batchIndex, 8));

function encode({ attestation, l1Block }: SignedRecord): Uint8Array {
  const { epoch, batchIndex, dataHash, length, expiry } = attestation;
  const numbers = [epoch, batchIndex, length, expiry, BigInt(l1Block)].map((value) => toBytes(value, 8));
  return concat(...numbers, fromHex(dataHash, 32));
}

function decode(bytes: Uint8Array): SignedRecord {
  const buffer = Buffer.from(bytes);
  const [epoch, batchIndex, length, expiry, l1Block] = [0, 8, 16, 24, 32].map((at) => buffer.readBigUInt64BE(at)) as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const dataHash: Hex = `0x${buffer.subarray(40).toString("hex")}`;
  return { attestation: { epoch, batchIndex, dataHash, length, expiry }, l1Block: Number(l1Block) };
}
