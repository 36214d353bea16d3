// keccak256 (FIPS 202's Keccak-f[1600] with the original padding) over a memory that the host brings. It keeps nothing of its own
// there: so it can work on a guest program's memory without a trace.

const RATE: usize = 136;

// A round constant has bits only at 2^j - 1. Seven bits per round, a byte each, from round 0 in the lowest byte on.
const ROUNDS_0: u64 = 0x5579211f705e1a01;
const ROUNDS_8: u64 = 0x535d4f3f26350c0e;
const ROUNDS_16: u64 = 0x7421587966164852;

function roundConstant(bits: u64): u64 {
  return (
    (bits & 3) | ((bits & 4) << 1) | ((bits & 8) << 4) | ((bits & 16) << 11) | ((bits & 32) << 26) | ((bits & 64) << 57)
  );
}

/** Eight bytes of the last block, of which `length` are input; behind them stands the padding's first bit. */
function lastLane(block: usize, length: usize, offset: usize): u64 {
  if (length >= offset + 8) return load<u64>(block + offset);
  if (length < offset) return 0;
  const rest = length - offset;
  let lane: u64 = 1;
  for (let i = rest; i > 0; i--) lane = (lane << 8) | (<u64>load<u8>(block + offset + i - 1));
  return lane;
}

/** Hashes [from, from + length) and writes the digest, 32 bytes, to `to`. */
// Lane (x, y) is a<x + 5y>. One round: theta, rho and pi into b, chi and iota back into a.
// prettier-ignore
export function keccak256(from: usize, length: usize, to: usize): void {
  let a0: u64 = 0; let a1: u64 = 0; let a2: u64 = 0; let a3: u64 = 0; let a4: u64 = 0;
  let a5: u64 = 0; let a6: u64 = 0; let a7: u64 = 0; let a8: u64 = 0; let a9: u64 = 0;
  let a10: u64 = 0; let a11: u64 = 0; let a12: u64 = 0; let a13: u64 = 0; let a14: u64 = 0;
  let a15: u64 = 0; let a16: u64 = 0; let a17: u64 = 0; let a18: u64 = 0; let a19: u64 = 0;
  let a20: u64 = 0; let a21: u64 = 0; let a22: u64 = 0; let a23: u64 = 0; let a24: u64 = 0;
  let left = length;
  for (let isLast = false; !isLast; from += RATE, left -= RATE) {
    if (left >= RATE) {
      a0 ^= load<u64>(from); a1 ^= load<u64>(from, 8); a2 ^= load<u64>(from, 16); a3 ^= load<u64>(from, 24); a4 ^= load<u64>(from, 32);
      a5 ^= load<u64>(from, 40); a6 ^= load<u64>(from, 48); a7 ^= load<u64>(from, 56); a8 ^= load<u64>(from, 64); a9 ^= load<u64>(from, 72);
      a10 ^= load<u64>(from, 80); a11 ^= load<u64>(from, 88); a12 ^= load<u64>(from, 96); a13 ^= load<u64>(from, 104); a14 ^= load<u64>(from, 112);
      a15 ^= load<u64>(from, 120); a16 ^= load<u64>(from, 128);
    } else {
      a0 ^= lastLane(from, left, 0); a1 ^= lastLane(from, left, 8); a2 ^= lastLane(from, left, 16); a3 ^= lastLane(from, left, 24);
      a4 ^= lastLane(from, left, 32); a5 ^= lastLane(from, left, 40); a6 ^= lastLane(from, left, 48); a7 ^= lastLane(from, left, 56);
      a8 ^= lastLane(from, left, 64); a9 ^= lastLane(from, left, 72); a10 ^= lastLane(from, left, 80); a11 ^= lastLane(from, left, 88);
      a12 ^= lastLane(from, left, 96); a13 ^= lastLane(from, left, 104); a14 ^= lastLane(from, left, 112); a15 ^= lastLane(from, left, 120);
      a16 ^= lastLane(from, left, 128) | 0x8000000000000000;
      isLast = true;
    }
    let packed = ROUNDS_0;
    for (let round = 0; round < 24; round++, packed >>= 8) {
      if (round == 8) packed = ROUNDS_8;
      if (round == 16) packed = ROUNDS_16;
      const c0 = a0 ^ a5 ^ a10 ^ a15 ^ a20;
      const c1 = a1 ^ a6 ^ a11 ^ a16 ^ a21;
      const c2 = a2 ^ a7 ^ a12 ^ a17 ^ a22;
      const c3 = a3 ^ a8 ^ a13 ^ a18 ^ a23;
      const c4 = a4 ^ a9 ^ a14 ^ a19 ^ a24;
      const d0 = c4 ^ rotl<u64>(c1, 1);
      const d1 = c0 ^ rotl<u64>(c2, 1);
      const d2 = c1 ^ rotl<u64>(c3, 1);
      const d3 = c2 ^ rotl<u64>(c4, 1);
      const d4 = c3 ^ rotl<u64>(c0, 1);
      const b0 = a0 ^ d0;
      const b16 = rotl<u64>(a5 ^ d0, 36);
      const b7 = rotl<u64>(a10 ^ d0, 3);
      const b23 = rotl<u64>(a15 ^ d0, 41);
      const b14 = rotl<u64>(a20 ^ d0, 18);
      const b10 = rotl<u64>(a1 ^ d1, 1);
      const b1 = rotl<u64>(a6 ^ d1, 44);
      const b17 = rotl<u64>(a11 ^ d1, 10);
      const b8 = rotl<u64>(a16 ^ d1, 45);
      const b24 = rotl<u64>(a21 ^ d1, 2);
      const b20 = rotl<u64>(a2 ^ d2, 62);
      const b11 = rotl<u64>(a7 ^ d2, 6);
      const b2 = rotl<u64>(a12 ^ d2, 43);
      const b18 = rotl<u64>(a17 ^ d2, 15);
      const b9 = rotl<u64>(a22 ^ d2, 61);
      const b5 = rotl<u64>(a3 ^ d3, 28);
      const b21 = rotl<u64>(a8 ^ d3, 55);
      const b12 = rotl<u64>(a13 ^ d3, 25);
      const b3 = rotl<u64>(a18 ^ d3, 21);
      const b19 = rotl<u64>(a23 ^ d3, 56);
      const b15 = rotl<u64>(a4 ^ d4, 27);
      const b6 = rotl<u64>(a9 ^ d4, 20);
      const b22 = rotl<u64>(a14 ^ d4, 39);
      const b13 = rotl<u64>(a19 ^ d4, 8);
      const b4 = rotl<u64>(a24 ^ d4, 14);
      a0 = b0 ^ (~b1 & b2) ^ roundConstant(packed);
      a1 = b1 ^ (~b2 & b3);
      a2 = b2 ^ (~b3 & b4);
      a3 = b3 ^ (~b4 & b0);
      a4 = b4 ^ (~b0 & b1);
      a5 = b5 ^ (~b6 & b7);
      a6 = b6 ^ (~b7 & b8);
      a7 = b7 ^ (~b8 & b9);
      a8 = b8 ^ (~b9 & b5);
      a9 = b9 ^ (~b5 & b6);
      a10 = b10 ^ (~b11 & b12);
      a11 = b11 ^ (~b12 & b13);
      a12 = b12 ^ (~b13 & b14);
      a13 = b13 ^ (~b14 & b10);
      a14 = b14 ^ (~b10 & b11);
      a15 = b15 ^ (~b16 & b17);
      a16 = b16 ^ (~b17 & b18);
      a17 = b17 ^ (~b18 & b19);
      a18 = b18 ^ (~b19 & b15);
      a19 = b19 ^ (~b15 & b16);
      a20 = b20 ^ (~b21 & b22);
      a21 = b21 ^ (~b22 & b23);
      a22 = b22 ^ (~b23 & b24);
      a23 = b23 ^ (~b24 & b20);
      a24 = b24 ^ (~b20 & b21);
    }
  }
  store<u64>(to, a0); store<u64>(to, a1, 8); store<u64>(to, a2, 16); store<u64>(to, a3, 24);
}
