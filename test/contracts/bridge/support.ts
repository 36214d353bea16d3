import type { SnapshotRestorer } from "@nomicfoundation/hardhat-network-helpers/types";
import type { ContractTransactionResponse, TypedDataDomain } from "ethers";
import { AbiCoder, concat, id, keccak256, MaxUint256, ZeroAddress, ZeroHash } from "ethers";

import { decodeLog, TOPICS } from "../../../plugin/l1/decode.js";
import type { L1EscrowBridge } from "../../../typechain-types/index.js";
import { type Leaves, naiveRoot, naiveSiblings } from "../../ledger/naive-tree.js";
import { createConnection } from "../../support/env.js";

export const L2_CHAIN_ID = 777_001n;
export const PAUSE_DURATION = 3n * 86_400n;
export const PAUSE_COOLDOWN = 7n * 86_400n;
export const WHOLE_BALANCE = MaxUint256;
export const AMOUNT_LIMIT = 1n << 192n;

const coder = AbiCoder.defaultAbiCoder();
const MESSAGE_DOMAIN = id("hardhat-rollup.message.v1");
const WITHDRAWAL_DOMAIN = id("hardhat-rollup.withdrawal.v1");

export interface Message {
  kind: 0 | 1 | 2;
  index: bigint;
  timestamp: bigint;
  sender: string;
  target: string;
  token: string;
  amount: bigint;
  data: string;
}

export interface Withdrawal {
  nonce: bigint;
  sender: string;
  target: string;
  token: string;
  amount: bigint;
  data: string;
}

export interface Header {
  index: bigint;
  timestamp: bigint;
  finalizesAt: bigint;
  inboxFrom: bigint;
  inboxTo: bigint;
  l2BlockFrom: bigint;
  l2BlockTo: bigint;
  submitter: string;
  resolver: string;
  parentHash: string;
  prevStateRoot: string;
  stateRoot: string;
  withdrawalsRoot: string;
  inboxAcc: string;
  dataHash: string;
}

/** docs/protocol.md §2, written down a second time so that contract and test can disagree. */
export function messageHash(m: Message): string {
  return keccak256(
    coder.encode(
      ["bytes32", "uint256", "uint256", "uint256", "address", "address", "address", "uint256", "bytes32"],
      [MESSAGE_DOMAIN, m.kind, m.index, m.timestamp, m.sender, m.target, m.token, m.amount, keccak256(m.data)],
    ),
  );
}

export function accumulate(acc: string, m: Message): string {
  return keccak256(concat([acc, messageHash(m)]));
}

/** docs/protocol.md §4. */
export function withdrawalLeaf(w: Withdrawal): string {
  return keccak256(
    coder.encode(
      ["bytes32", "uint256", "address", "address", "address", "uint256", "bytes32"],
      [WITHDRAWAL_DOMAIN, w.nonce, w.sender, w.target, w.token, w.amount, keccak256(w.data)],
    ),
  );
}

/** The element at `index`, which must exist. */
export function at<T>(list: readonly T[], index: number): T {
  const element = list.at(index);
  if (element === undefined) throw new Error(`no element ${index} among ${list.length}`);
  return element;
}

/** Levels of the tree from the padded leaves to the root. */
export function treeOf(leaves: string[]): string[][] {
  const padded = [...leaves];
  while (padded.length === 0 || (padded.length & (padded.length - 1)) !== 0) padded.push(ZeroHash);
  const levels = [padded];
  for (let level = padded; level.length > 1;) {
    const below = level;
    level = Array.from({ length: below.length / 2 }, (_, i) => keccak256(concat(below.slice(2 * i, 2 * i + 2))));
    levels.push(level);
  }
  return levels;
}

export function rootOf(levels: string[][]): string {
  return at(at(levels, -1), 0);
}

export function proofOf(levels: string[][], index: number): string[] {
  return levels.slice(0, -1).map((level, height) => at(level, (index >> height) ^ 1));
}

