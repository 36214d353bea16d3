import { expect } from "chai";

import { type ConnectedAdjudicator, connectAdjudicator, NoAdjudicatorError } from "../../plugin/channel/adjudicator.js";
import { channelDigests, channelIdOf, hashOf, stateHash } from "../../plugin/channel/hashes.js";
import { encodeOutcome, outcomeHash, simple, toDestination } from "../../plugin/channel/outcome.js";
import { statesShownIn } from "../../plugin/channel/revealed.js";
import type { KeySigner } from "../../plugin/channel/signing.js";
import type { ChannelEvent, ChannelParams, ChannelState, SignedState } from "../../plugin/channel/types.js";
import { L1RevertError } from "../../plugin/l1/errors.js";
import { UnknownTokenError } from "../../plugin/l1/token.js";
import { type Hex, ZERO_ADDRESS, ZERO_HASH } from "../../plugin/types.js";
import {
  MockERC20__factory,
  MockForceMoveApp__factory,
  ResetAllowanceToken__factory,
} from "../../typechain-types/index.js";
import { failure } from "../l1/support/failure.js";
import { startHardhat, type TestL1 } from "../l1/support/l1.js";
import { BOND, channelsOn, keyOfWallet, type TestChannels } from "./support-l1.js";
import { keyOf } from "./watchtower/support.js";

const [ALICE, BOB] = [1, 2];
const HOUR = 3_600;

