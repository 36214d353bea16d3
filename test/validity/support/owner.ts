import { concat, fromHex } from "../../../plugin/ledger/bytes.js";
import { publicKeyOf } from "../../../plugin/validity/babyjubjub.js";
import type { RegisterOperation } from "../../../plugin/validity/batch.js";
import { fromAddress, type PublicKey } from "../../../plugin/validity/leaf.js";
import { OPERATION, type Domain } from "../../../plugin/validity/statement.js";
import {
  parseRequest,
  registrationDigest,
  type SignedTransfer,
  signTransfer,
  type Transfer,
} from "../../../plugin/validity/transfer.js";
import { encodeAmount, encodeFee } from "../../../plugin/validity/amounts.js";
import { createSigner } from "../../ledger/signer.js";
import type { Hex } from "../../../plugin/types.js";

export const DOMAIN: Domain = { l1ChainId: 31337n, l2ChainId: 42069n, bridge: `0x${"b1".repeat(20)}` };

/** Somebody with an Ethereum key and a key for L2. */
export interface Owner {
  address: Hex;
  /** The address as an integer. */
  id: bigint;
  privateKey: Uint8Array;
  publicKey: PublicKey;
  /** The operation that sets the own key, or another one, in the leaf of a token. */
  register(token: bigint, key?: PublicKey): RegisterOperation;
  /** A signed transfer of nothing to oneself, but for the fields that are given. */
  sign(fields: TransferFields): SignedTransfer;
}

export type TransferFields = Partial<Omit<Transfer, "amount40" | "fee8">> & { amount?: bigint; fee?: bigint };

export function createOwner(number: number, domain = DOMAIN): Owner {
  const signer = createSigner(number);
  const { address } = signer;
  const id = fromAddress(address);
  const privateKey = new Uint8Array(32).fill(number);
  const publicKey = publicKeyOf(privateKey);
  return {
    address,
    id,
    privateKey,
    publicKey,
    register(token, key = publicKey) {
      const { yParity, r, s } = signer.signHash(registrationDigest({ owner: id, token, key }, domain));
      const vs = s.slice();
      vs[0]! |= yParity << 7;
      return { kind: OPERATION.register, owner: id, token, key, signature: concat(r, vs) };
    },
    sign({ amount = 0n, fee = 0n, ...fields }) {
      const transfer = {
        owner: id,
        token: 0n,
        nonce: 0n,
        isWithdrawal: false,
        recipient: id,
        amount40: encodeAmount(amount),
        fee8: encodeFee(fee),
        ...fields,
      };
      return parseRequest(signTransfer(transfer, domain, privateKey), domain) as SignedTransfer;
    },
  };
}

/** An address for tests: the same byte everywhere. */
export function addressOf(byte: number): Hex {
  return `0x${byte.toString(16).padStart(2, "0").repeat(20)}`;
}

export function numberOf(byte: number): bigint {
  return BigInt(`0x${Buffer.from(fromHex(addressOf(byte))).toString("hex")}`);
}
