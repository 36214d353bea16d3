import { formatEther } from "ethers";

import { ParameterError } from "../../deploy/parameters.js";
import { DeployError } from "../../deploy/runner.js";
import { causes } from "../../plugin/l1/ask.js";
import { decodeRevert, L1RevertError } from "../../plugin/l1/errors.js";

/** Several things are wrong, a line for each. */
export class LinesError extends Error {
  constructor(
    readonly lines: string[],
    options?: ErrorOptions,
  ) {
    super(lines.join("\n"), options);
    this.name = "LinesError";
  }
}

/** One clear line for each thing that is wrong. */
export function explain(error: unknown): string[] {
  if (error instanceof ParameterError) return error.issues.map(({ parameter, message }) => `${parameter}: ${message}`);
  if (error instanceof LinesError) return error.lines;
  if (error instanceof DeployError && error.cause !== undefined) {
    return [`${error.message}: ${explain(error.cause).join("; ")}`];
  }
  // Reasons of reverts are anybody's, and end up in terminals.
  return [explainOne(error).replaceAll(/\p{Cc}+/gu, " ")];
}

function explainOne(error: unknown): string {
  if (error instanceof L1RevertError) return error.message;
  const revert = decodeRevert(error);
  if (revert?.name === "unknown") {
    return `a contract outside the suite, such as the token, refused with error ${revert.data.slice(0, 10)}`;
  }
  if (revert !== undefined) return revert.line;
  const chain = causes(error) as Cause[];
  for (const { code, message } of chain.toReversed()) {
    if (code === "EADDRINUSE") return portInUse(message);
    const funds = noFunds(code, message);
    if (funds !== undefined) return funds;
  }
  const [outer] = chain;
  return firstLine(outer?.shortMessage ?? outer?.message ?? String(error));
}

interface Cause {
  code?: unknown;
  message?: string;
  shortMessage?: string;
}

function portInUse(message = ""): string {
  const port = /:(\d+)\s*$/.exec(message)?.[1];
  return `${port === undefined ? "the port" : `port ${port}`} is in use; stop what listens there, or choose another port`;
}

function noFunds(code: unknown, message = ""): string | undefined {
  if (code !== "INSUFFICIENT_FUNDS" && !/insufficient funds|doesn't have enough funds/i.test(message)) return undefined;
  const [, upfront, balance] = /max upfront cost is: (\d+).*balance is: (\d+)/s.exec(message) ?? [];
  const [, have = balance, want = upfront] = /have (\d+) want (\d+)/.exec(message) ?? [];
  return want === undefined || have === undefined
    ? "the account has not enough ETH for this transaction; fund it or use another account"
    : `the account has ${formatEther(have)} ETH, this transaction needs up to ${formatEther(want)} ETH; fund it or use another account`;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}
