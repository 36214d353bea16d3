import { FeeData, Network, Transaction, type TransactionReceipt, Wallet } from "ethers";

import { decodeDaInput } from "../../../plugin/da/input.js";
import { daInputOf } from "../../../plugin/l1/batch-data.js";
import { type PostedBatch, UnknownBatchError } from "../../../plugin/l1/client.js";
import { type BatchClaim, type BatchPosterOptions } from "../../../plugin/l1/poster.js";
import type { SenderProvider } from "../../../plugin/l1/intent.js";
import { genesisHeader } from "../../../plugin/ledger/header.js";
import { dataHash, headerHash } from "../../../plugin/ledger/hashes.js";
import { type BatchHeader, type Hex, ZERO_ADDRESS, ZERO_HASH } from "../../../plugin/types.js";
import { IStateCommitmentChain__factory } from "../../../typechain-types/index.js";

const abi = IStateCommitmentChain__factory.createInterface();
export const CHAIN: Hex = `0x${"c4".repeat(20)}`;

export const GENESIS = genesisHeader(1n, `0x${"01".repeat(32)}`);

interface MinedTransaction {
  transaction: Transaction;
  receipt: TransactionReceipt;
  /** The batch that it appended. */
  batch: { header: BatchHeader; data: Uint8Array } | undefined;
}

/** What may go wrong at a call. A fault throws, waits, or does nothing. */
export type Fault = (at: keyof SenderProvider, moment: "before" | "after") => void;

/** One account, its mempool and the chain of batches, as a node shows them. Nothing is mined until a test says so. */
export interface FakeL1 {
  provider: SenderProvider;
  client: BatchPosterOptions["client"];
  wallet: Wallet;
  baseFee: bigint;
  balance: bigint;
  /** Every fee that was broadcast, in order. */
  readonly fees: bigint[];
  /** Hashes ever broadcast, by nonce. */
  readonly broadcast: Map<number, Set<string>>;
  readonly mined: readonly MinedTransaction[];
  readonly pending: ReadonlyMap<number, Transaction>;
  fault: Fault;
  /** Mines what pays the base fee; `false` when there was nothing. */
  mine(): boolean;
  /** Takes the last `depth` mined transactions back, into the mempool or into nowhere. */
  reorg(depth: number, keepPending: boolean): void;
  /** The mempool forgets. */
  forget(): void;
  /** Gives a transaction of the same account to the node, past the sender. */
  inject(nonce: number, maxFeePerGas: bigint): Promise<void>;
  /** Takes a batch off the chain without a reorg, as a lost dispute does. */
  revertHead(): void;
  batches(): { header: BatchHeader; data: Uint8Array }[];
}

