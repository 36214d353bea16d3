/** What a contract keeps in storage, read from solc's syntax trees: its variables in order, and its ERC-7201 namespaces. */

/** Of solc's syntax tree, what is read here. */
export interface AstNode {
  id: number;
  nodeType: string;
  name?: string;
  nodes?: AstNode[];
  members?: AstNode[];
  documentation?: { text?: string } | string | null;
  linearizedBaseContracts?: number[];
  stateVariable?: boolean;
  constant?: boolean;
  mutability?: string;
  storageLocation?: string;
  typeName?: AstNode;
  baseType?: AstNode;
  keyType?: AstNode;
  valueType?: AstNode;
  underlyingType?: AstNode;
  referencedDeclaration?: number;
  canonicalName?: string;
  typeDescriptions?: { typeString?: string };
  storageLayout?: { baseSlotExpression?: { value?: string } } | null;
}

/** A variable; `type` is written out down to what the EVM knows, so equal types lie in storage alike. */
export interface StoredItem {
  name: string;
  type: string;
}

export interface StorageLayout {
  /** First slot of the variables, where a contract chooses it. */
  base?: string;
  /** Variables in the order of storage, those of base contracts first. */
  variables: StoredItem[];
  /** Members of namespaced structs, by ERC-7201 id. */
  namespaces: Record<string, StoredItem[]>;
}

/** The syntax trees have no such contract. */
export class UnknownContractError extends Error {
  override readonly name = "UnknownContractError";
  constructor(readonly contract: string) {
    super(`the compiler's output has no contract ${contract}`);
  }
}

/** The layout of a contract in solc's output. */
export function layoutOf(trees: Readonly<Record<string, AstNode>>, source: string, contract: string): StorageLayout {
  const byId = new Map<number, AstNode>();
  for (const tree of Object.values(trees)) collect(tree, byId);
  const own = trees[source]?.nodes?.find((node) => node.nodeType === "ContractDefinition" && node.name === contract);
  if (own === undefined) throw new UnknownContractError(`${source}:${contract}`);

  const bases = (own.linearizedBaseContracts ?? []).toReversed().map((id) => declaration(byId, id));
  const nodes = bases.flatMap(({ nodes: inside = [] }) => inside);
  const item = ({ name = "", typeName }: AstNode): StoredItem => ({ name, type: typeOf(typeName, byId, []) });
  const namespaces: StorageLayout["namespaces"] = {};
  for (const struct of nodes.filter(({ nodeType }) => nodeType === "StructDefinition")) {
    const namespace = namespaceOf(struct);
    if (namespace !== undefined) namespaces[namespace] = (struct.members ?? []).map(item);
  }
  const base = own.storageLayout?.baseSlotExpression?.value;
  return { ...(base === undefined ? {} : { base }), variables: nodes.filter(isStored).map(item), namespaces };
}

/**
 * Why code with layout `after` cannot take the place of code with layout `before`, a line each; nothing if it can. Storage
 * only grows, at its end: what is there keeps its place, its type and its name, for a new name may be another meaning.
 */
export function layoutFaults(before: StorageLayout, after: StorageLayout): string[] {
  const base = before.base === after.base ? [] : [`storage begins at ${after.base ?? "0"}, was ${before.base ?? "0"}`];
  return [
    ...base,
    ...itemFaults("storage", before.variables, after.variables),
    ...Object.entries(before.namespaces).flatMap(([id, items]) =>
      itemFaults(`erc7201:${id}`, items, after.namespaces[id]),
    ),
  ];
}

/** What `after` keeps in storage beyond `before`, a line each. */
export function layoutAdditions(before: StorageLayout, after: StorageLayout): string[] {
  const added = (place: string, was: readonly StoredItem[], is: readonly StoredItem[]) =>
    is.slice(was.length).map(({ name, type }) => `${place}: ${name}, ${type}`);
  return [
    ...added("storage", before.variables, after.variables),
    ...Object.entries(after.namespaces).flatMap(([id, items]) =>
      added(`erc7201:${id}`, before.namespaces[id] ?? [], items),
    ),
  ];
}

function itemFaults(place: string, before: readonly StoredItem[], after: readonly StoredItem[] | undefined): string[] {
  if (after === undefined) return [`${place} is gone, with ${before.map(({ name }) => name).join(", ")}`];
  return before.flatMap(({ name, type }, i) => {
    const at = `${place}, position ${i}`;
    const is = after[i];
    if (is === undefined) return [`${at}: ${name} is gone`];
    if (is.name !== name) return [`${at} is ${is.name}, was ${name}`];
    return is.type === type ? [] : [`${at}: ${name} is ${is.type}, was ${type}`];
  });
}

function collect(value: unknown, byId: Map<number, AstNode>): void {
  if (typeof value !== "object" || value === null) return;
  if ("nodeType" in value && "id" in value) byId.set((value as AstNode).id, value as AstNode);
  for (const below of Object.values(value)) collect(below, byId);
}

function declaration(byId: ReadonlyMap<number, AstNode>, id: number | undefined): AstNode {
  const found = byId.get(id ?? -1);
  if (found === undefined) throw new UnknownContractError(`with id ${id ?? "none"}`);
  return found;
}

function isStored({ nodeType, stateVariable, constant, mutability, storageLocation }: AstNode): boolean {
  const isVariable = nodeType === "VariableDeclaration" && stateVariable === true;
  return isVariable && constant !== true && mutability !== "immutable" && storageLocation !== "transient";
}

function namespaceOf({ documentation }: AstNode): string | undefined {
  const text = typeof documentation === "string" ? documentation : documentation?.text;
  return /@custom:storage-location erc7201:(\S+)/.exec(text ?? "")?.[1];
}

/** @param within Structs around this type: one may hold itself in a mapping. */
function typeOf(node: AstNode | undefined, byId: ReadonlyMap<number, AstNode>, within: readonly number[]): string {
  const inner = (below: AstNode | undefined, around = within) => typeOf(below, byId, around);
  switch (node?.nodeType) {
    case "ElementaryTypeName":
      return node.name ?? "";
    case "Mapping":
      return `mapping(${inner(node.keyType)} => ${inner(node.valueType)})`;
    case "ArrayTypeName": {
      const [, length = ""] = /\[(\d*)\](?: \w+)*$/.exec(node.typeDescriptions?.typeString ?? "") ?? [];
      return `${inner(node.baseType)}[${length}]`;
    }
    case "UserDefinedTypeName": {
      const found = declaration(byId, node.referencedDeclaration);
      if (found.nodeType === "ContractDefinition") return "address";
      if (found.nodeType === "UserDefinedValueTypeDefinition") return inner(found.underlyingType);
      const members = found.members ?? [];
      if (found.nodeType === "EnumDefinition") return `enum{${members.map(({ name }) => name).join(", ")}}`;
      if (within.includes(found.id)) return `struct ${found.canonicalName}`;
      const around = [...within, found.id];
      return `struct{${members.map(({ name, typeName }) => `${inner(typeName, around)} ${name}`).join("; ")}}`;
    }
    default:
      // Functions: an address and a selector.
      return node?.typeDescriptions?.typeString ?? "";
  }
}
