import type { ContractTransactionResponse } from "ethers";

import { guarantee, toDestination } from "../../plugin/channel/outcome.js";
import type { Outcome } from "../../plugin/channel/types.js";
import type { Hex } from "../../plugin/types.js";
import { Answer, BOND, type Channel, ETH, outcomeOf, stateOf, useAdjudicator } from "../contracts/channel/support.js";
import { checkGasSnapshot, expectAtMost, type GasFigures, gasOf } from "../support/gas.js";

const UNIT = 10n ** 18n;

/** Two participants, who exist already, as recipients do that paid for their deposits; no proxy in front. */
describe("gas of channels", () => {
  const measured: GasFigures = {};
  const environment = useAdjudicator();

  async function measure(name: string, transaction: Promise<ContractTransactionResponse>, ceiling?: number) {
    const gas = await gasOf(await transaction);
    if (ceiling !== undefined) expectAtMost(name, gas, ceiling);
    measured[name] = gas;
  }

  /** A channel that both funded with one unit. */
  async function funded(asset: Hex, nonce = 1n): Promise<Channel> {
    const { adjudicator, alice, bob, channelOf } = environment();
    const channel = channelOf([alice, bob], { channelNonce: nonce });
    for (const [index, wallet] of [alice, bob].entries()) {
      const own = adjudicator.connect(wallet);
      if (asset === ETH) await own.depositETH(channel.id, BigInt(index) * UNIT, { value: UNIT });
      else await own.depositERC20(asset, channel.id, BigInt(index) * UNIT, UNIT);
    }
    return channel;
  }

  function shares(asset: Hex): Outcome {
    const { alice, bob } = environment();
    return outcomeOf(asset, [alice.address, UNIT / 4n], [bob.address, (7n * UNIT) / 4n]);
  }

  it("deposits", async () => {
    const { adjudicator, alice, bob, channelOf, tokenAddress } = environment();
    const { id } = channelOf();
    await measure("deposit ETH, first", adjudicator.connect(alice).depositETH(id, 0n, { value: UNIT }), 47_000);
    await measure("deposit ETH, second", adjudicator.connect(bob).depositETH(id, UNIT, { value: UNIT }), 30_000);
    // The contract holds the token already, on behalf of another channel.
    await adjudicator.connect(bob).depositERC20(tokenAddress, channelOf([bob, alice]).id, 0n, UNIT);
    await measure("deposit ERC-20, first", adjudicator.connect(alice).depositERC20(tokenAddress, id, 0n, UNIT));
    await measure("deposit ERC-20, second", adjudicator.connect(bob).depositERC20(tokenAddress, id, UNIT, UNIT));
  });

  it("cooperative exits", async () => {
    const { adjudicator, bob, liar, signedByAll, tokenAddress, ethers } = environment();
    const final = { turnNum: 1_000n, isFinal: true };
    const own = adjudicator.connect(liar);
    for (const [name, asset, ceiling, nonce] of [
      ["ETH", ETH, 95_000, 10n],
      ["ERC-20", tokenAddress, 120_000, 11n],
    ] as const) {
      const channel = await funded(asset, nonce);
      const signed = signedByAll(channel, { ...final, outcome: shares(asset) });
      await measure(`concludeAndPay, ${name}`, own.concludeAndPay(channel.params, signed), ceiling);
    }

    const recipient = await ethers.deployContract("MockRecipient");
    await recipient.setManner(1);
    const rejected = outcomeOf(ETH, [await recipient.getAddress(), UNIT / 4n], [bob.address, (7n * UNIT) / 4n]);
    const second = await funded(ETH, 2n);
    const one = signedByAll(second, { ...final, outcome: rejected });
    await measure("concludeAndPay, ETH, one rejects", own.concludeAndPay(second.params, one));

    const third = await funded(ETH, 3n);
    const more = signedByAll(third, { ...final, outcome: outcomeOf(ETH, [bob.address, UNIT]) });
    await measure("concludeAndPay, ETH, not all of it", own.concludeAndPay(third.params, more));

    const fourth = await funded(ETH, 4n);
    const last = signedByAll(fourth, { ...final, outcome: shares(ETH) });
    await measure("conclude", own.conclude(fourth.params, last));
  });

  it("disputes", async () => {
    const { adjudicator, app, alice, liar, digests, sign, signedBy, signedByAll, challengeWith } = environment();
    const own = adjudicator.connect(liar);
    const value = BOND;
    const channel = await funded(ETH);
    const { params } = channel;
    const first = signedByAll(channel, { turnNum: 1_000n, outcome: shares(ETH) });
    await measure(
      "challenge, by a participant",
      adjudicator.connect(alice).challenge(params, [first], 0, "0x", { value }),
      115_000,
    );
    const later = signedByAll(channel, { turnNum: 1_004n, outcome: shares(ETH) });
    await measure("checkpoint, clears a challenge and takes its bond", own.checkpoint(params, later), 70_000);

    const second = signedByAll(channel, { turnNum: 1_005n, outcome: shares(ETH) });
    const signature = sign(digests.challenge(channel.id, second.state), [alice]);
    await measure("challenge, by signature", own.challenge(params, [second], 0, signature, { value }), 115_000);
    const next = signedByAll(channel, { turnNum: 1_006n, outcome: shares(ETH) });
    await measure("checkpoint, clears a challenge", own.checkpoint(params, next), 70_000);
    await measure("checkpoint, open", own.checkpoint(params, signedByAll(channel, { turnNum: 1_007n })));

    await challengeWith(channel, { turnNum: 1_007n });
    await app.setAnswer(Answer.yes);
    const move = (turnNum: bigint) => {
      const mover = Number(turnNum % 2n);
      return signedBy(channel, [mover], stateOf({ turnNum, outcome: shares(ETH), appData: `0x${"5a".repeat(96)}` }));
    };
    await measure("respond, first of a participant", own.respond(params, [move(1_008n)]));
    await own.respond(params, [move(1_009n)]);
    await measure("respond, later", own.respond(params, [move(1_010n)]));
    const end = signedByAll(channel, { turnNum: 1_011n, outcome: shares(ETH) });
    await measure("checkpoint, clears a challenge with moves", own.checkpoint(params, end), 70_000);
  });

  it("the end of a dispute", async () => {
    const { adjudicator, liar, channelOf, signedByAll, challengeWith, passDispute, alice, bob, tokenAddress } =
      environment();
    const own = adjudicator.connect(liar);
    for (const [name, asset, nonce] of [
      ["ETH", ETH, 10n],
      ["ERC-20", tokenAddress, 11n],
    ] as const) {
      const channel = await funded(asset, nonce);
      const { state, outcome } = await challengeWith(channel, { turnNum: 6n, outcome: shares(asset) });
      await passDispute();
      await measure(`payout, ${name}, all`, own.payout(channel.id, state, outcome, 0, []));
      if (asset === ETH) await measure("returnBond", own.returnBond(channel.params));
    }

    const target = channelOf([alice, bob], { channelNonce: 7n });
    const ledger = await funded(ETH, 8n);
    const promise = guarantee(target.id, UNIT, alice.address as Hex, bob.address as Hex);
    const { state, outcome } = await challengeWith(ledger, {
      turnNum: 6n,
      outcome: [{ asset: ETH, allocations: [promise] }],
    });
    await passDispute();
    const final = signedByAll(target, {
      turnNum: 9n,
      isFinal: true,
      outcome: outcomeOf(ETH, [alice.address, UNIT / 4n], [bob.address, (3n * UNIT) / 4n]),
    });
    await own.conclude(target.params, final);
    await measure("reclaim", own.reclaim(ledger.id, state, outcome, 0, 0, target.params, final));
  });

  it("withdrawals while open", async () => {
    const { adjudicator, alice, bob, digests, liar, sign, tokenAddress } = environment();
    const own = adjudicator.connect(liar);
    for (const [name, asset, nonce] of [
      ["ETH", ETH, 10n],
      ["ERC-20", tokenAddress, 11n],
    ] as const) {
      const { id, params } = await funded(asset, nonce);
      const destination = toDestination(alice.address as Hex);
      for (const [time, total] of [
        ["first", UNIT / 4n],
        ["later", UNIT / 2n],
      ] as const) {
        const signatures = sign(digests.withdrawal(id, { asset, destination, total }), [alice, bob]);
        const withdrawal = own.withdraw(params, asset, destination, total, signatures);
        await measure(`withdraw, ${name}, ${time}`, withdrawal);
      }
    }
  });

  it("credits and session keys", async () => {
    const { adjudicator, alice, bob, liar, channelOf, signedByAll, ethers } = environment();
    const recipient = await ethers.deployContract("MockRecipient");
    await recipient.setManner(1);
    const channel = await funded(ETH);
    const outcome = outcomeOf(ETH, [await recipient.getAddress(), UNIT], [bob.address, UNIT]);
    await adjudicator.concludeAndPay(channel.params, signedByAll(channel, { turnNum: 1n, isFinal: true, outcome }));
    await recipient.setManner(0);
    await measure("claimCredit, ETH", adjudicator.connect(liar).claimCredit(recipient, ETH));

    const { params } = channelOf([alice, bob], { channelNonce: 5n });
    await measure(
      "registerSessionKey",
      adjudicator.connect(alice).registerSessionKey(params, 0, liar, 1n << 40n, "0x"),
    );
  });

  it("costs what the snapshot says", () => checkGasSnapshot("channel", measured));
});
