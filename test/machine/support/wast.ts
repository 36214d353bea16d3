import { readFileSync } from "node:fs";

import type { WasmModule } from "../../../plugin/machine/wasm.js";
import type { Outcome } from "./engines.js";
import type { Sexpr } from "./sexpr.js";
import { atomOf, isAtom, isForm, isText, parseSexprs, textOf } from "./sexpr.js";
import { assemble, ForeignImportError, parseInteger } from "./wat.js";

/** The official WebAssembly test suite (github.com/WebAssembly/testsuite, 645d8fc). The project keeps no copy. */
export const FOLDER = process.env.WASM_TESTSUITE ?? "../shared/wasm-testsuite";

/** Per file: assertions that each engine passes, and steps that the machine takes for them. A change may raise both. */
export const EXPECTED = JSON.parse(readFileSync(new URL("../conformance.json", import.meta.url), "utf8")) as Record<
  string,
  { assertions: number; steps: number }
>;

/** A call in a script; without `expected` only its effect counts. */
export interface ScriptCall {
  name: string;
  args: bigint[];
  expected?: Outcome;
}

/** A module with the integer-only calls that follow it. */
export interface ScriptModule {
  module: WasmModule;
  calls: ScriptCall[];
}

export interface Script {
  modules: ScriptModule[];
  /** Assertions that need floats or another module. */
  skipped: number;
}

function constant(item: Sexpr): bigint | undefined {
  if (!isForm(item)) return undefined;
  const [type, value] = item.map((part) => (isAtom(part) ? part.atom : ""));
  if (type !== "i32.const" && type !== "i64.const") return undefined;
  return BigInt.asUintN(type === "i32.const" ? 32 : 64, parseInteger(value ?? ""));
}

/** Reads a script of the WebAssembly test suite and keeps what is integer-only. Rejection of modules is V8's affair. */
export function readScript(file: string): Script {
  const modules: ScriptModule[] = [];
  let current: { calls: ScriptCall[]; floats: Set<number>; module: WasmModule } | undefined;
  let skipped = 0;

  const addCall = (action: Sexpr | undefined, expected?: Sexpr[] | "trap"): void => {
    const [name, ...args] = isForm(action, "invoke") ? action.slice(1) : [];
    const values = args.map(constant);
    const results = expected === "trap" ? expected : expected?.map(constant);
    const index = isText(name)
      ? current?.module.exports.find((item) => item.kind === 0 && item.name === textOf(name))?.index
      : undefined;
    const usable =
      current !== undefined &&
      index !== undefined &&
      !current.floats.has(index) &&
      values.every((value) => value !== undefined) &&
      (results === undefined || results === "trap" || results.every((value) => value !== undefined));
    if (!usable) {
      if (expected !== undefined) skipped++;
      return;
    }
    current?.calls.push({
      name: textOf(name),
      args: values,
      ...(results === undefined ? {} : { expected: results }),
    });
  };

  for (const command of parseSexprs(readFileSync(file, "utf8"))) {
    if (!isForm(command)) continue;
    const head = atomOf(command[0]);
    switch (head) {
      case "module": {
        const fields = command.slice(1).filter((field) => !isAtom(field) || !field.atom.startsWith("$"));
        current = undefined;
        if (isAtom(fields[0], "binary") || isAtom(fields[0], "quote")) break;
        try {
          current = { ...assemble(fields), calls: [] };
          modules.push(current);
        } catch (error) {
          if (!(error instanceof ForeignImportError)) throw error;
        }
        break;
      }
      case "invoke":
        addCall(command);
        break;
      case "assert_return":
        addCall(command[1], command.slice(2));
        break;
      case "assert_trap":
      case "assert_exhaustion":
        if (isForm(command[1], "invoke")) addCall(command[1], "trap");
    }
  }
  return { modules, skipped };
}
