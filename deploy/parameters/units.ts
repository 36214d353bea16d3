import { formatEther } from "ethers";

/** Times in seconds, amounts in wei. */
export const MINUTE = 60n;
export const HOUR = 60n * MINUTE;
export const DAY = 24n * HOUR;
export const GWEI = 10n ** 9n;
export const ETHER = 10n ** 18n;

/** Largest first. */
export const TIME_UNITS: readonly (readonly [unit: string, seconds: bigint])[] = [
  ["w", 7n * DAY],
  ["d", DAY],
  ["h", HOUR],
  ["m", MINUTE],
  ["s", 1n],
];

/** Decimals of each unit that an amount may be in. */
export const AMOUNT_UNITS: readonly (readonly [unit: string, decimals: number])[] = [
  ["wei", 0],
  ["gwei", 9],
  ["ether", 18],
  ["eth", 18],
];

/** Digits, which may be grouped: `4_096`. */
export const DIGITS = "\\d+(?:_\\d+)*";

/** `7d`, `12h` and so on; exact, in the largest unit that divides. Weeks are days: they are compared with days everywhere. */
export function formatTime(seconds: bigint): string {
  const fits = ([unit, size]: (typeof TIME_UNITS)[number]) => unit !== "w" && seconds >= size && seconds % size === 0n;
  const [unit, size] = TIME_UNITS.find(fits) ?? ["s", 1n];
  return `${seconds / size}${unit}`;
}

const TIME = new RegExp(`^(${DIGITS})\\s*([${TIME_UNITS.map(([unit]) => unit).join("")}])?$`);

/** Seconds, from digits or a number with a unit; undefined for what is neither. */
export function parseTime(text: string): bigint | undefined {
  const [, figure, unit = "s"] = TIME.exec(text) ?? [];
  const size = TIME_UNITS.find(([name]) => name === unit)?.[1];
  return figure === undefined || size === undefined ? undefined : BigInt(figure.replaceAll("_", "")) * size;
}

/** `0.1 ether`; exact. */
export function formatAmount(wei: bigint): string {
  return `${formatEther(wei).replace(/\.0$/, "")} ether`;
}

const AMOUNT = new RegExp(`^(${DIGITS})(?:\\.(\\d{1,18}))?\\s*(${AMOUNT_UNITS.map(([unit]) => unit).join("|")})$`);

/** Wei, from a number with a unit; undefined for what is none, or has parts of a wei. */
export function parseAmount(text: string): bigint | undefined {
  const [, figure, fraction = "", unit] = AMOUNT.exec(text) ?? [];
  const decimals = AMOUNT_UNITS.find(([name]) => name === unit)?.[1];
  if (figure === undefined || decimals === undefined || fraction.length > decimals) return undefined;
  return BigInt(figure.replaceAll("_", "") + fraction.padEnd(decimals, "0"));
}
