/** Regular expressions, without anchors, of numbers within bounds: what a schema says of numbers in strings. */

/** Whole numbers from `low` to `high`; digits may be grouped (`4_096`), zeros may be in front. */
export function wholeNumbers(low: bigint, high: bigint): string {
  const [shortest, longest] = [low.toString().length, high.toString().length];
  const bounded = (length: number) => {
    const [least, most] = [length === 1 ? 0n : 10n ** BigInt(length - 1), 10n ** BigInt(length) - 1n];
    return digits(`${low > least ? low : least}`, `${high < most ? high : most}`, true);
  };
  return `(?:0_?)*${oneOf([
    bounded(shortest),
    ...(shortest + 1 < longest ? [`[1-9]${more(shortest, longest - 2)}`] : []),
    ...(shortest < longest ? [bounded(longest)] : []),
  ])}`;
}

/**
 * Numbers in a unit of `decimals` places whose value, in the smallest unit, is from `low` to `high`.
 * @param high A whole number of units.
 */
export function unitNumbers(low: bigint, high: bigint, decimals: number): string {
  const unit = 10n ** BigInt(decimals);
  if (high % unit !== 0n) throw new RangeError(`${high} is no whole number of units of ${decimals} decimals`);
  const [whole, rest] = [low / unit, low % unit];
  const [first, last] = [rest === 0n ? whole : whole + 1n, high / unit];
  const anyFraction = decimals === 0 ? "" : `(?:\\.\\d{1,${decimals}})?`;
  const noFraction = decimals === 0 ? "" : `(?:\\.0{1,${decimals}})?`;
  return oneOf([
    ...(rest === 0n ? [] : [`${wholeNumbers(whole, whole)}\\.${atLeast(rest.toString().padStart(decimals, "0"))}`]),
    ...(first < last ? [`${wholeNumbers(first, last - 1n)}${anyFraction}`] : []),
    ...(first <= last ? [`${wholeNumbers(last, last)}${noFraction}`] : []),
  ]);
}

/** Numbers of as many digits as both bounds have. */
function digits(low: string, high: string, isFirst: boolean): string {
  const separator = isFirst ? "" : "_?";
  if (low === "") return "";
  if (/^0+$/.test(low) && /^9+$/.test(high)) return isFirst ? `\\d${more(low.length - 1)}` : more(low.length);
  const [least = "", ...afterLeast] = low;
  const [most = "", ...afterMost] = high;
  if (least === most) return `${separator}${least}${digits(afterLeast.join(""), afterMost.join(""), false)}`;
  const isCut = { low: afterLeast.some((digit) => digit !== "0"), high: afterMost.some((digit) => digit !== "9") };
  const [from, to] = [Number(least) + (isCut.low ? 1 : 0), Number(most) - (isCut.high ? 1 : 0)];
  const { length } = afterLeast;
  return oneOf([
    ...(isCut.low ? [`${separator}${least}${digits(afterLeast.join(""), "9".repeat(length), false)}`] : []),
    ...(from <= to ? [`${separator}${between(from, to)}${more(length)}`] : []),
    ...(isCut.high ? [`${separator}${most}${digits("0".repeat(length), afterMost.join(""), false)}`] : []),
  ]);
}

/** Any further digits. */
function more(least: number, most = least): string {
  return most === 0 ? "" : `(?:_?\\d)${times(least, most)}`;
}

/** The quantifier of a part of an expression. */
function times(least: number, most: number): string {
  if (least === most) return most === 1 ? "" : `{${most}}`;
  return `{${least},${most}}`;
}

/** Fractions, of up to as many places as `fraction` has, that are not below it. */
function atLeast(fraction: string): string {
  const places = fraction.length;
  const short = fraction.replace(/0+$/, "");
  const above = [...short].flatMap((digit, i) =>
    digit === "9" ? [] : [`${short.slice(0, i)}${between(Number(digit) + 1, 9)}${upTo(places - i - 1)}`],
  );
  return oneOf([...above, `${short}${upTo(places - short.length)}`]);
}

function upTo(count: number): string {
  return count === 0 ? "" : `\\d{0,${count}}`;
}

function between(from: number, to: number): string {
  return from === to ? `${from}` : `[${from}-${to}]`;
}

function oneOf(alternatives: readonly string[]): string {
  return alternatives.length === 1 ? alternatives.join("") : `(?:${alternatives.join("|")})`;
}
