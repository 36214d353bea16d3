import { channelDigests, channelIdOf, stateHash } from "../../../plugin/channel/hashes.js";
import { addressOf, decodeOutcome } from "../../../plugin/channel/outcome.js";
import { signerOf } from "../../../plugin/channel/signing.js";
import type {
  Adjudicator,
  ChannelDomain,
  ChannelEvent,
  ChannelParams,
  ChannelState,
  ChannelStatus,
  Mined,
  SignedState,
} from "../../../plugin/channel/types.js";
import type { Hex } from "../../../plugin/types.js";

export const DOMAIN: ChannelDomain = { l1ChainId: 31337n, adjudicator: `0x${"ad".repeat(20)}` };
const BOND = 1_000n;
const NOTHING: ChannelStatus = {
  mode: "open",
  turnNum: 0n,
  agreedTurnNum: 0n,
  finalizesAt: 0n,
  challenger: 0,
  bondHeld: false,
  stateHash: `0x${"0".repeat(64)}`,
};

interface Held {
  status: ChannelStatus;
  challengerAccount: Hex | undefined;
  deposited: Map<Hex, bigint>;
  holdings: Map<Hex, bigint>;
  paid: Map<string, bigint>;
}

type WithoutPlace<E> = E extends ChannelEvent ? Omit<E, "channelId" | "blockNumber" | "transaction"> : never;

/**
 * The adjudicator in memory, as far as everybody's signatures go: one clock for a dispute, and no apps. Each move is a block. What
 * docs/channels.md says of it holds here too, so that a client that does wrong fails here.
 */
export interface FakeL1 {
  adjudicator(account: Hex): Adjudicator;
  /** Lets time pass, in a block of its own. */
  pass(seconds: bigint): void;
  /** What an account got or spent of an asset in all, bonds included. */
  balance(account: Hex, asset: Hex): bigint;
  /** How often something was sent. */
  readonly sent: readonly string[];
  /** What a session key's registration would do. */
  registerKey(params: ChannelParams, participant: number, key: Hex, expiry: bigint): void;
}

