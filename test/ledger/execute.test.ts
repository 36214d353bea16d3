import { expect } from "chai";
import { concat, dataLength, dataSlice, decodeRlp, encodeRlp, getBytes, hexlify, toBeArray, toBeHex } from "ethers";

import { encodeBatch } from "../../plugin/ledger/batch.js";
import { abiWords, type Word } from "../../plugin/ledger/bytes.js";
import { executeLedger, LedgerExecutionError } from "../../plugin/ledger/execute.js";
import { transactionGas } from "../../plugin/ledger/gas.js";
import { loadLedgerGuest, type LedgerGuest } from "../../plugin/ledger/guest.js";
import { withdrawalProof } from "../../plugin/ledger/hashes.js";
import { readReceipts } from "../../plugin/ledger/receipts.js";
import { recoverAddress, type SignedTransaction } from "../../plugin/ledger/transaction.js";
import {
  MissingNodeError,
  addressOfIndex,
  indexOf,
  readAccount,
  readAllowance,
  readMeta,
  readTokenBalance,
} from "../../plugin/ledger/state.js";
import type { BatchContent, BatchTransaction, LedgerInput, Receipt } from "../../plugin/ledger/types.js";
import { readGuestProgram } from "../../plugin/machine/artifacts.js";
import { programOf } from "../../plugin/machine/program.js";
import { keccak256 } from "../../plugin/machine/keccak.js";
import { GuestTrap } from "../../plugin/machine/native.js";
import { PreimageMap } from "../../plugin/machine/preimage-map.js";
import { L2_BRIDGE, ZERO_ADDRESS, ZERO_HASH, type Hex, type InboxMessage } from "../../plugin/types.js";
import { BRIDGE, createDifferentialChain, type DifferentialChain } from "./differential.js";
import { createRandom } from "./random.js";
import { createScenario, encodeCall } from "./scenario.js";
import { createSigner, TEST_CHAIN_ID, withoutIndexes } from "./signer.js";

const alice = createSigner(1);
const bob = createSigner(2);
const carol: Hex = `0x${"ca".repeat(20)}`;
const coinbase: Hex = `0x${"c0".repeat(20)}`;
const token: Hex = `0x${"70".repeat(20)}`;
const ETHER = 10n ** 18n;
const MAX = 2n ** 256n - 1n;
const FEES = { maxPriorityFeePerGas: 2n, maxFeePerGas: 10n };

