import { Interface, Wallet } from "ethers";

import type { L1Client } from "../../../plugin/l1/client.js";
import type { L1Source } from "../../../plugin/l1/follower.js";
import { encodeBatch, stripTransaction } from "../../../plugin/ledger/batch.js";
import { fromHex } from "../../../plugin/ledger/bytes.js";
import { genesisHeader } from "../../../plugin/ledger/header.js";
import { dataHash, headerHash, inboxAcc } from "../../../plugin/ledger/hashes.js";
import { GENESIS_STATE_ROOT } from "../../../plugin/ledger/state.js";
import { parseTransaction } from "../../../plugin/ledger/transaction.js";
import type { BatchBlock, BatchContent, BatchOutput } from "../../../plugin/ledger/types.js";
import {
  type BatchHeader,
  type Deployment,
  type Hex,
  type InboxMessage,
  L2_BRIDGE,
  ZERO_ADDRESS,
  ZERO_HASH,
} from "../../../plugin/types.js";
import type { Program } from "../../../plugin/validator/types.js";
import { fakeChain, type FakeChain } from "../../l1/support/fake-chain.js";

export const L2_CHAIN_ID = 42_069n;
const BRIDGE: Hex = `0x${"b1".repeat(20)}`;
const bridge = new Interface(["function withdraw(address token, address target, uint256 amount)"]);

const GENESIS = genesisHeader(1_000n, GENESIS_STATE_ROOT);

/** What a sequencer puts into a batch. */
export interface BatchPlan {
  blocks: { messages: number; transactions: Hex[] }[];
  /** Makes the posted header a lie. */
  tamper?: (header: BatchHeader) => Partial<BatchHeader>;
}

/** A rollup on an L1 in memory, with a sequencer that lies on demand. */
export interface TestRollup {
  l1: FakeChain;
  source: L1Source;
  client: Pick<L1Client, "deployment" | "batchData">;
  deposit(to: Hex, amount: bigint): void;
  post(plan: BatchPlan): BatchHeader;
  /** What running the batch really gives. */
  outputs: BatchOutput[];
  head(): BatchHeader;
  finalize(): void;
  revert(fromIndex: bigint): void;
}

