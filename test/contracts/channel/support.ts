import type { SnapshotRestorer } from "@nomicfoundation/hardhat-network-helpers/types";
import { id, MaxUint256, type Wallet, ZeroAddress } from "ethers";

import { channelDigests, channelIdOf, hashOf, stateHash } from "../../../plugin/channel/hashes.js";
import { encodeOutcome, simple } from "../../../plugin/channel/outcome.js";
import { keySigner } from "../../../plugin/channel/signing.js";
import type { Allocation, ChannelParams, ChannelState, Outcome } from "../../../plugin/channel/types.js";
import type { Hex } from "../../../plugin/types.js";
import { createConnection } from "../../support/env.js";

export const BOND = 10n ** 17n;
export const DURATION = 3_600;
export const ETH: Hex = ZeroAddress as Hex;
/** Positions of ChannelMode. */
export const Mode = { open: 0n, challenge: 1n, arbitration: 2n, finalized: 3n, closed: 4n } as const;
/** Positions of MockForceMoveApp's Answer. */
export const Answer = {
  no: 0,
  yes: 1,
  two: 2,
  revert: 3,
  burnGas: 4,
  answerBomb: 5,
  revertBomb: 6,
  short: 7,
} as const;

/** A channel of some wallets. */
export interface Channel {
  id: Hex;
  params: ChannelParams & { participants: Hex[] };
  wallets: Wallet[];
}

/** What a test says about a state; the rest has defaults. */
export interface StateFields {
  turnNum: bigint;
  isFinal?: boolean;
  outcome?: Outcome;
  appData?: Hex;
}

/** A state with what is behind its hashes. */
export interface State {
  state: ChannelState;
  appData: Hex;
  outcome: Hex;
}

export function stateOf({ turnNum, isFinal = false, outcome = [], appData = "0x" }: StateFields): State {
  const encoded = encodeOutcome(outcome);
  return {
    state: { turnNum, isFinal, appDataHash: hashOf(appData), outcomeHash: hashOf(encoded) },
    appData,
    outcome: encoded,
  };
}

/** An outcome of one asset, in whose order accounts and channels get the amounts. */
export function outcomeOf(asset: Hex, ...shares: readonly (readonly [to: string, amount: bigint])[]): Outcome {
  return [{ asset, allocations: shares.map(([to, amount]): Allocation => simple(to as Hex, amount)) }];
}