describe("ledger execution", () => {
  let guest: LedgerGuest;
  let chain: DifferentialChain;

  before(() => {
    guest = loadLedgerGuest();
  });

  beforeEach(() => {
    chain = createDifferentialChain(guest);
  });

  function message(kind: 0 | 1 | 2, fields: Partial<InboxMessage>): InboxMessage {
    const none = { sender: carol, target: ZERO_ADDRESS, token: ZERO_ADDRESS, amount: 0n, data: "0x" as const };
    return { kind, index: chain.inboxFrom, timestamp: chain.timestamp, ...none, ...fields };
  }

  function deposit(target: Hex, amount: bigint, of: Hex = ZERO_ADDRESS) {
    return chain.run([message(0, { target, amount, token: of })], batch());
  }

  function batch(...transactions: (SignedTransaction | BatchTransaction)[]): BatchContent {
    const messages = 0;
    return {
      coinbase,
      baseFee: 3n,
      blocks: [{ timestamp: chain.timestamp, messages, transactions: transactions.map(plain) }],
    };
  }

  function plain(transaction: SignedTransaction | BatchTransaction): BatchTransaction {
    return "raw" in transaction ? withoutIndexes(transaction) : transaction;
  }

  function send(...transactions: (SignedTransaction | BatchTransaction)[]): Receipt[] {
    return chain.run([], batch(...transactions)).receipts;
  }

  function inputOf(): LedgerInput {
    return {
      l2ChainId: TEST_CHAIN_ID,
      bridge: BRIDGE,
      index: 1n,
      timestamp: 1n,
      inboxFrom: 0n,
      l2BlockFrom: 0n,
      prevStateRoot: `0x${"12".repeat(32)}`,
      prevInboxAcc: ZERO_HASH,
      messages: [],
      data: new Uint8Array(0),
    };
  }

  const statusOf = (receipts: Receipt[]) => receipts.map(({ status }) => status);
  const balance = (address: Hex) => readAccount(chain.nodes, chain.root, address)?.balance;
  const tokens = (address: Hex) => readTokenBalance(chain.nodes, chain.root, address, token);

  describe("messages", () => {
    it("credits a deposit and makes its account", () => {
      const { receipts } = deposit(alice.address, ETHER);
      expect(receipts).to.deep.equal([
        { source: "message", status: "succeeded", block: 0, sender: carol, gasUsed: 0n, fee: 0n },
      ]);
      expect(readAccount(chain.nodes, chain.root, alice.address)).to.deep.equal({
        nonce: 0n,
        index: 1n,
        balance: ETHER,
      });
      expect(addressOfIndex(chain.nodes, chain.root, 1n)).to.equal(alice.address);
      expect(readMeta(chain.nodes, chain.root)).to.deep.equal({ accountCount: 1n, withdrawalNonce: 0n });
    });

    it("gives a token an account with its first deposit, after the recipient's", () => {
      deposit(alice.address, 5n, token);
      expect(indexOf(chain.nodes, chain.root, alice.address)).to.equal(1n);
      expect(indexOf(chain.nodes, chain.root, token)).to.equal(2n);
      deposit(alice.address, 2n ** 192n - 1n, token);
      expect(tokens(alice.address)).to.equal(2n ** 192n + 4n);
      expect(readMeta(chain.nodes, chain.root).accountCount).to.equal(2n);
    });

    it("pays a forced withdrawal the balance allows, all of it on request, and nothing else", () => {
      deposit(alice.address, 100n);
      deposit(alice.address, 7n, token);
      const target = carol;
      const withdraw = (amount: bigint, of: Hex = ZERO_ADDRESS) =>
        chain.run([message(2, { sender: alice.address, target, token: of, amount })], batch());
      expect(withdraw(101n).withdrawals).to.deep.equal([]);
      expect(withdraw(40n).withdrawals).to.deep.equal([
        { nonce: 0n, sender: alice.address, target, token: ZERO_ADDRESS, amount: 40n, data: "0x" },
      ]);
      expect(balance(alice.address)).to.equal(60n);
      expect(withdraw(MAX).withdrawals).to.have.length(1);
      expect(balance(alice.address)).to.equal(0n);
      expect(statusOf(withdraw(MAX).receipts)).to.deep.equal(["failed"]);
      expect(withdraw(MAX, token).withdrawals[0]).to.deep.include({ nonce: 2n, token, amount: 7n });
      expect(tokens(alice.address)).to.equal(0n);
      expect(readMeta(chain.nodes, chain.root).withdrawalNonce).to.equal(3n);
    });

    it("executes a forced transaction like any other, and skips what it cannot read", () => {
      deposit(alice.address, ETHER);
      const force = (data: Uint8Array) =>
        statusOf(chain.run([message(1, { data: hexlify(data) as Hex })], batch()).receipts);
      expect(force(alice.sign({ to: bob.address, value: 5n, ...FEES }).raw)).to.deep.equal(["succeeded"]);
      expect(balance(bob.address)).to.equal(5n);
      expect(force(alice.sign({ to: bob.address, nonce: 1n, ...FEES, chainId: 1n }).raw)).to.deep.equal(["skipped"]);
      expect(force(alice.sign({ to: bob.address, nonce: 1n, ...FEES }).raw.subarray(1))).to.deep.equal(["skipped"]);
      expect(force(Uint8Array.of(2))).to.deep.equal(["skipped"]);
      expect(force(new Uint8Array(0))).to.deep.equal(["skipped"]);
      expect(force(alice.sign({ to: bob.address, nonce: 1n, value: 6n, ...FEES }).raw)).to.deep.equal(["succeeded"]);
      expect(balance(bob.address)).to.equal(11n);
    });
  });

  describe("forced bytes", () => {
    const dirty = (item: string) => concat(["0x00", item]);
    const listOf = (...items: string[]) => {
      const content = concat(items);
      const length = toBeHex(dataLength(content));
      return dataLength(content) < 56
        ? concat([toBeHex(0xc0 + dataLength(content)), content])
        : concat([toBeHex(0xf7 + dataLength(length)), length, content]);
    };
    const integer = (value: bigint) => encodeRlp(value === 0n ? "0x" : toBeArray(value));
    // Items of the list, RLP already: chain id, nonce, fees, gas limit, to, value, data, access list.
    const FIELDS = [TEST_CHAIN_ID, 0n, 2n, 10n, 100_000n].map(integer);
    const unsigned = [...FIELDS, encodeRlp(bob.address), integer(5n), "0x80", "0xc0"];

    /** Signs `items` as they are and encodes them with `spoil` in between. */
    function force(
      items: string[],
      spoil: (signed: string[]) => string = (signed) => concat(["0x02", listOf(...signed)]),
    ) {
      const { yParity, r, s } = alice.signHash(getBytes(keccak256(getBytes(concat(["0x02", listOf(...items)])))));
      const signed = [...items, integer(BigInt(yParity)), integer(BigInt(hexlify(r))), integer(BigInt(hexlify(s)))];
      return statusOf(chain.run([message(1, { data: spoil(signed) as Hex })], batch()).receipts)[0];
    }

    beforeEach(() => {
      deposit(alice.address, 2n ** 191n);
    });

    it("are skipped with any field out of range, whoever signed them", () => {
      const outOfRange: [number, string][] = [
        [0, integer(TEST_CHAIN_ID + (1n << 256n))],
        [0, integer(TEST_CHAIN_ID + (1n << 64n))],
        [1, integer(1n << 64n)],
        [2, integer((1n << 128n) + 2n)],
        [3, integer(1n << 128n)],
        [3, integer((1n << 128n) + 10n)],
        [4, integer((1n << 64n) + 100_000n)],
        [5, "0x80"],
        [5, encodeRlp(`${bob.address}00`)],
        [5, encodeRlp(bob.address.slice(0, 40))],
        [6, integer((1n << 256n) + 5n)],
        [8, listOf(listOf(encodeRlp(bob.address), "0xc0"))],
        [8, "0x80"],
      ];
      for (const [at, item] of outOfRange)
        expect(force(unsigned.with(at, item)), `field ${at}: ${item}`).to.equal("skipped");
      expect(force(unsigned)).to.equal("succeeded");
    });

    it("are skipped in every encoding but the canonical one", () => {
      const encode = (signed: string[]) => concat(["0x02", listOf(...signed)]);
      const wide = (signed: string[], at: number) => encodeRlp(dirty(decodeRlp(signed[at]!) as string));
      const spoilt: Record<string, (signed: string[]) => string> = {
        "another type": (signed) => concat(["0x01", listOf(...signed)]),
        "no type": (signed) => listOf(...signed),
        "trailing byte": (signed) => concat([encode(signed), "0x00"]),
        "missing byte": (signed) => dataSlice(encode(signed), 0, dataLength(encode(signed)) - 1),
        "trailing item": (signed) => encode([...signed, "0x80"]),
        "missing item": (signed) => encode(signed.slice(0, -1)),
        "list as a string": (signed) => concat(["0x02", encodeRlp(concat(signed))]),
        "length of the list with a leading zero": (signed) =>
          concat(["0x02f900", toBeHex(dataLength(concat(signed))), ...signed]),
        "long form of a short string": (signed) => encode(signed.with(5, concat(["0xb814", bob.address]))),
        "long form of a byte": (signed) => encode(signed.with(6, "0x8105")),
        "data as a list": (signed) => encode(signed.with(7, "0xc0")),
        "yParity of 2": (signed) => encode(signed.with(9, "0x02")),
        "yParity of 27": (signed) => encode(signed.with(9, "0x1b")),
      };
      for (const at of [0, 1, 2, 3, 4, 6, 9])
        spoilt[`leading zero in ${at}`] = (signed) => encode(signed.with(at, wide(signed, at)));
      for (const [name, spoil] of Object.entries(spoilt)) expect(force(unsigned, spoil), name).to.equal("skipped");
      expect(force(unsigned)).to.equal("succeeded");
      const long = [...unsigned.with(1, integer(1n)).with(7, encodeRlp(new Uint8Array(1_900).fill(1)))];
      expect(force(long), "longer data than a batch carries").to.equal("failed");
    });
  });

  it("lets no base fee keep a forced transaction out", () => {
    deposit(alice.address, ETHER);
    const raw = alice.sign({ to: bob.address, value: 5n, ...FEES }).raw;
    const priced = { ...batch(), baseFee: 2n ** 64n - 1n };
    const { receipts } = chain.run([message(1, { data: hexlify(raw) as Hex })], priced);
    expect(statusOf(receipts)).to.deep.equal(["succeeded"]);
    expect(balance(bob.address)).to.equal(5n);
  });

  describe("transactions", () => {
    it("moves value, charges the fee and pays the coinbase", () => {
      deposit(alice.address, ETHER);
      const [receipt] = send(alice.sign({ to: bob.address, value: 1_000n, ...FEES }));
      const fee = 21_000n * 5n;
      expect(receipt).to.deep.equal({
        source: "transaction",
        status: "succeeded",
        block: 0,
        sender: alice.address,
        gasUsed: 21_000n,
        fee,
      });
      expect(balance(bob.address)).to.equal(1_000n);
      expect(balance(coinbase)).to.equal(fee);
      expect(balance(alice.address)).to.equal(ETHER - 1_000n - fee);
      expect(readAccount(chain.nodes, chain.root, alice.address)?.nonce).to.equal(1n);
      expect(indexOf(chain.nodes, chain.root, coinbase), "the coinbase is paid first").to.equal(2n);
      expect(indexOf(chain.nodes, chain.root, bob.address)).to.equal(3n);
    });

    it("caps the price at maxFeePerGas", () => {
      deposit(alice.address, ETHER);
      const [receipt] = send(alice.sign({ to: bob.address, maxFeePerGas: 4n, maxPriorityFeePerGas: 4n }));
      expect(receipt!.fee).to.equal(84_000n);
    });

    it("changes nothing but the nonce when one pays oneself", () => {
      deposit(alice.address, 50n);
      chain.run([], { ...batch(alice.sign({ value: 50n })), baseFee: 0n });
      expect(readAccount(chain.nodes, chain.root, alice.address)).to.deep.equal({ nonce: 1n, index: 1n, balance: 50n });
      expect(readMeta(chain.nodes, chain.root).accountCount).to.equal(1n);
    });

    it("keeps the fee of a coinbase that pays itself", () => {
      deposit(alice.address, ETHER);
      chain.run([], { ...batch(alice.sign({ to: bob.address, value: 1n, ...FEES })), coinbase: alice.address });
      expect(balance(alice.address)).to.equal(ETHER - 1n);
    });

    it("skips without a trace what may not run", () => {
      deposit(alice.address, ETHER);
      const before = chain.root;
      const valid = alice.sign({ to: bob.address, value: 1n, ...FEES });
      const batchForm = withoutIndexes(valid);
      const skipped = [
        alice.sign({ nonce: 1n, ...FEES }),
        alice.sign({ maxPriorityFeePerGas: 11n, maxFeePerGas: 10n }),
        alice.sign({ maxPriorityFeePerGas: 0n, maxFeePerGas: 2n }),
        alice.sign({ gasLimit: 20_999n, ...FEES }),
        alice.sign({ value: ETHER - 999_999n, gasLimit: 100_000n, ...FEES }),
        alice.sign({ value: MAX, gasLimit: 2n ** 64n - 1n, maxFeePerGas: 2n ** 128n - 1n }),
        bob.sign({ value: 0n, ...FEES }),
        { ...batchForm, toIndex: 2n },
        { ...batchForm, toIndex: 0n },
        { ...batchForm, toIndex: 2n ** 64n - 1n },
        { ...batchForm, toIndex: 2n ** 64n + 1n },
        { ...batchForm, toIndex: MAX },
        {
          ...withoutIndexes(alice.sign({ to: token, data: encodeCall("transfer", carol, 1n), ...FEES })),
          recipientIndex: 9n,
        },
        { ...batchForm, r: new Uint8Array(32) },
        { ...batchForm, s: new Uint8Array(32) },
        { ...batchForm, s: new Uint8Array(32).fill(255) },
      ];
      expect(statusOf(send(...skipped))).to.deep.equal(skipped.map(() => "skipped"));
      expect(chain.root).to.equal(before);
      expect(statusOf(send(valid))).to.deep.equal(["succeeded"]);
    });

    it("skips a signature with a high s", () => {
      deposit(alice.address, ETHER);
      const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
      const { s, yParity, ...rest } = withoutIndexes(alice.sign({ to: bob.address, ...FEES }));
      const high = (order - BigInt(hexlify(s))).toString(16).padStart(64, "0");
      const malleated = { ...rest, yParity: yParity === 0 ? (1 as const) : (0 as const), s: Buffer.from(high, "hex") };
      expect(statusOf(send(malleated))).to.deep.equal(["skipped"]);
    });

    it("needs balance for the value and the whole gas limit, to the wei", () => {
      deposit(alice.address, 1_000_000n + 7n);
      const limit = { gasLimit: 100_000n, ...FEES };
      expect(statusOf(send(alice.sign({ to: bob.address, value: 8n, ...limit })))).to.deep.equal(["skipped"]);
      expect(statusOf(send(alice.sign({ to: bob.address, value: 7n, ...limit })))).to.deep.equal(["succeeded"]);
    });

    it("resolves an account index in the state at that moment", () => {
      deposit(alice.address, ETHER);
      const first = alice.sign({ to: bob.address, value: 1n, ...FEES });
      const second = alice.sign({ to: bob.address, value: 1n, nonce: 1n, ...FEES });
      // The first transaction makes coinbase (2) and bob (3).
      const receipts = send(first, { ...withoutIndexes(second), toIndex: 3n });
      expect(statusOf(receipts)).to.deep.equal(["succeeded", "succeeded"]);
      expect(balance(bob.address)).to.equal(2n);
    });

    it("takes nonce and fee from a transaction that fails, and nothing else", () => {
      deposit(alice.address, ETHER);
      deposit(alice.address, 10n, token);
      const failing: [Hex, bigint, Uint8Array][] = [
        [ZERO_ADDRESS, 1n, new Uint8Array(0)],
        [carol, 1n, Uint8Array.of(1)],
        // The zero address is no token, although zero stands for ETH elsewhere.
        [ZERO_ADDRESS, 0n, encodeCall("transfer", bob.address, 1n)],
        [ZERO_ADDRESS, 0n, encodeCall("approve", bob.address, 1n)],
        [ZERO_ADDRESS, 0n, encodeCall("transferFrom", alice.address, bob.address, 0n)],
        [token, 0n, encodeCall("transfer", bob.address, 11n)],
        [token, 1n, encodeCall("transfer", bob.address, 1n)],
        [token, 0n, encodeCall("transfer", ZERO_ADDRESS, 1n)],
        [token, 0n, encodeCall("transfer", bob.address, 1n).subarray(0, 67)],
        [token, 0n, encodeCall("transfer", bob.address, 1n).with(4, 1)],
        [token, 0n, encodeCall("transferFrom", alice.address, bob.address, 1n)],
        [token, 0n, encodeCall("withdraw", token, bob.address, 1n)],
        [L2_BRIDGE, 0n, encodeCall("transfer", bob.address, 1n)],
        [L2_BRIDGE, 0n, encodeCall("withdraw", token, bob.address, 11n)],
        [L2_BRIDGE, 1n, encodeCall("withdraw", token, bob.address, 1n)],
        [L2_BRIDGE, 0n, encodeCall("withdraw", token, bob.address, 0n)],
        [L2_BRIDGE, 0n, encodeCall("withdraw", token, ZERO_ADDRESS, 1n)],
        [L2_BRIDGE, 2n, encodeCall("withdraw", ZERO_ADDRESS, bob.address, 1n)],
        [L2_BRIDGE, 0n, encodeCall("withdraw", ZERO_ADDRESS, bob.address, 1n)],
        [L2_BRIDGE, 1n, new Uint8Array([...encodeCall("withdraw", ZERO_ADDRESS, bob.address, 1n), 0])],
      ];
      const receipts = send(
        ...failing.map(([to, value, data], i) => alice.sign({ to, value, data, nonce: BigInt(i), ...FEES })),
      );
      expect(statusOf(receipts)).to.deep.equal(failing.map(() => "failed"));
      const gas = failing.map(([to, , data]) => transactionGas(to, data));
      expect(receipts.map(({ gasUsed }) => gasUsed)).to.deep.equal(gas);
      const fees = gas.reduce((sum, used) => sum + used * 5n, 0n);
      expect(balance(alice.address)).to.equal(ETHER - fees);
      expect(balance(coinbase)).to.equal(fees);
      expect(tokens(alice.address)).to.equal(10n);
      expect(readAccount(chain.nodes, chain.root, alice.address)?.nonce).to.equal(BigInt(failing.length));
      expect(indexOf(chain.nodes, chain.root, bob.address)).to.equal(undefined);
    });

    it("moves tokens, by allowance too", () => {
      deposit(alice.address, ETHER);
      deposit(bob.address, ETHER);
      deposit(alice.address, 100n, token);
      const call = (signer: typeof alice, nonce: bigint, data: Uint8Array) =>
        send(signer.sign({ to: token, data, nonce, ...FEES }))[0]!.status;
      const allowance = () => readAllowance(chain.nodes, chain.root, alice.address, bob.address, token);

      expect(call(alice, 0n, encodeCall("transfer", bob.address, 30n))).to.equal("succeeded");
      expect(tokens(bob.address)).to.equal(30n);
      expect(call(alice, 1n, encodeCall("approve", bob.address, 50n))).to.equal("succeeded");
      expect(call(bob, 0n, encodeCall("transferFrom", alice.address, carol, 51n))).to.equal("failed");
      expect(call(bob, 1n, encodeCall("transferFrom", alice.address, carol, 20n))).to.equal("succeeded");
      expect(allowance()).to.equal(30n);
      expect(tokens(carol)).to.equal(20n);
      expect(call(bob, 2n, encodeCall("transferFrom", alice.address, carol, 30n))).to.equal("succeeded");
      expect(allowance()).to.equal(0n);
      expect(call(alice, 2n, encodeCall("approve", bob.address, MAX))).to.equal("succeeded");
      expect(call(bob, 3n, encodeCall("transferFrom", alice.address, alice.address, 20n))).to.equal("succeeded");
      expect(allowance()).to.equal(MAX);
      expect(call(bob, 4n, encodeCall("transferFrom", alice.address, carol, 21n))).to.equal("failed");
      expect(call(alice, 3n, encodeCall("transfer", alice.address, 20n))).to.equal("succeeded");
      expect(call(alice, 4n, encodeCall("approve", bob.address, 0n))).to.equal("succeeded");
      expect(allowance()).to.equal(0n);
      expect(tokens(alice.address)).to.equal(20n);
    });

    it("withdraws ETH and tokens, and each can be proven", () => {
      deposit(alice.address, ETHER);
      deposit(alice.address, 100n, token);
      const withdraw = (nonce: bigint, of: Hex, amount: bigint) =>
        alice.sign({
          to: L2_BRIDGE,
          value: of === ZERO_ADDRESS ? amount : 0n,
          data: encodeCall("withdraw", of, carol, amount),
          nonce,
          ...FEES,
        });
      const output = chain.run(
        [],
        batch(withdraw(0n, ZERO_ADDRESS, 5n), withdraw(1n, token, 100n), withdraw(2n, token, 1n)),
      );
      expect(statusOf(output.receipts)).to.deep.equal(["succeeded", "succeeded", "failed"]);
      const common = { sender: alice.address, target: carol, data: "0x" };
      expect(output.withdrawals).to.deep.equal([
        { nonce: 0n, token: ZERO_ADDRESS, amount: 5n, ...common },
        { nonce: 1n, token, amount: 100n, ...common },
      ]);
      expect(withdrawalProof(output.withdrawals, 1)).to.have.length(1);
      expect(balance(L2_BRIDGE)).to.equal(undefined);
      expect(tokens(alice.address)).to.equal(0n);
    });

    it("accepts value sent to the bridge's address as a plain transfer", () => {
      deposit(alice.address, ETHER);
      expect(statusOf(send(alice.sign({ to: L2_BRIDGE, value: 5n, ...FEES })))).to.deep.equal(["succeeded"]);
      expect(balance(L2_BRIDGE)).to.equal(5n);
    });
  });

  describe("batches", () => {
    it("takes malformed data for an empty batch that consumes its messages", () => {
      const messages = [message(0, { target: alice.address, amount: 5n })];
      for (const data of [
        new Uint8Array(0),
        Uint8Array.of(1, 2, 3),
        new Uint8Array(1 << 20),
        new Uint8Array((1 << 20) + 1),
      ]) {
        const output = chain.run([{ ...messages[0]!, index: chain.inboxFrom }], data);
        expect(statusOf(output.receipts)).to.deep.equal(["succeeded"]);
      }
      expect(balance(alice.address)).to.equal(20n);
    });

    it("runs messages and transactions block by block", () => {
      const messages = [0n, 1n, 2n].map((index) => message(0, { index, target: alice.address, amount: ETHER }));
      const sent = [0n, 1n].map((nonce) => withoutIndexes(alice.sign({ to: bob.address, value: ETHER, nonce })));
      const output = chain.run(messages, {
        coinbase,
        baseFee: 0n,
        blocks: [
          { timestamp: chain.timestamp, messages: 1, transactions: [] },
          { timestamp: chain.timestamp, messages: 0, transactions: [sent[0]!, sent[1]!] },
          { timestamp: chain.timestamp + 900n, messages: 2, transactions: [sent[1]!] },
        ],
      });
      expect(output.receipts.map(({ block, source, status }) => `${block} ${source} ${status}`)).to.deep.equal([
        "0 message succeeded",
        "1 transaction succeeded",
        "1 transaction skipped",
        "2 message succeeded",
        "2 message succeeded",
        "2 transaction succeeded",
      ]);
      expect(output.l2BlockTo).to.equal(3n);
      expect(balance(bob.address)).to.equal(2n * ETHER);
    });

    it("reads data of many chunks", () => {
      const transactions = Array.from({ length: 300 }, (_, i) => alice.sign({ to: bob.address, nonce: BigInt(i) }));
      deposit(alice.address, ETHER);
      const output = chain.run([], { ...batch(...transactions), baseFee: 0n });
      expect(output.receipts).to.have.length(300);
      expect(readAccount(chain.nodes, chain.root, alice.address)?.nonce).to.equal(300n);
    });

    it("takes leaves out of a tree of which only the paths to them are read", () => {
      const owners = Array.from({ length: 40 }, (_, i): Hex => `0x${(i + 1).toString(16).padStart(40, "0")}`);
      const deposits = owners.map((target, i) => message(0, { index: BigInt(i), target, token, amount: 1n }));
      chain.run(deposits, batch());
      for (const sender of owners) {
        const { receipts } = chain.run([message(2, { sender, target: carol, token, amount: MAX })], batch());
        expect(statusOf(receipts)).to.deep.equal(["succeeded"]);
      }
    });

    it("returns the nodes that the old state lacks", () => {
      const { nodes } = deposit(alice.address, ETHER);
      expect(nodes.map(({ preimage }) => preimage.length).sort()).to.include.members([64, 128]);
      const before = chain.root;
      const output = chain.run([], new Uint8Array(0));
      expect(output.stateRoot).to.equal(before);
      expect(output.withdrawalsRoot).to.equal(ZERO_HASH);
      const known = nodes.map(({ hash }) => hexlify(hash));
      expect(known).to.include.members(output.nodes.map(({ hash }) => hexlify(hash)));
    });

    it("answers with the senders that it is given", () => {
      deposit(alice.address, ETHER);
      const recovered: string[] = [];
      const recover: typeof recoverAddress = (hash, yParity, r, s) => {
        recovered.push(hexlify(hash));
        return recoverAddress(hash, yParity, r, s);
      };
      const sent = alice.sign({ to: bob.address, ...FEES });
      const data = encodeBatch(batch(sent));
      const input = { ...inputOf(), inboxFrom: 1n, prevStateRoot: chain.root, timestamp: chain.timestamp, data };
      expect(statusOf(executeLedger(guest, input, chain.nodes, { recover }).receipts)).to.deep.equal(["succeeded"]);
      expect(recovered).to.deep.equal([hexlify(sent.signingHash)]);
      const nobody = executeLedger(guest, input, chain.nodes, { recover: () => undefined });
      expect(statusOf(nobody.receipts)).to.deep.equal(["skipped"]);
    });

    it("is never silent about a run that failed", () => {
      const none = { get: () => undefined };
      const failing = (run: LedgerGuest["run"]) => () => executeLedger({ ...guest, run }, inputOf(), none);
      const trap = failing(() => {
        throw new GuestTrap("the guest trapped: unreachable");
      });
      expect(trap).to.throw(LedgerExecutionError, "unreachable");
      const other = failing(() => {
        throw new Error("disk on fire");
      });
      expect(other).to.throw(Error, "disk on fire").and.not.instanceOf(LedgerExecutionError);
      const output = (...words: Word[]): LedgerGuest["run"] => {
        const preimage = abiWords(...words);
        const hash = keccak256(preimage);
        const hashed = new PreimageMap();
        hashed.set(hash, preimage);
        return () => ({ output: hash, receipts: new Uint8Array(0), hashed, memorySize: 0 });
      };
      const unknown = failing(() => ({
        output: new Uint8Array(32),
        receipts: new Uint8Array(0),
        hashed: new PreimageMap(),
        memorySize: 0,
      }));
      expect(unknown).to.throw(LedgerExecutionError, /no hash that it computed/);
      expect(failing(output(1n, 2n, 0n, 4n))).to.throw(LedgerExecutionError, /another domain/);
      const domain = keccak256(Buffer.from("hardhat-rollup.output.v1"));
      expect(failing(output(domain, 2n, 0n, 4n))()).to.deep.include({ l2BlockTo: 4n, withdrawalsRoot: ZERO_HASH });
      expect(failing(output(domain, 2n, 3n, 4n))).to.throw(LedgerExecutionError, /withdrawals hash to/);
      expect(() => readReceipts(new Uint8Array(72).fill(3))).to.throw(RangeError, /byte 0/);
    });

    it("loads the program that a deployment names by its machine hash", () => {
      expect(guest.machineHash).to.equal(hexlify(programOf(readGuestProgram("ledger")).machineHash));
    });

    it("says which node is missing, and which message is out of place", () => {
      const input = { ...inputOf(), messages: [message(0, { target: carol, amount: 1n })] };
      const none = { get: () => undefined };
      expect(() => executeLedger(guest, input, none)).to.throw(MissingNodeError, "0x1212");
      const messages = [message(0, { index: 1n })];
      expect(() => executeLedger(guest, { ...input, messages }, none)).to.throw(
        RangeError,
        /message 0 is expected, got 1/,
      );
    });
  });

  describe("random batches, against the model", () => {
    const long = process.env.ROLLUP_TEST_LONG === "1";
    const first = Number(process.env.ROLLUP_TEST_SEED ?? (long ? Date.now() % 1_000_000_000 : 1));
    const [groups, seeds, batches] = long ? [20, 25, 8] : [4, 5, 5];
    for (let group = 0; group < groups; group++) {
      const from = first + group * seeds;
      it(`seeds ${from} to ${from + seeds - 1}`, () => {
        const seen = new Set<string>();
        for (let seed = from; seed < from + seeds; seed++) {
          const random = createRandom(seed);
          const scenario = createScenario(random);
          const randomChain = createDifferentialChain(guest);
          for (let number = 0; number < batches; number++) {
            const { messages, data } = scenario.next(randomChain);
            try {
              const { receipts } = randomChain.run(messages, data);
              for (const { source, status } of receipts) seen.add(`${source} ${status}`);
            } catch (error) {
              throw new Error(`seed ${seed}, batch ${number}`, { cause: error });
            }
          }
        }
        const every = ["message", "transaction"].flatMap((source) =>
          ["failed", "skipped", "succeeded"].map((status) => `${source} ${status}`),
        );
        expect([...seen].sort()).to.deep.equal(every);
      });
    }
  });
});
