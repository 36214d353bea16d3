import { expect } from "chai";

import { withdrawalsRoot } from "../../plugin/ledger/hashes.js";
import { loadLedgerGuest, type LedgerGuest } from "../../plugin/ledger/guest.js";
import { readAccount, readTokenBalance } from "../../plugin/ledger/state.js";
import type { SignedTransaction } from "../../plugin/ledger/transaction.js";
import { type Hex, type InboxMessage, L2_BRIDGE, type Withdrawal } from "../../plugin/types.js";
import { floorAmount } from "../../plugin/validity/amounts.js";
import { fromAddress, toAddress } from "../../plugin/validity/leaf.js";
import { withdrawalOf } from "../../plugin/validity/run.js";
import { createDifferentialChain, type DifferentialChain } from "../ledger/differential.js";
import { createRandom, type Random } from "../ledger/random.js";
import { encodeCall } from "../ledger/scenario.js";
import { createSigner, withoutIndexes } from "../ledger/signer.js";
import { type Chain, createChain } from "./support/chain.js";
import { modelLeaf } from "./support/model.js";
import { addressOf, createOwner, numberOf } from "./support/owner.js";

const ETHER = 10n ** 18n;
const WHOLE = 2n ** 256n - 1n;
const GAS = 21_000n;
const TOKEN = numberOf(0x70);

/** One thing that an owner wants, in the words of both ledgers. */
interface Wish {
  owner: number;
  token: bigint;
  amount: bigint;
  recipient: Hex;
  isWithdrawal: boolean;
  /** Wei, as the ledger of validity proofs takes it. The guest charges gas instead. */
  fee: bigint;
  /** Wei per gas, for the guest. */
  price: bigint;
}

/**
 * The ledger guest and the ledger of validity proofs are given the same deposits, transfers and withdrawals. Two things differ by
 * design and are counted apart: what a fee amounts to (gas on one side, a number on the other), and nonces. Owner 1 alone pays fees.
 */
