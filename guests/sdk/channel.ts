// A move of a channel whose rules this program is: read from behind the input, judged by the output (docs/wasm-apps.md §3).
import { PAGE, copy32, input, output, preimage, zero32 } from "./host";
import { dataLength, dataStart, readData } from "./data";
import { atEnd, malformed, reject, startReading, take } from "./reader";

/** outputHash of (VALID, no withdrawals, 0), VALID = keccak256("hardhat-rollup.valid-move.v1"). */
const VALID_OUTPUT: usize = memory.data<u8>([
  0xa3, 0xd3, 0x1b, 0x17, 0x57, 0xb4, 0x47, 0xa0, 0x0e, 0x84, 0x51, 0x68, 0xb5, 0x71, 0x57, 0x10, 0x04, 0xcc, 0x84,
  0x54, 0xd4, 0x2b, 0x90, 0xad, 0x71, 0x57, 0xd2, 0xf8, 0x82, 0x35, 0x70, 0x5d,
]);

const MAX_PARTICIPANTS: u64 = 32;
/** Of appData: the hash of the state before. */
const HASH_LENGTH: usize = 32;

const word: usize = memory.data(32);

/** Word: id of the channel. */
export let channelId: usize = 0;
/** Word: hash of what the channel's app is set up with. */
export let appParamsHash: usize = 0;
/** Of the state that the move leads to. */
export let turnNum: u64 = 0;
/** Whether nothing follows that state. */
export let isFinal: bool = false;
/** Their addresses, a word each. */
export let participants: usize = 0;
export let participantCount: u32 = 0;
/** The program's states before and after the move. */
export let stateBefore: usize = 0;
export let stateBeforeLength: usize = 0;
export let stateAfter: usize = 0;
export let stateAfterLength: usize = 0;
/** The outcomes before and after the move: outcome.ts opens them. */
export let outcomeBefore: usize = 0;
export let outcomeBeforeLength: usize = 0;
export let outcomeAfter: usize = 0;
export let outcomeAfterLength: usize = 0;

let lastLength: usize = 0;

/** Index of who made the move. */
export function mover(): u32 {
  return <u32>(turnNum % participantCount);
}

/** Reads the move. False when what L1 was given is none; then nothing else may be read. */
export function readMove(): bool {
  input(word);
  preimage(word);
  copy32(word, PAGE + 320);
  if (!readData(word)) return false;
  startReading(dataStart, <usize>dataLength);
  channelId = take(32);
  appParamsHash = take(32);
  turnNum = takeNumber(u64.MAX_VALUE);
  isFinal = takeNumber(1) != 0;
  participantCount = <u32>takeNumber(MAX_PARTICIPANTS);
  participants = take(participantCount << 5);
  stateBefore = takeState();
  stateBeforeLength = lastLength;
  stateAfter = takeState();
  stateAfterLength = lastLength;
  outcomeBefore = takeBytes();
  outcomeBeforeLength = lastLength;
  outcomeAfter = takeBytes();
  outcomeAfterLength = lastLength;
  return !malformed() && atEnd() && participantCount > 0;
}

/** Ends the run: whether the rules allow the move. */
export function judge(isAllowed: bool): void {
  if (isAllowed) {
    output(VALID_OUTPUT);
  } else {
    zero32(word);
    output(word);
  }
}

/** A number that is at most `most`. */
function takeNumber(most: u64): u64 {
  const at = take(32);
  if (malformed()) return 0;
  const value = bswap<u64>(load<u64>(at, 24));
  if ((load<u64>(at) | load<u64>(at, 8) | load<u64>(at, 16)) != 0 || value > most) {
    reject();
    return 0;
  }
  return value;
}

/** A length and so many bytes. */
function takeBytes(): usize {
  lastLength = <usize>takeNumber(<u64>i32.MAX_VALUE);
  return take(lastLength);
}

/** The program's part of a state's app data. */
function takeState(): usize {
  const at = takeBytes();
  if (lastLength < HASH_LENGTH) {
    reject();
    return at;
  }
  lastLength -= HASH_LENGTH;
  return at + HASH_LENGTH;
}
