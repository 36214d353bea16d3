/** What of solc's syntax tree is read here. */
export interface AstNode {
  id: number;
  nodeType: string;
  src: string;
  name: string;
  canonicalName: string;
  /** Of an import: the source. */
  absolutePath: string;
  abstract: boolean;
  contractKind: string;
  linearizedBaseContracts: number[];
  documentation?: { text: string };
  members: AstNode[];
  nodes: AstNode[];
  /** Of a declaration: its type. */
  typeName?: { referencedDeclaration?: number };
  /** Of a constant: what it is set to. Of an assignment in assembly: what is assigned. */
  value?: AstNode | string;
  constant?: boolean;
  variableNames: AstNode[];
  externalReferences: { declaration: number; isSlot: boolean; src: string }[];
}

/** Every node at and below `value` that is of `nodeType`. */
export function nodesOf(value: unknown, nodeType: string): AstNode[] {
  if (typeof value !== "object" || value === null) return [];
  const below = Object.values(value).flatMap((each) => nodesOf(each, nodeType));
  return "nodeType" in value && value.nodeType === nodeType ? [value as AstNode, ...below] : below;
}
