/** Reproducible random numbers (splitmix64), so that a failing test can be run again. */
export interface Random {
  /** 0 ≤ result < below. */
  int(below: number): number;
  /** 0 ≤ result < 2^bits. */
  bits(bits: number): bigint;
  /** A number of up to `bits` bits whose length is random too. */
  sized(bits: number): bigint;
  bytes(length: number): Uint8Array;
  chance(probability: number): boolean;
  pick<T>(values: readonly T[]): T;
}

const MASK = (1n << 64n) - 1n;

export function createRandom(seed: number): Random {
  let state = BigInt(seed);
  function splitmix(): bigint {
    state = (state + 0x9e3779b97f4a7c15n) & MASK;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
    return z ^ (z >> 31n);
  }
  function bits(count: number): bigint {
    let value = 0n;
    for (let have = 0; have < count; have += 64) value = (value << 64n) | splitmix();
    return value & ((1n << BigInt(count)) - 1n);
  }
  function int(below: number): number {
    return Number(splitmix() % BigInt(below));
  }
  return {
    int,
    bits,
    sized: (count) => bits(int(count + 1)),
    bytes: (length) => Uint8Array.from({ length }, () => int(256)),
    chance: (probability) => int(1_000_000) < probability * 1_000_000,
    pick(values) {
      const value = values[int(values.length)];
      if (value === undefined) throw new RangeError("nothing to pick from");
      return value;
    },
  };
}
