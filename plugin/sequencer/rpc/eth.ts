import { toHex } from "../../ledger/bytes.js";
import { L2_BRIDGE, ZERO_HASH } from "../../types.js";
import { RPC_CODES, RpcError } from "../errors.js";
import { call, estimateGas, readCall } from "./call.js";
import type { Method, RpcContext } from "./context.js";
import {
  formatBlock,
  formatEntry,
  formatPending,
  formatReceipt,
  gasUsedRatio,
  toQuantity,
  type Json,
} from "./format.js";
import { getLogs } from "./logs.js";
import { address, blockId, bytes, flag, hash, invalid, quantity, type BlockId } from "./params.js";

const MAX_FEE_HISTORY = 1_024n;
/** One invalid instruction: enough for wallets to see a contract. */
const CONTRACT_CODE = "0xfe";

function blockOrNull(context: RpcContext, id: BlockId, full: unknown): Json {
  const block = context.blocks.block(id);
  return block === undefined
    ? null
    : formatBlock(block, context.blocks.entries(block), flag(full, "the second parameter"));
}

function entryAt(context: RpcContext, id: BlockId, position: unknown): Json {
  const block = context.blocks.block(id);
  const entry = block && context.blocks.entries(block)[Number(quantity(position, "index"))];
  return entry === undefined ? null : formatEntry(entry);
}

function feeHistory([count, newest, percentiles]: readonly unknown[], context: RpcContext): Json {
  const wanted = quantity(count, "blockCount");
  if (wanted < 1n || wanted > MAX_FEE_HISTORY)
    throw invalid(`blockCount must be 1 to ${MAX_FEE_HISTORY}, got ${wanted}`);
  if (percentiles !== undefined && percentiles !== null && !Array.isArray(percentiles))
    throw invalid("rewardPercentiles must be a list of numbers");
  const last = context.blocks.existing(blockId(newest, "newestBlock"));
  const oldest = last.number + 1n < wanted ? 0n : last.number + 1n - wanted;
  const blocks = [];
  for (let number = oldest; number <= last.number; number++) blocks.push(context.blocks.existing({ number }));
  const tip = toQuantity(context.minPriorityFee);
  const next = last.number === context.chain.head.number ? context.baseFee : last.baseFee;
  return {
    oldestBlock: toQuantity(oldest),
    baseFeePerGas: [...blocks.map(({ baseFee }) => toQuantity(baseFee)), toQuantity(next)],
    gasUsedRatio: blocks.map(gasUsedRatio),
    ...(Array.isArray(percentiles) && percentiles.length > 0
      ? { reward: blocks.map(() => percentiles.map(() => tip)) }
      : {}),
  };
}

/** Ethereum's methods. */
export const ETH_METHODS: Record<string, Method> = {
  web3_clientVersion: (_, { clientVersion }) => clientVersion,
  net_version: (_, { l2ChainId }) => l2ChainId.toString(),
  net_listening: () => true,
  eth_chainId: (_, { l2ChainId }) => toQuantity(l2ChainId),
  eth_syncing: () => false,
  eth_accounts: () => [],
  eth_blockNumber: (_, { chain }) => toQuantity(chain.head.number),
  eth_gasPrice: (_, { baseFee, minPriorityFee }) => toQuantity(baseFee + minPriorityFee),
  eth_maxPriorityFeePerGas: (_, { minPriorityFee }) => toQuantity(minPriorityFee),
  eth_feeHistory: feeHistory,

  eth_getBalance([who, at], { blocks, nodes, ledger }) {
    const { stateRoot } = blocks.existing(blockId(at));
    return toQuantity(ledger.account(nodes, stateRoot, address(who)).balance);
  },
  eth_getTransactionCount([who, at], { blocks, nodes, chain, ledger }) {
    const id = blockId(at);
    if ("tag" in id && id.tag === "pending") return toQuantity(chain.mempool.nextNonce(address(who)));
    const { stateRoot } = blocks.existing(id);
    return toQuantity(ledger.account(nodes, stateRoot, address(who)).nonce);
  },
  eth_getCode([who, at], { blocks, database }) {
    blocks.existing(blockId(at));
    const asked = address(who);
    return asked === L2_BRIDGE || database.isToken(asked) ? CONTRACT_CODE : "0x";
  },
  eth_getStorageAt([who, slot, at], { blocks }) {
    blocks.existing(blockId(at));
    address(who);
    quantity(slot, "slot");
    return ZERO_HASH;
  },
  eth_getProof() {
    throw new RpcError(
      RPC_CODES.methodNotFound,
      "eth_getProof is not supported: the state is no Merkle Patricia trie; use rollup_getProof",
    );
  },

  async eth_call([request, at, overrides], context) {
    if (overrides !== undefined && overrides !== null) throw invalid("state overrides are not supported");
    return toHex(await call(context, context.blocks.existing(blockId(at)), readCall(request)));
  },
  async eth_estimateGas([request, at], context) {
    return toQuantity(await estimateGas(context, context.blocks.existing(blockId(at)), readCall(request)));
  },
  eth_sendRawTransaction: ([raw], { submit }) => submit(bytes(raw, "transaction")),

  eth_getTransactionByHash([wanted], { blocks, chain, baseFee }) {
    const id = hash(wanted);
    const found = blocks.entry(id);
    if (found !== undefined) return formatEntry(found);
    const pending = chain.mempool.get(id)?.transaction;
    return pending === undefined ? null : formatPending(pending, pending.sender, baseFee);
  },
  eth_getTransactionReceipt([wanted], { blocks }) {
    const found = blocks.entry(hash(wanted));
    return found === undefined ? null : formatReceipt(found);
  },
  eth_getTransactionByBlockNumberAndIndex: ([at, position], context) => entryAt(context, blockId(at), position),
  eth_getTransactionByBlockHashAndIndex: ([at, position], context) => entryAt(context, { hash: hash(at) }, position),
  eth_getBlockByNumber: ([at, full], context) => blockOrNull(context, blockId(at), full),
  eth_getBlockByHash: ([at, full], context) => blockOrNull(context, { hash: hash(at) }, full),
  eth_getBlockTransactionCountByNumber([at], { blocks }) {
    const block = blocks.block(blockId(at));
    return block === undefined ? null : toQuantity(block.size);
  },
  eth_getBlockTransactionCountByHash([at], { blocks }) {
    const block = blocks.block({ hash: hash(at) });
    return block === undefined ? null : toQuantity(block.size);
  },
  eth_getUncleCountByBlockNumber: () => "0x0",
  eth_getUncleCountByBlockHash: () => "0x0",
  eth_getBlockReceipts([at], { blocks }) {
    const block = blocks.block(typeof at === "string" && at.length === 66 ? { hash: hash(at) } : blockId(at));
    return block === undefined ? null : blocks.entries(block).map(formatReceipt);
  },
  eth_getLogs: ([filter], { blocks }) => getLogs(filter, blocks),
};
