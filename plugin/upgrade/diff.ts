import type { CodeFacts } from "./facts.js";
import { layoutAdditions } from "./layout.js";

/** What another code changes, a line each. */
export interface CodeDiff {
  functions: { added: string[]; removed: string[]; changed: string[] };
  /** What storage has beyond what is there. */
  storage: string[];
  parameters: string[];
}

/** Immutables as a contract's `parameters()` tells them; values as people read them. */
export type ReadParameters = Readonly<Record<string, string>>;

export function diffOf(
  [before, was]: readonly [CodeFacts, ReadParameters],
  [after, is]: readonly [CodeFacts, ReadParameters],
): CodeDiff {
  const gone = before.functions.filter((each) => !after.functions.includes(each));
  const fresh = after.functions.filter((each) => !before.functions.includes(each));
  const nameOf = (each: string): string => each.slice(0, each.indexOf("("));
  const isChanged = (each: string, others: readonly string[]) => others.some((other) => nameOf(other) === nameOf(each));
  return {
    functions: {
      added: fresh.filter((each) => !isChanged(each, gone)),
      removed: gone.filter((each) => !isChanged(each, fresh)),
      changed: gone
        .filter((each) => isChanged(each, fresh))
        .map((each) => {
          const now = fresh.filter((other) => nameOf(other) === nameOf(each));
          return `${each}, now ${now.join(" and ")}`;
        }),
    },
    storage: layoutAdditions(before.layout, after.layout),
    parameters: [...new Set([...Object.keys(was), ...Object.keys(is)])].flatMap((name) => {
      const [from = "none", to = "none"] = [was[name], is[name]];
      return from === to ? [] : [`${name}: ${from}, now ${to}`];
    }),
  };
}
