import { decodeAmount, decodeFee, packTransfer, type TransferElement } from "./amounts.js";
import { hasKey, type Leaf, NO_KEY, type PublicKey, toAddress } from "./leaf.js";
import { type Exit, OPERATION, type Operation } from "./statement.js";
import { type Found, isFull, type State } from "./state.js";
import type { LeafUpdate, OperationSlot, TransferSlot } from "./trace.js";

/*
 * What one slot of a segment does to a state; docs/validity.md §2.
 */

/** Why a transfer cannot be executed now. */
export type RefusalFault =
  | "sender" // the owner has no leaf in this token
  | "key" // the leaf has no key
  | "nonce-low" // executed already, or another one in its place
  | "nonce-high" // others of this owner come first
  | "signature" // not by the leaf's key
  | "balance" // less than amount and fee
  | "recipient" // has no leaf in this token: it must be created first
  | "fee" // the segment takes its fees in another token
  | "full"; // the segment has no slot left

export interface Refusal {
  fault: RefusalFault;
  /** One line for whoever sent it. */
  message: string;
}

/** A transfer where it will be executed: its leaves by index. */
export interface Move {
  parts: TransferElement;
  /** Owner of the receiving leaf, or the L1 target. */
  recipient: bigint;
}

/**
 * Changes a state slot by slot.
 * @param tracing Whether the updates hold siblings: they cost about as much again as the execution.
 */
export interface Engine {
  operation(operation: Operation): OperationSlot;
  /** Without regard to nonce, key and signature. Undefined where it cannot be executed. */
  refusal(move: Move): Refusal | undefined;
  /** To be called only for what refusal lets through. */
  transfer(move: Move): UnsignedSlot;
  /** Gives `amount` to the leaf that takes the fees. */
  fee(feeLeaf: number, amount: bigint): LeafUpdate;
  /** What an unused slot does twice. */
  idle(): LeafUpdate;
}

/** A transfer as those see it who have no signatures. */
export type UnsignedSlot = Omit<TransferSlot, "signature">;

interface OperationEffect {
  a: LeafUpdate;
  b?: LeafUpdate;
  succeeded: boolean;
  exit?: Exit;
}

export function createEngine(state: State, tracing: boolean): Engine {
  const siblingsOf = (index: number): bigint[] => (tracing ? state.siblings(index) : []);

  /** Replaces the leaf at `index`, or leaves it as it is. */
  function update(index: number, after = state.get(index)): LeafUpdate {
    const before = state.get(index);
    const siblings = siblingsOf(index);
    if (after !== undefined && after !== before) state.set(index, after);
    return { index, before, after, siblings };
  }

  function exitTo(target: bigint, { owner, token }: Pick<Leaf, "owner" | "token">, amount: bigint): Exit {
    state.countWithdrawal();
    return { owner, target, token, amount };
  }

  function create({ owner, token }: Operation, balance: bigint, found: Found): OperationEffect {
    const after: Leaf = { owner, token, nonce: 0n, balance, key: NO_KEY, next: found.leaf.next };
    const a = update(found.index, { ...found.leaf, next: { owner, token } });
    const siblings = siblingsOf(state.leafCount());
    const index = state.append(after);
    return { a, b: { index, before: undefined, after, siblings }, succeeded: true };
  }

  function deposit(operation: Operation, found: Found): OperationEffect {
    const { e3, e4: amount } = operation;
    const { exists, index, leaf } = found;
    if (exists) return succeed(index, { ...leaf, balance: leaf.balance + amount });
    if (!isFull(state)) return create(operation, amount, found);
    return { a: update(index), succeeded: false, exit: exitTo(e3, operation, amount) };
  }

  function withdraw(operation: Operation, { exists, index, leaf }: Found, amount: bigint): OperationEffect {
    if (!exists || leaf.balance < amount) return nothing(index);
    const effect = succeed(index, { ...leaf, balance: leaf.balance - amount });
    return { ...effect, exit: exitTo(operation.e3, operation, amount) };
  }

  function setKey({ e3, e4 }: Operation, { index, leaf }: Found): OperationEffect {
    const key: PublicKey = { x: e3, y: e4 };
    return succeed(index, { ...leaf, key });
  }

  function succeed(index: number, after: Leaf): OperationEffect {
    return { a: update(index, after), succeeded: true };
  }

  function nothing(index: number): OperationEffect {
    return { a: update(index), succeeded: false };
  }

  function perform(operation: Operation, found: Found): OperationEffect {
    const { exists, index, leaf } = found;
    switch (operation.kind) {
      case OPERATION.deposit:
        return deposit(operation, found);
      case OPERATION.withdraw:
        return withdraw(operation, found, operation.e4);
      case OPERATION.withdrawAll:
        return leaf.balance > 0n ? withdraw(operation, found, leaf.balance) : nothing(index);
      case OPERATION.register:
        return exists && !hasKey(leaf) ? setKey(operation, found) : nothing(index);
      case OPERATION.changeKey:
        return exists ? setKey(operation, found) : nothing(index);
      case OPERATION.create:
        return exists || isFull(state) ? nothing(index) : create(operation, 0n, found);
    }
  }

  return {
    operation(operation) {
      const found = state.find(operation);
      const { a, b = update(a.index), succeeded, exit } = perform(operation, found);
      return { type: "operation", operation, exists: found.exists, succeeded, a, b, exit };
    },
    refusal({ parts, recipient }) {
      const { from, to } = parts;
      const sender = state.get(from);
      if (sender === undefined) return { fault: "sender", message: `there is no leaf ${from}` };
      const cost = decodeAmount(parts.amount40) + decodeFee(parts.fee8);
      if (sender.balance < cost)
        return {
          fault: "balance",
          message: `amount and fee are ${cost}, but ${toAddress(sender.owner)} has ${sender.balance} of token ${toAddress(sender.token)}`,
        };
      if (to === 0) return undefined;
      const receiver = state.get(to);
      if (receiver?.owner !== recipient || receiver.token !== sender.token)
        return {
          fault: "recipient",
          message: `leaf ${to} is not that of ${toAddress(recipient)} in token ${toAddress(sender.token)}`,
        };
      return undefined;
    },
    transfer({ parts, recipient }) {
      const { from, to } = parts;
      const [amount, fee] = [decodeAmount(parts.amount40), decodeFee(parts.fee8)];
      const sender = state.get(from)!;
      const debited = { ...sender, nonce: sender.nonce + 1n, balance: sender.balance - amount - fee };
      const a = update(from, debited);
      const isWithdrawal = to === 0;
      const exit = isWithdrawal ? exitTo(recipient, sender, amount) : undefined;
      const b = isWithdrawal ? update(from) : update(to, credit(state.get(to)!, amount));
      return { type: "transfer", transfer: packTransfer(parts), parts, recipient, amount, fee, a, b, exit };
    },
    fee: (feeLeaf, amount) => update(feeLeaf, amount === 0n ? undefined : credit(state.get(feeLeaf)!, amount)),
    idle: () => update(0),
  };
}

function credit(leaf: Leaf, amount: bigint): Leaf {
  return { ...leaf, balance: leaf.balance + amount };
}
