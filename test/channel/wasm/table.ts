/** Alice and Bob at a board of Connect Four: a funded channel of the real adjudicator. */
import type { Wallet } from "ethers";

import { type ChannelMove, encodeAppData, moveFrom, type ShownState } from "../../../plugin/channel/wasm/move.js";
import { channelStateOf } from "../../../plugin/channel/wasm/move.js";
import type { SignedStateStruct } from "../../../typechain-types/channel/IChannelAdjudicator.js";
import { type Hex, ZERO_HASH } from "../../../plugin/types.js";
import { BOND, channelEnvironment, type Channel } from "../../contracts/channel/support.js";
import { type Board, drop, EMPTY, encodeBoard, outcomeOf } from "./connect-four.js";
import { connectFour, deployApp } from "./deploy.js";
import { judgeOf, type lieAbout } from "./play.js";

/** Wei that each has at stake. */
export const STAKE = 10n ** 18n;
export const [ALICE, BOB] = [0, 1];

/** A state of the game, and its board. */
export interface Position {
  state: ShownState;
  board: Board;
}

/** Deploys everything and funds a channel; nobody has moved. */
export async function openTable(challengeDuration = 1_000) {
  const environment = await channelEnvironment();
  const { adjudicator, channelOf, alice, bob, signedBy, domain, ethers, networkHelpers, address } = environment;
  const { app, game } = await deployApp({ deployer: environment.dave }, adjudicator);
  const appDefinition = (await app.getAddress()) as Hex;
  const channel = channelOf([alice, bob], { appDefinition, challengeDuration });
  const players = [alice.address, bob.address] as [Hex, Hex];
  const wallets = [alice, bob] as const;
  for (const [i, wallet] of wallets.entries()) {
    await adjudicator.connect(wallet).depositETH(channel.id, BigInt(i) * STAKE, { value: STAKE });
  }
  const start: Position = {
    board: EMPTY,
    state: {
      turnNum: 0n,
      isFinal: false,
      appData: encodeAppData({ previous: ZERO_HASH, state: encodeBoard(EMPTY) }),
      outcome: outcomeOf(players, [[STAKE, STAKE]]),
    },
  };

  const moverOf = ({ state }: Position): number => Number(state.turnNum % 2n);
  /** The position after a stone of who is to move; or after any other board that is claimed to follow. */
  function next(before: Position, to: number | Board, isFinal = false): Position & { move: ChannelMove } {
    const mover = Number((before.state.turnNum + 1n) % 2n);
    const board = typeof to === "number" ? drop(before.board, to, mover) : to;
    const pot: [bigint, bigint] = mover === ALICE ? [2n * STAKE, 0n] : [0n, 2n * STAKE];
    const after = { state: encodeBoard(board), outcome: outcomeOf(players, [pot]), isFinal };
    const move = moveFrom(domain, channel.params, before.state, after);
    return { board, state: move.candidate, move };
  }
  /** The position after stones in turn, by the rules, which both signed. */
  function played(columns: readonly number[]): Position {
    return columns.reduce((position: Position, column) => {
      const following = next(position, column);
      const refusal = connectFour.refusal(following.move);
      if (refusal !== undefined) throw new Error(refusal);
      return following;
    }, start);
  }

  const signed = (channel: Channel, signers: readonly number[], { state }: Position): SignedStateStruct =>
    signedBy(channel, signers, { state: channelStateOf(state), appData: state.appData, outcome: state.outcome });
  /** What both signed. */
  const agreed = (position: Position) => signed(channel, [ALICE, BOB], position);
  /** Begins a dispute with what both signed. */
  const challenge = (position: Position, by: number) =>
    adjudicator.connect(wallets[by]).challenge(channel.params, [agreed(position)], by, "0x", { value: BOND });
  /** Moves by force, on a position that the challenge stands at. */
  const force = (before: Position, after: Position) =>
    adjudicator
      .connect(wallets[moverOf(after)])
      .respond(channel.params, [signed(channel, [], before), signed(channel, [moverOf(after)], after)]);
  const judge = (wallet: Wallet, oracle?: ReturnType<typeof lieAbout>) =>
    judgeOf({ ethers }, wallet, appDefinition, connectFour, oracle);
  /** Pays out a final position, and says what Alice and Bob got. */
  async function payout({ state }: Position): Promise<bigint[]> {
    await adjudicator.connect(environment.dave).payout(channel.id, channelStateOf(state), state.outcome, 0, []);
    const paid = players.map((player) =>
      adjudicator.paidOf(channel.id, `0x${"0".repeat(40)}`, `0x${player.slice(2).padStart(64, "0")}`),
    );
    return Promise.all(paid);
  }
  const status = () => adjudicator.statusOf(channel.id);
  return {
    ...{ environment, app, game, channel, start, next, played, agreed, challenge, force, judge, payout, status },
    ...{ adjudicator, alice, bob, connection: { ethers, networkHelpers }, address },
  };
}

export type Table = Awaited<ReturnType<typeof openTable>>;
