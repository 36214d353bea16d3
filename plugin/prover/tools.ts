// circom2, snarkjs and circomlib are GPL programs: found where the user installed them, and run, never bundled (docs/licences.md).
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { ProverToolMissingError } from "./errors.js";

export interface ProverTools {
  /** circom2's command, a CommonJS file. */
  circom: string;
  /** snarkjs' command, a CommonJS file. */
  snarkjs: string;
  /** snarkjs as a module for `import()`. */
  snarkjsModule: string;
  /** The module of curve arithmetic that snarkjs brings. */
  ffjavascript: string;
  /** Folders in which circom looks for circomlib: its `circuits`, then what holds `circomlib/`. */
  circomlib: [string, string];
  versions: Record<"circom2" | "snarkjs" | "circomlib", string>;
}

/** What the package was tested with. */
const WANTED = { circom2: "^0.2.23", snarkjs: "^0.7.6", circomlib: "^2.0.5" } as const;
const INSTALL = `npm install --save-dev ${Object.entries(WANTED)
  .map(([name, range]) => `${name}@${range}`)
  .join(" ")}`;

/** Finds the tools beside this package, or `from` another file. Throws {@link ProverToolMissingError}: what to install. */
export async function findProverTools(from: string = import.meta.url): Promise<ProverTools> {
  const { resolve } = createRequire(from);
  const find = (tool: string, path: string): string => {
    try {
      return resolve(path);
    } catch (error) {
      throw new ProverToolMissingError(tool, INSTALL, { cause: error });
    }
  };
  const circom = find("circom2", "circom2/cli.js");
  const library = dirname(find("circomlib", "circomlib/package.json"));
  const snarkjs = join(dirname(find("snarkjs", "snarkjs")), "cli.cjs");
  const root = dirname(dirname(snarkjs));
  return {
    circom,
    snarkjs,
    snarkjsModule: join(root, "main.js"),
    ffjavascript: createRequire(snarkjs).resolve("ffjavascript"),
    circomlib: [join(library, "circuits"), dirname(library)],
    versions: {
      circom2: await versionIn(dirname(circom)),
      snarkjs: await versionIn(root),
      circomlib: await versionIn(library),
    },
  };
}

async function versionIn(folder: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { version: string };
  return version;
}