describe("The adjudicator over TypeChain", () => {
  let l1: TestL1;
  let channels: TestChannels;
  let alice: ConnectedAdjudicator;
  let bob: ConnectedAdjudicator;
  let keys: readonly [KeySigner, KeySigner];
  let app: Hex;
  let nonce = 1n;

  before(async () => {
    l1 = await startHardhat();
    channels = await channelsOn(l1);
    [alice, bob] = [await channels.as(ALICE), await channels.as(BOB)];
    keys = [keyOfWallet(l1.wallet(ALICE)), keyOfWallet(l1.wallet(BOB))];
    const yes = await new MockForceMoveApp__factory(l1.wallet(0)).deploy();
    await yes.setAnswer(1);
    app = (await yes.getAddress()).toLowerCase() as Hex;
  });

  function fresh(): { params: ChannelParams; channelId: Hex } {
    const params: ChannelParams = {
      participants: keys.map(({ address }) => address),
      ...{ channelNonce: nonce++, appDefinition: app, challengeDuration: HOUR, appParamsHash: ZERO_HASH },
    };
    return { params, channelId: channelIdOf(channels.domain, params) };
  }
  /** Signed by those in `by`; alice gets what bob does not of 100. */
  function signed(
    channelId: Hex,
    turn: number,
    { by = [0, 1], isFinal = false, bobs = 40n, asset = ZERO_ADDRESS } = {},
  ): SignedState {
    const [first, second] = keys.map(({ address }) => address) as [Hex, Hex];
    const outcome = encodeOutcome([{ asset, allocations: [simple(first, 100n - bobs), simple(second, bobs)] }]);
    const appData: Hex = `0x${turn.toString(16).padStart(4, "0")}`;
    const state: ChannelState = {
      ...{ turnNum: BigInt(turn), isFinal, appDataHash: hashOf(appData), outcomeHash: outcomeHash(outcome) },
    };
    const digest = channelDigests(channels.domain).state(channelId, state);
    return {
      state,
      appData,
      outcome,
      signatures: keys.map((key, i) => (by.includes(i) ? key.sign(digest) : undefined)),
    };
  }
  const kindsOf = (events: readonly ChannelEvent[]): string[] => events.map(({ kind }) => kind);
  async function eventsOf(channelId: Hex): Promise<ChannelEvent[]> {
    return alice.events(channels.fromBlock, await alice.height(), channelId);
  }

  it("funds a channel, concludes it and pays it, and tells so", async () => {
    const { params, channelId } = fresh();
    await alice.deposit(channelId, ZERO_ADDRESS, 60n, 0n);
    const { blockNumber, gasUsed, transaction } = await bob.deposit(channelId, ZERO_ADDRESS, 40n, 60n);
    expect(await alice.depositedOf(channelId, ZERO_ADDRESS)).to.equal(100n);
    expect(await alice.holdingsOf(channelId, ZERO_ADDRESS)).to.equal(100n);
    const receipt = await l1.provider.getTransactionReceipt(transaction);
    expect([receipt?.blockNumber, receipt?.gasUsed]).to.deep.equal([blockNumber, gasUsed]);
    expect(await alice.costOf(transaction)).to.equal(receipt?.fee);

    await bob.concludeAndPay(params, signed(channelId, 9, { isFinal: true }));
    expect(await alice.statusOf(channelId)).to.deep.include({ mode: "closed", turnNum: 9n, stateHash: ZERO_HASH });
    const events = await eventsOf(channelId);
    expect(kindsOf(events)).to.deep.equal(["deposited", "deposited", "concluded", "paidOut", "paidOut"]);
    expect(events[1]).to.deep.equal({
      ...{ kind: "deposited", channelId, blockNumber, transaction },
      ...{ asset: ZERO_ADDRESS, amount: 40n, deposited: 100n },
    });
    expect(events[4]).to.include({
      asset: ZERO_ADDRESS,
      destination: toDestination(keys[1].address),
      amount: 40n,
      credited: 0n,
    });
  });

  it("concludes first and pays allocation by allocation", async () => {
    const { params, channelId } = fresh();
    await alice.deposit(channelId, ZERO_ADDRESS, 100n, 0n);
    const final = signed(channelId, 3, { isFinal: true });
    await alice.conclude(params, final);
    expect(await alice.statusOf(channelId)).to.deep.include({
      mode: "finalized",
      stateHash: stateHash(channelId, final.state),
    });
    await bob.payout(channelId, final, 0, [1]);
    expect(await alice.paidOf(channelId, ZERO_ADDRESS, toDestination(keys[1].address))).to.equal(40n);
    await bob.payout(channelId, final, 0, []);
    expect(await alice.holdingsOf(channelId, ZERO_ADDRESS)).to.equal(0n);
  });

  it("pays out of an open channel what everybody signed", async () => {
    const { params, channelId } = fresh();
    await alice.deposit(channelId, ZERO_ADDRESS, 100n, 0n);
    const withdrawal = { asset: ZERO_ADDRESS, destination: toDestination(keys[1].address), total: 15n };
    const digest = channelDigests(channels.domain).withdrawal(channelId, withdrawal);
    await bob.withdraw(
      params,
      withdrawal,
      keys.map((key) => key.sign(digest)),
    );
    expect(await alice.holdingsOf(channelId, ZERO_ADDRESS)).to.equal(85n);
  });

  it("takes a dispute through challenge, moves, a checkpoint and the bond's way back", async () => {
    const { params, channelId } = fresh();
    expect(await alice.challengeBond()).to.equal(BOND);
    const { blockNumber } = await alice.challenge(params, [signed(channelId, 4)], 0, "0x");
    const { timestamp } = (await l1.provider.getBlock(blockNumber))!;
    expect(await alice.statusOf(channelId)).to.deep.equal({
      ...{
        mode: "challenge",
        turnNum: 4n,
        agreedTurnNum: 4n,
        finalizesAt: BigInt(timestamp + HOUR),
        challenger: 0,
        bondHeld: true,
      },
      stateHash: stateHash(channelId, signed(channelId, 4).state),
    });
    expect(await alice.now()).to.equal(BigInt(timestamp));

    const support = [signed(channelId, 4, { by: [] }), signed(channelId, 5, { by: [1] })];
    const { transaction } = await bob.respond(params, support);
    expect(await alice.statesShown(channelId, transaction)).to.deep.equal(
      support.map(({ state }) => ({ turnNum: state.turnNum, stateHash: stateHash(channelId, state) })),
    );
    await bob.checkpoint(params, signed(channelId, 8));
    expect(await alice.statusOf(channelId)).to.include({ mode: "open", turnNum: 8n });
    const events = await eventsOf(channelId);
    expect(kindsOf(events)).to.deep.equal(["challenged", "moved", "answered", "checkpointed", "bondPaid"]);
    expect(events[1]).to.include({ turnNum: 5n, isFinal: false, appData: "0x0005", outcome: support[1]!.outcome });
    expect(events[4]).to.include({ to: bob.account, isReward: true });

    await alice.challenge(params, [signed(channelId, 9, { by: [1] })], 0, "0x");
    await l1.pass(BigInt(HOUR));
    expect((await alice.statusOf(channelId)).mode).to.equal("finalized");
    await bob.returnBond(params);
    expect((await eventsOf(channelId)).at(-1)).to.include({ kind: "bondPaid", to: alice.account, isReward: false });
  });

  it("registers a session key, once", async () => {
    const { params, channelId } = fresh();
    expect(await alice.sessionKeyOf(channelId, keys[0].address)).to.equal(undefined);
    const session = {
      participant: 0,
      key: keyOf("a session").address,
      expiry: (await alice.now()) + 100_000n,
      signature: "0x" as const,
    };
    await alice.registerSessionKey(params, session);
    expect(await bob.sessionKeyOf(channelId, keys[0].address)).to.deep.equal({
      key: session.key,
      expiry: session.expiry,
    });
    expect((await eventsOf(channelId))[0]).to.include({
      kind: "sessionKey",
      participant: keys[0].address,
      key: session.key,
    });
  });

  it("sends a move that it made before only once, and a deposit behind the first one again", async () => {
    const { params, channelId } = fresh();
    const count = () => l1.provider.getTransactionCount(l1.wallet(ALICE).address);
    const first = await alice.checkpoint(params, signed(channelId, 5));
    const before = await count();
    expect(await alice.checkpoint(params, signed(channelId, 5))).to.deep.equal(first);
    expect(await count()).to.equal(before);
    await alice.deposit(channelId, ZERO_ADDRESS, 5n, 0n);
    await alice.deposit(channelId, ZERO_ADDRESS, 5n, 0n);
    expect(await alice.depositedOf(channelId, ZERO_ADDRESS)).to.equal(5n);
    await alice.deposit(channelId, ZERO_ADDRESS, 5n, 5n);
    expect(await alice.depositedOf(channelId, ZERO_ADDRESS)).to.equal(10n);
  });

  describe("with an ERC-20", () => {
    it("approves exactly what is missing, once more than is there", async () => {
      const token = await new MockERC20__factory(l1.wallet(0)).deploy();
      const asset = (await token.getAddress()) as Hex;
      await token.mint(alice.account, 1_000n);
      const { channelId } = fresh();
      await alice.deposit(channelId, asset, 30n, 0n);
      expect(await token.allowance(alice.account, channels.domain.adjudicator)).to.equal(0n);
      expect(await alice.depositedOf(channelId, asset)).to.equal(30n);
      await (await token.connect(l1.wallet(ALICE)).approve(channels.domain.adjudicator, 50n)).wait();
      await alice.deposit(channelId, asset, 20n, 30n);
      expect(await token.allowance(alice.account, channels.domain.adjudicator)).to.equal(30n);
    });

    it("resets an allowance that the token does not change otherwise", async () => {
      const token = await new ResetAllowanceToken__factory(l1.wallet(0)).deploy();
      const asset = (await token.getAddress()) as Hex;
      await token.mint(alice.account, 1_000n);
      await (await token.connect(l1.wallet(ALICE)).approve(channels.domain.adjudicator, 7n)).wait();
      const { channelId } = fresh();
      await alice.deposit(channelId, asset, 30n, 0n);
      expect(await alice.depositedOf(channelId, asset)).to.equal(30n);
      expect(await token.allowance(alice.account, channels.domain.adjudicator)).to.equal(0n);
    });

    it("says that an account is none", async () => {
      const error = await failure(alice.deposit(fresh().channelId, keyOf("nobody").address, 1n, 0n));
      expect(error).to.be.instanceOf(UnknownTokenError);
    });
  });

  it("says in one line what L1 does not take, and what would be right", async () => {
    const { params, channelId } = fresh();
    await alice.checkpoint(params, signed(channelId, 5));
    const { signatures } = signed(channelId, 6);
    const cases: [() => Promise<unknown>, RegExp][] = [
      [
        () => bob.checkpoint(params, signed(channelId, 5)),
        /^L1 refuses the checkpoint of turn 5: the state is of turn 5, L1 knows of a later one; turn 6 or later is needed$/,
      ],
      [
        () => bob.checkpoint(params, signed(channelId, 6, { by: [1] })),
        /: this needs everybody's signature; signed has only participant 1$/,
      ],
      [
        () => bob.checkpoint(params, { ...signed(channelId, 7), signatures }),
        /: the signature of participant 0 is by 0x\w{40}; it must be by its account or by its session key before its expiry$/,
      ],
      [
        () => bob.conclude(params, signed(channelId, 6)),
        /: the state is not final; only one with isFinal ends a channel by signatures$/,
      ],
      [
        () => bob.respond(params, [signed(channelId, 6)]),
        /^L1 refuses the response: channel 0x\w{64} is open: there is no dispute, which does not allow this$/,
      ],
      [() => bob.challenge(params, [], 0, "0x"), /: no state was shown; at least one is needed$/],
      [() => bob.challenge(params, [signed(channelId, 6)], 9, "0x"), /: the channel has no participant 9$/],
      [
        () => bob.deposit(channelId, ZERO_ADDRESS, 1n, 2n),
        /: the channel got 0 so far, 2 was expected before this deposit; wait for the others' deposits$/,
      ],
      [() => bob.deposit(channelId, ZERO_ADDRESS, 0n, 0n), /: a deposit of 0 cannot be counted/],
      [
        () => bob.claimCredit(bob.account, ZERO_ADDRESS),
        /^L1 refuses the credit: 0x\w{40} has no credit of asset 0x0{40}$/i,
      ],
      [() => bob.returnBond(params), /is open: there is no dispute/],
      [
        () => bob.checkpoint({ ...params, challengeDuration: 0 }, signed(channelId, 6)),
        /: the challengeDuration is 0; it must leave time to answer$/,
      ],
      [
        () => bob.checkpoint({ ...params, participants: params.participants.slice(1) }, signed(channelId, 6)),
        /: a channel has 2 to 32 participants, not 1$/,
      ],
    ];
    for (const [move, line] of cases) {
      const error = await failure(move());
      expect(error, line.source).to.be.instanceOf(L1RevertError);
      expect(error.message).to.match(line);
    }
  });

  it("does not connect where there is no adjudicator", async () => {
    const { provider } = l1;
    const account = l1.wallet(ALICE);
    const elsewhere = { ...channels.domain, l1ChainId: 1n };
    const error = await failure(connectAdjudicator({ provider, account, domain: elsewhere }));
    expect(error).to.be.instanceOf(NoAdjudicatorError);
    expect(error.message).to.match(/^the channels are of chain 1, the L1 node is of chain 31337$/);
    const nothing = { ...channels.domain, adjudicator: keyOf("nobody").address };
    expect((await failure(connectAdjudicator({ provider, account, domain: nothing }))).message).to.match(
      /has no contract at/,
    );
  });

  it("finds no states in calls of other contracts", () => {
    expect(statesShownIn(ZERO_HASH, "0x")).to.deep.equal([]);
    expect(statesShownIn(ZERO_HASH, "0x12345678")).to.deep.equal([]);
  });
});
