import { concat, fromHex, toBigInt, toBytes } from "../ledger/bytes.js";
import type { InboxMessage } from "../types.js";
import type { FurtherOperation } from "./batch.js";
import { fromAddress, type LeafId, type PublicKey } from "./leaf.js";
import { FIELD_ORDER } from "./poseidon.js";
import { OPERATION, type Operation } from "./statement.js";

/** The amount of an inbox message that asks for the whole balance. */
export const WHOLE_BALANCE = (1n << 256n) - 1n;

const CHANGE_KEY = 0x01;
const CHANGE_KEY_LENGTH = 85;

/** The operation that an inbox message is, or undefined when it takes no slot and does nothing; docs/validity.md §2. */
export function operationOfMessage(message: InboxMessage): Operation | undefined {
  const [sender, target, token] = [message.sender, message.target, message.token].map(fromAddress) as Three;
  switch (message.kind) {
    case 0:
      return { kind: OPERATION.deposit, owner: target, token, e3: sender, e4: message.amount };
    case 1:
      return keyChange(sender, fromHex(message.data));
    case 2:
      return message.amount === WHOLE_BALANCE
        ? { kind: OPERATION.withdrawAll, owner: sender, token, e3: target, e4: 0n }
        : { kind: OPERATION.withdraw, owner: sender, token, e3: target, e4: message.amount };
  }
}

type Three = [bigint, bigint, bigint];

function keyChange(owner: bigint, data: Uint8Array): Operation | undefined {
  if (data.length !== CHANGE_KEY_LENGTH || data[0] !== CHANGE_KEY) return undefined;
  const [token, x, y] = [toBigInt(data.subarray(1, 21)), toBigInt(data.subarray(21, 53)), toBigInt(data.subarray(53))];
  if (x >= FIELD_ORDER || y >= FIELD_ORDER || (x === 0n && y === 0n)) return undefined;
  return { kind: OPERATION.changeKey, owner, token, e3: x, e4: y };
}

/** The data of a forced transaction that sets the key of its sender's leaf in `token`. */
export function keyChangeData(token: bigint, key: PublicKey): Uint8Array {
  return concat(Uint8Array.of(CHANGE_KEY), toBytes(token, 20), toBytes(key.x, 32), toBytes(key.y, 32));
}

/** The operation that batch data carry. */
export function operationOfBatch(operation: FurtherOperation): Operation {
  const { kind, owner, token } = operation;
  if (operation.kind === OPERATION.create) return { kind, owner, token, e3: 0n, e4: 0n };
  return { kind, owner, token, e3: operation.key.x, e4: operation.key.y };
}

/** The operation that creates an empty leaf. */
export function createOperation({ owner, token }: LeafId): FurtherOperation {
  return { kind: OPERATION.create, owner, token };
}
