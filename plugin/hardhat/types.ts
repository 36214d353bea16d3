import type { Addressable, BrowserProvider, Signer } from "ethers";

import type { RollupParametersInput } from "../../deploy/parameters.js";
import type {
  CalldataDA,
  L1EscrowBridge,
  SequencerRegistry,
  StateCommitmentChain,
  SuiteFactory,
  UpgradeTimelock,
} from "../../typechain-types/index.js";
import type { Claimed, Enqueued } from "../l1/actions.js";
import type { PostResult } from "../sequencer/options.js";
import type { L2Block } from "../sequencer/records.js";
import type { Request } from "../sequencer/rpc/dispatch.js";
import type { SequencerStatus } from "../sequencer/sequencer.js";
import type { Deployment, Hex, Withdrawal } from "../types.js";
import type { Validator } from "../validator/validator.js";

/** `rollup` in the user's Hardhat config. */
export interface RollupUserConfig {
  /** Parameters of every deployment; a parameter file, flags and `deploy()` go before it. */
  parameters?: RollupParametersInput;
  /** Folder of the address books, `<deployments>/<network>/rollup.json`. Default: `deployments`. */
  deployments?: string;
}

/** `config.rollup`. */
export interface RollupConfig {
  parameters: RollupParametersInput;
  /** Absolute. */
  deployments: string;
}

export interface ChainOptions {
  /** Account that posts batches and receives the fees of the L2. Default: the network's first account. */
  sequencer?: Signer;
  /** Folder of the sequencer's database. Default: everything stays in memory, and goes along with snapshots of L1. */
  storage?: string;
  /** `auto` (default): a transaction or deposit is in an L2 block when its call returns. `manual`: by `sequencer.seal()`. */
  blocks?: "auto" | "manual";
}

/** `connection.rollup`. Everything that it starts is stopped when the connection closes. */
export interface RollupApi {
  /**
   * Deploys the suite to this network, bonds the sequencer and starts a rollup on it, in this process. Writes no files.
   * @param parameters Over those of the config and the defaults for this network.
   * @throws ParameterError naming each parameter that does not hold.
   */
  deploy(parameters?: RollupParametersInput, options?: ChainOptions): Promise<RollupChain>;
  /**
   * Starts a sequencer and a validator, in this process, for a suite that was deployed before.
   * @param book An address book or its path. Default: what `rollup:deploy` wrote for this network.
   */
  attach(book?: string | Deployment, options?: ChainOptions): Promise<RollupChain>;
}

/** The suite's contracts, connected to the network's first account; `.connect(signer)` for another. */
export interface RollupContracts {
  bridge: L1EscrowBridge;
  chain: StateCommitmentChain;
  registry: SequencerRegistry;
  da: CalldataDA;
  timelock: UpgradeTimelock;
  factory: SuiteFactory;
}

/** An account or token: its address, or a contract or signer that has one. */
export type AddressOf = string | Addressable;

export interface DepositRequest {
  /** In the token's smallest unit. */
  amount: bigint;
  /** ERC-20 on L1; the allowance is set where it is missing. Default: ETH. */
  token?: AddressOf;
  /** L2 account that is credited. Default: the signer. */
  to?: AddressOf;
}

export interface WithdrawRequest {
  /** In the token's smallest unit. */
  amount: bigint;
  /** ERC-20 on L1. Default: ETH. */
  token?: AddressOf;
  /** L1 account that is paid. Default: the signer. */
  target?: AddressOf;
}

export interface ForceWithdrawRequest extends Omit<WithdrawRequest, "amount"> {
  /** In the token's smallest unit; "all" for the whole balance. */
  amount: bigint | "all";
}

/** A withdrawal that was asked for on L2; claimable once its batch is final. */
export interface PendingWithdrawal {
  /** Hash of the L2 transaction. */
  transaction: Hex;
  withdrawal: Withdrawal;
}

/** The L2 as its users see it. */
export interface RollupL2 {
  /** An ethers provider over the sequencer in this process; the same JSON-RPC as over HTTP. */
  provider: BrowserProvider;
  /** `signer` as a signer of L2 transactions; of a Hardhat signer, the key in the network's `accounts` is used. */
  wallet(signer: Signer): Signer;
  /** Balance in the smallest unit. */
  balance(account: AddressOf, token?: AddressOf): Promise<bigint>;
  /** Asks for a withdrawal and waits until it is in an L2 block. */
  withdraw(signer: Signer, request: WithdrawRequest): Promise<PendingWithdrawal>;
}

/** The sequencer in this process. */
export interface RollupSequencer {
  /** Address that posts. */
  readonly address: Hex;
  /** Starts it again after `stop()`, from what its database holds. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Takes in what is new on L1. Happens by itself before requests to the L2. */
  sync(): Promise<void>;
  /** Makes an L2 block now; undefined when there is nothing to put into one. */
  seal(): Promise<L2Block | undefined>;
  /** Puts everything pending into blocks and posts a batch; undefined when all of L2 is on L1 already. */
  post(): Promise<PostResult | undefined>;
  /** A JSON-RPC request. */
  request: Request;
  status(): SequencerStatus;
}

/** One rollup: its contracts on L1, its L2, and those who run it. */
export interface RollupChain {
  readonly deployment: Deployment;
  readonly contracts: RollupContracts;
  readonly l2: RollupL2;
  readonly sequencer: RollupSequencer;
  /** Re-executes batches from L1 data alone. */
  readonly validator: Validator;
  /** Escrows ETH or an ERC-20 on L1; when it resolves, the L2 account is credited. */
  deposit(signer: Signer, request: DepositRequest): Promise<Enqueued>;
  /** Enqueues a raw signed L2 transaction on L1, past the sequencer. */
  forceTransaction(signer: Signer, raw: Hex): Promise<Enqueued>;
  /** Enqueues on L1 a withdrawal of the signer's L2 account, past the sequencer. */
  forceWithdrawal(signer: Signer, request: ForceWithdrawRequest): Promise<Enqueued>;
  /**
   * Posts what is not on L1 yet, moves the clock of a local L1 past the challenge window, and finalizes everything.
   * @returns Index of the last final batch.
   */
  finalize(): Promise<bigint>;
  /**
   * Pays a withdrawal of a final batch on L1.
   * @param withdrawal What `l2.withdraw` returned, or the inbox message of a forced withdrawal.
   * @param signer Pays the gas. Default: the network's first account.
   */
  claim(withdrawal: PendingWithdrawal | Pick<Enqueued, "message">, signer?: Signer): Promise<Claimed>;
  /** Stops everything. Called by the connection when it closes. */
  close(): Promise<void>;
}
