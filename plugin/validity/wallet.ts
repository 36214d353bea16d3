import type { Signer, TypedDataField } from "ethers";

import { fromHex, toBigInt, toBytes, toHex } from "../ledger/bytes.js";
import type { Hex } from "../types.js";
import { publicKeyOf } from "./babyjubjub.js";
import { keyMessage, keyOfSignature } from "./keys.js";
import type { LeafId, PublicKey } from "./leaf.js";
import type { Domain } from "./statement.js";
import { encodeRegistration, signTransfer, type Transfer } from "./transfer.js";

/** Signs for one owner on L2, with a key that follows from his Ethereum account. */
export interface ValidityKey {
  publicKey: PublicKey;
  /** Raw transfer for a sequencer. */
  transfer(transfer: Transfer): Uint8Array;
  /** Raw registration of the key for one leaf of the owner. */
  register(id: LeafId): Promise<Uint8Array>;
}

const TYPES: Record<string, TypedDataField[]> = {
  Registration: [
    { name: "owner", type: "address" },
    { name: "token", type: "address" },
    { name: "ax", type: "uint256" },
    { name: "ay", type: "uint256" },
  ],
};

/** Asks the account for the one signature that its key follows from; docs/validity.md §2. */
export async function openKey(signer: Signer, domain: Domain): Promise<ValidityKey> {
  const { l1ChainId, bridge } = domain;
  const privateKey = keyOfSignature(fromHex(await signer.signMessage(keyMessage(l1ChainId, bridge))));
  const publicKey = publicKeyOf(privateKey);
  return {
    publicKey,
    transfer: (transfer) => signTransfer(transfer, domain, privateKey),
    async register(id) {
      const signature = await signer.signTypedData(
        { name: "hardhat-rollup validity", version: "1", chainId: l1ChainId, verifyingContract: bridge },
        TYPES,
        { owner: addressOf(id.owner), token: addressOf(id.token), ax: publicKey.x, ay: publicKey.y },
      );
      return encodeRegistration({ ...id, key: publicKey }, compact(fromHex(signature)));
    },
  };
}

/** EIP-2098: v goes into the highest bit of s. */
function compact(signature: Uint8Array): Uint8Array {
  const short = signature.slice(0, 64);
  if (toBigInt(signature.subarray(64)) % 27n === 1n) short[32]! |= 0x80;
  return short;
}

function addressOf(value: bigint): Hex {
  return toHex(toBytes(value, 20));
}
