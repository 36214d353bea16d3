/** What the compiler says of contracts without generating code: ABIs, storage, syntax trees. */
import { type AstNode, nodesOf } from "./ast.js";
import { type Namespace, namespaceProblems, namespacesIn } from "./namespaces.js";

/** Of solc's standard JSON. */
export interface CompilerInput {
  language: string;
  sources: Record<string, { content: string }>;
  settings: object;
}

/** As solc writes it. */
export type Abi = { type: string; stateMutability?: string }[];

export interface StorageItem {
  label: string;
  slot: string;
  offset: number;
  type: string;
}

/** solc's `storageLayout`; `types` is null when nothing is stored. */
export interface StorageLayout {
  storage: StorageItem[];
  types: Record<
    string,
    { label: string; numberOfBytes: string; members?: StorageItem[]; value?: string; base?: string }
  > | null;
}

export interface CompilerOutput {
  errors?: { severity: string; message: string; formattedMessage?: string }[];
  sources: Record<string, { ast: AstNode }>;
  contracts?: Record<string, Record<string, { abi: Abi; storageLayout: StorageLayout }>>;
}

export type Compile = (input: CompilerInput) => Promise<CompilerOutput>;

/** What the compiler warns of, one line each: where, and what. */
export function warningsOf({ errors = [] }: CompilerOutput): string[] {
  return errors.flatMap(({ severity, message, formattedMessage = "" }) =>
    severity === "warning" ? [`${/--> (\S+):\n/.exec(formattedMessage)?.[1] ?? "compiler"}: ${message}`] : [],
  );
}

/** A contract that can be deployed. */
export interface Contract {
  source: string;
  name: string;
  abi: Abi;
  storage: StorageLayout;
  /** Bases' ones too; the layout's only variable is the struct. */
  namespaces: { id: string; layout: StorageLayout }[];
  /** Members of every enum that its source sees, by name; more than one list where a name is used twice. */
  enums: Map<string, Set<string>>;
  /** What is wrong with its namespaces, one line each. */
  problems: string[];
}

/** Source of the contracts whose only variable is a namespaced struct: so the compiler lays it out. */
const EXTRA = "locks/namespaces.sol";

function extraSource(namespaces: (Namespace & { source: string })[]): string {
  const contracts = namespaces.map(
    ({ source, contract, struct }, i) =>
      `import {${contract} as C${i}} from "${source}";\ncontract N${i} { C${i}.${struct} namespaced; }\n`,
  );
  return ["// SPDX-License-Identifier: MIT\npragma solidity *;\n", ...contracts].join("");
}

function definitionsIn(sources: CompilerOutput["sources"]) {
  return Object.entries(sources).flatMap(([source, { ast }]) =>
    nodesOf(ast, "ContractDefinition").map((node) => ({ source, node })),
  );
}

/** A source and all that it imports. */
function withImports(source: string, sources: CompilerOutput["sources"]): Set<string> {
  const seen = new Set([source]);
  for (const each of seen) {
    const imports = sources[each]?.ast.nodes.filter(({ nodeType }) => nodeType === "ImportDirective") ?? [];
    for (const { absolutePath } of imports) seen.add(absolutePath);
  }
  return seen;
}

async function run(compile: Compile, input: CompilerInput, settings: object): Promise<CompilerOutput> {
  const output = await compile({ ...input, settings: { ...input.settings, ...settings } });
  const errors = (output.errors ?? []).filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(errors.map(({ formattedMessage }) => formattedMessage).join("\n"));
  return output;
}

/** Every deployable contract of the sources that `isOurs` names. */
export async function analyse(
  input: CompilerInput,
  isOurs: (source: string) => boolean,
  compile: Compile,
): Promise<Contract[]> {
  const parsed = await run(compile, input, { stopAfter: "parsing", outputSelection: { "*": { "": ["ast"] } } });
  const namespaces = definitionsIn(parsed.sources).flatMap(({ source, node }) =>
    namespacesIn(node).map((each) => ({ ...each, source })),
  );
  const sources = { ...input.sources, [EXTRA]: { content: extraSource(namespaces) } };
  const outputSelection = { "*": { "": ["ast"], "*": ["abi", "storageLayout"] } };
  const { sources: trees, contracts } = await run(compile, { ...input, sources }, { outputSelection });

  const definitions = definitionsIn(trees);
  const sourceOf = new Map(definitions.map(({ source, node }) => [node.id, source]));
  const declarations = ["ContractDefinition", "StructDefinition", "VariableDeclaration"];
  const byId = new Map(declarations.flatMap((type) => nodesOf(trees, type)).map((node) => [node.id, node]));
  const enumsIn = new Map(Object.entries(trees).map(([source, { ast }]) => [source, nodesOf(ast, "EnumDefinition")]));

  return definitions.flatMap(({ source, node }) => {
    const output = contracts?.[source]?.[node.name];
    if (!isOurs(source) || node.contractKind !== "contract" || node.abstract || output === undefined) return [];
    const bases = node.linearizedBaseContracts.flatMap((id) => byId.get(id) ?? []);
    const own = namespaces.flatMap((each, i) => {
      const isOfBase = bases.some(({ id, name }) => name === each.contract && sourceOf.get(id) === each.source);
      const layout = contracts?.[EXTRA]?.[`N${i}`]?.storageLayout;
      return isOfBase && layout !== undefined ? [{ id: each.id, layout }] : [];
    });
    const ids = own.map(({ id }) => id);
    const problems = [
      ...bases.flatMap((base) => namespaceProblems(base, byId)),
      ...ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `${node.name}: two structs share erc7201:${id}`),
    ];
    const enums = new Map<string, Set<string>>();
    for (const { canonicalName, members } of [...withImports(source, trees)].flatMap(
      (each) => enumsIn.get(each) ?? [],
    )) {
      const names = members.map(({ name }) => name).join(" ");
      enums.set(canonicalName, (enums.get(canonicalName) ?? new Set()).add(names));
    }
    const { abi, storageLayout: storage } = output;
    return [{ source, name: node.name, abi, storage, namespaces: own, enums, problems }];
  });
}
