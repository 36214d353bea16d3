import { expect } from "chai";

import { guarantee, encodeOutcome, simple } from "../../../plugin/channel/outcome.js";
import { channelIdOf } from "../../../plugin/channel/hashes.js";
import { knownState } from "../../../plugin/channel/state.js";
import type { ChannelDomain, ChannelParams } from "../../../plugin/channel/types.js";
import { encodeAppData, type ChannelMove, moveFrom, type ShownState } from "../../../plugin/channel/wasm/move.js";
import { rulesPolicy } from "../../../plugin/channel/wasm/policy.js";
import { wasmRules } from "../../../plugin/channel/wasm/rules.js";
import { traceMove, VALID_OUTPUT } from "../../../plugin/channel/wasm/statement.js";
import { endHash } from "../../../plugin/dispute/statement.js";
import { toHex } from "../../../plugin/ledger/bytes.js";
import { dataHash } from "../../../plugin/ledger/hashes.js";
import { readGuestProgram } from "../../../plugin/machine/artifacts.js";
import { encodeMove } from "../../../plugin/channel/wasm/move.js";
import { type Hex, ZERO_ADDRESS, ZERO_HASH } from "../../../plugin/types.js";
import { createRandom } from "../../machine/support/random.js";
import {
  type Board,
  boardOf,
  drop,
  EMPTY,
  encodeBoard,
  forcesWin,
  GIVES_UP,
  hasFour,
  isFull,
  NO_STONE,
  openColumns,
  outcomeOf,
} from "./connect-four.js";

const [ALICE, BOB]: [Hex, Hex] = [`0x${"a1".repeat(20)}`, `0x${"b0".repeat(20)}`];
const TOKEN: Hex = `0x${"70".repeat(20)}`;
const domain: ChannelDomain = { l1ChainId: 1n, adjudicator: `0x${"ad".repeat(20)}` };
const params: ChannelParams = {
  participants: [ALICE, BOB],
  channelNonce: 1n,
  appDefinition: `0x${"44".repeat(20)}`,
  challengeDuration: 100,
  appParamsHash: ZERO_HASH,
};
const rules = wasmRules(readGuestProgram("connect-four"));

/** The start of a game with 30 and 70 at stake, or some other state. */
function stateOf(over: Partial<ShownState> & { board?: Board; how?: number; pot?: [bigint, bigint] } = {}): ShownState {
  const { board = EMPTY, how = 0, pot = [30n, 70n], ...rest } = over;
  return {
    turnNum: 0n,
    isFinal: false,
    appData: encodeAppData({ previous: ZERO_HASH, state: encodeBoard(board, how) }),
    outcome: outcomeOf([ALICE, BOB], [pot]),
    ...rest,
  };
}

/** A move from `base`; at odd turns it is Bob's. */
function moveTo(
  base: ShownState,
  board: Board,
  after: { how?: number; pot?: [bigint, bigint]; outcome?: Hex; isFinal?: boolean } = {},
): ChannelMove {
  const { how = 0, isFinal = false } = after;
  const pot = after.pot ?? (base.turnNum % 2n === 0n ? [0n, 100n] : [100n, 0n]);
  const outcome = after.outcome ?? outcomeOf([ALICE, BOB], [pot]);
  return moveFrom(domain, params, base, { state: encodeBoard(board, how), outcome, isFinal });
}

const refusal = (move: ChannelMove) => rules.refusal(move);
const isAllowed = (move: ChannelMove) => rules.refusal(move) === undefined;

