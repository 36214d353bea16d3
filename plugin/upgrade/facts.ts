import { existsSync, readFileSync } from "node:fs";

import { Interface, type InterfaceAbi, keccak256 } from "ethers";

import { fromHex } from "../ledger/bytes.js";
import type { Hex } from "../types.js";
import { type AstNode, layoutOf, type StorageLayout } from "./layout.js";

/** What is compared of a contract that stands behind a proxy. */
export interface CodeFacts {
  name: string;
  /** As ethers writes them, for example `finalize((uint64 index) header) returns (bool)`. */
  functions: string[];
  layout: StorageLayout;
  /** keccak256 of the runtime code, with zeros where immutables are. */
  maskedHash: Hex;
  /** Where immutables are in it, in bytes. */
  immutables: { start: number; length: number }[];
}

/** Of a Hardhat artifact. */
export interface CompiledContract {
  contractName: string;
  inputSourceName: string;
  abi: InterfaceAbi;
  deployedBytecode: string;
  immutableReferences?: Record<string, { start: number; length: number }[]>;
}

export function factsOf(compiled: CompiledContract, trees: Readonly<Record<string, AstNode>>): CodeFacts {
  const functions: string[] = [];
  new Interface(compiled.abi).forEachFunction((each) => functions.push(each.format("full").replace(/^function /, "")));
  const immutables = Object.values(compiled.immutableReferences ?? {}).flat();
  return {
    name: compiled.contractName,
    functions: functions.sort(),
    layout: layoutOf(trees, compiled.inputSourceName, compiled.contractName),
    maskedHash: maskedHash(compiled.deployedBytecode, immutables),
    immutables,
  };
}

/** Whether `code` is that of the contract, whatever its immutables are. */
export function isCodeOf({ maskedHash: expected, immutables }: CodeFacts, code: string): boolean {
  return maskedHash(code, immutables) === expected;
}

function maskedHash(code: string, immutables: CodeFacts["immutables"]): Hex {
  const bytes = fromHex(code).slice();
  for (const { start, length } of immutables) bytes.fill(0, start, start + length);
  return keccak256(bytes) as Hex;
}

// In a checkout the build writes build/; the package carries the same file beside its JavaScript.
const FILES = ["../../build/implementations.json", "../../implementations.json"];

/**
 * The contracts of this package that stand behind proxies.
 * @throws Error when they were not built.
 */
export function packagedFacts(): CodeFacts[] {
  const url = FILES.map((file) => new URL(file, import.meta.url)).find((at) => existsSync(at));
  if (url === undefined) throw new Error('implementations.json is missing: run "npm run build"');
  return JSON.parse(readFileSync(url, "utf8")) as CodeFacts[];
}
