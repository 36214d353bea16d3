import { poseidon4 } from "poseidon-lite/poseidon4";

import type { InboxMessage } from "../../../plugin/types.js";
import type { FurtherOperation } from "../../../plugin/validity/batch.js";
import type { Transfer } from "../../../plugin/validity/transfer.js";

// docs/validity.md §1 and §2 over plain lists, for tests alone: slow, and without anything of plugin/validity.

const FIELD = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
const WHOLE = 2n ** 256n - 1n;

export interface ModelLeaf {
  owner: bigint;
  token: bigint;
  nonce: bigint;
  balance: bigint;
  key: [bigint, bigint];
}

export interface ModelExit {
  owner: bigint;
  target: bigint;
  token: bigint;
  amount: bigint;
}

export type ModelOutcome = "succeeded" | "nothing" | "returned";

/** Leaves in the order of their creation. */
export interface Model {
  levels: number;
  leaves: ModelLeaf[];
  withdrawals: number;
}

export function createModel(levels: number): Model {
  const first: ModelLeaf = { owner: 0n, token: 0n, nonce: 0n, balance: 0n, key: [0n, 0n] };
  return { levels, leaves: [first], withdrawals: 0 };
}

export function modelLeaf(model: Model, owner: bigint, token: bigint): ModelLeaf | undefined {
  return model.leaves.find((leaf) => leaf.owner === owner && leaf.token === token);
}

function create(model: Model, owner: bigint, token: bigint, balance: bigint): boolean {
  if (model.leaves.length === 4 ** model.levels) return false;
  model.leaves.push({ owner, token, nonce: 0n, balance, key: [0n, 0n] });
  return true;
}

/** What a message does; undefined for one without a slot. */
export function modelMessage(model: Model, message: InboxMessage, exits: ModelExit[]): ModelOutcome | undefined {
  const [sender, target, token] = [BigInt(message.sender), BigInt(message.target), BigInt(message.token)];
  const { amount } = message;
  const exit = (owner: bigint, to: bigint, value: bigint): void => {
    exits.push({ owner, target: to, token, amount: value });
    model.withdrawals += 1;
  };
  if (message.kind === 0) {
    const leaf = modelLeaf(model, target, token);
    if (leaf !== undefined) {
      leaf.balance += amount;
      return "succeeded";
    }
    if (create(model, target, token, amount)) return "succeeded";
    exit(target, sender, amount);
    return "returned";
  }
  if (message.kind === 2) {
    const leaf = modelLeaf(model, sender, token);
    const value = amount === WHOLE ? (leaf?.balance ?? 0n) : amount;
    if (leaf === undefined || value === 0n || leaf.balance < value) return "nothing";
    leaf.balance -= value;
    exit(sender, target, value);
    return "succeeded";
  }
  const data = message.data.slice(2);
  if (data.length !== 170 || !data.startsWith("01")) return undefined;
  const key: [bigint, bigint] = [BigInt(`0x${data.slice(42, 106)}`), BigInt(`0x${data.slice(106)}`)];
  if (key.some((part) => part >= FIELD) || key.every((part) => part === 0n)) return undefined;
  const leaf = modelLeaf(model, sender, BigInt(`0x${data.slice(2, 42)}`));
  if (leaf === undefined) return "nothing";
  leaf.key = key;
  return "succeeded";
}

export function modelOperation(model: Model, operation: FurtherOperation): ModelOutcome {
  const leaf = modelLeaf(model, operation.owner, operation.token);
  if (operation.kind === 6)
    return leaf === undefined && create(model, operation.owner, operation.token, 0n) ? "succeeded" : "nothing";
  if (leaf === undefined || leaf.key[0] !== 0n || leaf.key[1] !== 0n) return "nothing";
  leaf.key = [operation.key.x, operation.key.y];
  return "succeeded";
}

/** Executes a transfer that is known to hold. */
export function modelTransfer(model: Model, transfer: Transfer, amount: bigint, fee: bigint, exits: ModelExit[]): void {
  const { owner, token, recipient, isWithdrawal } = transfer;
  const sender = modelLeaf(model, owner, token)!;
  sender.nonce += 1n;
  sender.balance -= amount + fee;
  if (isWithdrawal) {
    exits.push({ owner, target: recipient, token, amount });
    model.withdrawals += 1;
  } else {
    modelLeaf(model, recipient, token)!.balance += amount;
  }
}

/** The state root, made from nothing. */
export function modelRoot({ levels, leaves, withdrawals }: Model): bigint {
  const byPair = (a: ModelLeaf, b: ModelLeaf): number =>
    a.owner === b.owner ? Number(a.token > b.token) - Number(a.token < b.token) : a.owner < b.owner ? -1 : 1;
  const sorted = [...leaves].sort(byPair);
  let nodes = leaves.map((leaf) => {
    const next = sorted[sorted.indexOf(leaf) + 1] ?? { owner: 2n ** 160n, token: 0n };
    const aux = hash(leaf.key[0], leaf.key[1], next.owner, next.token);
    return hash(leaf.owner, leaf.token + leaf.nonce * 2n ** 160n, leaf.balance, aux);
  });
  let empty = 0n;
  for (let height = 0; height < levels; height++) {
    const parents: bigint[] = [];
    for (let i = 0; i < nodes.length; i += 4) {
      const at = (n: number): bigint => nodes[i + n] ?? empty;
      parents.push(hash(at(0), at(1), at(2), at(3)));
    }
    nodes = parents;
    empty = hash(empty, empty, empty, empty);
  }
  return hash(nodes[0]!, BigInt(leaves.length), BigInt(withdrawals), 0n);
}

const known = new Map<string, bigint>();

function hash(...inputs: [bigint, bigint, bigint, bigint]): bigint {
  const key = inputs.join();
  const value = known.get(key) ?? poseidon4(inputs);
  known.set(key, value);
  return value;
}
