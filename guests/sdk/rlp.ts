// RLP (Ethereum yellow paper, appendix B): strict reading of a flat list of strings, and writing.
import { cursor, malformed, reject, take, takeByte } from "./reader";

/** Address and length of the string read last. */
export let itemStart: usize = 0;
export let itemLength: usize = 0;

function readLength(bytes: u32): usize {
  const start = take(bytes);
  // Longer than two bytes cannot fit in anything that is read here.
  if (malformed() || bytes > 2 || load<u8>(start) == 0) {
    reject();
    return 0;
  }
  const length: u32 = bytes == 1 ? <u32>load<u8>(start) : ((<u32>load<u8>(start)) << 8) | (<u32>load<u8>(start, 1));
  if (length < 56) reject();
  return length;
}

/** Reads a list's head; returns the length of its content. */
export function takeListHead(): usize {
  const head = takeByte();
  if (malformed() || head < 0xc0) {
    reject();
    return 0;
  }
  return head < 0xf8 ? <usize>(head - 0xc0) : readLength(head - 0xf7);
}

/** Reads a string into itemStart and itemLength. */
export function takeString(): void {
  itemLength = 0;
  const start = cursor();
  const head = takeByte();
  if (malformed()) return;
  if (head < 0x80) {
    itemStart = start;
    itemLength = 1;
    return;
  }
  if (head >= 0xc0) return reject();
  const length: usize = head < 0xb8 ? <usize>(head - 0x80) : readLength(head - 0xb7);
  if (malformed()) return;
  itemStart = take(length);
  if (malformed()) return;
  // A single byte below 0x80 stands for itself.
  if (length == 1 && load<u8>(itemStart) < 0x80) return reject();
  itemLength = length;
}

/** Reads an integer of at most `bytes` bytes, without leading zeros, as a word at `to`. */
export function takeInteger(to: usize, bytes: usize): void {
  memory.fill(to, 0, 32);
  takeString();
  if (malformed()) return;
  if (itemLength > bytes || (itemLength > 0 && load<u8>(itemStart) == 0)) return reject();
  memory.copy(to + 32 - itemLength, itemStart, itemLength);
}

function significantBytes(word: usize): usize {
  let length: usize = 32;
  while (length > 0 && load<u8>(word + 32 - length) == 0) length--;
  return length;
}

/** Writes the integer in a word; returns the address behind it. */
export function writeInteger(to: usize, word: usize): usize {
  const length = significantBytes(word);
  return writeString(to, word + 32 - length, length);
}

/** Writes a string; returns the address behind it. */
export function writeString(to: usize, start: usize, length: usize): usize {
  if (length == 1 && load<u8>(start) < 0x80) {
    store<u8>(to, load<u8>(start));
    return to + 1;
  }
  to = writeHead(to, length, 0x80);
  memory.copy(to, start, length);
  return to + length;
}

/** Writes the head of a string (0x80) or list (0xc0); returns the address behind it. */
export function writeHead(to: usize, length: usize, kind: u8): usize {
  if (length < 56) {
    store<u8>(to, kind + <u8>length);
    return to + 1;
  }
  if (length < 256) {
    store<u8>(to, kind + 56);
    store<u8>(to, <u8>length, 1);
    return to + 2;
  }
  store<u8>(to, kind + 57);
  store<u8>(to, <u8>(length >> 8), 1);
  store<u8>(to, <u8>length, 2);
  return to + 3;
}