export function headerOf(index: bigint, withdrawalsRoot: string): Header {
  return {
    index,
    timestamp: 1_700_000_000n + index,
    finalizesAt: 1_700_600_000n + index,
    inboxFrom: 0n,
    inboxTo: 3n,
    l2BlockFrom: index,
    l2BlockTo: index + 1n,
    submitter: "0x00000000000000000000000000000000005e90e9",
    resolver: "0x0000000000000000000000000000000000001d6e",
    parentHash: id(`parent ${index}`),
    prevStateRoot: id(`previous ${index}`),
    stateRoot: id(`state ${index}`),
    withdrawalsRoot,
    inboxAcc: id(`inbox ${index}`),
    dataHash: id(`data ${index}`),
  };
}

/** What an account has on L2; token zero is ETH. */
export interface Balance {
  account: string;
  token: string;
  amount: bigint;
}

/** Content of a leaf of the state. */
export interface StateLeaf {
  word0: bigint;
  word1: bigint;
}

/** Arguments of L1EscrowBridge.escape; the last two become its `proof`. */
export type Escape = [header: Header, account: string, token: string, leaf: StateLeaf, siblings: string[]];

/** The same as L1EscrowBridge.escape takes them. */
export function encodedEscape(...[header, account, token, leaf, siblings]: Escape): [Header, string, string, string] {
  return [header, account, token, balanceProof(leaf, siblings)];
}

/** Calls L1EscrowBridge.escape. */
export function escapeBy(bridge: L1EscrowBridge, ...escape: Escape): Promise<ContractTransactionResponse> {
  return bridge.escape(...encodedEscape(...escape));
}

/** docs/escape.md §2: what KeccakStateProof takes. */
export function balanceProof({ word0, word1 }: StateLeaf, siblings: string[]): string {
  return coder.encode(["uint256[2]", "bytes32[]"], [[word0, word1], siblings]);
}

/** docs/protocol.md §5: the key of a leaf. */
export function keyOf(...words: (bigint | string)[]): string {
  return keccak256(
    coder.encode(
      words.map((word) => (typeof word === "bigint" ? "uint256" : "address")),
      words,
    ),
  );
}

/** The leaf with this balance; of an account that made three transactions. */
export function leafOf({ account, token, amount }: Balance, index: bigint): [string, [bigint, bigint]] {
  return token === ZeroAddress
    ? [keyOf(1n, account), [(3n << 64n) | index, amount]]
    : [keyOf(3n, account, token), [amount, 0n]];
}

