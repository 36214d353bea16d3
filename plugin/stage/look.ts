import type { Deployment, Hex, ValidityKeys } from "../types.js";
import { allCode, type CodeFinding, compareCode } from "./code.js";
import type { SuiteFacts } from "./facts.js";
import { readAllRoles, type RolesFacts } from "./roles.js";

/** All that the probes look at; read once. */
export interface Look {
  facts: SuiteFacts;
  code: CodeFinding[];
  bytes: Awaited<ReturnType<typeof allCode>>;
  roles: RolesFacts;
  /** What is to be held against the chain, where there is one. */
  book: Deployment | undefined;
  /** Machine hash of the program that batches are to be judged by. */
  program: Hex;
}

export async function lookAt(facts: SuiteFacts, program: Hex, book?: Deployment): Promise<Look> {
  const keys: ValidityKeys | undefined = book?.keys;
  const [code, bytes, roles] = await Promise.all([compareCode(facts, keys), allCode(facts), readAllRoles(facts)]);
  return { facts, code, bytes, roles, book, program };
}

/** Names of contracts whose code is not this package's: what they say of themselves is worth nothing. */
export function foreign({ code }: Look): string[] {
  return code.filter(({ isOurs }) => !isOurs).map(({ name }) => name);
}
