const POWERS_OF_TEN = [64, 32, 16, 8, 4, 2, 1].map((exponent) => ({ exponent, power: 10n ** BigInt(exponent) }));

/** Appends bytes, LEB128 varints and amounts to a buffer that grows. */
export class ByteWriter {
  private buffer = new Uint8Array(1024);
  private length = 0;

  bytes(content: Uint8Array): void {
    this.reserve(content.length);
    this.buffer.set(content, this.length);
    this.length += content.length;
  }

  byte(value: number): void {
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  /** Unsigned LEB128, in its shortest form. */
  varint(value: bigint): void {
    let high = value;
    while (high > 0x1f_ffff_ffff_ffffn) {
      this.byte(Number(high & 0x7fn) | 0x80);
      high >>= 7n;
    }
    let low = Number(high);
    while (low >= 0x80) {
      this.byte((low % 0x80) | 0x80);
      low = Math.floor(low / 0x80);
    }
    this.byte(low);
  }

  /** A decimal exponent and the mantissa as a varint: round amounts take few bytes. */
  amount(value: bigint): void {
    let mantissa = value;
    let zeros = 0;
    if (value !== 0n) {
      for (const { exponent, power } of POWERS_OF_TEN) {
        if (mantissa % power !== 0n) continue;
        mantissa /= power;
        zeros += exponent;
      }
    }
    this.byte(zeros);
    this.varint(mantissa);
  }

  /** Everything written so far. */
  result(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }

  private reserve(count: number): void {
    if (this.length + count <= this.buffer.length) return;
    const larger = new Uint8Array(Math.max(2 * this.buffer.length, this.length + count));
    larger.set(this.buffer.subarray(0, this.length));
    this.buffer = larger;
  }
}
