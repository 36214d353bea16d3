import { expect } from "chai";

import { readGuestProgram } from "../../plugin/machine/artifacts.js";
import { compileGuest, type Guest } from "../../plugin/machine/native.js";
import { naiveRoot } from "../ledger/naive-tree.js";
import { emptyState, leavesOf, run, TIMESTAMP, ZERO, type Message, type Receipt, type State } from "./support/chain.js";
import { actor, ADDRESS, call, rawTransaction, writeBatch, writeTransaction } from "./support/wire.js";
import type { Fields, Written } from "./support/wire.js";

const alice = actor(1);
const bob = actor(2);
const COINBASE = ADDRESS(0xc0);
const TOKEN = ADDRESS(0x70);
const BRIDGE = "0x4c32000000000000000000000000000000000001";
const MAX = 2n ** 256n - 1n;
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const BALANCE = 10n ** 18n;

const FEE = { priority: 2n, max: 10n, gasLimit: 200_000n };
const BASE_FEE = 3n;

/** Alice and Bob with ETH, Alice with tokens, Bob allowed to spend some of them; the coinbase and the token exist. */
function genesis(): State {
  const rich = { nonce: 0n, balance: BALANCE };
  return {
    ...emptyState(),
    accounts: {
      [alice.address]: { ...rich },
      [bob.address]: { ...rich },
      [COINBASE]: { nonce: 0n, balance: 0n },
      [TOKEN]: { nonce: 0n, balance: 0n },
    },
    tokens: { [`${alice.address}/${TOKEN}`]: 1_000n },
    allowances: { [`${alice.address}/${bob.address}/${TOKEN}`]: 300n },
    withdrawals: 7n,
  };
}

interface Row {
  what: string;
  fields: Fields;
  /** Bob signs instead of Alice. */
  byBob?: boolean;
  /** Gas that is paid unless skipped. */
  gas?: bigint;
  fee?: Partial<typeof FEE>;
  baseFee?: bigint;
  /** What else than kind 0 or 2 with written-out addresses. */
  written?: Partial<Written>;
  /** State before, changed from genesis. */
  before?: (state: State) => void;
  /** What the action changes, beyond nonce and fee. */
  after?: (state: State) => void;
}

const data = (name: Parameters<typeof call>[0], ...values: (bigint | string)[]) => call(name, ...values);
const gasOf = (hex: string, extra: bigint) =>
  (hex.slice(2).match(/../g) ?? []).reduce((gas, byte) => gas + (byte === "00" ? 4n : 16n), 21_000n + extra);
const stranger = ADDRESS(0x5);

function move(state: State, token: string, from: string, to: string, amount: bigint): void {
  state.tokens[`${from}/${token}`] = (state.tokens[`${from}/${token}`] ?? 0n) - amount;
  state.tokens[`${to}/${token}`] = (state.tokens[`${to}/${token}`] ?? 0n) + amount;
}
const create = (state: State, address: string) => (state.accounts[address] ??= { nonce: 0n, balance: 0n });