/** The bridge behind the suite's kind of proxy, over a chain whose finality the test decides. */
export async function bridgeEnvironment(inboxCapacity = 8n) {
  const connection = await createConnection();
  const { ethers, networkHelpers } = connection;
  const signers = await ethers.getSigners();
  const [guardian, timelock, alice] = [at(signers, 1), at(signers, 2), at(signers, 3)];
  const [bob, carol, liar] = [at(signers, 4), at(signers, 5), at(signers, 6)];

  const chainImplementation = await ethers.deployContract("MockStateCommitmentChain");
  const chainProxy = await ethers.deployContract("TestProxy", [
    chainImplementation,
    timelock,
    chainImplementation.interface.encodeFunctionData("initialize"),
  ]);
  const chain = await ethers.getContractAt("MockStateCommitmentChain", chainProxy);

  const stateProof = await ethers.deployContract("KeccakStateProof");
  const parameters = {
    chain: await chain.getAddress(),
    stateProof: await stateProof.getAddress(),
    guardian: guardian.address,
    upgradeTimelock: timelock.address,
    l2ChainId: L2_CHAIN_ID,
    pauseDuration: PAUSE_DURATION,
    pauseCooldown: PAUSE_COOLDOWN,
    inboxCapacity,
  };
  const implementation = await ethers.deployContract("L1EscrowBridge", [parameters]);
  const proxy = await ethers.deployContract("TestProxy", [
    implementation,
    timelock,
    implementation.interface.encodeFunctionData("initialize"),
  ]);
  const bridge = await ethers.getContractAt("L1EscrowBridge", proxy);
  const token = await ethers.deployContract("StandardToken");
  for (const user of [alice, bob, carol]) {
    await token.mint(user, 10n ** 24n);
    await token.connect(user).approve(bridge, MaxUint256);
  }

  let nextBatch = 1n;
  let nextNonce = 0n;

  /** A withdrawal of the L2, with defaults. */
  function withdrawal(fields: Partial<Withdrawal>): Withdrawal {
    return {
      nonce: nextNonce++,
      sender: "0x0000000000000000000000000000000000005e4d",
      target: alice.address,
      token: ZeroAddress,
      amount: 1n,
      data: "0x",
      ...fields,
    };
  }

  /** Makes a batch with these withdrawals final, and gives what claiming them takes. */
  async function finalBatch(withdrawals: Withdrawal[]) {
    const levels = treeOf(withdrawals.map(withdrawalLeaf));
    const header = headerOf(nextBatch++, withdrawals.length === 0 ? ZeroHash : rootOf(levels));
    await chain.setFinalized(header, true);
    const claims = withdrawals.map((w, i): [Header, bigint, Withdrawal, string[]] => [
      header,
      BigInt(i),
      w,
      proofOf(levels, i),
    ]);
    return { header, levels, claims };
  }

  /** A final batch of just this withdrawal, claimed by somebody else. */
  async function claimOne(fields: Partial<Withdrawal>) {
    const { claims } = await finalBatch([withdrawal(fields)]);
    return bridge.connect(carol).withdraw(...at(claims, 0));
  }

  /** Freezes the chain with a last batch that left this state and consumed the inbox up to `inboxTo`. */
  async function freeze(state: readonly Balance[], inboxTo = 0n) {
    const leaves: Leaves = new Map(state.map((balance, i) => leafOf(balance, BigInt(i + 1))));
    leaves.set(keyOf(0n), [BigInt(state.length), 0n]);
    const header = { ...headerOf(nextBatch++, ZeroHash), inboxTo, stateRoot: naiveRoot(leaves) };
    await chain.setFinalized(header, true);
    await chain.freeze(bridge, header);
    const escapes = state.map((balance, i): Escape => {
      const [key, [word0, word1]] = leafOf(balance, BigInt(i + 1));
      return [header, balance.account, balance.token, { word0, word1 }, naiveSiblings(leaves, key)];
    });
    return { header, leaves, escapes };
  }

  /** The inbox messages so far. */
  async function messages(): Promise<Message[]> {
    const address = await bridge.getAddress();
    const logs = await ethers.provider.getLogs({ address, topics: [[TOPICS.deposit, TOPICS.message]], fromBlock: 0 });
    return logs.map(decodeLog).flatMap((event) => (event.kind === "message" ? [event.message] : []));
  }

  return {
    ...connection,
    ethers,
    networkHelpers,
    freeze,
    messages,
    guardian,
    timelock,
    alice,
    bob,
    carol,
    liar,
    chain,
    parameters,
    stateProof,
    implementation,
    bridge,
    token,
    withdrawal,
    finalBatch,
    claimOne,
  };
}

/**
 * Registers hooks that give every test of a `describe` the same fresh bridge.
 * @returns A getter for use inside tests.
 */
export function useBridge(inboxCapacity?: bigint): () => BridgeEnvironment {
  let env: BridgeEnvironment | undefined;
  let snapshot: SnapshotRestorer | undefined;
  before(async () => {
    env = await bridgeEnvironment(inboxCapacity);
    snapshot = await env.networkHelpers.takeSnapshot();
  });
  afterEach(async () => snapshot?.restore());
  return () => {
    if (env === undefined) throw new Error("only inside a test");
    return env;
  };
}

export type BridgeEnvironment = Awaited<ReturnType<typeof bridgeEnvironment>>;

export async function signingDomain(bridge: L1EscrowBridge): Promise<TypedDataDomain> {
  const { name, version, chainId, verifyingContract } = await bridge.eip712Domain();
  return { name, version, chainId, verifyingContract };
}

export const CLAIM_CREDIT_TYPES = {
  ClaimCredit: [
    { name: "account", type: "address" },
    { name: "token", type: "address" },
    { name: "to", type: "address" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};
