import { concat, dataSlice, getBytes, hexlify } from "ethers";

import { PreimageMap } from "../../../plugin/machine/preimage-map.js";
import { RECEIPT_LENGTH, type Guest, type GuestRun, type GuestRunOptions } from "../../../plugin/machine/native.js";
import { naiveRoot, type Leaves } from "../../ledger/naive-tree.js";
import { CHAIN_ID, domain, keccak, words } from "./wire.js";

export const ZERO = `0x${"00".repeat(20)}`;
const ZERO_WORD = `0x${"00".repeat(32)}`;
export const TIMESTAMP = 1_800_000_000n;

/** The ledger's state, as leaves are made of it; accounts in the order of their indexes. */
export interface State {
  accounts: Record<string, { nonce: bigint; balance: bigint }>;
  /** By account/token. */
  tokens: Record<string, bigint>;
  /** By owner/spender/token. */
  allowances: Record<string, bigint>;
  withdrawals: bigint;
}

export function emptyState(): State {
  return { accounts: {}, tokens: {}, allowances: {}, withdrawals: 0n };
}

/** docs/protocol.md §5. */
export function leavesOf(state: State): Leaves {
  const accounts = Object.entries(state.accounts);
  const leaves: Leaves = new Map([[keccak(words(0)), [BigInt(accounts.length), state.withdrawals]]]);
  accounts.forEach(([address, { nonce, balance }], i) => {
    leaves.set(keccak(words(1, address)), [(nonce << 64n) | BigInt(i + 1), balance]);
    leaves.set(keccak(words(2, i + 1)), [BigInt(address), 0n]);
  });
  for (const [key, amount] of Object.entries(state.tokens))
    if (amount > 0n) leaves.set(keccak(words(3, ...key.split("/"))), [amount, 0n]);
  for (const [key, amount] of Object.entries(state.allowances))
    if (amount > 0n) leaves.set(keccak(words(4, ...key.split("/"))), [amount, 0n]);
  return leaves;
}

export interface Message {
  kind: 0 | 1 | 2;
  sender?: string;
  target?: string;
  token?: string;
  amount?: bigint;
  data?: string;
}

export interface Receipt {
  source: number;
  status: "failed" | "succeeded" | "skipped";
  block: number;
  gas: bigint;
  sender: string;
  fee: bigint;
}

export interface Result {
  output: string;
  stateRoot: string;
  withdrawalsRoot: string;
  blocks: bigint;
  receipts: Receipt[];
}

export interface Run {
  state: State;
  data: Uint8Array;
  messages?: Message[];
  /** What the data hash is the hash of, when that is not `data` in chunks. */
  dataWords?: string;
  /** Field elements, where the data are in blobs. */
  blob?: GuestRunOptions["blob"];
}

/** What a run of the guest is given. */
export interface Prepared {
  input: Uint8Array;
  preimages: PreimageMap;
}

const INBOX_FROM = 5n;
const BLOCK_FROM = 9n;

// Building a tree naively takes longer than running the guest on it; a state that is used again must not have been changed.
const trees = new WeakMap<State, { root: string; nodes: [hash: Uint8Array, preimage: Uint8Array][] }>();

function treeOf(state: State) {
  let tree = trees.get(state);
  if (tree === undefined) {
    const nodes: [Uint8Array, Uint8Array][] = [];
    const root = naiveRoot(leavesOf(state), (hash, preimage) => nodes.push([getBytes(hash), getBytes(preimage)]));
    tree = { root, nodes };
    trees.set(state, tree);
  }
  return tree;
}

/** Everything behind the input hash of a run. */
export function prepare({ state, data, messages = [], dataWords }: Run): Prepared {
  const preimages = new PreimageMap();
  const add = (preimage: string): string => {
    const hash = keccak(preimage);
    preimages.set(getBytes(hash), getBytes(preimage));
    return hash;
  };
  const { root, nodes } = treeOf(state);
  for (const [hash, preimage] of nodes) preimages.set(hash, preimage);
  let acc = domain("somewhere");
  messages.forEach(({ kind, sender = ZERO, target = ZERO, token = ZERO, amount = 0n, data: raw = "0x" }, i) => {
    const message = [kind, INBOX_FROM + BigInt(i), 1n, sender, target, token, amount, add(raw)];
    acc = add(concat([acc, add(words(domain("message"), ...message))]));
  });
  const values = [
    ...[CHAIN_ID, ZERO, 3n, TIMESTAMP, INBOX_FROM, INBOX_FROM + BigInt(messages.length), BLOCK_FROM],
    ...[root, acc, add(dataWords ?? words(domain("data"), data.length, dataRoot(data, add)))],
  ];
  return { input: getBytes(add(words(domain("input"), ...values))), preimages };
}

/** docs/protocol.md §3. */
function dataRoot(data: Uint8Array, add: (preimage: string) => string): string {
  if (data.length === 0) return ZERO_WORD;
  let level: string[] = [];
  for (let at = 0; at < data.length; at += 4096) level.push(add(hexlify(data.subarray(at, at + 4096))));
  while (Math.log2(level.length) % 1 !== 0) level.push(ZERO_WORD);
  while (level.length > 1)
    level = level.flatMap((node, i) => (i % 2 === 0 ? [add(concat([node, level[i + 1]!]))] : []));
  return level[0]!;
}

const STATUS = ["failed", "succeeded", "skipped"] as const;

/** Runs the guest and takes its answer apart. */
export function run(guest: Guest, given: Run): Result {
  const { input, preimages } = prepare(given);
  const { blob } = given;
  return resultOf(guest.run({ input, preimage: (hash) => preimages.get(hash), ...(blob && { blob }) }));
}

export function resultOf({ output, hashed, receipts }: GuestRun): Result {
  const content = hashed.get(output);
  if (content === undefined) throw new Error("the output is nothing that was hashed");
  const word = (i: number) => dataSlice(hexlify(content), 32 * i, 32 * i + 32);
  if (word(0) !== domain("output")) throw new Error("the output has another domain");
  return {
    output: hexlify(output),
    stateRoot: word(1),
    withdrawalsRoot: word(2),
    blocks: BigInt(word(3)) - BLOCK_FROM,
    receipts: Array.from({ length: receipts.length / RECEIPT_LENGTH }, (_, i) => {
      const bytes = receipts.subarray(RECEIPT_LENGTH * i, RECEIPT_LENGTH * (i + 1));
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      return {
        source: bytes[0]!,
        status: STATUS[bytes[1]!]!,
        block: view.getUint32(4, true),
        gas: view.getBigUint64(8, true),
        sender: hexlify(bytes.subarray(16, 36)),
        fee: BigInt(hexlify(bytes.subarray(36, 68))),
      };
    }),
  };
}