export function fakeL1(): FakeL1 {
  const wallet = new Wallet(`0x${"42".repeat(32)}`);
  const mined: MinedTransaction[] = [];
  const pending = new Map<number, Transaction>();
  const reverted = new Set<string>();
  const broadcast = new Map<number, Set<string>>();
  const fees: bigint[] = [];
  let blocks = 1;
  let forks = 0;

  const batches = () =>
    mined.flatMap(({ batch }) => (batch === undefined || reverted.has(headerHash(batch.header)) ? [] : [batch]));
  const head = (): BatchHeader => batches().at(-1)?.header ?? GENESIS;

  function append(transaction: Transaction): MinedTransaction["batch"] {
    const call = Buffer.from(transaction.data.slice(2), "hex");
    const place = decodeDaInput(daInputOf(call) ?? Uint8Array.of());
    if (place?.form !== "calldata") return undefined;
    const { data } = place;
    const arguments_ = abi.decodeFunctionData("appendBatch", transaction.data);
    const parent = arguments_.getValue("parent") as BatchHeader;
    const claim = arguments_.getValue("claim") as BatchClaim;
    if (headerHash(parent) !== headerHash(head())) return undefined;
    const timestamp = BigInt(1_000 + blocks * 12 + forks);
    const { stateRoot, withdrawalsRoot, inboxAcc, inboxTo, l2BlockTo } = claim;
    const header: BatchHeader = {
      ...{ index: parent.index + 1n, timestamp, finalizesAt: timestamp + 10n, inboxFrom: parent.inboxTo, inboxTo },
      ...{ l2BlockFrom: parent.l2BlockTo, l2BlockTo, submitter: wallet.address as Hex, resolver: ZERO_ADDRESS },
      ...{ parentHash: headerHash(parent), prevStateRoot: parent.stateRoot, stateRoot, withdrawalsRoot, inboxAcc },
      dataHash: dataHash(data),
    };
    return { header, data };
  }

  function accept(transaction: Transaction): void {
    const { nonce, hash, maxFeePerGas, maxPriorityFeePerGas } = transaction;
    if (hash === null || maxFeePerGas === null || maxPriorityFeePerGas === null)
      throw new Error("not signed, or no fees");
    const known = broadcast.get(nonce) ?? new Set<string>();
    broadcast.set(nonce, known.add(hash));
    fees.push(maxFeePerGas);
    if (nonce < mined.length) throw new Error("nonce too low");
    const old = pending.get(nonce);
    if (old?.hash === hash) throw new Error("already known");
    const enough = (now: bigint, before: bigint | null | undefined) => now * 10n >= (before ?? 0n) * 11n;
    if (
      old !== undefined &&
      !(enough(maxFeePerGas, old.maxFeePerGas) && enough(maxPriorityFeePerGas, old.maxPriorityFeePerGas))
    ) {
      throw new Error("replacement transaction underpriced");
    }
    pending.set(nonce, transaction);
  }

  const fake: Omit<FakeL1, "provider" | "client"> = {
    wallet,
    baseFee: 100n,
    balance: 10n ** 18n,
    fees,
    broadcast,
    mined,
    pending,
    fault: () => undefined,
    mine() {
      blocks++;
      const next = pending.get(mined.length);
      if (next === undefined || (next.maxFeePerGas ?? 0n) < fake.baseFee) return false;
      pending.delete(mined.length);
      const batch = append(next);
      const logs =
        batch === undefined
          ? []
          : [abi.encodeEventLog("BatchAppended", [batch.header.index, headerHash(batch.header), batch.header])];
      const receipt = {
        hash: next.hash,
        status: batch === undefined && next.to?.toLowerCase() === CHAIN ? 0 : 1,
        blockNumber: blocks,
        gasUsed: 21_000n,
        logs,
      } as unknown as TransactionReceipt;
      mined.push({ transaction: next, receipt, batch });
      return true;
    },
    reorg(depth, keepPending) {
      forks++;
      for (const { transaction } of mined.splice(Math.max(0, mined.length - depth))) {
        if (keepPending) pending.set(transaction.nonce, transaction);
      }
    },
    forget: () => pending.clear(),
    async inject(nonce, maxFeePerGas) {
      const raw = await wallet.signTransaction({
        ...{ type: 2, chainId: 1n, nonce, to: wallet.address, gasLimit: 21_000n, maxFeePerGas },
        maxPriorityFeePerGas: maxFeePerGas,
      });
      accept(Transaction.from(raw));
    },
    revertHead() {
      reverted.add(headerHash(head()));
    },
    batches,
  };

  async function call<T>(at: keyof SenderProvider, answer: () => T): Promise<T> {
    fake.fault(at, "before");
    // A turn of the event loop, as the network takes one.
    await new Promise((resolve) => setImmediate(resolve));
    const result = answer();
    fake.fault(at, "after");
    return result;
  }

  const provider = {
    getNetwork: () => call("getNetwork", () => new Network("fake", 1n)),
    getTransactionCount: (_address: string, tag: string) =>
      call("getTransactionCount", () => mined.length + (tag === "pending" ? pending.size : 0)),
    getFeeData: () => call("getFeeData", () => new FeeData(null, 2n * fake.baseFee + 1n, 1n)),
    getBalance: () => call("getBalance", () => fake.balance),
    getBlockNumber: () => call("getBlockNumber", () => blocks),
    estimateGas: ({ data }: { data: string }) =>
      call("estimateGas", () => {
        const parent = abi.decodeFunctionData("appendBatch", data).getValue("parent") as BatchHeader;
        if (headerHash(parent) === headerHash(head())) return 100_000n;
        const reason = abi.encodeErrorResult("ChainParentMismatch", [headerHash(head()), headerHash(parent)]);
        throw Object.assign(new Error("execution reverted"), { code: "CALL_EXCEPTION", data: reason });
      }),
    broadcastTransaction: (raw: string) => call("broadcastTransaction", () => accept(Transaction.from(raw))),
    getTransactionReceipt: (hash: string) =>
      call("getTransactionReceipt", () => mined.find(({ receipt }) => receipt.hash === hash)?.receipt ?? null),
  } as unknown as SenderProvider;

  const client: FakeL1["client"] = {
    addresses: { bridge: CHAIN, chain: CHAIN, registry: CHAIN, game: CHAIN, availability: undefined },
    heads: () => Promise.resolve({ head: head().index, finalizedHead: 0n }),
    headerHash: (index) => {
      const header = [GENESIS, ...batches().map((batch) => batch.header)][Number(index)];
      return Promise.resolve(header === undefined ? ZERO_HASH : headerHash(header));
    },
    batch: (index): Promise<PostedBatch> => {
      const header = [GENESIS, ...batches().map((batch) => batch.header)][Number(index)];
      if (header === undefined) return Promise.reject(new UnknownBatchError(index, head().index));
      return Promise.resolve({ header, headerHash: headerHash(header), transaction: ZERO_HASH, block: 1 });
    },
    inboxMessages: () => Promise.resolve([]),
  };
  return Object.assign(fake, { provider, client });
}
