import { formatEther, formatUnits } from "ethers";

/** Text in HTML: names of tokens are anybody's. */
export function esc(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replaceAll(/[&<>"']/g, (letter) => entities[letter] ?? letter);
}

/** Joins what is there. */
export function lines(...parts: (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join("\n");
}

/** 12,345. */
export function count(value: bigint | number): string {
  return value.toLocaleString("en");
}

/** Wei as ETH, to three digits where it is not whole. */
export function eth(wei: bigint): string {
  const value = Number(formatEther(wei));
  if (value === 0 || Number.isInteger(value)) return count(value);
  return value >= 100
    ? value.toFixed(1)
    : Number(value.toPrecision(3))
        .toFixed(value < 1e-6 ? 10 : value < 0.001 ? 7 : 5)
        .replace(/0+$/, "");
}

export function gwei(wei: bigint): string {
  const value = Number(formatUnits(wei, "gwei"));
  return value >= 10 || Number.isInteger(value) ? String(Math.round(value * 100) / 100) : value.toPrecision(2);
}

/** From here on only the order of an amount is read. */
const LONG = 10n ** 15n;

/** An amount of a token, whole digits grouped; of very long ones four digits. */
export function amount(value: bigint, decimals: number): string {
  if (value / 10n ** BigInt(decimals) >= LONG) return Number(formatUnits(value, decimals)).toExponential(3);
  const [whole = "0", fraction = ""] = formatUnits(value, decimals).split(".");
  const digits = fraction.replace(/0+$/, "");
  const grouped = count(BigInt(whole));
  return digits === ""
    ? grouped
    : `${whole.startsWith("-") && !grouped.startsWith("-") ? "-" : ""}${grouped}.${digits}`;
}

const UNITS: readonly (readonly [string, bigint])[] = [
  ["d", 86_400n],
  ["h", 3_600n],
  ["min", 60n],
  ["s", 1n],
];

/** The two largest units of a time in seconds: "7 d 20 min". */
export function time(seconds: bigint): string {
  const parts: string[] = [];
  let rest = seconds;
  for (const [unit, size] of UNITS) {
    if (rest >= size) parts.push(`${rest / size} ${unit}`);
    rest %= size;
  }
  return parts.length === 0 ? "0 s" : parts.slice(0, 2).join(" ");
}

/** A timestamp in seconds, in UTC. */
export function moment(seconds: bigint): string {
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** The beginning and the end of a hash, which leads to its row. */
export function transactionLink(hash: string): string {
  return `<a class="hash" href="#${esc(hash)}">${esc(hash.slice(0, 8))}…${esc(hash.slice(-6))}</a>`;
}

export function mono(text: string): string {
  return `<code>${esc(text)}</code>`;
}

/** A table in a box that scrolls when it is wide. Cells are HTML; those of columns whose heading begins with `#` are numbers. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  options: { ids?: readonly string[] } = {},
): string {
  const numeric = headings.map((heading) => heading.startsWith("#"));
  const cell = (tag: string, text: string, i: number) => `<${tag}${numeric[i] ? ' class="n"' : ""}>${text}</${tag}>`;
  const head = headings.map((heading, i) => cell("th", esc(heading.replace(/^#/, "")), i)).join("");
  const body = rows
    .map((cells, i) => {
      const id = options.ids?.[i];
      return `<tr${id === undefined ? "" : ` id="${esc(id)}"`}>${cells.map((text, j) => cell("td", text, j)).join("")}</tr>`;
    })
    .join("\n");
  return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}
