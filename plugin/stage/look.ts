import type { Deployment, Hex, ValidityKeys } from "../types.js";
import { type Operation, readOperations } from "../upgrade/operations.js";
import { allCode, type CodeFinding, compareCode } from "./code.js";
import type { SuiteFacts } from "./facts.js";
import { type History, readHistory } from "./history.js";
import { readAllRoles, type RolesFacts } from "./roles.js";

/** All that the probes look at; read once. */
export interface Look {
  facts: SuiteFacts;
  code: CodeFinding[];
  bytes: Awaited<ReturnType<typeof allCode>>;
  roles: RolesFacts;
  history: History;
  /** Operations of the timelock that were announced and are not over. */
  announced: Operation[];
  /** What is to be held against the chain, where there is one. */
  book: Deployment | undefined;
  /** Machine hash of the program that batches are to be judged by. */
  program: Hex;
}

export async function lookAt(facts: SuiteFacts, program: Hex, book?: Deployment): Promise<Look> {
  const keys: ValidityKeys | undefined = book?.keys;
  const [code, bytes, roles, history, announced] = await Promise.all([
    compareCode(facts, keys),
    allCode(facts),
    readAllRoles(facts),
    readHistory(facts),
    announcedOn(facts),
  ]);
  return { facts, code, bytes, roles, history, announced, book, program };
}

/** Of a timelock that is none of ours there is nothing to tell. */
async function announcedOn({ provider, timelock, fromBlock }: SuiteFacts): Promise<Operation[]> {
  if (timelock.own === undefined) return [];
  const operations = await readOperations(provider, timelock.address, BigInt(fromBlock));
  return operations.filter(({ state }) => state === "waiting" || state === "ready");
}

/** Names of contracts whose code is not this package's: what they say of themselves is worth nothing. */
export function foreign({ code }: Look): string[] {
  return code.filter(({ isOurs }) => !isOurs).map(({ name }) => name);
}
