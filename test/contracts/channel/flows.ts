import type { Wallet } from "ethers";

import { type AppState, encodeState } from "../../../plugin/channel/apps/state.js";
import type { VirtualPayments } from "../../../plugin/channel/apps/virtual-payment.js";
import { toDestination } from "../../../plugin/channel/outcome.js";
import type { Outcome } from "../../../plugin/channel/types.js";
import type { Hex } from "../../../plugin/types.js";
import { BOND, type Channel, type ChannelEnvironment } from "./support.js";

/** What whole lives of channels need of an environment: apps, moves by participants, and what everybody has in the end. */
export async function flowsOf(env: ChannelEnvironment) {
  const { adjudicator, alice, bob, carol, ethers, networkHelpers, signedBy, token, tokenAddress } = env;
  const deploy = async (name: string, ...args: unknown[]) =>
    (await (await ethers.deployContract(name, args)).getAddress()) as Hex;
  const apps = {
    consensus: await deploy("ConsensusApp"),
    payment: await deploy("SingleAssetPaymentApp"),
    vouchers: await deploy("VirtualPaymentApp", adjudicator),
    lock: await deploy("HashTimeLockApp"),
  };
  const payments: VirtualPayments = { l1ChainId: env.domain.l1ChainId, app: apps.vouchers };
  /** Sends what anybody may send, so that the parties pay no gas for it. */
  const anyone = env.liar;
  const assets = [ethers.ZeroAddress as Hex, tokenAddress];

  /** Shares of ETH and of the token, in one order. */
  const outcome = (...shares: [to: Hex, eth: bigint, token: bigint][]): Outcome =>
    assets.map((asset, i) => ({
      asset,
      allocations: shares.map(([to, ...amounts]) => ({
        destination: to.length === 42 ? toDestination(to) : to,
        amount: amounts[i]!,
        allocationType: 0,
        metadata: "0x",
      })),
    }));

  /** As the contract takes it, signed by the participants of these indices; all where none is given. */
  function signed(channel: Channel, state: AppState, ...participants: number[]) {
    return signedBy(channel, participants.length > 0 ? participants : [...channel.wallets.keys()], encodeState(state));
  }

  async function fund(channel: Channel, from: Wallet, eth: bigint, tokens: bigint) {
    if (eth > 0n) await adjudicator.connect(from).depositETH(channel.id, 0n, { value: eth });
    if (tokens > 0n) await adjudicator.connect(from).depositERC20(tokenAddress, channel.id, 0n, tokens);
  }

  /** A participant challenges by its own transaction. */
  function challenge(channel: Channel, challenger: number, support: ReturnType<typeof signed>[]) {
    const wallet = channel.wallets[challenger]!;
    return adjudicator.connect(wallet).challenge(channel.params, support, challenger, "0x", { value: BOND });
  }

  /** Anybody has all of an asset's allocations paid that can be paid. */
  async function payout(channel: Channel, final: AppState) {
    const { state, outcome: encoded } = encodeState(final);
    for (const index of final.outcome.keys()) {
      await adjudicator.connect(anyone).payout(channel.id, state, encoded, index, []);
    }
  }

  /** What each has of ETH and of the token. */
  async function balances() {
    const of = async (wallet: Wallet) =>
      [await ethers.provider.getBalance(wallet.address), await token.balanceOf(wallet)] as const;
    return { alice: await of(alice), bob: await of(bob), carol: await of(carol) };
  }

  /** What each gains by a run whose transactions none of them sends. */
  async function gains(run: () => Promise<void>) {
    const before = await balances();
    await run();
    const after = await balances();
    const gain = (name: "alice" | "bob" | "carol") => [
      after[name][0] - before[name][0],
      after[name][1] - before[name][1],
    ];
    return { alice: gain("alice"), bob: gain("bob"), carol: gain("carol") };
  }

  /** What the adjudicator still has of ETH and of the token. */
  const left = async () => [await ethers.provider.getBalance(adjudicator), await token.balanceOf(adjudicator)];

  return {
    ...env,
    networkHelpers,
    apps,
    payments,
    anyone,
    assets,
    outcome,
    signed,
    fund,
    challenge,
    payout,
    gains,
    left,
  };
}

export type Flows = Awaited<ReturnType<typeof flowsOf>>;