const skips: Row[] = [
  {
    what: "a nonce below the account's",
    fields: { to: bob.address, nonce: 3n },
    before: (s) => (s.accounts[alice.address]!.nonce = 4n),
  },
  { what: "a nonce above the account's", fields: { to: bob.address, nonce: 1n } },
  { what: "another chain's signature", fields: { to: bob.address, chainId: 1n } },
  { what: "a maximum fee below the priority fee", fields: { to: bob.address }, fee: { priority: 11n } },
  { what: "a maximum fee below the base fee", fields: { to: bob.address }, fee: { max: 2n, priority: 0n } },
  { what: "one gas too little for a plain transfer", fields: { to: bob.address }, fee: { gasLimit: 20_999n } },
  { what: "one gas too little for its data", fields: { to: bob.address, data: "0x0001" }, fee: { gasLimit: 21_019n } },
  {
    what: "one gas too little for an ERC-20 call",
    fields: { to: TOKEN, data: "0xa9059cbb" },
    fee: { gasLimit: 41_063n },
  },
  {
    what: "one gas too little for a withdrawal",
    fields: { to: BRIDGE, data: "0xd9caed12" },
    fee: { gasLimit: 61_063n },
  },
  { what: "one wei too little for value and gas limit", fields: { to: bob.address, value: BALANCE - 2_000_000n + 1n } },
  { what: "a value that overflows with the fee", fields: { to: bob.address, value: MAX } },
  {
    what: "the largest of everything",
    fields: { to: bob.address, value: MAX },
    fee: { max: 2n ** 128n - 1n, gasLimit: 2n ** 64n - 1n },
  },
  { what: "an account index that nobody has", fields: { to: bob.address }, written: { to: 5n } },
  { what: "account index zero", fields: { to: bob.address }, written: { to: 0n } },
  {
    what: "an account index of 2^64, which is not index zero",
    fields: { to: bob.address },
    written: { to: 2n ** 64n },
  },
  {
    what: "an account index of 2^64 + 2, which is not Bob's",
    fields: { to: bob.address },
    written: { to: 2n ** 64n + 2n },
  },
  { what: "the largest account index", fields: { to: bob.address }, written: { to: MAX } },
  {
    what: "a token index that nobody has",
    fields: { to: TOKEN, data: data("transfer", bob.address, 5n) },
    written: { kind: 1, token: 9n, to: bob.address, amount: [0, 5n] },
  },
];

const ETH_WITHDRAWAL = data("withdraw", ZERO, stranger, 40n);
const TOKEN_WITHDRAWAL = data("withdraw", TOKEN, stranger, 40n);

const fails: Row[] = [
  { what: "value to the zero address", fields: { to: ZERO, value: 1n } },
  { what: "nothing to the zero address", fields: { to: ZERO } },
  {
    what: "a transfer called at the zero address",
    fields: { to: ZERO, data: data("transfer", bob.address, 5n) },
    gas: gasOf(data("transfer", bob.address, 5n), 20_000n),
  },
  { what: "unknown data", fields: { to: bob.address, data: "0x00ff" }, gas: 21_020n },
  { what: "three bytes of a selector", fields: { to: TOKEN, data: "0xa9059c" }, gas: 21_048n },
  { what: "a bare selector", fields: { to: TOKEN, data: "0xa9059cbb" }, gas: 41_064n },
  {
    what: "a withdrawal asked of another address",
    fields: { to: TOKEN, data: ETH_WITHDRAWAL, value: 40n },
    gas: gasOf(ETH_WITHDRAWAL, 0n),
  },
  ...["transfer", "approve"].map((name): Row => {
    const hex = data(name as "transfer", bob.address, 5n);
    return { what: `${name} with value`, fields: { to: TOKEN, data: hex, value: 1n }, gas: gasOf(hex, 20_000n) };
  }),
  ...["transfer", "approve"].map((name): Row => {
    const hex = data(name as "transfer", ZERO, 5n);
    return { what: `${name} for the zero address`, fields: { to: TOKEN, data: hex }, gas: gasOf(hex, 20_000n) };
  }),
  ...["transfer", "approve"].map((name): Row => {
    const hex = data(name as "transfer", bob.address, 5n) + "00";
    return { what: `${name} with a byte too many`, fields: { to: TOKEN, data: hex }, gas: gasOf(hex, 20_000n) };
  }),
  ...["transfer", "approve"].map((name): Row => {
    const hex = data(name as "transfer", `0x01${"0".repeat(22)}${bob.address.slice(2)}`, 5n);
    return { what: `${name} with a dirty address`, fields: { to: TOKEN, data: hex }, gas: gasOf(hex, 20_000n) };
  }),
  ...([1_001n, MAX] as const).map((amount): Row => {
    const hex = data("transfer", bob.address, amount);
    return { what: `a transfer of ${amount}`, fields: { to: TOKEN, data: hex }, gas: gasOf(hex, 20_000n) };
  }),
  ...(
    [
      ["more than the allowance", data("transferFrom", alice.address, stranger, 301n)],
      ["for the zero address", data("transferFrom", alice.address, ZERO, 1n)],
      ["without an allowance", data("transferFrom", stranger, bob.address, 1n)],
      ["from oneself without an allowance", data("transferFrom", bob.address, stranger, 1n)],
      ["with a dirty owner", data("transferFrom", `0x${"0".repeat(23)}1${alice.address.slice(2)}`, stranger, 1n)],
    ] as const
  ).map(([what, hex]): Row => ({
    what: `transferFrom ${what}`,
    byBob: true,
    fields: { to: TOKEN, data: hex },
    gas: gasOf(hex, 20_000n),
  })),
  {
    what: "transferFrom within the allowance but beyond the balance",
    byBob: true,
    before: (s) => (s.allowances[`${alice.address}/${bob.address}/${TOKEN}`] = 2_000n),
    fields: { to: TOKEN, data: data("transferFrom", alice.address, stranger, 1_001n) },
    gas: gasOf(data("transferFrom", alice.address, stranger, 1_001n), 20_000n),
  },
  {
    what: "an ETH withdrawal with less value",
    fields: { to: BRIDGE, data: ETH_WITHDRAWAL, value: 39n },
    gas: gasOf(ETH_WITHDRAWAL, 40_000n),
  },
  {
    what: "an ETH withdrawal with more value",
    fields: { to: BRIDGE, data: ETH_WITHDRAWAL, value: 41n },
    gas: gasOf(ETH_WITHDRAWAL, 40_000n),
  },
  {
    what: "a token withdrawal with value",
    fields: { to: BRIDGE, data: TOKEN_WITHDRAWAL, value: 40n },
    gas: gasOf(TOKEN_WITHDRAWAL, 40_000n),
  },
  ...(
    [
      ["of nothing", data("withdraw", TOKEN, stranger, 0n)],
      ["for the zero address", data("withdraw", TOKEN, ZERO, 1n)],
      ["beyond the balance", data("withdraw", TOKEN, stranger, 1_001n)],
      ["with a byte too many", `${TOKEN_WITHDRAWAL}00`],
      ["with a byte too few", TOKEN_WITHDRAWAL.slice(0, -2)],
      ["with a dirty target", data("withdraw", TOKEN, `0x${"0".repeat(23)}1${stranger.slice(2)}`, 1n)],
    ] as const
  ).map(([what, hex]): Row => ({
    what: `a withdrawal ${what}`,
    fields: { to: BRIDGE, data: hex },
    gas: gasOf(hex, 40_000n),
  })),
  {
    what: "a token call at the bridge",
    fields: { to: BRIDGE, data: data("transfer", bob.address, 1n) },
    gas: gasOf(data("transfer", bob.address, 1n), 0n),
  },
];

