// The load that several benchmarks share: accounts with funds, and signed ETH transfers between them.
import secp256k1 from "secp256k1";

import { toHex } from "../plugin/ledger/bytes.js";
import { rebuildTransaction } from "../plugin/ledger/transaction.js";
import type { L1Event } from "../plugin/l1/types.js";
import { keccak256 } from "../plugin/machine/keccak.js";
import type { Sequencer } from "../plugin/sequencer/sequencer.js";
import { type Hex, ZERO_ADDRESS } from "../plugin/types.js";
import { type FakeL1, keyOf, L2_CHAIN_ID } from "../test/sequencer/support/fake-l1.js";

const IN_FLIGHT = 1_000;
const FEES = { gasLimit: 21_000n, maxFeePerGas: 20_000_000n, maxPriorityFeePerGas: 0n };

export interface Account {
  key: Uint8Array;
  address: Hex;
  nonce: bigint;
}

/** The same accounts every time. */
export function makeAccounts(count: number): Account[] {
  return Array.from({ length: count }, (_, index) => {
    const key = Buffer.from(keyOf(index).slice(2), "hex");
    const address = toHex(keccak256(secp256k1.publicKeyCreate(key, false).subarray(1)).subarray(12));
    return { key, address, nonce: 0n };
  });
}

/** Every account sends and receives equally often, in an order without pattern. */
export function makeTransfers(accounts: Account[], count: number): Hex[] {
  const zero = new Uint8Array(32);
  return Array.from({ length: count }, (_, i) => {
    const from = accounts[(i * 7_919) % accounts.length]!;
    const to = accounts[(i * 104_729 + 13) % accounts.length]!.address;
    const fields = { ...FEES, nonce: from.nonce++, to, value: 1_000_000_000n, data: new Uint8Array() };
    const unsigned = { ...fields, yParity: 0 as const, r: zero, s: zero };
    const { signature, recid } = secp256k1.ecdsaSign(rebuildTransaction(unsigned, L2_CHAIN_ID).signingHash, from.key);
    const yParity = recid === 0 ? 0 : 1;
    const signed = { ...fields, yParity, r: signature.slice(0, 32), s: signature.slice(32) } as const;
    return toHex(rebuildTransaction(signed, L2_CHAIN_ID).raw);
  });
}

/** Deposits for each account, in one L1 block. */
export function fund(l1: FakeL1, accounts: Account[]): void {
  const timestamp = l1.now + 12n;
  l1.mine(
    accounts.map(({ address }, index): L1Event => ({
      kind: "message",
      message: {
        kind: 0,
        index: BigInt(index),
        timestamp,
        sender: address,
        target: address,
        token: ZERO_ADDRESS,
        amount: 10n ** 18n,
        data: "0x",
      },
    })),
  );
}

/** Keeps a number of requests open until all are answered. */
export async function feed(sequencer: Sequencer, raws: Hex[]): Promise<void> {
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < raws.length) await sequencer.request({ method: "eth_sendRawTransaction", params: [raws[next++]] });
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, client));
}
