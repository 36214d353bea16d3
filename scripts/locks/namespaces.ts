/** ERC-7201: structs of storage whose slot follows from a name. */
import { AbiCoder, id, keccak256, toBeHex } from "ethers";

import { type AstNode, nodesOf } from "./ast.js";

/** A struct that its contract keeps at a slot of its own. */
export interface Namespace {
  /** As after `erc7201:`. */
  id: string;
  contract: string;
  struct: string;
}

/** The slot that ERC-7201 demands: keccak256(abi.encode(uint256(keccak256(id)) - 1)) & ~0xff. */
export function namespaceSlot(namespace: string): string {
  const hash = keccak256(AbiCoder.defaultAbiCoder().encode(["uint256"], [BigInt(id(namespace)) - 1n]));
  return toBeHex(BigInt(hash) & ~0xffn, 32);
}

/** The namespace that a struct's documentation names. */
export function namespaceOf(struct: AstNode): string | undefined {
  return /@custom:storage-location erc7201:(\S+)/.exec(struct.documentation?.text ?? "")?.[1];
}

/** The namespaced structs that a contract declares itself. */
export function namespacesIn(contract: AstNode): Namespace[] {
  return contract.nodes.flatMap((node) => {
    const namespace = node.nodeType === "StructDefinition" ? namespaceOf(node) : undefined;
    return namespace === undefined ? [] : [{ id: namespace, contract: contract.name, struct: node.name }];
  });
}

function literal(declaration: AstNode | undefined): string | undefined {
  if (declaration?.constant !== true || typeof declaration.value !== "object") return undefined;
  return typeof declaration.value.value === "string" ? declaration.value.value : undefined;
}

/** Storage pointers that a contract's assembly sets: the struct, and the slot (undefined: the value of a variable). */
function pointersIn(contract: AstNode, byId: Map<number, AstNode>) {
  return nodesOf(contract, "InlineAssembly").flatMap((assembly) => {
    const declared = (node: AstNode) =>
      byId.get(assembly.externalReferences.find(({ src }) => src === node.src)?.declaration ?? -1);
    const slots = new Set(assembly.externalReferences.filter(({ isSlot }) => isSlot).map(({ src }) => src));
    return nodesOf(assembly, "YulAssignment").flatMap(({ variableNames: [pointer], value }) => {
      if (pointer === undefined || !slots.has(pointer.src) || typeof value !== "object") return [];
      const struct = byId.get(declared(pointer)?.typeName?.referencedDeclaration ?? -1);
      if (value.nodeType === "YulIdentifier") return [{ struct, slot: literal(declared(value)) }];
      return [{ struct, slot: typeof value.value === "string" ? value.value : "an expression" }];
    });
  });
}

/** What is wrong with where one contract, without its bases, puts its namespaces; one line each. */
export function namespaceProblems(contract: AstNode, byId: Map<number, AstNode>): string[] {
  const pointers = pointersIn(contract, byId);
  const constants = contract.nodes.flatMap((node) => literal(node) ?? []);
  const unnamed = pointers.flatMap(({ struct }) =>
    struct !== undefined && namespaceOf(struct) !== undefined
      ? []
      : [`${contract.name}: assembly points to ${struct?.canonicalName ?? "storage"}, which has no erc7201 namespace`],
  );
  const misplaced = namespacesIn(contract).flatMap(({ id: namespace, struct }) => {
    const slot = namespaceSlot(namespace);
    const set = pointers.filter((pointer) => pointer.struct?.canonicalName === `${contract.name}.${struct}`);
    // A pointer that is set from a variable (OpenZeppelin's Initializable) is held against all constants of the contract.
    const found = set.flatMap((pointer) => pointer.slot ?? (constants.includes(slot) ? slot : "no constant"));
    if (found.length === 0) return [`${contract.name}: no assembly points to ${struct} of erc7201:${namespace}`];
    const wrong = found.filter((each) => each !== slot);
    return wrong.map((each) => `${contract.name}: erc7201:${namespace} is at ${each}, must be at ${slot}`);
  });
  return [...unnamed, ...misplaced];
}
