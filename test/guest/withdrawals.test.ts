import { expect } from "chai";
import { concat } from "ethers";

import { readGuestProgram } from "../../plugin/machine/artifacts.js";
import { compileGuest } from "../../plugin/machine/native.js";
import { emptyState, run, TIMESTAMP, ZERO, type Message } from "./support/chain.js";
import { actor, ADDRESS, call, domain, keccak, words, writeBatch, writeTransaction } from "./support/wire.js";

const ZERO_WORD = `0x${"00".repeat(32)}`;
const BRIDGE = "0x4c32000000000000000000000000000000000001";
const TOKEN = ADDRESS(0x70);
const FEE = { priority: 0n, max: 0n, gasLimit: 100_000n };

/** docs/protocol.md §4. */
function rootOf(leaves: string[]): string {
  if (leaves.length === 0) return ZERO_WORD;
  let level = [...leaves];
  while (Math.log2(level.length) % 1 !== 0) level.push(ZERO_WORD);
  while (level.length > 1)
    level = level.flatMap((node, i) => (i % 2 === 0 ? [keccak(concat([node, level[i + 1]!]))] : []));
  return level[0]!;
}

describe("withdrawals of a batch", () => {
  const guest = () => compileGuest(readGuestProgram("ledger"));
  const alice = actor(1);

  for (const count of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 17]) {
    it(`${count} of them, by messages and transactions in turns, in the order of execution`, () => {
      const state = {
        ...emptyState(),
        accounts: { [alice.address]: { nonce: 0n, balance: 1_000n } },
        tokens: { [`${alice.address}/${TOKEN}`]: 1_000n },
        withdrawals: 41n,
      };
      const leaves: string[] = [];
      const messages: Message[] = [];
      const blocks = Array.from({ length: count }, (_, i) => {
        const [token, amount, target] = [i % 3 === 0 ? ZERO : TOKEN, BigInt(i + 1), ADDRESS(i + 1)];
        const leaf = words(domain("withdrawal"), 41 + i, alice.address, target, token, amount, keccak("0x"));
        leaves.push(keccak(leaf));
        if (i % 2 === 0) {
          messages.push({ kind: 2, sender: alice.address, target, token, amount });
          return { timestamp: TIMESTAMP, messages: 1 };
        }
        const nonce = BigInt(i >> 1);
        const value = token === ZERO ? amount : 0n;
        const data = call("withdraw", token, target, amount);
        const signed = alice.sign({ to: BRIDGE, value, data, nonce, ...FEE });
        const transaction = writeTransaction({ kind: 2, nonce, to: BRIDGE, amount: [0, value], data, signed });
        return { timestamp: TIMESTAMP, transactions: [transaction] };
      });
      const data = writeBatch({ fees: [FEE], blocks: count === 0 ? [{ timestamp: TIMESTAMP }] : blocks });
      const result = run(guest(), { state, messages, data });
      expect(result.receipts.map(({ status }) => status)).to.deep.equal(new Array(count).fill("succeeded"));
      expect(result.withdrawalsRoot).to.equal(rootOf(leaves));
    });
  }
});
