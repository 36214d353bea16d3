import type { Addressable, BrowserProvider, Signer } from "ethers";

import type { RollupParametersInput } from "../../deploy/parameters.js";
import type {
  IDataAvailability,
  DisputeGame,
  L1EscrowBridge,
  OneStepVerifier,
  SequencerRegistry,
  StateCommitmentChain,
  SuiteFactory,
  UpgradeTimelock,
} from "../../typechain-types/index.js";
import type { Claimed, Enqueued } from "../l1/actions.js";
import type { ProvedOnL1, ProveOptions } from "../prover/agent.js";
import type { PostResult } from "../sequencer/options.js";
import type { L2Block } from "../sequencer/records.js";
import type { Request } from "../sequencer/rpc/dispatch.js";
import type { SequencerStatus } from "../sequencer/sequencer.js";
import type { Deployment, Hex, Withdrawal } from "../types.js";
import type { Fault } from "../validator/faults.js";
import type { ValidatorEvent } from "../validator/types.js";
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
  /** Absolute: circuits, keys and proofs. */
  cache: string;
}

export interface ChainOptions {
  /** Account that posts batches and receives the fees of the L2. Default: the network's first account. */
  sequencer?: Signer;
  /** Account with which the validator plays disputes. Default: the network's last account, if it has more than two. */
  validator?: Signer;
  /**
   * With `da: "committee"`: how many members run in this process, on a local network, where no others are named; default 3.
   * How many of them must sign is the parameter `committeeThreshold`, by default two thirds.
   */
  members?: number;
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
  /** Of a suite with fraud proofs, as is the verifier. @throws MissingContractError in others */
  game: DisputeGame;
  verifier: OneStepVerifier;
  da: IDataAvailability;
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

/**
 * `down`: cannot be reached. `slow`: never answers. `lying`: signs with another key, and gives other data. `withholding`: stores
 * and signs, but gives nobody the last chunk of any data.
 */
export type MemberBehaviour = "honest" | "down" | "slow" | "lying" | "withholding";

/** The committee that holds batch data; members run in this process as far as no URL is known of them. */
export interface RollupCommittee {
  /** Of the first epoch, in ascending order. */
  readonly members: readonly Hex[];
  /** How many of them must sign. */
  readonly threshold: number;
  /** How members in this process behave from now on; all of them when no positions are named. */
  set(behaviour: MemberBehaviour, ...positions: number[]): void;
  /**
   * The honest ones of them look for demands on L1 once, and publish what they hold.
   * @param payer Whose account pays, and has the bonds.
   * @returns how many chunks were published.
   */
  answerDemands(payer: Signer): Promise<number>;
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
  /**
   * A false batch of what `post()` would post, by an account that lies; the clock of a local L1 is moved to its turn.
   * @throws FaultError when what is pending gives no occasion for this lie.
   */
  post(options: FaultyPost): Promise<PostResult>;
  /** A JSON-RPC request. */
  request: Request;
  status(): SequencerStatus;
}

/** How to lie to L1, for tests and rehearsals. */
export interface FaultyPost {
  /** What the batch lies about: `balance`, `drop`, `reorder`, `signature`, `withdrawals`, `data` or `state`. */
  fault: Fault;
  /** Who posts it, and is bonded for that where it is not. Default: the network's last account but one. */
  by?: Signer;
}

export interface DisputeOptions {
  /** Instead of a false batch that was posted: somebody claims this against the last batch, which is right. */
  attack?: Exclude<Fault, "signature" | "data">;
  /** Who lies. Default: who posted the false batch; for an attack the network's last account but one. */
  by?: Signer;
  /** What both players do. */
  log?: (entry: { player: "validator" | "liar"; event: ValidatorEvent }) => void;
}

/** How disputes ended. */
export interface DisputeReport {
  /** Games that ended; `winner` is undefined where the batch stands. */
  games: { index: bigint; winner: Hex | undefined }[];
  /** Transactions of each side. */
  moves: { validator: number; liar: number };
  /** Wei that were paid to the validator: bonds, its own among them, and rewards. */
  won: bigint;
  /** By which L1's clock went on. */
  l1Seconds: bigint;
  /** By which ours did. */
  seconds: number;
}

/** One rollup: its contracts on L1, its L2, and those who run it. */
export interface RollupChain {
  readonly deployment: Deployment;
  readonly contracts: RollupContracts;
  readonly l2: RollupL2;
  readonly sequencer: RollupSequencer;
  /** With `da: "committee"` only. */
  readonly committee: RollupCommittee | undefined;
  /** Re-executes batches from L1 data alone, and disputes those that are false. */
  readonly validator: Validator;
  /** Lets the validator and a liar play until all disputes are over; moves the clock of a local L1 where both wait. */
  dispute(options?: DisputeOptions): Promise<DisputeReport>;
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
  /**
   * With validity proofs: proves every batch on L1 that is not final; each is final then. `finalize()` does it, too.
   * @throws MissingContractError on a rollup of fraud proofs.
   */
  prove(options?: ProveOptions): Promise<ProvedOnL1[]>;
  /** Stops everything. Called by the connection when it closes. */
  close(): Promise<void>;
}