const TRANSFER = data("transfer", stranger, 5n);
const ALL_TOKENS = data("transfer", stranger, 1_000n);

const successes: Row[] = [
  {
    what: "value to somebody new",
    fields: { to: stranger, value: 5n },
    after: (s) => {
      s.accounts[alice.address]!.balance -= 5n;
      create(s, stranger).balance = 5n;
    },
  },
  {
    what: "value to a known account by its index",
    fields: { to: bob.address, value: 120n },
    written: { to: 2n, amount: [1, 12n] },
    after: (s) => {
      s.accounts[alice.address]!.balance -= 120n;
      s.accounts[bob.address]!.balance += 120n;
    },
  },
  {
    what: "nothing to somebody new, who becomes an account",
    fields: { to: stranger },
    after: (s) => void create(s, stranger),
  },
  { what: "value to oneself", fields: { to: alice.address, value: 5n } },
  {
    what: "value to the bridge's address",
    fields: { to: BRIDGE, value: 5n },
    after: (s) => {
      s.accounts[alice.address]!.balance -= 5n;
      create(s, BRIDGE).balance = 5n;
    },
  },
  {
    what: "everything that the gas limit leaves",
    fields: { to: bob.address, value: BALANCE - 2_000_000n },
    after: (s) => {
      s.accounts[alice.address]!.balance -= BALANCE - 2_000_000n;
      s.accounts[bob.address]!.balance += BALANCE - 2_000_000n;
    },
  },
  { what: "a price capped by the maximum fee", fields: { to: bob.address }, fee: { max: 4n, priority: 4n } },
  { what: "exactly the gas that it takes", fields: { to: bob.address }, fee: { gasLimit: 21_000n } },
  {
    what: "a transaction that costs nothing",
    fields: { to: bob.address },
    baseFee: 0n,
    fee: { priority: 0n, max: 0n },
  },
  {
    what: "a transfer in its short form",
    fields: { to: TOKEN, data: TRANSFER },
    gas: gasOf(TRANSFER, 20_000n),
    written: { kind: 1, token: 4n, to: stranger, amount: [0, 5n] },
    after: (s) => {
      create(s, stranger);
      move(s, TOKEN, alice.address, stranger, 5n);
    },
  },
  {
    what: "a transfer of the whole balance, written out as a call",
    fields: { to: TOKEN, data: ALL_TOKENS },
    gas: gasOf(ALL_TOKENS, 20_000n),
    after: (s) => {
      create(s, stranger);
      move(s, TOKEN, alice.address, stranger, 1_000n);
    },
  },
  {
    what: "a transfer of nothing of a token that nobody has",
    fields: { to: stranger, data: data("transfer", bob.address, 0n) },
    gas: gasOf(data("transfer", bob.address, 0n), 20_000n),
  },
  {
    what: "an approval",
    fields: { to: TOKEN, data: data("approve", stranger, MAX) },
    gas: gasOf(data("approve", stranger, MAX), 20_000n),
    after: (s) => (s.allowances[`${alice.address}/${stranger}/${TOKEN}`] = MAX),
  },
  {
    what: "an approval taken back",
    fields: { to: TOKEN, data: data("approve", bob.address, 0n) },
    gas: gasOf(data("approve", bob.address, 0n), 20_000n),
    after: (s) => (s.allowances[`${alice.address}/${bob.address}/${TOKEN}`] = 0n),
  },
  {
    what: "transferFrom of the whole allowance",
    byBob: true,
    fields: { to: TOKEN, data: data("transferFrom", alice.address, bob.address, 300n) },
    gas: gasOf(data("transferFrom", alice.address, bob.address, 300n), 20_000n),
    after: (s) => {
      move(s, TOKEN, alice.address, bob.address, 300n);
      s.allowances[`${alice.address}/${bob.address}/${TOKEN}`] = 0n;
    },
  },
  {
    what: "transferFrom that leaves an unlimited allowance as it is",
    byBob: true,
    before: (s) => (s.allowances[`${alice.address}/${bob.address}/${TOKEN}`] = MAX),
    fields: { to: TOKEN, data: data("transferFrom", alice.address, bob.address, 1_000n) },
    gas: gasOf(data("transferFrom", alice.address, bob.address, 1_000n), 20_000n),
    after: (s) => move(s, TOKEN, alice.address, bob.address, 1_000n),
  },
  {
    what: "an ETH withdrawal",
    fields: { to: BRIDGE, data: ETH_WITHDRAWAL, value: 40n },
    gas: gasOf(ETH_WITHDRAWAL, 40_000n),
    after: (s) => {
      s.accounts[alice.address]!.balance -= 40n;
      s.withdrawals++;
    },
  },
  {
    what: "a token withdrawal",
    fields: { to: BRIDGE, data: TOKEN_WITHDRAWAL },
    gas: gasOf(TOKEN_WITHDRAWAL, 40_000n),
    after: (s) => {
      s.tokens[`${alice.address}/${TOKEN}`]! -= 40n;
      s.withdrawals++;
    },
  },
];

