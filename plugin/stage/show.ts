const UNITS: readonly (readonly [string, bigint])[] = [
  ["d", 86_400n],
  ["h", 3_600n],
  ["m", 60n],
  ["s", 1n],
];

/** `15d 12h`: seconds in their two largest units; exact seconds stand in the evidence beside it. */
export function duration(seconds: bigint): string {
  if (seconds < 0n) return `-${duration(-seconds)}`;
  const parts: string[] = [];
  let rest = seconds;
  for (const [unit, size] of UNITS) {
    if (rest >= size && parts.length < 2) parts.push(`${rest / size}${unit}`);
    rest %= size;
  }
  return parts.length === 0 ? "0s" : parts.join(" ");
}

/** `50d (4320000 s)`. */
export function seconds(value: bigint): string {
  return `${duration(value)} (${value} s)`;
}
