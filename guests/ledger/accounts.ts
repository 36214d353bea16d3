// Accounts, tokens and allowances as leaves of the state tree (docs/protocol.md §5).
import {
  PAGE,
  copy20,
  copy32,
  equal20,
  isZero20,
  isZero32,
  keccakPage,
  storeAddress,
  storeWord,
  zero32,
} from "../sdk/host";
import { LEAF_WORD0, LEAF_WORD1, boundTree, commitTree, find, openTree, remove, touch } from "../sdk/tree";
import { add, compare, subtract } from "../sdk/uint256";

// Account keys computed lately: a transaction asks several times for the same few. Per entry: address 20, 1 when used 4, key 32.
const KEY_CACHE: u32 = 1024;
const CACHE_LENGTH: usize = 56;
const cache: usize = memory.data(1024 * 56);

const key: usize = memory.data(32);
const amountAfter: usize = memory.data(32);
const newIndex: usize = memory.data(32);

let accountCount: u64 = 0;
/** Number of withdrawals over the life of the chain. */
export let withdrawalNonce: u64 = 0;

function metaKey(): void {
  storeWord(PAGE, 0);
  keccakPage(key, 32);
}

function accountKey(address: usize): void {
  const entry = cache + <usize>(bswap<u32>(load<u32>(address, 16)) % KEY_CACHE) * CACHE_LENGTH;
  if (load<u32>(entry, 20) == 0 || !equal20(entry, address)) {
    storeWord(PAGE, 1);
    storeAddress(PAGE + 32, address);
    keccakPage(entry + 24, 64);
    copy20(entry, address);
    store<u32>(entry, 1, 20);
  }
  copy32(key, entry + 24);
}

function indexKey(index: usize): void {
  storeWord(PAGE, 2);
  copy32(PAGE + 32, index);
  keccakPage(key, 64);
}

function tokenKey(account: usize, token: usize): void {
  storeWord(PAGE, 3);
  storeAddress(PAGE + 32, account);
  storeAddress(PAGE + 64, token);
  keccakPage(key, 96);
}

function allowanceKey(owner: usize, spender: usize, token: usize): void {
  storeWord(PAGE, 4);
  storeAddress(PAGE + 32, owner);
  storeAddress(PAGE + 64, spender);
  storeAddress(PAGE + 96, token);
  keccakPage(key, 128);
}

/** Opens the state at a root. */
export function openState(stateRoot: usize, leafDomain: usize): void {
  openTree(stateRoot, leafDomain);
  metaKey();
  const meta = find(key);
  accountCount = bswap<u64>(load<u64>(meta + LEAF_WORD0, 24));
  withdrawalNonce = bswap<u64>(load<u64>(meta + LEAF_WORD1, 24));
}

/** Writes the state root to `to`. */
export function commitState(to: usize): void {
  metaKey();
  const meta = touch(key);
  storeWord(meta + LEAF_WORD0, accountCount);
  storeWord(meta + LEAF_WORD1, withdrawalNonce);
  commitTree(to);
}

/** To be called now and then, with no operation under way: keeps the memory that the state takes bounded. */
export function boundState(): void {
  boundTree();
}

/** The next withdrawal's nonce. */
export function nextWithdrawalNonce(): u64 {
  return withdrawalNonce++;
}

/** Address of the account whose index is the word at `index`, to `to`; false when there is none. */
export function addressOf(index: usize, to: usize): bool {
  indexKey(index);
  const leaf = find(key);
  if (leaf == 0) return false;
  copy20(to, leaf + LEAF_WORD0 + 12);
  return true;
}

/** The account's leaf to be changed, made with the next index when there is none. */
function touchAccount(address: usize): usize {
  accountKey(address);
  const leaf = touch(key);
  // An index is never 0, so this one is new.
  if (load<u64>(leaf + LEAF_WORD0, 24) == 0) {
    accountCount++;
    store<u64>(leaf + LEAF_WORD0, bswap<u64>(accountCount), 24);
    storeWord(newIndex, accountCount);
    indexKey(newIndex);
    storeAddress(touch(key) + LEAF_WORD0, address);
  }
  return leaf;
}

/** Makes sure that the account exists. */
export function createAccount(address: usize): void {
  accountKey(address);
  if (find(key) == 0) touchAccount(address);
}

/** Balance of an account in ETH (token zero) or a token, to `to`. */
export function balanceOf(account: usize, token: usize, to: usize): void {
  const isEth = isZero20(token);
  if (isEth) accountKey(account);
  else tokenKey(account, token);
  readWord(isEth ? LEAF_WORD1 : LEAF_WORD0, to);
}

/** A word of the leaf at `key`, or zero when there is none, to `to`. */
function readWord(offset: usize, to: usize): void {
  const leaf = find(key);
  if (leaf == 0) zero32(to);
  else copy32(to, leaf + offset);
}

/** Nonce of an account; 0 when there is none. */
export function nonceOf(account: usize): u64 {
  accountKey(account);
  const leaf = find(key);
  return leaf == 0 ? 0 : bswap<u64>(load<u64>(leaf + LEAF_WORD0, 16));
}

/** Counts the nonce up and takes the fee, which the balance covers. */
export function charge(account: usize, fee: usize): void {
  const leaf = touchAccount(account);
  store<u64>(leaf + LEAF_WORD0, bswap<u64>(bswap<u64>(load<u64>(leaf + LEAF_WORD0, 16)) + 1), 16);
  subtract(leaf + LEAF_WORD1, leaf + LEAF_WORD1, fee);
}

/** Writes an amount into the leaf at `key`; a zero amount has no leaf. */
function setAmount(amount: usize): void {
  if (isZero32(amount)) remove(key);
  else copy32(touch(key) + LEAF_WORD0, amount);
}

/** Adds to a balance, which cannot overflow: what is on L2 was deposited, and deposits are bounded. */
export function credit(account: usize, token: usize, amount: usize): void {
  const leaf = touchAccount(account);
  if (isZero20(token)) {
    add(leaf + LEAF_WORD1, leaf + LEAF_WORD1, amount);
    return;
  }
  balanceOf(account, token, amountAfter);
  add(amountAfter, amountAfter, amount);
  setAmount(amountAfter);
}

/** Takes from a balance that covers it. */
export function debit(account: usize, token: usize, amount: usize): void {
  if (isZero20(token)) {
    const leaf = touchAccount(account);
    subtract(leaf + LEAF_WORD1, leaf + LEAF_WORD1, amount);
    return;
  }
  balanceOf(account, token, amountAfter);
  subtract(amountAfter, amountAfter, amount);
  setAmount(amountAfter);
}

/** Whether a balance covers an amount. */
export function covers(account: usize, token: usize, amount: usize): bool {
  balanceOf(account, token, amountAfter);
  return compare(amountAfter, amount) >= 0;
}

/** Moves an amount; false, and nothing moved, when the balance does not cover it. */
export function move(from: usize, to: usize, token: usize, amount: usize): bool {
  if (!covers(from, token, amount)) return false;
  debit(from, token, amount);
  credit(to, token, amount);
  return true;
}

/** Allowance, to `to`. */
export function allowanceOf(owner: usize, spender: usize, token: usize, to: usize): void {
  allowanceKey(owner, spender, token);
  readWord(LEAF_WORD0, to);
}

/** Sets an allowance. */
export function setAllowance(owner: usize, spender: usize, token: usize, amount: usize): void {
  allowanceKey(owner, spender, token);
  setAmount(amount);
}
