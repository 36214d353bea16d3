import { createHash } from "node:crypto";

import { parse, visit } from "@solidity-parser/parser";

import { LIBRARY_FILE, LIBRARY_NAME } from "./library.js";

type ASTNode = NonNullable<Parameters<typeof visit>[2]>;
type Expression = Extract<ASTNode, { type: "BinaryOperation" }>["left"];

/** What can go more than one way. An operand is one side of `&&` or `||`; a clause is the success of a `try`, or one of its `catch`es. */
export type BranchKind = "if" | "ternary" | "require" | "assert" | "operand" | "clauses";

/** One way of a branch point. */
export interface Outcome {
  /** As a report says it of one that was not seen: "never true". */
  name: string;
  /** What the instrumented code sends when it goes this way: 32 bytes in hex. */
  tag: string;
}

export interface BranchPoint {
  kind: BranchKind;
  /** Source text of the condition, on one line. */
  text: string;
  /** Position of the condition: lines from 1, columns from 0, `end` behind its last character. */
  start: { line: number; column: number };
  end: { line: number; column: number };
  outcomes: Outcome[];
}

/** What one source holds. */
export interface SourceBranches {
  points: BranchPoint[];
  /** Lines of `if`, `case`, `default` and `for` in assembly, whose ways are not instrumented. */
  unseen: number[];
}

/** A place in a source where code is inserted, and which point it reports. */
interface Site {
  kind: BranchKind;
  /** First and last character of the condition, or of each clause's block. */
  ranges: (readonly [number, number])[];
  node: ASTNode;
  names: string[];
}

/** Instrumented code no longer has the branch points of its source. */
export class BranchMismatchError extends Error {
  constructor(
    readonly path: string,
    readonly expected: number,
    readonly found: number,
  ) {
    super(`${path}: ${expected} branch points in the source, ${found} after Hardhat's instrumentation`);
    this.name = "BranchMismatchError";
  }
}

const NAMES: Record<Exclude<BranchKind, "clauses">, [string, string]> = {
  if: ["then", "else"],
  ternary: ["true", "false"],
  require: ["holds", "fails"],
  assert: ["holds", "fails"],
  operand: ["true", "false"],
};

/** @param path Relative to the project; part of the tags, so that equal files do not share theirs. */
export function findBranches(source: string, path: string): SourceBranches {
  const { sites, unseen } = findSites(source);
  const content = createHash("sha256").update(`${path}\0${source}`).digest("hex");
  return {
    points: sites.map(({ kind, node, names }, index) => {
      const [from, to] = rangeOf(node);
      const tag = createHash("sha256").update(`${content}\0${index}`).digest();
      return {
        kind,
        text: source.slice(from, to + 1).replaceAll(/\s+/g, " "),
        start: positionOf(source, from),
        end: positionOf(source, to + 1),
        outcomes: names.map((name, outcome) => ({ name, tag: tagOf(tag, outcome) })),
      };
    }),
    unseen,
  };
}

/**
 * Inserts the reports of `points` into a source that Hardhat has instrumented: every condition becomes a call that returns it unchanged.
 *
 * @param source May differ from the one that `points` were found in by statements and braces, as Hardhat inserts them.
 */
