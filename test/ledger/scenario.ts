import { hexlify, Interface, concat, encodeRlp, getBytes } from "ethers";

import { encodeBatch } from "../../plugin/ledger/batch.js";
import type { SignedTransaction } from "../../plugin/ledger/transaction.js";
import type { BatchBlock, BatchTransaction } from "../../plugin/ledger/types.js";
import { L2_BRIDGE, ZERO_ADDRESS, type Hex, type InboxMessage } from "../../plugin/types.js";
import type { DifferentialChain } from "./differential.js";
import type { ModelState } from "./model.js";
import type { Random } from "./random.js";
import { createSigner, TEST_CHAIN_ID, withoutIndexes, type UnsignedFields } from "./signer.js";

const calls = new Interface([
  "function transfer(address to, uint256 amount)",
  "function approve(address spender, uint256 amount)",
  "function transferFrom(address from, address to, uint256 amount)",
  "function withdraw(address token, address target, uint256 amount)",
]);
const MAX_AMOUNT = 2n ** 256n - 1n;
const ETHER = 10n ** 18n;

export function encodeCall(
  name: "transfer" | "approve" | "transferFrom" | "withdraw",
  ...values: unknown[]
): Uint8Array {
  return getBytes(calls.encodeFunctionData(name, values));
}

/** Makes random batches for a chain: mostly sensible ones, with every kind of fault strewn in. */
export interface Scenario {
  next(chain: DifferentialChain): { messages: InboxMessage[]; data: Uint8Array };
}

