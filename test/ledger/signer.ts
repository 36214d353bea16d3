import { hexlify } from "ethers";
import secp256k1 from "secp256k1";

import { stripTransaction } from "../../plugin/ledger/batch.js";
import { rebuildTransaction, type SignedTransaction } from "../../plugin/ledger/transaction.js";
import type { BatchTransaction, TransactionFields } from "../../plugin/ledger/types.js";
import { keccak256 } from "../../plugin/machine/keccak.js";
import type { Hex } from "../../plugin/types.js";

export interface Signer {
  address: Hex;
  /** Signs fields that are not given as a plain transfer of nothing to oneself, without fees. */
  sign(fields?: Partial<UnsignedFields>): SignedTransaction;
  signHash(hash: Uint8Array): Signature;
}

type Signature = Pick<BatchTransaction, "yParity" | "r" | "s">;

/** What a transaction says before it is signed. */
export type UnsignedFields = Omit<TransactionFields, keyof Signature> & { chainId: bigint };

export const TEST_CHAIN_ID = 42069n;

/** A signer whose private key is made of `number`; signs fast, for thousands of transactions. */
export function createSigner(number: number): Signer {
  const key = new Uint8Array(32).fill(0x17);
  new DataView(key.buffer).setUint32(28, number);
  const address = hexlify(keccak256(secp256k1.publicKeyCreate(key, false).subarray(1)).subarray(12)) as Hex;
  function signHash(hash: Uint8Array): Signature {
    const { signature, recid } = secp256k1.ecdsaSign(hash, key);
    return { yParity: recid === 0 ? 0 : 1, r: signature.slice(0, 32), s: signature.slice(32) };
  }
  return {
    address,
    signHash,
    sign(fields = {}) {
      const { chainId = TEST_CHAIN_ID, ...rest } = fields;
      const unsigned: BatchTransaction = {
        nonce: 0n,
        maxPriorityFeePerGas: 0n,
        maxFeePerGas: 0n,
        gasLimit: 100_000n,
        to: address,
        value: 0n,
        data: new Uint8Array(0),
        ...rest,
        yParity: 0,
        r: new Uint8Array(32),
        s: new Uint8Array(32),
      };
      const signature = signHash(rebuildTransaction(unsigned, chainId).signingHash);
      return rebuildTransaction({ ...unsigned, ...signature }, chainId);
    },
  };
}

/** A batch transaction that writes all addresses out. */
export function withoutIndexes(transaction: SignedTransaction): BatchTransaction {
  return stripTransaction(transaction, () => undefined);
}
