import { concat, toBigInt, toBytes } from "./bytes.js";

/** Bytes that are not the one canonical RLP encoding of what was expected. */
export class RlpError extends Error {
  override readonly name = "RlpError";
  constructor(
    readonly reason: string,
    /** Where in the input. */
    readonly offset: number,
  ) {
    super(`RLP: ${reason} at byte ${offset}`);
  }
}

/** Reads RLP items one after the other and refuses every encoding but the canonical one. */
export class RlpReader {
  /** Next byte to read. */
  position: number;

  constructor(
    private readonly bytes: Uint8Array,
    start = 0,
    readonly end = bytes.length,
  ) {
    this.position = start;
  }

  /** The content of a string item. */
  string(): Uint8Array {
    const first = this.peek();
    if (first >= 0xc0) throw new RlpError("expected a string, got a list", this.position);
    if (first < 0x80) return this.take(1);
    const start = this.position;
    const content = this.take(this.length(0x80));
    if (content.length === 1 && content[0]! < 0x80) throw new RlpError("a byte below 0x80 stands for itself", start);
    return content;
  }

  /** An unsigned integer of at most `size` bytes, without leading zeros. */
  integer(size: number): bigint {
    return toBigInt(this.digits(size));
  }

  /** An unsigned integer below 2^256, as 32 bytes; a view where it has so many. */
  word(): Uint8Array {
    const digits = this.digits(32);
    if (digits.length === 32) return digits;
    const bytes = new Uint8Array(32);
    bytes.set(digits, 32 - digits.length);
    return bytes;
  }

  private digits(size: number): Uint8Array {
    const start = this.position;
    const content = this.string();
    if (content[0] === 0) throw new RlpError("integer with leading zeros", start);
    if (content.length > size) throw new RlpError(`integer of ${content.length} bytes, at most ${size} allowed`, start);
    return content;
  }

  /** A reader of the items of a list; this one moves past the list. */
  list(): RlpReader {
    if (this.peek() < 0xc0) throw new RlpError("expected a list, got a string", this.position);
    const length = this.length(0xc0);
    const start = this.position;
    this.take(length);
    return new RlpReader(this.bytes, start, this.position);
  }

  /** Throws unless everything was read. */
  finish(): void {
    if (this.position !== this.end) throw new RlpError("trailing bytes", this.position);
  }

  private peek(): number {
    if (this.position >= this.end) throw new RlpError("unexpected end", this.position);
    return this.bytes[this.position]!;
  }

  private take(length: number): Uint8Array {
    if (length > this.end - this.position) throw new RlpError("unexpected end", this.end);
    this.position += length;
    return this.bytes.subarray(this.position - length, this.position);
  }

  /** Reads a header whose short form starts at `base` and returns the length of the content. */
  private length(base: 0x80 | 0xc0): number {
    const start = this.position;
    const short = this.take(1)[0]! - base;
    if (short < 56) return short;
    const content = this.take(short - 55);
    if (content[0] === 0) throw new RlpError("length with leading zeros", start);
    // Six bytes are beyond every input and still exact.
    if (content.length > 6) throw new RlpError("unexpected end", this.end);
    const length = Number(toBigInt(content));
    if (length < 56) throw new RlpError("a length below 56 has a short form", start);
    return length;
  }
}

function header(base: 0x80 | 0xc0, length: number): Uint8Array {
  if (length < 56) return Uint8Array.of(base + length);
  const size = length < 0x100 ? 1 : length < 0x10000 ? 2 : 3;
  if (length >= 0x1000000) throw new RangeError(`RLP content of ${length} bytes is too long`);
  return concat(Uint8Array.of(base + 55 + size), toBytes(BigInt(length), size));
}

/** RLP of a byte string. */
export function rlpString(bytes: Uint8Array): Uint8Array {
  return bytes.length === 1 && bytes[0]! < 0x80 ? bytes : concat(header(0x80, bytes.length), bytes);
}

/** RLP of an unsigned integer. */
export function rlpInteger(value: bigint): Uint8Array {
  if (value === 0n) return Uint8Array.of(0x80);
  return rlpString(toBytes(value, (value.toString(16).length + 1) >> 1));
}

/** RLP of a list of items that are RLP already. */
export function rlpList(items: Uint8Array[]): Uint8Array {
  const content = concat(...items);
  return concat(header(0xc0, content.length), content);
}
