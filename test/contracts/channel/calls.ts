import { type FunctionFragment, Interface } from "ethers";

import { guarantee, toDestination } from "../../../plugin/channel/outcome.js";
import type { Hex } from "../../../plugin/types.js";
import { Answer, BOND, type Channel, type ChannelEnvironment, ETH, outcomeOf, stateOf } from "./support.js";

/** A call that the adjudicator takes. */
export interface Call {
  name: string;
  args: readonly unknown[];
  from: string;
  value?: bigint;
}

export const fragmentOf = ({ adjudicator }: ChannelEnvironment, name: string): FunctionFragment =>
  adjudicator.interface.getFunction(name as "payout");

export const encodeCall = (env: ChannelEnvironment, { name, args }: Call): string =>
  new Interface([fragmentOf(env, name)]).encodeFunctionData(name, args);

/** One call of each function, none of which changes what the others need. */
export async function everyCall(env: ChannelEnvironment): Promise<Call[]> {
  const { adjudicator, app, alice, bob, channelOf, signedBy, signedByAll, digests, sign, tokenAddress } = env;
  const own = adjudicator.connect(alice);
  const at = (channelNonce: bigint) => channelOf([alice, bob], { channelNonce });
  const final = (channel: Channel) =>
    signedByAll(channel, { turnNum: 9n, isFinal: true, outcome: outcomeOf(ETH, [bob.address, 4n]) });
  await app.setAnswer(Answer.yes);

  const open = at(1n);
  const disputed = at(2n);
  await env.challengeWith(disputed, { turnNum: 5n });
  const judged = channelOf([alice, bob], { channelNonce: 3n, appDefinition: app.target as Hex });
  await env.challengeByMove(judged, 6n);
  const underJudge = channelOf([alice, bob], { channelNonce: 4n });
  await env.challengeByMove(underJudge, 6n);
  await app.openArbitration(adjudicator, underJudge.params);
  const paying = at(5n);
  await own.depositETH(paying.id, 0n, { value: 4n });
  await adjudicator.conclude(paying.params, final(paying));
  const target = at(6n);
  const promise = { asset: ETH, allocations: [guarantee(target.id, 4n, alice.address as Hex, bob.address as Hex)] };
  const ledger = at(7n);
  const promised = signedByAll(ledger, { turnNum: 9n, isFinal: true, outcome: [promise] });
  await adjudicator.conclude(ledger.params, promised);
  await adjudicator.conclude(target.params, final(target));
  const bonded = at(8n);
  await env.challengeWith(bonded, { turnNum: 5n });
  await adjudicator.conclude(bonded.params, final(bonded));
  await own.depositETH(open.id, 0n, { value: 10n });
  const recipient = await env.ethers.deployContract("MockRecipient");
  await recipient.setManner(1);
  const to = (await recipient.getAddress()) as Hex;
  const owing = at(9n);
  await own.depositETH(owing.id, 0n, { value: 1n });
  const closing = { turnNum: 9n, isFinal: true, outcome: outcomeOf(ETH, [to, 1n]) };
  await adjudicator.concludeAndPay(owing.params, signedByAll(owing, closing));
  await recipient.setManner(0);

  const moves = [signedByAll(open, { turnNum: 5n }), signedBy(open, [0], stateOf({ turnNum: 6n }))];
  const last = moves[1]!.state;
  const withdrawal = { asset: ETH, destination: toDestination(bob.address as Hex), total: 3n };
  const session = { participant: bob.address as Hex, key: env.carol.address as Hex, expiry: 1n << 40n };
  const from = env.liar.address;
  return [
    { name: "depositETH", args: [open.id, 0n], from, value: 1n },
    { name: "depositERC20", args: [tokenAddress, open.id, 0n, 1n], from },
    {
      ...{ name: "registerSessionKey", from },
      args: [open.params, 1n, session.key, session.expiry, sign(digests.sessionKey(open.id, session), [bob])],
    },
    {
      ...{ name: "challenge", from, value: BOND },
      args: [open.params, moves, 0n, sign(digests.challenge(open.id, last), [alice])],
    },
    { name: "respond", args: [disputed.params, [signedByAll(disputed, { turnNum: 6n })]], from },
    { name: "checkpoint", args: [disputed.params, signedByAll(disputed, { turnNum: 6n })], from },
    { name: "openArbitration", args: [judged.params], from: app.target as string },
    {
      ...{ name: "closeArbitration", from: app.target as string },
      args: [underJudge.params, stateOf({ turnNum: 5n }).state, 0n],
    },
    { name: "conclude", args: [open.params, final(open)], from },
    { name: "concludeAndPay", args: [open.params, final(open)], from },
    { name: "payout", args: [paying.id, final(paying).state, final(paying).outcome, 0n, [0n]], from },
    {
      ...{ name: "reclaim", from },
      args: [ledger.id, promised.state, promised.outcome, 0n, 0n, target.params, final(target)],
    },
    {
      ...{ name: "withdraw", from },
      args: [
        ...[open.params, ETH, withdrawal.destination, 3n],
        sign(digests.withdrawal(open.id, withdrawal), [alice, bob]),
      ],
    },
    { name: "returnBond", args: [bonded.params], from },
    { name: "claimCredit", args: [to, ETH], from },
    { name: "claimCreditTo", args: [ETH, bob.address], from: to },
    { name: "credit", args: [to, ETH], from },
    { name: "depositedOf", args: [open.id, ETH], from },
    { name: "holdingsOf", args: [open.id, ETH], from },
    { name: "paidOf", args: [open.id, ETH, withdrawal.destination], from },
    { name: "sessionKeyOf", args: [open.id, session.participant], from },
    { name: "remainingTime", args: [open.params, 0n], from },
    { name: "channelIdOf", args: [open.params], from },
    { name: "stateDigest", args: [open.id, moves[0]!.state], from },
  ];
}
