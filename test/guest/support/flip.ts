import type { Random } from "../../ledger/random.js";

/** A copy with a few bits flipped, bytes removed, doubled or set. */
export function flip(data: Uint8Array, random: Random): Uint8Array {
  const bytes = [...data];
  for (let left = 1 + random.int(3); left > 0; left--) {
    // The head decides the most.
    const at = random.chance(0.7) ? random.int(60) : random.int(bytes.length);
    switch (random.int(5)) {
      case 0:
        bytes.splice(at, 1 + random.int(3));
        break;
      case 1:
        bytes.splice(at, 0, random.int(256));
        break;
      case 2:
        bytes[at] = random.pick([0, 1, 127, 128, 255]);
        break;
      default:
        bytes[at] = bytes[at]! ^ (1 << random.int(8));
    }
  }
  return Uint8Array.from(bytes);
}
