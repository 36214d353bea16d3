import { styleText } from "node:util";

import { formatTable, type TableItem } from "@nomicfoundation/hardhat-utils/format";
import { createSpinner } from "@nomicfoundation/hardhat-utils/spinner";

import { toJson } from "../../deploy/address-book.js";

/** Where a task writes: people read tables and lines, programs read one JSON document on stdout. */
export interface Output {
  readonly json: boolean;
  /** A line for people; on stderr in JSON mode. */
  line(text?: string): void;
  /** A heading for people. */
  heading(text: string): void;
  table(items: TableItem[]): void;
  /** Runs `work` behind a spinner (terminals only); returns its result. */
  progress<T>(text: string, work: () => Promise<T>): Promise<T>;
  /** The JSON document; nothing for people. Only the first counts: a service gives it when it is ready, and ends later. */
  document(value: object): void;
  /** A line on stderr in both modes. */
  error(text: string): void;
}

export interface Streams {
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
}

export function createOutput(json: boolean, { stdout, stderr }: Streams = process): Output {
  const people = json ? stderr : stdout;
  const style = (format: Parameters<typeof styleText>[0], text: string) => styleText(format, text, { stream: people });
  let documented = false;
  return {
    json,
    line: (text = "") => void people.write(`${text}\n`),
    heading: (text) => void people.write(`\n${style("bold", text)}\n`),
    table: (items) => void people.write(`${formatTable(items)}\n`),
    async progress(text, work) {
      const spinner = createSpinner({ text, stream: people });
      spinner.start();
      try {
        return await work();
      } finally {
        spinner.stop();
      }
    },
    document: (value) => {
      if (json && !documented) stdout.write(toJson(value));
      documented = true;
    },
    error: (text) => void stderr.write(`${styleText("red", "Error:", { stream: stderr })} ${text}\n`),
  };
}
