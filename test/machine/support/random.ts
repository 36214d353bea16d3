/** Deterministic random numbers (splitmix64). */
export interface Random {
  u64: () => bigint;
  /** 0 ≤ n < bound. */
  below: (bound: number) => number;
  pick: <T>(items: readonly T[]) => T;
  /** True with this probability. */
  chance: (probability: number) => boolean;
}

export function createRandom(seed: number): Random {
  let state = BigInt(seed);
  const u64 = (): bigint => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  };
  const below = (bound: number): number => Number(u64() % BigInt(bound));
  return {
    u64,
    below,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
    chance: (probability) => below(1_000_000) < probability * 1_000_000,
  };
}
