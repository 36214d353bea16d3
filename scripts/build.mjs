// Everything that is generated: TypeChain types with bytecode, what upgrades are compared with, the schema of parameters, guest programs, the KZG setup; with --package also dist/.
import { rmSync } from "node:fs";

import { run } from "./run.mjs";

const node = process.execPath;
const forPackage = process.argv.includes("--package");

if (forPackage) {
  // The bytecode that ships comes from a clean compile, never from a coverage run's leftovers.
  for (const path of ["artifacts", "cache", "typechain-types", "dist"]) rmSync(path, { recursive: true, force: true });
}
run(node, ["node_modules/hardhat/dist/src/cli.js", "build", "--no-tests", "--build-profile", "production", "--quiet"]);
run(node, ["scripts/build-implementations.mjs"]);
run(node, ["scripts/build-verification.mjs"]);
run(node, ["scripts/build-schema.mjs"]);
run(node, ["scripts/build-guests.mjs"]);
run(node, ["scripts/build-setup.mjs"]);
if (forPackage) run(node, ["scripts/dist.mjs"]);
