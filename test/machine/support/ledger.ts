import { getBytes, Transaction, Wallet } from "ethers";

import { encodeBatch, stripTransaction } from "../../../plugin/ledger/batch.js";
import { abiWords, concat, fromHex, toHex } from "../../../plugin/ledger/bytes.js";
import { dataHash, inboxAcc, inputWords, messageWords, nextInboxAcc } from "../../../plugin/ledger/hashes.js";
import { GENESIS_STATE_ROOT, META_KEY } from "../../../plugin/ledger/state.js";
import { parseTransaction } from "../../../plugin/ledger/transaction.js";
import type { LedgerInput } from "../../../plugin/ledger/types.js";
import { keccak256 } from "../../../plugin/machine/keccak.js";
import type { Hex, InboxMessage } from "../../../plugin/types.js";
import { ZERO_ADDRESS, ZERO_HASH } from "../../../plugin/types.js";

/** A first batch of the ledger: deposits to `accounts` wallets, then transfers among them. */
export interface LedgerRun {
  inputHash: Uint8Array;
  /** By hash in hex; a run of the guest adds what it computes. */
  preimages: Map<string, Uint8Array>;
}

const CHAIN_ID = 4242n;

/** The batch of `ledgerRun`. */
export function ledgerBatch(accounts: number, transactions: number): LedgerInput {
  const wallets = Array.from({ length: accounts }, (_, i) => new Wallet(toHex(keccak256(abiWords(BigInt(i))))));
  const messages = wallets.map(({ address }, i): InboxMessage => ({
    kind: 0,
    index: BigInt(i),
    timestamp: 900n,
    sender: ZERO_ADDRESS,
    target: address as Hex,
    token: ZERO_ADDRESS,
    amount: 10n ** 20n,
    data: "0x",
  }));
  const signed = Array.from({ length: transactions }, (_, i) => {
    const wallet = wallets[i % accounts];
    const to = wallets[(i + 1) % accounts]?.address;
    if (wallet === undefined || to === undefined) throw new Error("no accounts");
    const transaction = Transaction.from({
      type: 2,
      chainId: CHAIN_ID,
      nonce: Math.floor(i / accounts),
      to,
      value: 10n ** 15n + BigInt(i),
      gasLimit: 21_000n,
      maxFeePerGas: 10n,
      maxPriorityFeePerGas: 1n,
    });
    transaction.signature = wallet.signingKey.sign(transaction.unsignedHash);
    return stripTransaction(parseTransaction(getBytes(transaction.serialized)), () => undefined);
  });
  const data = encodeBatch({
    coinbase: `0x${"c0".repeat(20)}`,
    baseFee: 7n,
    blocks: [{ timestamp: 1000n, messages: accounts, transactions: signed }],
  });
  return {
    l2ChainId: CHAIN_ID,
    bridge: ZERO_ADDRESS,
    index: 1n,
    timestamp: 1000n,
    inboxFrom: 0n,
    l2BlockFrom: 0n,
    prevStateRoot: GENESIS_STATE_ROOT,
    prevInboxAcc: ZERO_HASH,
    messages,
    data,
  };
}

export function ledgerRun(accounts: number, transactions: number): LedgerRun {
  const preimages = new Map<string, Uint8Array>();
  const add = (preimage: Uint8Array): Uint8Array => {
    const hash = keccak256(preimage);
    preimages.set(toHex(hash), preimage);
    return hash;
  };
  add(new Uint8Array());
  add(concat(keccak256(new TextEncoder().encode("hardhat-rollup.leaf.v1")), META_KEY, new Uint8Array(64)));

  const input = ledgerBatch(accounts, transactions);
  const { messages, data } = input;
  let acc: Hex = ZERO_HASH;
  for (const message of messages) {
    add(concat(fromHex(acc, 32), add(messageWords(message))));
    acc = nextInboxAcc(acc, message);
  }
  const words = inputWords({
    ...input,
    inboxTo: BigInt(accounts),
    inboxAcc: inboxAcc(ZERO_HASH, messages),
    dataHash: dataHash(data, (_, preimage) => add(preimage.slice())),
  });
  return { inputHash: add(words), preimages };
}
