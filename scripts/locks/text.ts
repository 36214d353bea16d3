/** A contract's outside and storage as text that is read in a diff: see compare.ts for its form. */
import { Interface } from "ethers";

import type { Abi, Contract, StorageItem, StorageLayout } from "./analyse.js";
import { namespaceSlot } from "./namespaces.js";

interface Section {
  title: string;
  entries: string[];
}

/** Sorted by what follows the selector, so that a function stays where it is when its parameters change. */
function bySignature(entries: [selector: string, text: string][]): string[] {
  return entries.sort(([, a], [, b]) => (a < b ? -1 : 1)).map(([selector, text]) => `${selector} ${text}`);
}

function abiSections(abi: Abi): Section[] {
  const face = new Interface(abi);
  const functions: [string, string][] = [];
  const events: [string, string][] = [];
  const errors: [string, string][] = [];
  face.forEachFunction((each) => functions.push([each.selector, each.format("full").replace(/^function /, "")]));
  face.forEachEvent((each) => events.push([each.topicHash, each.format("full").replace(/^event /, "")]));
  face.forEachError((each) => errors.push([each.selector, each.format("full").replace(/^error /, "")]));
  // ethers does not read from JSON that a constructor is payable.
  const isPayable = abi.some(({ type, stateMutability }) => type === "constructor" && stateMutability === "payable");
  const creation = `${face.deploy.format("full")}${isPayable ? " payable" : ""}`;
  const others = face.fragments.filter(({ type }) => type === "fallback").map((each) => each.format("full"));
  return [
    { title: "creation and ether", entries: [creation, ...others].map((each) => each.replace("(", " (")) },
    { title: "functions", entries: bySignature(functions) },
    { title: "events", entries: bySignature(events) },
    { title: "errors", entries: bySignature(errors) },
  ];
}

function itemsOf(items: StorageItem[], { types }: StorageLayout): string[] {
  return items.map(({ label, slot, offset, type }) => {
    const { label: name, numberOfBytes } = types?.[type] ?? { label: type, numberOfBytes: "?" };
    return `${label.padEnd(24)} slot ${slot} offset ${offset} ${numberOfBytes} bytes ${name}`;
  });
}

/** The structs that are reached from `types`, directly and by mappings and arrays. */
function structsOf(layout: StorageLayout): Section[] {
  return Object.values(layout.types ?? {}).flatMap(({ label, members }) =>
    members === undefined ? [] : [{ title: label, entries: itemsOf(members, layout) }],
  );
}

/** Names of enums in an ABI, at any depth, as solc writes them. */
function enumsIn(abi: Abi): string[] {
  return [...JSON.stringify(abi).matchAll(/"internalType":"enum ([\w.]+)/g)].map(([, name]) => name ?? "");
}

/** Everything that the world outside, and the next version's code, relies on. */
export function textOf({ abi, storage, namespaces, enums }: Contract): string {
  const layouts = [storage, ...namespaces.map(({ layout }) => layout)];
  const types = layouts.flatMap((layout) => Object.values(layout.types ?? {}));
  const stored = types.flatMap(({ label }) => (label.startsWith("enum ") ? [label.slice("enum ".length)] : []));
  const enumNames = [...new Set([...stored, ...enumsIn(abi)])].sort();

  const roots = namespaces.map(({ id, layout }) => {
    const members = layout.types?.[layout.storage[0]?.type ?? ""]?.members ?? [];
    return { title: `erc7201:${id}`, entries: [`namespace ${namespaceSlot(id)}`, ...itemsOf(members, layout)] };
  });
  const isRoot = new Set(namespaces.map(({ layout }) => layout.types?.[layout.storage[0]?.type ?? ""]?.label));
  // Two structs of one name, from two files, are two sections.
  const structs = new Map(layouts.flatMap(structsOf).map((section) => [JSON.stringify(section), section]));
  const sections: Section[] = [
    ...abiSections(abi),
    { title: "enums", entries: enumNames.map((name) => `${name} ${[...(enums.get(name) ?? [])].join(" or ")}`) },
    { title: "storage", entries: itemsOf(storage.storage, storage) },
    ...roots.sort((a, b) => (a.title < b.title ? -1 : 1)),
    ...[...structs.values()].filter(({ title }) => !isRoot.has(title)).sort((a, b) => (a.title < b.title ? -1 : 1)),
  ];
  return sections
    .filter(({ entries }) => entries.length > 0)
    .map(({ title, entries }) => [title, ...entries.map((entry) => `  ${entry.trimEnd()}`), ""].join("\n"))
    .join("\n");
}
