/** Most bytes of a varint: 256 bits, seven per byte. */
const MAX_VARINT_LENGTH = 37;
const POWERS_OF_TEN = Array.from({ length: 78 }, (_, exponent) => 10n ** BigInt(exponent));

/** Batch data that §6 calls malformed: L2 treats the batch as empty. */
export class MalformedBatchError extends Error {
  override readonly name = "MalformedBatchError";
  constructor(
    readonly reason: string,
    /** Where in the data. */
    readonly offset: number,
  ) {
    super(`malformed batch data: ${reason} at byte ${offset}`);
  }
}

/** Reads batch data piece by piece; every piece that breaks docs/protocol.md §6 throws a MalformedBatchError. */
export class BatchReader {
  private position = 0;

  constructor(private readonly data: Uint8Array) {}

  get atEnd(): boolean {
    return this.position === this.data.length;
  }

  bytes(count: number): Uint8Array {
    if (count > this.data.length - this.position) throw this.malformed("truncated");
    this.position += count;
    return this.data.subarray(this.position - count, this.position);
  }

  byte(): number {
    return this.bytes(1)[0]!;
  }

  /** Unsigned LEB128 of at most 37 bytes; the value must be below 2^bits. Longer than necessary is allowed. */
  varint(bits: number): bigint {
    let value = 0n;
    for (let i = 0; i < MAX_VARINT_LENGTH; i++) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << BigInt(7 * i);
      if (byte >= 0x80) continue;
      if (value >> BigInt(bits) !== 0n) throw this.malformed(`number of more than ${bits} bits`);
      return value;
    }
    throw this.malformed(`varint of more than ${MAX_VARINT_LENGTH} bytes`);
  }

  /** A varint that is at most `max`. */
  count(max: number, what: string): number {
    const value = this.varint(256);
    if (value > BigInt(max)) throw this.malformed(`${value} ${what}, at most ${max} allowed`);
    return Number(value);
  }

  amount(): bigint {
    const exponent = this.byte();
    const power = POWERS_OF_TEN[exponent];
    const mantissa = this.varint(256);
    if (power === undefined) throw this.malformed(`amount with exponent ${exponent}`);
    const value = mantissa * power;
    if (value >> 256n !== 0n) throw this.malformed("amount of more than 256 bits");
    return value;
  }

  malformed(reason: string): MalformedBatchError {
    return new MalformedBatchError(reason, this.position);
  }
}
