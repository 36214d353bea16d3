/** One thing that happened. Fields are what a machine wants to read; bigints are allowed. */
export interface LogEvent {
  level: "info" | "warn" | "error";
  /** What happened, in a few words. */
  event: string;
  [field: string]: unknown;
}

export type Log = (event: LogEvent) => void;

/** One line of JSON, for machines. */
export function jsonLine(event: LogEvent, time: Date): string {
  return JSON.stringify({ time: time.toISOString(), ...event }, (_, value: unknown) => plain(value));
}

/** One line for terminals: `12:00:01 block made number=5 transactions=12`. */
export function humanLine({ level, event, ...fields }: LogEvent, time: Date): string {
  const mark = level === "info" ? "" : `${level}: `;
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${textOf(plain(value))}`);
  return `${time.toISOString().slice(11, 19)} ${mark}${event}${rest.join("")}`;
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Error ? value.message : value;
}

function textOf(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value);
  return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