export function instrumentBranches(source: string, path: string, points: readonly BranchPoint[]): string {
  if (points.length === 0) return source;
  const { sites } = findSites(source);
  if (sites.length !== points.length || sites.some(({ kind }, index) => kind !== points[index]?.kind))
    throw new BranchMismatchError(path, points.length, sites.length);

  const before = new Map<number, string>();
  const behind = new Map<number, string>();
  const insert = (map: Map<number, string>, at: number, text: (old: string) => string) =>
    map.set(at, text(map.get(at) ?? ""));
  // At one place, outer conditions open before their parts and close behind them.
  for (const [index, { kind, ranges }] of sites.entries()) {
    const tags = points[index]?.outcomes.map(({ tag }) => `0x${tag}`) ?? [];
    for (const [way, [from, to]] of ranges.entries()) {
      if (kind === "clauses") {
        insert(before, from + 1, (old) => `${old} ${LIBRARY_NAME}.clause(${tags[way]}); `);
      } else {
        insert(before, from, (old) => `${old}${LIBRARY_NAME}.condition(`);
        insert(behind, to + 1, (old) => `, ${tags[0]})${old}`);
      }
    }
  }
  let result = "";
  for (let at = 0; at <= source.length; at++)
    result += (behind.get(at) ?? "") + (before.get(at) ?? "") + source.charAt(at);
  return `${result}\nimport {${LIBRARY_NAME}} from "${LIBRARY_FILE}";\n`;
}

function findSites(source: string): { sites: Site[]; unseen: number[] } {
  const sites: Site[] = [];
  const unseen: number[] = [];
  const known = new Set<string>();
  const condition = (kind: keyof typeof NAMES, node: ASTNode) => {
    // The parser shows what a state variable is initialized with twice.
    const key = `${kind} ${rangeOf(node).join(" ")}`;
    if (known.has(key)) return;
    known.add(key);
    sites.push({ kind, ranges: [rangeOf(node)], node, names: NAMES[kind] });
  };
  const inAssembly = (node: ASTNode) => void unseen.push(node.loc?.start.line ?? 0);

  visit(parse(source, { range: true, loc: true }), {
    // The compiler must be able to fold what is constant.
    StateVariableDeclaration: ({ variables }) => !variables.some(({ isDeclaredConst }) => isDeclaredConst),
    FileLevelConstant: () => false,
    IfStatement: (node) => condition("if", node.condition),
    Conditional: (node) => condition("ternary", node.condition),
    FunctionCall: ({ expression, arguments: [first] }) => {
      if (expression.type !== "Identifier" || first === undefined) return;
      if (expression.name === "require" || expression.name === "assert") condition(expression.name, first);
    },
    BinaryOperation: ({ operator, left, right }) => {
      if (operator !== "&&" && operator !== "||") return;
      for (const side of [left, right]) if (!isLogical(side)) condition("operand", side);
    },
    TryStatement: (node) => {
      sites.push({
        kind: "clauses",
        ranges: [node.body, ...node.catchClauses.map(({ body }) => body)].map(rangeOf),
        node: node.expression,
        names: ["success", ...node.catchClauses.map(({ kind }) => `catch${kind === null ? "" : ` ${kind}`}`)],
      });
    },
    AssemblyIf: inAssembly,
    AssemblyCase: inAssembly,
    AssemblyFor: inAssembly,
  });
  // In the order of the source, outer conditions before their parts.
  sites.sort(({ node: a }, { node: b }) => rangeOf(a)[0] - rangeOf(b)[0] || rangeOf(b)[1] - rangeOf(a)[1]);
  return { sites, unseen };
}

/** Whether an operand has operands of its own, which are what counts. */
function isLogical(node: Expression): boolean {
  if (node.type === "TupleExpression" && node.components.length === 1) {
    const [inner] = node.components;
    return inner !== null && inner !== undefined && isLogical(inner as Expression);
  }
  return node.type === "BinaryOperation" && (node.operator === "&&" || node.operator === "||");
}

function rangeOf(node: ASTNode): readonly [number, number] {
  if (node.range === undefined) throw new Error(`the parser gave no range for a ${node.type}`);
  return node.range;
}

function positionOf(source: string, at: number): { line: number; column: number } {
  const lines = source.slice(0, at).split("\n");
  return { line: lines.length, column: lines.at(-1)?.length ?? 0 };
}

/** Tags of a point differ in their last byte only: the library adds the outcome to the first one. */
function tagOf(digest: Buffer, outcome: number): string {
  const tag = Buffer.from(digest);
  tag[31] = outcome;
  return tag.toString("hex");
}
