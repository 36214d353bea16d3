import { abiWords, toHex } from "../ledger/bytes.js";
import { erc20Logs, functionSelector, type LedgerLog } from "../ledger/erc20.js";
import { keccak256 } from "../machine/keccak.js";
import { L2_BRIDGE, ZERO_ADDRESS, type Hex, type InboxMessage, type Withdrawal } from "../types.js";

const WITHDRAW_SELECTOR = functionSelector("withdraw(address,address,uint256)");
const TRANSFER_TOPIC = topic("Transfer(address,address,uint256)");
/** `Withdrawal(uint256 indexed nonce, address indexed sender, address indexed token, address target, uint256 amount)`. */
export const WITHDRAWAL_TOPIC = topic("Withdrawal(uint256,address,address,address,uint256)");

function topic(signature: string): Hex {
  return toHex(keccak256(new TextEncoder().encode(signature)));
}

/** Something that the ledger executed: a transaction, or an inbox message that is none. */
export type Action = { to: Hex; data: Uint8Array } | { message: InboxMessage };

/** Whether the action, if it succeeds, appends a withdrawal. */
export function isWithdrawal(action: Action): boolean {
  if ("message" in action) return action.message.kind === 2;
  return action.to === L2_BRIDGE && toHex(action.data.subarray(0, 4)) === WITHDRAW_SELECTOR;
}

/**
 * Events of an action that succeeded, as L1 contracts would emit them.
 * @param withdrawal What it appended, if it is a withdrawal.
 */
export function logsOf(action: Action, sender: Hex, withdrawal: Withdrawal | undefined): LedgerLog[] {
  if (withdrawal !== undefined) {
    const { nonce, target, token, amount } = withdrawal;
    const burnt = token === ZERO_ADDRESS ? [] : [transferLog(token, sender, ZERO_ADDRESS, amount)];
    const topics = [WITHDRAWAL_TOPIC, ...[nonce, sender, token].map((value) => toHex(abiWords(value)))];
    return [...burnt, { address: L2_BRIDGE, topics, data: toHex(abiWords(target, amount)) }];
  }
  if (!("message" in action)) return action.data.length === 0 ? [] : erc20Logs(sender, action.to, action.data);
  const { kind, token, target, amount } = action.message;
  return kind === 0 && token !== ZERO_ADDRESS ? [transferLog(token, ZERO_ADDRESS, target, amount)] : [];
}

function transferLog(token: Hex, from: Hex, to: Hex, amount: bigint): LedgerLog {
  return {
    address: token,
    topics: [TRANSFER_TOPIC, toHex(abiWords(from)), toHex(abiWords(to))],
    data: toHex(abiWords(amount)),
  };
}

/** The 2,048-bit filter of Ethereum block headers over addresses and topics. */
export function logsBloom(logs: LedgerLog[]): Hex {
  const bloom = new Uint8Array(256);
  const add = (item: Hex): void => {
    const hash = keccak256(Buffer.from(item.slice(2), "hex"));
    for (const at of [0, 2, 4]) {
      const bit = ((hash[at]! << 8) | hash[at + 1]!) & 2047;
      bloom[255 - (bit >> 3)]! |= 1 << (bit & 7);
    }
  };
  for (const { address, topics } of logs) for (const item of [address, ...topics]) add(item);
  return toHex(bloom);
}