/** An adjudicator, people with keys, and a token that they hold. */
export async function channelEnvironment() {
  const connection = await createConnection();
  const { ethers, networkHelpers } = connection;
  const wallets = await Promise.all(
    ["alice", "bob", "carol", "dave", "liar"].map(async (name) => {
      const wallet = new ethers.Wallet(id(name), ethers.provider);
      await networkHelpers.setBalance(wallet.address, 10n ** 21n);
      return wallet;
    }),
  );
  const [alice, bob, carol, dave, liar] = wallets as [Wallet, Wallet, Wallet, Wallet, Wallet];

  const adjudicator = await ethers.deployContract("ChannelAdjudicator", [BOND]);
  const address = (await adjudicator.getAddress()) as Hex;
  const app = await ethers.deployContract("MockForceMoveApp");
  const token = await ethers.deployContract("StandardToken");
  for (const wallet of wallets) {
    await token.mint(wallet, 10n ** 24n);
    await token.connect(wallet).approve(adjudicator, MaxUint256);
  }
  const domain = { l1ChainId: (await ethers.provider.getNetwork()).chainId, adjudicator: address };
  const digests = channelDigests(domain);
  const appDefinition = (await app.getAddress()) as Hex;

  /** A channel with this nonce; the same participants and nonce are the same channel. */
  function channelOf(members: Wallet[] = [alice, bob], fields: Partial<ChannelParams> = {}): Channel {
    const params = {
      channelNonce: 1n,
      appDefinition,
      challengeDuration: DURATION,
      appParamsHash: id("no parameters") as Hex,
      ...fields,
      participants: members.map((member) => member.address as Hex),
    };
    return { id: channelIdOf(domain, params), params, wallets: members };
  }

  /** Signatures of a digest by the wallets, one behind the other. */
  function sign(digest: Uint8Array, signers: readonly Wallet[]): Hex {
    const signatures = signers.map((signer) =>
      keySigner(signer.privateKey as Hex)
        .sign(digest)
        .slice(2),
    );
    return `0x${signatures.join("")}`;
  }

  /** The state as the contract takes it, signed by the members whose indices are given. */
  function signedBy(channel: Channel, indices: readonly number[], state: State) {
    const bits = indices.reduce((sum, index) => sum | (1n << BigInt(index)), 0n);
    const signers = channel.wallets.filter((_, index) => indices.includes(index));
    return { ...state, signedBy: bits, signatures: sign(digests.state(channel.id, state.state), signers) };
  }

  /** The state signed by everybody. */
  function signedByAll(channel: Channel, fields: StateFields) {
    return signedBy(channel, [...channel.wallets.keys()], stateOf(fields));
  }

  /** Begins a dispute with a state that everybody signed. Somebody else sends it. */
  async function challengeWith(channel: Channel, fields: StateFields, challenger = 0) {
    const signed = signedByAll(channel, fields);
    const signature = sign(digests.challenge(channel.id, signed.state), [channel.wallets[challenger]!]);
    await adjudicator.challenge(channel.params, [signed], challenger, signature, { value: BOND });
    return signed;
  }

  /** Begins a dispute with a move that the app allows and only its mover signed. */
  async function challengeByMove(channel: Channel, turnNum: bigint) {
    await app.setAnswer(Answer.yes);
    const mover = Number(turnNum) % channel.wallets.length;
    const own = adjudicator.connect(channel.wallets[mover]);
    const move = signedBy(channel, [mover], stateOf({ turnNum }));
    await own.challenge(channel.params, [move], mover, "0x", { value: BOND });
  }

  /** A channel of Alice and a contract account of Bob's, which takes no ETH and signs by his key as its session key. */
  async function channelOfWallet() {
    const account = await ethers.deployContract("MockWallet", [bob]);
    const participants = [alice.address as Hex, (await account.getAddress()) as Hex];
    const params = { ...channelOf().params, participants };
    const channel: Channel = { id: channelIdOf(domain, params), params, wallets: [alice, bob] };
    const session = { participant: participants[1]!, key: bob.address as Hex, expiry: 1n << 40n };
    const { serialized } = bob.signingKey.sign(digests.sessionKey(channel.id, session));
    await adjudicator.registerSessionKey(params, 1, session.key, session.expiry, serialized);
    return { channel, account };
  }

  /** Lets all clocks of a dispute that began now run out. */
  async function passDispute() {
    await networkHelpers.time.increase(DURATION);
  }

  return {
    ...connection,
    ethers,
    networkHelpers,
    domain,
    digests,
    adjudicator,
    address,
    app,
    token,
    tokenAddress: (await token.getAddress()) as Hex,
    wallets,
    alice,
    bob,
    carol,
    dave,
    liar,
    channelOf,
    sign,
    signedBy,
    signedByAll,
    challengeWith,
    challengeByMove,
    channelOfWallet,
    passDispute,
    stateHashOf: (channel: Channel, { state }: { state: ChannelState }) => stateHash(channel.id, state),
  };
}

/**
 * Registers hooks that give every test of a `describe` the same fresh adjudicator.
 * @returns A getter for use inside tests.
 */
export function useAdjudicator(): () => ChannelEnvironment {
  let env: ChannelEnvironment | undefined;
  let snapshot: SnapshotRestorer | undefined;
  before(async () => {
    env = await channelEnvironment();
    snapshot = await env.networkHelpers.takeSnapshot();
  });
  afterEach(async () => snapshot?.restore());
  return () => {
    if (env === undefined) throw new Error("only inside a test");
    return env;
  };
}

export type ChannelEnvironment = Awaited<ReturnType<typeof channelEnvironment>>;
