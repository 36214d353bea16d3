/** Connect Four as a person would write it: cells, and a look along every line. Nothing of it is the guest's. */
import { encodeOutcome, simple } from "../../../plugin/channel/outcome.js";
import type { Outcome } from "../../../plugin/channel/types.js";
import { type Hex, ZERO_ADDRESS } from "../../../plugin/types.js";

const [COLUMNS, ROWS] = [7, 6];

/** Columns of stones from below, each that of player 0 or 1. */
export type Board = readonly (readonly number[])[];

export const EMPTY: Board = Array.from({ length: COLUMNS }, () => []);

/** A hole under a stone, which no game has. */
export const NO_STONE = -1;

/** How a state was reached beside its board. */
export const GIVES_UP = 255;

/** The board after a stone. */
export function drop(board: Board, column: number, player: number): Board {
  if (board[column]!.length === ROWS) throw new Error(`column ${column} is full`);
  return board.map((stones, i) => (i === column ? [...stones, player] : stones));
}

/** The board after stones of both in turn, `first` first. */
export function boardOf(columns: readonly number[], first = 1): Board {
  return columns.reduce((board, column, i) => drop(board, column, (first + i) % 2), EMPTY);
}

export function isFull(board: Board): boolean {
  return board.every(({ length }) => length === ROWS);
}

export function openColumns(board: Board): number[] {
  return [...board.keys()].filter((column) => board[column]!.length < ROWS);
}

export function hasFour(board: Board, player: number): boolean {
  const at = (column: number, row: number) => board[column]?.[row] === player;
  for (let column = 0; column < COLUMNS; column++) {
    for (let row = 0; row < ROWS; row++) {
      for (const [right, up] of [
        [1, 0],
        [0, 1],
        [1, 1],
        [1, -1],
      ] as const) {
        if ([0, 1, 2, 3].every((i) => at(column + i * right, row + i * up))) return true;
      }
    }
  }
  return false;
}

/** Whether `player`, who has just moved, wins within `stones` more of its own whatever the other does. */
export function forcesWin(board: Board, player: number, stones: number): boolean {
  const replies = openColumns(board).map((column) => drop(board, column, 1 - player));
  return (
    replies.length > 0 &&
    replies.every((reply) => {
      if (hasFour(reply, 1 - player)) return false;
      const next = openColumns(reply).map((column) => drop(reply, column, player));
      return (
        next.some((after) => hasFour(after, player)) ||
        (stones > 1 && next.some((after) => forcesWin(after, player, stones - 1)))
      );
    })
  );
}

/** A state of the game as the program has it. @param how See guests/connect-four/index.ts. */
export function encodeBoard(board: Board, how = 0): Uint8Array {
  const bits = [0n, 0n];
  board.forEach((stones, column) => {
    stones.forEach((player, row) => {
      if (player !== NO_STONE) bits[player]! |= 1n << BigInt(7 * column + row);
    });
  });
  const bytes = new Uint8Array(17);
  const view = new DataView(bytes.buffer);
  bits.forEach((stones, player) => view.setBigUint64(8 * player, stones));
  bytes[16] = how;
  return bytes;
}

/** What two players get, of ETH or of each of some assets. */
export function outcomeOf(
  players: readonly [Hex, Hex],
  amounts: readonly (readonly [bigint, bigint])[],
  assets: readonly Hex[] = [ZERO_ADDRESS],
): Hex {
  const outcome: Outcome = assets.map((asset, i) => ({
    asset,
    allocations: players.map((player, j) => simple(player, amounts[i]![j]!)),
  }));
  return encodeOutcome(outcome);
}