describe("the rules of Connect Four, as a program", () => {
  const start = stateOf();

  it("take a stone, and give the pot to who moved last as long as the game goes on", () => {
    expect(refusal(moveTo(start, boardOf([3])))).to.equal(undefined);
    const next = stateOf({ turnNum: 1n, board: boardOf([3]), pot: [0n, 100n] });
    expect(refusal(moveTo(next, boardOf([3, 3])))).to.equal(undefined);
    for (const pot of [
      [30n, 70n],
      [100n, 0n],
      [0n, 99n],
      [0n, 101n],
    ] as [bigint, bigint][]) {
      expect(isAllowed(moveTo(start, boardOf([3]), { pot })), pot.join()).to.equal(false);
    }
    expect(isAllowed(moveTo(start, boardOf([3]), { isFinal: true }))).to.equal(false);
  });

  it("refuse a stone of the other's colour, two stones, none, one in the air, and one taken away", () => {
    const board = boardOf([0, 1]);
    const base = stateOf({ turnNum: 2n, board });
    const air: Board = board.map((stones, i) => (i === 6 ? [NO_STONE, 1] : stones));
    const wrong: Record<string, Board> = {
      "other's colour": drop(board, 2, 0),
      two: drop(drop(board, 2, 1), 2, 1),
      "one of each": drop(drop(board, 2, 1), 2, 0),
      none: board,
      "in the air": air,
      "on another's place": board.map((stones, i) => (i === 1 ? [1] : stones)),
      "taken away": boardOf([0]),
    };
    expect(isAllowed(moveTo(base, drop(board, 2, 1)))).to.equal(true);
    for (const [what, after] of Object.entries(wrong)) expect(isAllowed(moveTo(base, after)), what).to.equal(false);
  });

  it("end the game with four in a line, with a draw, or when one gives up", () => {
    const three = boardOf([0, 1, 0, 1, 0, 1]);
    const base = stateOf({ turnNum: 6n, board: three, pot: [100n, 0n] });
    const won = drop(three, 0, 1);
    expect(refusal(moveTo(base, won, { isFinal: true }))).to.equal(undefined);
    expect(isAllowed(moveTo(base, won, { isFinal: false }))).to.equal(false);
    expect(isAllowed(moveTo(base, won, { isFinal: true, pot: [100n, 0n] }))).to.equal(false);
    expect(isAllowed(moveTo(base, won, { isFinal: true, how: 1 })), "a claim beside").to.equal(false);
    const over = stateOf({ turnNum: 7n, board: won, pot: [0n, 100n] });
    expect(isAllowed(moveTo(over, drop(won, 3, 0))), "after the end").to.equal(false);

    expect(refusal(moveTo(base, three, { isFinal: true, how: GIVES_UP, pot: [100n, 0n] }))).to.equal(undefined);
    expect(isAllowed(moveTo(base, three, { isFinal: true, how: GIVES_UP, pot: [0n, 100n] }))).to.equal(false);
    expect(isAllowed(moveTo(base, drop(three, 3, 1), { isFinal: true, how: GIVES_UP, pot: [100n, 0n] }))).to.equal(
      false,
    );

    // No line of four: pairs of columns, turned upside down from one to the next.
    const full: Board = [0, 1, 0, 1, 0, 1, 0].map((first) => [0, 0, 1, 1, 0, 0].map((bit) => (bit + first) % 2));
    expect(isFull(full) && !hasFour(full, 0) && !hasFour(full, 1)).to.equal(true);
    const last = full[0]!.at(-1)!;
    const almost = full.map((stones, i) => (i === 0 ? stones.slice(0, -1) : stones));
    const before = stateOf({ turnNum: 41n + BigInt(last), board: almost, pot: [0n, 101n] });
    const draw = { isFinal: true, pot: [51n, 50n] as [bigint, bigint] };
    expect(before.turnNum % 2n).to.equal(BigInt(1 - last));
    expect(refusal(moveTo(before, full, draw))).to.equal(undefined);
    expect(isAllowed(moveTo(before, full, { ...draw, pot: [50n, 51n] }))).to.equal(false);
    expect(isAllowed(moveTo(before, full, { ...draw, isFinal: false }))).to.equal(false);
  });

  it("pay every asset, and refuse outcomes that they cannot divide", () => {
    const assets = [ZERO_ADDRESS, TOKEN] as Hex[];
    const of = (amounts: [bigint, bigint][]) => outcomeOf([ALICE, BOB], amounts, assets);
    const most = 2n ** 247n;
    const base = stateOf({ outcome: of([[1n, 2n], [most, most - 1n]]) }); // prettier-ignore
    const pot = 2n * most - 1n;
    expect(refusal(moveTo(base, boardOf([3]), { outcome: of([[0n, 3n], [0n, pot]]) }))).to.equal(undefined); // prettier-ignore
    expect(isAllowed(moveTo(base, boardOf([3]), { outcome: of([[0n, 3n], [most, most - 1n]]) }))).to.equal(false); // prettier-ignore
    const swapped = outcomeOf([BOB, ALICE], [[0n, 100n]]);
    expect(isAllowed(moveTo(start, boardOf([3]), { outcome: swapped })), "swapped").to.equal(false);
    const outcomes = {
      "three get some": encodeOutcome([
        { asset: ZERO_ADDRESS, allocations: [ALICE, BOB, TOKEN].map((to) => simple(to, 1n)) },
      ]),
      "a guarantee": encodeOutcome([
        { asset: ZERO_ADDRESS, allocations: [simple(ALICE, 0n), guarantee(`0x${"c0".repeat(32)}`, 5n, ALICE, BOB)] },
      ]),
      nothing: "0x" as Hex,
      "no outcome": start.appData,
      "bytes behind it": `${outcomeOf([ALICE, BOB], [[0n, 100n]])}00` as Hex,
    };
    for (const [what, outcome] of Object.entries(outcomes)) {
      expect(isAllowed(moveTo(stateOf({ outcome }), boardOf([3]), { outcome })), what).to.equal(false);
    }
  });

  it("follow the shape of the canonical encoding: one word changed makes an outcome none", () => {
    const bytes = Buffer.from(start.outcome.slice(2), "hex");
    // Not the asset, the destinations and the amounts: these say something else, in the right shape.
    const free = new Set([3, 12, 13, 17, 18]);
    for (let word = 0; word < bytes.length / 32; word++) {
      const changed = Buffer.from(bytes);
      changed[32 * word + 31]! ^= 0x20;
      const outcome = toHex(changed);
      const next = Buffer.from(changed);
      next.fill(0, 32 * 13, 32 * 14);
      const [own, other] = [30n ^ (word === 13 ? 32n : 0n), 70n ^ (word === 18 ? 32n : 0n)];
      next.write((own + other).toString(16).padStart(64, "0"), 32 * 18, "hex");
      const move = moveTo(stateOf({ outcome }), boardOf([3]), { outcome: toHex(next) });
      expect(isAllowed(move), `word ${word}`).to.equal(free.has(word));
    }
  });

  it("know a forced win, and refuse one that is none", () => {
    // Three on the ground with both ends open, after Bob's stone in column 3.
    const before = boardOf([1, 1, 2, 2]);
    const base = stateOf({ turnNum: 4n, board: before, pot: [100n, 0n] });
    const claim = drop(before, 3, 1);
    expect(forcesWin(claim, 1, 1)).to.equal(true);
    expect(refusal(moveTo(base, claim, { isFinal: true, how: 1 }))).to.equal(undefined);
    expect(isAllowed(moveTo(base, claim, { isFinal: false, how: 1 })), "a claim ends the game").to.equal(false);
    const vain = drop(before, 6, 1);
    expect(isAllowed(moveTo(base, vain, { isFinal: true, how: 2 }))).to.equal(forcesWin(vain, 1, 2));
    expect(isAllowed(moveTo(base, claim, { isFinal: true, how: 5 })), "more than can be claimed").to.equal(false);
  });

  it("search four million instructions deep, which fits no call of the EVM", async () => {
    const columns = [4, 1, 4, 0, 3, 1, 3, 3, 3];
    const base = stateOf({ turnNum: 8n, board: boardOf(columns.slice(0, -1)), pot: [100n, 0n] });
    const claim = (how: number) => moveTo(base, boardOf(columns), { isFinal: true, how });
    expect([1, 2, 3, 4].map((stones) => isAllowed(claim(stones)))).to.deep.equal([false, false, false, true]);
    const move = claim(4);
    const place = { l1ChainId: 1n, app: params.appDefinition };
    const { length } = await traceMove(rules.program(), { header: headerOf(move), move }, place);
    expect(length).to.be.within(3_000_000, 5_000_000);
  });

  it("say of random games what cells and lines say, natively and in the machine", async () => {
    const random = createRandom(7);
    const seen = { won: 0, claimed: 0, refused: 0 };
    for (let game = 0; game < 15; game++) {
      let board = EMPTY;
      let pot: [bigint, bigint] = [30n, 70n];
      for (let turn = 1; ; turn++) {
        const player = turn % 2;
        const columns = openColumns(board);
        const column = columns[random.below(columns.length)]!;
        const after = drop(board, column, player);
        const base = stateOf({ turnNum: BigInt(turn - 1), board, pot });
        const mine: [bigint, bigint] = player === 0 ? [100n, 0n] : [0n, 100n];
        const isWon = hasFour(after, player);
        const isOver = isWon || isFull(after);
        const due: [bigint, bigint] = isWon || !isOver ? mine : [50n, 50n];
        expect(refusal(moveTo(base, after, { isFinal: isOver, pot: due }))).to.equal(undefined);
        expect(isAllowed(moveTo(base, after, { isFinal: !isOver, pot: due }))).to.equal(false);
        if (isWon) seen.won++;
        if (isOver) break;
        const stones = 1 + random.below(2);
        const isForced = forcesWin(after, player, stones);
        const claim = moveTo(base, after, { isFinal: true, how: stones, pot: mine });
        expect(isAllowed(claim)).to.equal(isForced);
        if (turn % 20 === game + 4) {
          expect(await isTaken(claim)).to.equal(isForced);
          expect(await isTaken(moveTo(base, after, { isFinal: isOver, pot: due }))).to.equal(true);
        }
        if (isForced) seen.claimed++;
        else seen.refused++;
        [board, pot] = [after, mine];
      }
    }
    expect(seen.won).to.be.greaterThan(10);
    expect(seen.claimed).to.be.greaterThan(1);
    expect(seen.refused).to.be.greaterThan(50);
  });

  it("are what a client signs by", () => {
    const policy = rulesPolicy(rules);
    const known = ({ turnNum, ...content }: ShownState) =>
      knownState(channelIdOf(domain, params), turnNum, content, []);
    const ask = ({ channelId, base, candidate }: ChannelMove) =>
      policy({
        ...{ channelId, params, me: 0, role: "countersign", asker: undefined },
        ...{ current: known(base), next: known(candidate) },
      });
    expect(ask(moveTo(start, boardOf([3])))).to.equal(undefined);
    expect(ask(moveTo(start, drop(EMPTY, 3, 0)))).to.equal("the rules do not allow the move");
  });

  it("are the same in the machine, and refuse what does not follow before they are asked", async () => {
    const good = moveTo(start, boardOf([3]));
    const bad = moveTo(start, drop(EMPTY, 3, 0));
    for (const move of [good, bad]) expect(await isTaken(move)).to.equal(move === good);
    const { candidate, base } = good;
    const wrong: [string, ChannelMove][] = [
      ["two participants", { ...good, params: { ...params, participants: [ALICE, BOB, TOKEN] } }],
      ["final", { ...good, base: { ...base, isFinal: true } }],
      ["turn 1 follows", { ...good, candidate: { ...candidate, turnNum: 2n } }],
      [
        "at most 65536",
        { ...good, candidate: { ...candidate, appData: `${candidate.appData}${"00".repeat(65_000)}` } },
      ],
      ["32 bytes", { ...good, candidate: { ...candidate, appData: "0x00" } }],
      ["as the state before", { ...good, base: { ...base, outcome: "0x" } }],
    ];
    for (const [reason, move] of wrong) expect(refusal(move)).to.include(reason);
  });
});

/** Whether the run in the machine ends as the statement of a dispute says. */
async function isTaken(move: ChannelMove): Promise<boolean> {
  const place = { l1ChainId: 1n, app: params.appDefinition };
  const trace = await traceMove(rules.program(), { header: headerOf(move), move }, place);
  const [last] = await trace.hashesAt([trace.length]);
  return toHex(last!) === endHash(VALID_OUTPUT);
}

function headerOf(move: ChannelMove) {
  return {
    index: 1n,
    timestamp: 5n,
    finalizesAt: 6n,
    ...{ inboxFrom: 0n, inboxTo: 0n, l2BlockFrom: 0n, l2BlockTo: 0n },
    ...{ submitter: ALICE, resolver: BOB, parentHash: move.channelId, prevStateRoot: ZERO_HASH },
    ...{ stateRoot: ZERO_HASH, withdrawalsRoot: ZERO_HASH, inboxAcc: ZERO_HASH, dataHash: dataHash(encodeMove(move)) },
  };
}
