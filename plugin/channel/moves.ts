import { keccak256, type Provider, type TransactionReceipt } from "ethers";

import { IChannelAdjudicator__factory } from "../../typechain-types/index.js";
import { ensureAllowance } from "../l1/allowance.js";
import type { Sender } from "../l1/sender.js";
import { newKey, succeed } from "../l1/transact.js";
import { type Hex, ZERO_ADDRESS } from "../types.js";
import { packSignatures, paramsOf, signedStateOf, supportOf } from "./encode.js";
import type { Adjudicator, ChannelDomain, Mined } from "./types.js";

const contract = IChannelAdjudicator__factory.createInterface();

/** What changes something on L1. */
export type Moves = Pick<
  Adjudicator,
  | "deposit"
  | "registerSessionKey"
  | "challenge"
  | "respond"
  | "checkpoint"
  | "conclude"
  | "concludeAndPay"
  | "payout"
  | "reclaim"
  | "withdraw"
  | "returnBond"
  | "claimCredit"
>;

/** @param challengeBond Wei that a challenge posts. */
export function createMoves(
  provider: Provider,
  sender: Sender,
  { adjudicator: to, l1ChainId }: ChannelDomain,
  challengeBond: Adjudicator["challengeBond"],
): Moves {
  type Send = (what: string, data: string, signal: AbortSignal | undefined, value?: bigint) => Promise<Mined>;
  /** What is asked for twice is meant twice. */
  const send: Send = async (what, data, signal, value = 0n) =>
    minedBy(await succeed(provider, sender, { key: newKey(), what, to, data: data as Hex, value }, signal));
  /** A move that means the same whenever it is made: begun twice, also by another process, it is sent once. */
  const sendOnce: Send = async (what, data, signal, value = 0n) => {
    const key = `channel:${l1ChainId}:${to.toLowerCase()}:${keccak256(data)}:${value}`;
    return minedBy(await succeed(provider, sender, { key, what, to, data: data as Hex, value }, signal));
  };
  const encode = contract.encodeFunctionData.bind(contract);

  return {
    async deposit(channelId, asset, amount, expectedDeposited, signal) {
      // Once: after it the channel has more, and the next one expects that. A client that was killed asks for the same again.
      if (asset === ZERO_ADDRESS)
        return sendOnce("the deposit", encode("depositETH", [channelId, expectedDeposited]), signal, amount);
      await ensureAllowance(provider, sender, { token: asset, spender: to, amount }, signal);
      return sendOnce("the deposit", encode("depositERC20", [asset, channelId, expectedDeposited, amount]), signal);
    },
    registerSessionKey(params, { participant, key, expiry, signature }, signal) {
      const data = encode("registerSessionKey", [paramsOf(params), participant, key, expiry, signature]);
      return sendOnce("the session key", data, signal);
    },
    async challenge(params, support, challenger, signature, signal) {
      const data = encode("challenge", [paramsOf(params), supportOf(params, support), challenger, signature]);
      return sendOnce("the challenge", data, signal, await challengeBond(signal));
    },
    respond(params, support, signal) {
      return sendOnce("the response", encode("respond", [paramsOf(params), supportOf(params, support)]), signal);
    },
    checkpoint(params, signed, signal) {
      const data = encode("checkpoint", [paramsOf(params), signedStateOf(signed, "nothing")]);
      return sendOnce(`the checkpoint of turn ${signed.state.turnNum}`, data, signal);
    },
    conclude(params, signed, signal) {
      const data = encode("conclude", [paramsOf(params), signedStateOf(signed, "nothing")]);
      return sendOnce("the conclusion", data, signal);
    },
    concludeAndPay(params, signed, signal) {
      const data = encode("concludeAndPay", [paramsOf(params), signedStateOf(signed, "outcome")]);
      return sendOnce("the conclusion", data, signal);
    },
    payout(channelId, { state, outcome }, assetIndex, allocationIndices, signal) {
      const data = encode("payout", [channelId, state, outcome, assetIndex, [...allocationIndices]]);
      return send("the payout", data, signal);
    },
    reclaim(channelId, { state, outcome }, assetIndex, allocationIndex, target, targetState, signal) {
      const shown = signedStateOf(targetState, "outcome");
      const data = encode("reclaim", [
        ...([channelId, state, outcome, assetIndex, allocationIndex] as const),
        ...([paramsOf(target), shown] as const),
      ]);
      return sendOnce("the reclaim", data, signal);
    },
    withdraw(params, { asset, destination, total }, signatures, signal) {
      const { packed } = packSignatures(signatures);
      return send("the withdrawal", encode("withdraw", [paramsOf(params), asset, destination, total, packed]), signal);
    },
    returnBond: (params, signal) => send("the return of the bond", encode("returnBond", [paramsOf(params)]), signal),
    claimCredit: (account, asset, signal) => send("the credit", encode("claimCredit", [account, asset]), signal),
  };
}

function minedBy({ hash, blockNumber, gasUsed }: TransactionReceipt): Mined {
  return { transaction: hash as Hex, blockNumber, gasUsed };
}