export function fakeL1(): FakeL1 {
  const digests = channelDigests(DOMAIN);
  const channels = new Map<Hex, Held>();
  const keys = new Map<string, { key: Hex; expiry: bigint }>();
  const events: ChannelEvent[] = [];
  const balances = new Map<string, bigint>();
  const sent: string[] = [];
  let [time, block] = [1_000_000n, 10];

  const held = (id: Hex): Held => {
    const found = channels.get(id) ?? {
      status: NOTHING,
      challengerAccount: undefined,
      deposited: new Map<Hex, bigint>(),
      holdings: new Map<Hex, bigint>(),
      paid: new Map<string, bigint>(),
    };
    channels.set(id, found);
    const { status } = found;
    if (status.mode === "challenge" && time >= status.finalizesAt) found.status = { ...status, mode: "finalized" };
    return found;
  };
  const move = (account: Hex, asset: Hex, amount: bigint): void => {
    const key = `${account}:${asset}`;
    balances.set(key, (balances.get(key) ?? 0n) + amount);
  };
  const emit = (channelId: Hex, event: WithoutPlace<ChannelEvent>): void => {
    events.push({
      ...event,
      channelId,
      blockNumber: block,
      transaction: `0x${block.toString(16).padStart(64, "0")}`,
    });
  };
  const refuse = (reason: string): never => {
    throw new Error(`L1 refuses: ${reason}`);
  };
  const isSigner = (id: Hex, participant: Hex, digest: Uint8Array, signature: Hex | undefined): boolean => {
    const signer = signature === undefined ? undefined : signerOf(digest, signature);
    const session = keys.get(`${id}:${participant}`);
    return signer !== undefined && (signer === participant || (signer === session?.key && session.expiry > time));
  };
  const requireAll = (id: Hex, params: ChannelParams, digest: Uint8Array, signatures: readonly (Hex | undefined)[]) => {
    params.participants.forEach((participant, i) => {
      if (!isSigner(id, participant, digest, signatures[i])) refuse(`signature of participant ${i}`);
    });
  };
  const requireState = (id: Hex, params: ChannelParams, { state, signatures }: SignedState): void =>
    requireAll(id, params, digests.state(id, state), signatures);

  function pay(id: Hex, asset: Hex, destination: Hex, total: bigint): void {
    const channel = held(id);
    const key = `${asset}:${destination}`;
    const before = channel.paid.get(key) ?? 0n;
    const holdings = channel.holdings.get(asset) ?? 0n;
    const due = total - before < holdings ? total - before : holdings;
    if (due <= 0n) return;
    channel.paid.set(key, before + due);
    channel.holdings.set(asset, holdings - due);
    move(addressOf(destination) ?? destination, asset, due);
    emit(id, { kind: "paidOut", asset, destination, amount: due, credited: 0n });
  }

  function payout(id: Hex, outcomeBytes: Hex, assetIndex: number): void {
    const { asset, allocations } = decodeOutcome(outcomeBytes)[assetIndex]!;
    let left = held(id).deposited.get(asset) ?? 0n;
    const payable = new Map<Hex, bigint>();
    for (const { destination, amount } of allocations) {
      const covered = amount < left ? amount : left;
      left -= covered;
      payable.set(destination, (payable.get(destination) ?? 0n) + covered);
    }
    for (const [destination, total] of payable) pay(id, asset, destination, total);
  }

  function returnBond(id: Hex, to: Hex | undefined, isReward: boolean): void {
    const channel = held(id);
    if (!channel.status.bondHeld || to === undefined) return;
    channel.status = { ...channel.status, bondHeld: false };
    move(to, `0x${"0".repeat(40)}`, BOND);
    emit(id, { kind: "bondPaid", to, isReward });
  }

  const adjudicator = (account: Hex): Adjudicator => {
    const mine = (what: string, act: () => void): Promise<Mined> => {
      sent.push(what);
      try {
        act();
      } catch (error) {
        return Promise.reject(error instanceof Error ? error : new Error(String(error)));
      }
      const mined = {
        transaction: `0x${block.toString(16).padStart(64, "0")}` as const,
        blockNumber: block,
        gasUsed: 1n,
      };
      block++;
      time++;
      return Promise.resolve(mined);
    };
    const conclude = (params: ChannelParams, signed: SignedState): Hex => {
      const id = channelIdOf(DOMAIN, params);
      const channel = held(id);
      const { mode, turnNum } = channel.status;
      if (mode === "finalized" || mode === "closed") refuse(`the channel is ${mode}`);
      requireState(id, params, signed);
      if (!signed.state.isFinal || signed.state.turnNum < turnNum) refuse("no final state of the last turn");
      returnBond(id, channel.challengerAccount, false);
      const hash = stateHash(id, signed.state);
      channel.status = { ...channel.status, mode: "finalized", turnNum: signed.state.turnNum, stateHash: hash };
      emit(id, { kind: "concluded", turnNum: signed.state.turnNum, stateHash: hash });
      return id;
    };
    const unsupported = (): Promise<Mined> => Promise.reject(new Error("no apps here"));
    return {
      domain: DOMAIN,
      account,
      deposit: (id, asset, amount, expectedDeposited) =>
        mine("deposit", () => {
          const channel = held(id);
          const deposited = channel.deposited.get(asset) ?? 0n;
          if (channel.status.mode === "closed") refuse("closed");
          if (deposited < expectedDeposited) refuse(`${deposited} deposited, ${expectedDeposited} expected`);
          channel.deposited.set(asset, deposited + amount);
          channel.holdings.set(asset, (channel.holdings.get(asset) ?? 0n) + amount);
          move(account, asset, -amount);
          emit(id, { kind: "deposited", asset, amount, deposited: deposited + amount });
        }),
      registerSessionKey: unsupported,
      challenge: (params, support, challenger, signature) =>
        mine("challenge", () => {
          const id = channelIdOf(DOMAIN, params);
          const channel = held(id);
          const signed = support.at(-1)!;
          if (channel.status.mode !== "open") refuse(`the channel is ${channel.status.mode}`);
          requireState(id, params, signed);
          if (signed.state.turnNum < channel.status.turnNum) refuse("an old turn");
          if (!isSigner(id, params.participants[challenger]!, digests.challenge(id, signed.state), signature)) {
            refuse("not the challenger's signature");
          }
          move(account, `0x${"0".repeat(40)}`, -BOND);
          channel.challengerAccount = account;
          const finalizesAt = time + BigInt(params.challengeDuration);
          const hash = stateHash(id, signed.state);
          channel.status = {
            mode: "challenge",
            turnNum: signed.state.turnNum,
            agreedTurnNum: signed.state.turnNum,
            finalizesAt,
            challenger,
            bondHeld: true,
            stateHash: hash,
          };
          emit(id, { kind: "challenged", turnNum: signed.state.turnNum, finalizesAt, challenger, stateHash: hash });
        }),
      respond: unsupported,
      checkpoint: (params, signed) =>
        mine("checkpoint", () => {
          const id = channelIdOf(DOMAIN, params);
          const channel = held(id);
          const { mode, turnNum, challenger } = channel.status;
          if (mode !== "open" && mode !== "challenge") refuse(`the channel is ${mode}`);
          requireState(id, params, signed);
          const next = signed.state.turnNum;
          if (next <= turnNum) refuse("an old turn");
          const isMover = Number(next % BigInt(params.participants.length)) === challenger;
          const isStale = next >= turnNum + 2n || (params.participants.length === 2 && !isMover);
          if (mode === "challenge") returnBond(id, isStale ? account : channel.challengerAccount, isStale);
          channel.status = { ...NOTHING, turnNum: next, agreedTurnNum: next };
          const signatures = signed.signatures.map((one) => one ?? refuse("somebody did not sign"));
          emit(id, { kind: "checkpointed", turnNum: next, signatures });
        }),
      conclude: (params, signed) => mine("conclude", () => void conclude(params, signed)),
      concludeAndPay: (params, signed) =>
        mine("concludeAndPay", () => {
          const id = conclude(params, signed);
          decodeOutcome(signed.outcome).forEach((_, i) => payout(id, signed.outcome, i));
          const channel = held(id);
          if ([...channel.holdings.values()].every((amount) => amount === 0n)) {
            channel.status = { ...NOTHING, mode: "closed", turnNum: signed.state.turnNum };
          }
        }),
      payout: (id, final, assetIndex) =>
        mine("payout", () => {
          const { mode, stateHash: expected } = held(id).status;
          if (mode !== "finalized" || stateHash(id, final.state) !== expected) refuse("not the final state");
          payout(id, final.outcome, assetIndex);
        }),
      reclaim: unsupported,
      withdraw: (params, withdrawal, signatures) =>
        mine("withdraw", () => {
          const id = channelIdOf(DOMAIN, params);
          requireAll(id, params, digests.withdrawal(id, withdrawal), signatures);
          pay(id, withdrawal.asset, withdrawal.destination, withdrawal.total);
        }),
      returnBond: (params) =>
        mine("returnBond", () => {
          const id = channelIdOf(DOMAIN, params);
          if (held(id).status.mode !== "finalized") refuse("not final");
          returnBond(id, held(id).challengerAccount, false);
        }),
      claimCredit: unsupported,
      statusOf: (id) => Promise.resolve(held(id).status),
      depositedOf: (id, asset) => Promise.resolve(held(id).deposited.get(asset) ?? 0n),
      holdingsOf: (id, asset) => Promise.resolve(held(id).holdings.get(asset) ?? 0n),
      paidOf: (id, asset, destination) => Promise.resolve(held(id).paid.get(`${asset}:${destination}`) ?? 0n),
      creditOf: () => Promise.resolve(0n),
      challengeBond: () => Promise.resolve(BOND),
      now: () => Promise.resolve(time),
      height: () => Promise.resolve(block - 1),
      events: (from, to, id) =>
        Promise.resolve(
          events.filter(
            (e) => e.blockNumber >= from && e.blockNumber <= to && (id === undefined || e.channelId === id),
          ),
        ),
    };
  };

  return {
    adjudicator,
    sent,
    pass(seconds) {
      time += seconds;
      block++;
    },
    balance: (account, asset) => balances.get(`${account}:${asset}`) ?? 0n,
    registerKey(params, participant, key, expiry) {
      const id = channelIdOf(DOMAIN, params);
      keys.set(`${id}:${params.participants[participant]}`, { key, expiry });
      emit(id, { kind: "sessionKey", participant: params.participants[participant]!, key, expiry });
      block++;
    },
  };
}

/** A state's place for tests that build one by hand. */
export function bareState(turnNum: bigint, appDataHash: Hex, outcomeHash: Hex, isFinal = false): ChannelState {
  return { turnNum, isFinal, appDataHash, outcomeHash };
}