describe("the ledger guest, row by row", () => {
  let guest: Guest;

  before(() => {
    guest = compileGuest(readGuestProgram("ledger"));
  });

  const rootOf = (state: State) => naiveRoot(leavesOf(state));

  function check(
    status: Receipt["status"],
    { what, fields, byBob, gas = 21_000n, fee, baseFee = BASE_FEE, written, before, after }: Row,
  ) {
    it(`${what}: ${status}`, () => {
      const from = byBob ? bob : alice;
      const { priority, max, gasLimit } = { ...FEE, ...fee };
      const signed = from.sign({ priority, max, gasLimit, ...fields });
      const { nonce = 0n, to, value = 0n, data: hex } = fields;
      const transaction = writeTransaction({
        kind: hex === undefined ? 0 : 2,
        nonce,
        to,
        amount: [0, value],
        ...(hex === undefined || written?.kind === 1 ? {} : { data: hex }),
        signed,
        ...written,
      });
      const state = genesis();
      before?.(state);
      const batch = writeBatch({
        coinbase: COINBASE,
        baseFee,
        fees: [{ priority, max, gasLimit }],
        blocks: [{ timestamp: TIMESTAMP, transactions: [transaction] }],
      });
      const result = run(guest, { state, data: batch });

      const price = baseFee + priority < max ? baseFee + priority : max;
      const paid = status === "skipped" ? 0n : gas * price;
      expect(result.receipts).to.deep.equal([
        {
          source: 1,
          status,
          block: 0,
          gas: status === "skipped" ? 0n : gas,
          sender: status === "skipped" ? ZERO : from.address,
          fee: paid,
        },
      ]);
      if (status !== "skipped") {
        const payer = state.accounts[from.address]!;
        payer.nonce++;
        payer.balance -= paid;
        state.accounts[COINBASE]!.balance += paid;
        after?.(state);
      }
      expect(result.stateRoot).to.equal(rootOf(state));
      expect(result.blocks).to.equal(1n);
    });
  }

  describe("skipped, and nothing changes", () => {
    for (const row of skips) check("skipped", row);
    const signatures = {
      "r of zero": { r: `0x${"00".repeat(32)}` },
      "s of zero": { s: `0x${"00".repeat(32)}` },
      "r beyond the order": { r: `0x${"ff".repeat(32)}` },
      "s just above half of the order": { s: `0x${(HALF_ORDER + 1n).toString(16)}` },
    };
    for (const [what, part] of Object.entries(signatures))
      it(`${what}: skipped`, () => {
        const state = genesis();
        const signed = { ...alice.sign({ to: bob.address, ...FEE }), ...part };
        const transaction = writeTransaction({ kind: 0, to: bob.address, signed });
        const batch = writeBatch({ fees: [FEE], blocks: [{ timestamp: TIMESTAMP, transactions: [transaction] }] });
        const result = run(guest, { state, data: batch });
        expect(result.receipts.map(({ status }) => status)).to.deep.equal(["skipped"]);
        expect(result.stateRoot).to.equal(rootOf(state));
      });

    it("the same signature with s mirrored, which the EVM would take: skipped", () => {
      const state = genesis();
      const { r, s, yParity } = alice.sign({ to: bob.address, ...FEE });
      const mirrored = {
        r,
        s: `0x${(ORDER - BigInt(s)).toString(16).padStart(64, "0")}`,
        yParity: (1 - yParity) as 0 | 1,
      };
      const transactions = [mirrored, { r, s, yParity }].map((signed) =>
        writeTransaction({ kind: 0, to: bob.address, signed }),
      );
      const result = run(guest, {
        state,
        data: writeBatch({ fees: [FEE], blocks: [{ timestamp: TIMESTAMP, transactions }] }),
      });
      expect(result.receipts.map(({ status }) => status)).to.deep.equal(["skipped", "succeeded"]);
    });
  });

  describe("failed, and only nonce and fee change", () => {
    for (const row of fails) check("failed", row);
  });

  describe("succeeded", () => {
    for (const row of successes) check("succeeded", row);

    it("an account that never was anything sends for nothing and becomes one, and its coinbase does not", () => {
      const carol = actor(3);
      const fee = { priority: 0n, max: 0n, gasLimit: 21_000n };
      const signed = carol.sign({ to: bob.address, ...fee });
      const state = genesis();
      const transactions = [writeTransaction({ kind: 0, to: bob.address, signed })];
      const result = run(guest, {
        state,
        data: writeBatch({ coinbase: ADDRESS(0xcc), fees: [fee], blocks: [{ timestamp: TIMESTAMP, transactions }] }),
      });
      state.accounts[carol.address] = { nonce: 1n, balance: 0n };
      expect(result.stateRoot).to.equal(rootOf(state));
    });

    it("a coinbase that never was anything becomes an account, before the recipient", () => {
      const coinbase = ADDRESS(0xcc);
      const state = genesis();
      const signed = alice.sign({ to: stranger, ...FEE });
      const transactions = [writeTransaction({ kind: 0, to: stranger, signed })];
      const batch = writeBatch({
        coinbase,
        baseFee: 1n,
        fees: [FEE],
        blocks: [{ timestamp: TIMESTAMP, transactions }],
      });
      const { stateRoot } = run(guest, { state, data: batch });
      state.accounts[alice.address] = { nonce: 1n, balance: BALANCE - 63_000n };
      state.accounts[coinbase] = { nonce: 0n, balance: 63_000n };
      state.accounts[stranger] = { nonce: 0n, balance: 0n };
      expect(stateRoot).to.equal(rootOf(state));
    });
  });

  describe("messages", () => {
    const empty = writeBatch({ blocks: [{ timestamp: TIMESTAMP, messages: 1 }] });

    function checkMessage(what: string, message: Message, status: string, after?: (state: State) => void) {
      it(`${what}: ${status}`, () => {
        const state = genesis();
        const result = run(guest, { state, data: empty, messages: [message] });
        const sender = status === "skipped" ? ZERO : (message.sender ?? ZERO);
        expect(result.receipts).to.deep.equal([{ source: 0, status, block: 0, gas: 0n, sender, fee: 0n }]);
        after?.(state);
        expect(result.stateRoot).to.equal(rootOf(state));
      });
    }

    checkMessage(
      "a deposit of ETH",
      { kind: 0, sender: bob.address, target: stranger, amount: 2n ** 192n - 1n },
      "succeeded",
      (s) => {
        s.accounts[stranger] = { nonce: 0n, balance: 2n ** 192n - 1n };
      },
    );
    checkMessage(
      "a deposit of a new token",
      { kind: 0, target: stranger, token: ADDRESS(0x71), amount: 5n },
      "succeeded",
      (s) => {
        create(s, stranger);
        create(s, ADDRESS(0x71));
        s.tokens[`${stranger}/${ADDRESS(0x71)}`] = 5n;
      },
    );
    checkMessage(
      "a forced withdrawal",
      { kind: 2, sender: alice.address, target: stranger, amount: BALANCE },
      "succeeded",
      (s) => {
        s.accounts[alice.address]!.balance = 0n;
        s.withdrawals++;
      },
    );
    checkMessage(
      "a forced withdrawal beyond the balance",
      { kind: 2, sender: alice.address, target: stranger, amount: BALANCE + 1n },
      "failed",
    );
    checkMessage(
      "a forced withdrawal of all tokens",
      { kind: 2, sender: alice.address, target: stranger, token: TOKEN, amount: MAX },
      "succeeded",
      (s) => {
        s.tokens = {};
        s.withdrawals++;
      },
    );
    checkMessage(
      "a forced withdrawal of all of nothing",
      { kind: 2, sender: bob.address, target: stranger, token: TOKEN, amount: MAX },
      "failed",
    );
    checkMessage(
      "a forced withdrawal by a stranger",
      { kind: 2, sender: stranger, target: stranger, amount: 1n },
      "failed",
    );
    checkMessage("a forced transaction of nothing", { kind: 1, sender: bob.address }, "skipped");

    it("a forced transaction pays the coinbase its priority fee alone, whatever the batch's base fee", () => {
      const state = genesis();
      const raw = rawTransaction(alice, { to: bob.address, value: 9n, ...FEE });
      const batch = writeBatch({ baseFee: 1_000n, blocks: [{ timestamp: TIMESTAMP, messages: 1 }] });
      const result = run(guest, { state, data: batch, messages: [{ kind: 1, sender: bob.address, data: raw }] });
      expect(result.receipts).to.deep.equal([
        { source: 0, status: "succeeded", block: 0, gas: 21_000n, sender: alice.address, fee: 42_000n },
      ]);
      state.accounts[alice.address] = { nonce: 1n, balance: BALANCE - 42_009n };
      state.accounts[bob.address]!.balance += 9n;
      state.accounts[COINBASE]!.balance = 42_000n;
      expect(result.stateRoot).to.equal(rootOf(state));
    });
  });
});
