import { ZERO_ADDRESS } from "../../plugin/types.js";

/** What every account must have, kept apart from the rollup: by token (zero is ETH), then by account. */
export interface Books {
  add(token: string, account: string, amount: bigint): void;
  /** @throws RangeError when the account would go below zero: the demo itself would be wrong. */
  subtract(token: string, account: string, amount: bigint): void;
  move(token: string, from: string, to: string, amount: bigint): void;
  balance(token: string, account: string): bigint;
  /** Sum over all accounts. */
  total(token: string): bigint;
  accounts(token: string): string[];
}

export const ETH = ZERO_ADDRESS;

export function openBooks(): Books {
  const balances = new Map<string, Map<string, bigint>>();
  const of = (token: string): Map<string, bigint> => {
    const found = balances.get(token) ?? new Map<string, bigint>();
    balances.set(token, found);
    return found;
  };
  const balance = (token: string, account: string) => of(token).get(account) ?? 0n;
  const add = (token: string, account: string, amount: bigint) => {
    const after = balance(token, account) + amount;
    if (after < 0n) throw new RangeError(`${account} would have ${after} of ${token}`);
    of(token).set(account, after);
  };
  return {
    add,
    subtract: (token, account, amount) => {
      add(token, account, -amount);
    },
    move(token, from, to, amount) {
      add(token, from, -amount);
      add(token, to, amount);
    },
    balance,
    total: (token) => [...of(token).values()].reduce((sum, amount) => sum + amount, 0n),
    accounts: (token) => [...of(token).keys()],
  };
}
