import type { Hex } from "../types.js";

/** What is fixed for the life of a channel; docs/channels.md §1. */
export interface ChannelParams {
  /** 2 to 32 distinct addresses; participant `turnNum % n` moves at a turn. */
  participants: readonly Hex[];
  channelNonce: bigint;
  appDefinition: Hex;
  /** Seconds that each participant has in one dispute. */
  challengeDuration: number;
  /** keccak256 of what the app is set up with. */
  appParamsHash: Hex;
}

/** Where a channel lives. Its id and all signatures bind it. */
export interface ChannelDomain {
  l1ChainId: bigint;
  adjudicator: Hex;
}

/** A state as it is signed, without the channel's id. */
export interface ChannelState {
  turnNum: bigint;
  isFinal: boolean;
  appDataHash: Hex;
  outcomeHash: Hex;
}

/** A state with signatures, as moves on L1 name it. */
export interface SignedState {
  state: ChannelState;
  /** By participant; undefined where there is none. 64 bytes each (EIP-2098). */
  signatures: readonly (Hex | undefined)[];
  appData: Hex;
  outcome: Hex;
}

export const AllocationType = { simple: 0, guarantee: 2 } as const;

/** What a destination is entitled to of an asset, in all, since the channel was opened. */
export interface Allocation {
  /** 32 bytes: an address behind 12 zero bytes, or the id of a channel. */
  destination: Hex;
  /** In the asset's smallest unit. */
  amount: bigint;
  allocationType: number;
  /** Empty, or of a guarantee abi.encode(bytes32 left, bytes32 right). */
  metadata: Hex;
}

export interface AssetOutcome {
  /** ERC-20, or the zero address for ETH. Strictly ascending over an outcome. */
  asset: Hex;
  /** Served in this order where there is too little. */
  allocations: readonly Allocation[];
}

export type Outcome = readonly AssetOutcome[];

/** Where a channel stands on L1. A challenge that timed out is finalized. */
export type ChannelMode = "open" | "challenge" | "arbitration" | "finalized" | "closed";

export interface ChannelStatus {
  mode: ChannelMode;
  turnNum: bigint;
  /** That, less the turns that moves went beyond what everybody agreed to: what everybody signed later overrides them. */
  agreedTurnNum: bigint;
  /** L1 time in seconds; 0 while open. */
  finalizesAt: bigint;
  /** Index of the participant who challenged. */
  challenger: number;
  bondHeld: boolean;
  /** Of the challenge's state or the final one; zero while open and once closed. */
  stateHash: Hex;
}

/** What the adjudicator tells of channels, in L1's order. */
export type ChannelEvent = { channelId: Hex; blockNumber: number; transaction: Hex } & (
  | { kind: "deposited"; asset: Hex; amount: bigint; deposited: bigint }
  | { kind: "challenged"; turnNum: bigint; finalizesAt: bigint; challenger: number; stateHash: Hex }
  | { kind: "moved"; turnNum: bigint; stateHash: Hex; isFinal: boolean; appData: Hex; outcome: Hex }
  | { kind: "answered"; turnNum: bigint; finalizesAt: bigint }
  /** `signatures`: everybody's, in their order. */
  | { kind: "checkpointed"; turnNum: bigint; signatures: readonly Hex[] }
  | { kind: "concluded"; turnNum: bigint; stateHash: Hex }
  | { kind: "arbitrationOpened"; turnNum: bigint }
  | { kind: "arbitrationClosed"; turnNum: bigint; finalizesAt: bigint; loser: number; stateHash: Hex }
  | { kind: "paidOut"; asset: Hex; destination: Hex; amount: bigint; credited: bigint }
  | { kind: "reclaimed"; target: Hex; assetIndex: number; allocationIndex: number; left: bigint; right: bigint }
  | { kind: "bondPaid"; to: Hex; isReward: boolean }
  | { kind: "sessionKey"; participant: Hex; key: Hex; expiry: bigint }
);

/** A transaction that was mined and succeeded. */
export interface Mined {
  transaction: Hex;
  blockNumber: number;
  gasUsed: bigint;
}

/** The adjudicator on L1, as one account uses it. Moves throw when L1 refuses them, with the contract's reason in words. */
export interface Adjudicator {
  readonly domain: ChannelDomain;
  /** Who sends the moves. */
  readonly account: Hex;

  /** Of an ERC-20 it approves what is missing first. */
  deposit(channelId: Hex, asset: Hex, amount: bigint, expectedDeposited: bigint, signal?: AbortSignal): Promise<Mined>;
  registerSessionKey(
    params: ChannelParams,
    session: { participant: number; key: Hex; expiry: bigint; signature: Hex },
    signal?: AbortSignal,
  ): Promise<Mined>;
  /** Posts the bond. @param signature Of the Challenge; empty where the account is the challenger. */
  challenge(
    params: ChannelParams,
    support: readonly SignedState[],
    challenger: number,
    signature: Hex,
    signal?: AbortSignal,
  ): Promise<Mined>;
  respond(params: ChannelParams, support: readonly SignedState[], signal?: AbortSignal): Promise<Mined>;
  checkpoint(params: ChannelParams, signed: SignedState, signal?: AbortSignal): Promise<Mined>;
  conclude(params: ChannelParams, signed: SignedState, signal?: AbortSignal): Promise<Mined>;
  concludeAndPay(params: ChannelParams, signed: SignedState, signal?: AbortSignal): Promise<Mined>;
  /** @param allocationIndices All where it is empty. */
  payout(
    channelId: Hex,
    final: { state: ChannelState; outcome: Hex },
    assetIndex: number,
    allocationIndices: readonly number[],
    signal?: AbortSignal,
  ): Promise<Mined>;
  reclaim(
    channelId: Hex,
    final: { state: ChannelState; outcome: Hex },
    assetIndex: number,
    allocationIndex: number,
    target: ChannelParams,
    targetState: SignedState,
    signal?: AbortSignal,
  ): Promise<Mined>;
  withdraw(
    params: ChannelParams,
    withdrawal: { asset: Hex; destination: Hex; total: bigint },
    signatures: readonly Hex[],
    signal?: AbortSignal,
  ): Promise<Mined>;
  returnBond(params: ChannelParams, signal?: AbortSignal): Promise<Mined>;
  claimCredit(account: Hex, asset: Hex, signal?: AbortSignal): Promise<Mined>;

  statusOf(channelId: Hex, signal?: AbortSignal): Promise<ChannelStatus>;
  depositedOf(channelId: Hex, asset: Hex, signal?: AbortSignal): Promise<bigint>;
  holdingsOf(channelId: Hex, asset: Hex, signal?: AbortSignal): Promise<bigint>;
  paidOf(channelId: Hex, asset: Hex, destination: Hex, signal?: AbortSignal): Promise<bigint>;
  creditOf(account: Hex, asset: Hex, signal?: AbortSignal): Promise<bigint>;
  challengeBond(signal?: AbortSignal): Promise<bigint>;
  /** Time of L1's last block, in seconds. */
  now(signal?: AbortSignal): Promise<bigint>;
  /** Number of L1's last block. */
  height(signal?: AbortSignal): Promise<number>;
  /** Events of blocks `from` to `to`, oldest first; of one channel, or of all. */
  events(from: number, to: number, channelId?: Hex, signal?: AbortSignal): Promise<ChannelEvent[]>;
}