export function createScenario(random: Random): Scenario {
  const signers = Array.from({ length: 6 }, (_, i) => createSigner(i + 1));
  const users = signers.map(({ address }) => address);
  const tokens: Hex[] = [1, 2, 3].map((n) => `0x70${"0".repeat(37)}${n}` as const);
  const strangers = Array.from({ length: 4 }, () => hexlify(random.bytes(20)) as Hex);
  const targets = [...users, ...users, ...tokens, ...strangers, L2_BRIDGE, ZERO_ADDRESS];

  /** An amount around `balance`: often affordable, sometimes just too much. */
  function amountNear(balance: bigint): bigint {
    const choice = random.int(12);
    if (choice === 0) return 0n;
    if (choice === 1) return balance;
    if (choice === 2) return balance + 1n;
    if (choice === 3) return random.sized(256);
    if (choice === 4) return MAX_AMOUNT;
    return balance === 0n ? 1n : random.sized(192) % (balance / 4n + 1n);
  }

  function message(chain: DifferentialChain, index: bigint, nonces: Map<Hex, bigint>): InboxMessage {
    const common = { index, timestamp: chain.timestamp - BigInt(random.int(1_000)) };
    const token = random.chance(0.5) ? ZERO_ADDRESS : random.pick(tokens);
    const kind = random.chance(0.6) ? 0 : random.pick([1, 2] as const);
    if (kind === 0) {
      const amount = random.chance(0.9) ? BigInt(1 + random.int(1_000)) * ETHER : 1n + random.bits(191);
      const target = random.pick(targets.filter((address) => address !== ZERO_ADDRESS));
      return { kind, ...common, sender: random.pick(users), target, token, amount, data: "0x" };
    }
    if (kind === 2) {
      const sender = random.pick([...users, ...strangers]);
      const balance = balanceOf(chain.model, sender, token);
      const amount = random.chance(0.2) ? MAX_AMOUNT : amountNear(balance) || 1n;
      const target = random.pick(targets.filter((address) => address !== ZERO_ADDRESS));
      return { kind, ...common, sender, target, token, amount, data: "0x" };
    }
    return {
      kind,
      ...common,
      sender: random.pick(users),
      target: ZERO_ADDRESS,
      token: ZERO_ADDRESS,
      amount: 0n,
      data: hexlify(forcedBytes(chain, nonces)) as Hex,
    };
  }

  function forcedBytes(chain: DifferentialChain, nonces: Map<Hex, bigint>): Uint8Array {
    const { raw } = transaction(chain, nonces, 0n);
    switch (random.int(8)) {
      case 0:
        return raw.subarray(0, random.int(raw.length));
      case 1:
        return raw.with(random.int(raw.length), random.int(256));
      case 2:
        return Uint8Array.of(...raw, random.int(256));
      case 3:
        return getBytes(encodeRlp(Array.from({ length: 9 }, () => hexlify(random.bytes(random.int(33))))));
      case 4:
        return getBytes(
          concat(["0x02", encodeRlp([...Array.from({ length: 8 }, () => "0x01"), ["0x"], "0x", "0x01", "0x01"])]),
        );
      default:
        return raw;
    }
  }

  /** The fields of a random transaction, but for fees and nonce. */
  function action(model: ModelState, sender: Hex): Pick<UnsignedFields, "to" | "value" | "data"> {
    const token = random.pick([...tokens, ...tokens, ...tokens, random.pick(strangers), ZERO_ADDRESS]);
    const balance = balanceOf(model, sender, token);
    const none = random.chance(0.95) ? 0n : 1n;
    const target = random.pick(targets);
    switch (random.int(8)) {
      case 0:
      case 1:
      case 2:
        return { to: target, value: amountNear(balanceOf(model, sender, ZERO_ADDRESS)), data: new Uint8Array(0) };
      case 3:
        return { to: token, value: none, data: encodeCall("transfer", target, amountNear(balance)) };
      case 4:
        return { to: token, value: none, data: encodeCall("approve", target, amountNear(balance)) };
      case 5: {
        const from = random.pick(users);
        const allowance = model.allowances.get(`${from}/${sender}/${token}`) ?? 0n;
        const amount = amountNear(random.chance(0.5) ? allowance : balanceOf(model, from, token));
        return { to: token, value: none, data: encodeCall("transferFrom", from, target, amount) };
      }
      case 6: {
        const withdrawn = random.chance(0.5) ? ZERO_ADDRESS : token;
        const amount = amountNear(balanceOf(model, sender, withdrawn));
        const value = withdrawn === ZERO_ADDRESS ? amount ^ none : none;
        return { to: L2_BRIDGE, value, data: encodeCall("withdraw", withdrawn, target, amount) };
      }
      default: {
        const valid = encodeCall(random.pick(["transfer", "approve"]), target, amountNear(balance));
        const spoilt = random.pick([
          valid.subarray(0, random.int(valid.length)),
          Uint8Array.of(...valid, 0),
          valid.with(random.int(16), random.int(256)),
          random.bytes(1 + random.int(120)),
          encodeCall("withdraw", token, target, 1n),
        ]);
        return { to: random.pick([token, L2_BRIDGE, target]), value: none, data: spoilt };
      }
    }
  }

  function transaction(chain: DifferentialChain, nonces: Map<Hex, bigint>, baseFee: bigint): SignedTransaction {
    const signer = random.pick(signers);
    const expected = nonces.get(signer.address) ?? chain.model.accounts.get(signer.address)?.nonce ?? 0n;
    const nonce = random.chance(0.95) ? expected : random.sized(64);
    nonces.set(signer.address, nonce + 1n);
    const maxPriorityFeePerGas = random.chance(0.9) ? random.sized(20) : random.sized(128);
    const maxFeePerGas = random.chance(0.9) ? baseFee + maxPriorityFeePerGas + random.sized(20) : random.sized(128);
    const fees = {
      maxPriorityFeePerGas,
      maxFeePerGas: maxFeePerGas >> 128n === 0n ? maxFeePerGas : 2n ** 128n - 1n,
      gasLimit: random.chance(0.9) ? 80_000n : random.pick([0n, 21_000n, 41_000n, random.sized(64)]),
    };
    const chainId = random.chance(0.97) ? TEST_CHAIN_ID : 1n;
    return signer.sign({ chainId, nonce, ...fees, ...action(chain.model, signer.address) });
  }

  /** Account indexes instead of addresses where there are some, as a sequencer would; sometimes at random. */
  function indexed(model: ModelState, signed: BatchTransaction): BatchTransaction {
    const indexOf = (address: string): { index?: bigint } => {
      if (random.chance(0.02)) return { index: random.chance(0.5) ? BigInt(random.int(30)) : random.sized(256) };
      const index = model.accounts.get(address)?.index;
      return index === undefined || random.chance(0.2) ? {} : { index };
    };
    const { index: toIndex } = indexOf(signed.to);
    const isTransfer =
      signed.value === 0n && hexlify(signed.data).startsWith("0xa9059cbb") && signed.data.length === 68;
    const { index: recipientIndex } = isTransfer ? indexOf(hexlify(signed.data.subarray(16, 36))) : {};
    return {
      ...signed,
      ...(toIndex === undefined ? {} : { toIndex }),
      ...(recipientIndex === undefined ? {} : { recipientIndex }),
    };
  }

  function spoilSignature(signed: BatchTransaction): BatchTransaction {
    switch (random.int(30)) {
      case 0:
        return { ...signed, r: random.bytes(32) };
      case 1:
        return { ...signed, s: random.bytes(32) };
      case 2:
        return { ...signed, yParity: signed.yParity === 0 ? 1 : 0 };
      case 3:
        return { ...signed, r: new Uint8Array(32).fill(random.pick([0, 255])) };
      default:
        return signed;
    }
  }

  return {
    next(chain) {
      const nonces = new Map<Hex, bigint>();
      const messages = Array.from({ length: random.int(8) }, (_, i) =>
        message(chain, chain.inboxFrom + BigInt(i), nonces),
      );
      const baseFee = random.chance(0.3) ? 0n : random.sized(30);
      let left = messages.length;
      let timestamp = chain.timestamp - BigInt(random.int(100));
      const blocks: BatchBlock[] = Array.from({ length: 1 + random.int(4) }, () => {
        const consumed = random.int(left + 1);
        left -= consumed;
        timestamp += BigInt(random.int(30));
        const transactions = Array.from({ length: random.int(8) }, () =>
          spoilSignature(indexed(chain.model, withoutIndexes(transaction(chain, nonces, baseFee)))),
        );
        return { timestamp, messages: consumed, transactions };
      });
      blocks.at(-1)!.messages += left;
      const coinbase = random.pick([...users, ...strangers, ...tokens, ZERO_ADDRESS]);
      const data = encodeBatch({ coinbase, baseFee, blocks });
      return { messages, data: random.chance(0.9) ? data : spoil(data) };
    },
  };

  function spoil(data: Uint8Array): Uint8Array {
    switch (random.int(5)) {
      case 0:
        return data.subarray(0, random.int(data.length));
      case 1:
        return Uint8Array.of(...data, random.int(256));
      case 2:
        return random.bytes(random.int(100));
      default:
        return data.with(random.int(Math.min(data.length, 80)), random.int(256));
    }
  }
}

function balanceOf(model: ModelState, account: string, token: string): bigint {
  if (token === ZERO_ADDRESS) return model.accounts.get(account)?.balance ?? 0n;
  return model.tokenBalances.get(`${account}/${token}`) ?? 0n;
}
