export function concat(parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A 32-byte big-endian word. */
export function word(value: bigint): Uint8Array {
  const out = new Uint8Array(32);
  for (let i = 31, rest = value; rest > 0n; i--, rest >>= 8n) out[i] = Number(rest & 0xffn);
  return out;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