export function testRollup(program: Program): TestRollup {
  const l1 = fakeChain();
  const data = new Map<Hex, Uint8Array>();
  const outputs: BatchOutput[] = [];
  const messages = (): InboxMessage[] =>
    l1.canonical().flatMap((event) => (event.kind === "message" ? [event.message] : []));
  const headers = (): BatchHeader[] => {
    const found = [GENESIS];
    for (const event of l1.canonical()) {
      if (event.kind === "batch") found.push(event.header);
      if (event.kind === "reverted") found.length = Number(event.fromIndex);
    }
    return found;
  };
  const head = (): BatchHeader => headers().at(-1) ?? GENESIS;

  function content(blocks: BatchPlan["blocks"], timestamp: bigint): BatchContent {
    const toBlock = (block: BatchPlan["blocks"][number]): BatchBlock => ({
      timestamp,
      messages: block.messages,
      transactions: block.transactions.map((raw) => stripTransaction(parseTransaction(fromHex(raw)), () => undefined)),
    });
    return { coinbase: `0x${"c0".repeat(20)}`, baseFee: 1n, blocks: blocks.map(toBlock) };
  }

  const deployment = {
    genesis: GENESIS,
    program: { machineHash: program.machineHash },
    fromBlock: 0n,
    parameters: { l2ChainId: L2_CHAIN_ID },
    contracts: { L1EscrowBridge: { address: BRIDGE } },
  } as unknown as Deployment;

  return {
    l1,
    source: l1,
    outputs,
    head,
    client: {
      deployment,
      batchData: (header) => {
        const found = data.get(header.dataHash);
        return found === undefined ? Promise.reject(new Error("no data")) : Promise.resolve({ bytes: found });
      },
    },
    deposit(to, amount) {
      const index = BigInt(messages().length);
      const timestamp = BigInt(1_000 + l1.height * 12);
      const fields = {
        kind: 0,
        index,
        timestamp,
        sender: to,
        target: to,
        token: ZERO_ADDRESS,
        amount,
        data: "0x",
      } as const;
      l1.mine({ kind: "message", message: fields });
    },
    post({ blocks, tamper }) {
      const parent = head();
      const timestamp = BigInt(2_000 + l1.height * 12);
      const bytes = encodeBatch(content(blocks, timestamp));
      data.set(dataHash(bytes), bytes);
      const count = blocks.reduce((sum, block) => sum + block.messages, 0);
      const { inboxTo: inboxFrom, l2BlockTo: l2BlockFrom, stateRoot: prevStateRoot } = parent;
      const consumed = messages().slice(Number(inboxFrom), Number(inboxFrom) + count);
      const index = parent.index + 1n;
      const input = { l2ChainId: L2_CHAIN_ID, bridge: BRIDGE, index, timestamp, inboxFrom, l2BlockFrom, prevStateRoot };
      const isKnown = !headers().some(({ stateRoot }) => stateRoot.startsWith("0xbad"));
      const output = isKnown
        ? program.execute(
            { ...input, prevInboxAcc: parent.inboxAcc, messages: consumed, data: bytes },
            { get: () => undefined },
          )
        : { stateRoot: parent.stateRoot, withdrawalsRoot: ZERO_HASH, l2BlockTo: l2BlockFrom + BigInt(blocks.length) };
      if ("receipts" in output) outputs.push(output);
      const honest: BatchHeader = {
        ...{ index, timestamp, finalizesAt: timestamp + 100n, inboxFrom, inboxTo: inboxFrom + BigInt(count) },
        ...{ l2BlockFrom, l2BlockTo: output.l2BlockTo, submitter: ZERO_ADDRESS, resolver: ZERO_ADDRESS },
        ...{ parentHash: headerHash(parent), prevStateRoot },
        ...{ stateRoot: output.stateRoot, withdrawalsRoot: output.withdrawalsRoot },
        ...{ inboxAcc: inboxAcc(parent.inboxAcc, consumed), dataHash: dataHash(bytes) },
      };
      const header = { ...honest, ...tamper?.(honest) };
      l1.mine({ kind: "batch", header, headerHash: headerHash(header), transaction: ZERO_HASH });
      return header;
    },
    finalize() {
      const index = BigInt(l1.canonical().filter(({ kind }) => kind === "finalized").length) + 1n;
      l1.mine({ kind: "finalized", index, headerHash: ZERO_HASH });
    },
    revert(fromIndex) {
      l1.mine({ kind: "reverted", fromIndex, toIndex: head().index });
    },
  };
}

/** A user of the L2. */
export function user(seed: number): {
  address: Hex;
  pay(nonce: number, to: Hex, value: bigint): Promise<Hex>;
  withdraw(nonce: number, amount: bigint): Promise<Hex>;
} {
  const wallet = new Wallet(`0x${seed.toString(16).padStart(64, "0")}`);
  const address = wallet.address.toLowerCase() as Hex;
  const sign = async (nonce: number, to: Hex, value: bigint, data: string, gasLimit: bigint): Promise<Hex> =>
    (await wallet.signTransaction({
      ...{ type: 2, chainId: L2_CHAIN_ID, nonce, to, value, data, gasLimit },
      ...{ maxFeePerGas: 2n, maxPriorityFeePerGas: 1n },
    })) as Hex;
  return {
    address,
    pay: (nonce, to, value) => sign(nonce, to, value, "0x", 21_000n),
    withdraw: (nonce, amount) =>
      sign(nonce, L2_BRIDGE, amount, bridge.encodeFunctionData("withdraw", [ZERO_ADDRESS, address, amount]), 100_000n),
  };
}