describe("the ledgers of fraud and validity proofs", () => {
  const owners = [1, 2, 3].map((n) => ({ ...createOwner(n), signer: createSigner(n) }));
  const payer = 0;
  const sequencer = createOwner(9);
  const targets = [...owners.map(({ address }) => address), addressOf(0xe1)];
  const tokens = [0n, TOKEN];
  let guest: LedgerGuest;
  let optimistic: DifferentialChain;
  let valid: Chain;
  let paid: { guest: bigint; valid: bigint };

  before(() => {
    guest = loadLedgerGuest();
  });

  beforeEach(() => {
    optimistic = createDifferentialChain(guest);
    valid = createChain();
    paid = { guest: 0n, valid: 0n };
  });

  function randomMessages(random: Random): InboxMessage[] {
    return Array.from({ length: 1 + random.int(6) }, () => {
      const who = random.int(owners.length);
      const sender = owners[who]!.address;
      const target = random.pick(targets);
      const token = toAddress(random.pick(tokens));
      if (random.chance(0.6)) return valid.message(0, { sender, target, token, amount: ETHER + random.bits(62) });
      // Whoever paid fees has a different rest on either side.
      const whole = who !== payer && random.chance(0.4);
      const amount = whole ? WHOLE : random.pick([ETHER / 3n, ETHER, 1000n * ETHER, 2n ** 191n]);
      return valid.message(2, { sender, target, token, amount });
    });
  }

  /** Wishes that can be fulfilled one after the other, and some that cannot. */
  function randomWishes(random: Random): (Wish & { affordable: boolean })[] {
    const rest = new Map<string, bigint>();
    const of = (owner: bigint, token: bigint): bigint =>
      rest.get(`${owner}/${token}`) ?? modelLeaf(valid.model, owner, token)?.balance ?? 0n;
    return Array.from({ length: 3 + random.int(6) }, () => {
      const owner = random.chance(0.3) ? payer : random.int(owners.length);
      const token = random.pick(tokens);
      const { id } = owners[owner]!;
      const balance = of(id, token);
      const tooMuch = random.chance(0.15) || balance < 10n ** 6n;
      const amount = floorAmount(tooMuch ? balance * 2n + 10n ** 9n : 1n + (random.bits(100) % (balance / 4n)));
      const recipient = random.pick(targets);
      const isWithdrawal = random.chance(0.3);
      const paying = owner === payer && token === 0n && !tooMuch && !isWithdrawal && random.chance(0.8);
      if (!tooMuch) {
        rest.set(`${id}/${token}`, balance - amount - 10n ** 7n);
        if (!isWithdrawal) {
          const receiver = fromAddress(recipient);
          rest.set(`${receiver}/${token}`, of(receiver, token) + amount);
        }
      }
      const [fee, price] = paying ? [BigInt(1 + random.int(7)) * 100n, BigInt(1 + random.int(99))] : [0n, 0n];
      return { owner, token, amount, recipient, isWithdrawal, fee, price, affordable: !tooMuch };
    });
  }

  /** Registers and creates what the wishes need, which the guest has no need for. */
  function prepare(wishes: readonly Wish[]): void {
    const receivers = wishes.filter(({ isWithdrawal }) => !isWithdrawal);
    valid.run({
      operations: [
        ...owners.flatMap((owner) => tokens.map((token) => owner.register(token))),
        ...receivers.map(({ recipient, token }) => ({ kind: 6 as const, owner: fromAddress(recipient), token })),
      ],
    });
  }

  function runValid(wishes: readonly (Wish & { affordable: boolean })[]): Withdrawal[] {
    const nonces = new Map<string, bigint>();
    const transfers = wishes.map(({ owner, token, amount, fee, recipient, isWithdrawal, affordable }) => {
      const from = owners[owner]!;
      const { id } = from;
      const name = `${id}/${token}`;
      const nonce = nonces.get(name) ?? modelLeaf(valid.model, id, token)?.nonce ?? 0n;
      if (affordable) nonces.set(name, nonce + 1n);
      return from.sign({ token, nonce, amount, fee, recipient: fromAddress(recipient), isWithdrawal });
    });
    const feeLeaf = valid.model.leaves.findIndex(({ owner }) => owner === sequencer.id);
    const first = valid.state().withdrawalNonce();
    const { segments } = valid.run({ transfers, feeLeaf });
    const [{ exits, refused, receipts }] = segments as [(typeof segments)[0]];
    expect(refused.length, "refused").to.equal(wishes.filter(({ affordable }) => !affordable).length);
    for (const receipt of receipts) if (receipt.source === "transfer") paid.valid += receipt.fee;
    return exits.map((exit, i) => withdrawalOf(exit, first + BigInt(i)));
  }

  function runGuest(wishes: readonly (Wish & { affordable: boolean })[]): Withdrawal[] {
    const nonces = new Map<Hex, bigint>();
    const transactions = wishes.map((wish) => {
      const { signer } = owners[wish.owner]!;
      const { address } = signer;
      const nonce = nonces.get(address) ?? readAccount(optimistic.nodes, optimistic.root, address)?.nonce ?? 0n;
      // ETH that is not there makes a transaction skipped; a token that is not there makes it fail, which takes the nonce.
      if (wish.affordable || wish.token !== 0n) nonces.set(address, nonce + 1n);
      return signer.sign({ nonce, maxFeePerGas: wish.price, maxPriorityFeePerGas: wish.price, ...actionOf(wish) });
    });
    const { withdrawals, receipts } = runBatch([], transactions);
    expect(
      receipts.map(({ status }) => status === "succeeded"),
      "succeeded",
    ).to.deep.equal(wishes.map(({ affordable }) => affordable));
    for (const { fee } of receipts) paid.guest += fee;
    return withdrawals;
  }

  function actionOf({ token, amount, recipient, isWithdrawal, price }: Wish): Partial<SignedTransaction> {
    const gasLimit = price === 0n ? 100_000n : GAS;
    const value = token === 0n ? amount : 0n;
    if (isWithdrawal)
      return { gasLimit, to: L2_BRIDGE, value, data: encodeCall("withdraw", toAddress(token), recipient, amount) };
    if (token === 0n) return { gasLimit, to: recipient, value };
    return { gasLimit, to: toAddress(token), data: encodeCall("transfer", recipient, amount) };
  }

  function runBatch(messages: InboxMessage[], transactions: SignedTransaction[]) {
    return optimistic.run(messages, {
      coinbase: sequencer.address,
      baseFee: 0n,
      blocks: [
        {
          timestamp: optimistic.timestamp,
          messages: messages.length,
          transactions: transactions.map(withoutIndexes),
        },
      ],
    });
  }

  function expectSameBalances(): void {
    for (const address of [...targets, sequencer.address])
      for (const token of tokens) {
        const found = valid.state().find({ owner: fromAddress(address), token });
        const here = found.exists ? found.leaf.balance : 0n;
        const { nodes, root } = optimistic;
        const there =
          token === 0n
            ? (readAccount(nodes, root, address)?.balance ?? 0n)
            : readTokenBalance(nodes, root, address, toAddress(token));
        const isPayer = address === owners[payer]!.address && token === 0n;
        const isPaid = address === sequencer.address && token === 0n;
        const sign = isPayer ? 1n : isPaid ? -1n : 0n;
        expect(here + sign * paid.valid, `${address} in ${token}`).to.equal(there + sign * paid.guest);
      }
  }

  for (const seed of [1, 2, 3])
    it(`agree on balances, fees and withdrawals (seed ${seed})`, () => {
      const random = createRandom(seed);
      const begin = [sequencer, ...owners].map(({ address }) =>
        valid.message(0, { target: address, amount: 9n * ETHER }),
      );
      valid.run({ messages: begin });
      runBatch(begin, []);
      let [withdrawn, transfers] = [0, 0];
      for (let round = 0; round < 5; round++) {
        const messages = randomMessages(random);
        const first = valid.state().withdrawalNonce();
        const { segments } = valid.run({ messages });
        const output = runBatch(messages, []);
        const [{ receipts, exits }] = segments as [(typeof segments)[0]];
        expect(
          receipts.map((receipt) => receipt.source === "message" && receipt.outcome === "succeeded"),
        ).to.deep.equal(output.receipts.map(({ status }) => status === "succeeded"));
        const forced = exits.map((exit, i) => withdrawalOf(exit, first + BigInt(i)));
        expect(forced, "forced withdrawals").to.deep.equal(output.withdrawals);
        expect(withdrawalsRoot(forced)).to.equal(output.withdrawalsRoot);
        expectSameBalances();

        const wishes = randomWishes(random);
        prepare(wishes);
        const left = runValid(wishes);
        expect(left, "withdrawals").to.deep.equal(runGuest(wishes));
        expectSameBalances();
        withdrawn += forced.length + left.length;
        transfers += wishes.length;
      }
      expect(withdrawn).to.be.greaterThan(3);
      expect(transfers).to.be.greaterThan(8);
      expect([paid.guest > 0n, paid.valid > 0n], "fees were paid").to.deep.equal([true, true]);
    });
});
