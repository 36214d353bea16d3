// What an upgrade is compared with: functions, storage and code of the contracts behind proxies, to build/implementations.json.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

import { tsImport } from "tsx/esm/api";

const { factsOf } = await tsImport("../plugin/upgrade/facts.ts", import.meta.url);

const CONTRACTS = ["bridge/L1EscrowBridge", "chain/StateCommitmentChain", "sequencing/SequencerRegistry"];

const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const outputs = new Map();

const facts = CONTRACTS.map((path) => {
  const artifact = read(`artifacts/contracts/${path}.sol/${path.split("/").at(-1)}.json`);
  const { buildInfoId: id } = artifact;
  if (!outputs.has(id)) outputs.set(id, read(`artifacts/build-info/${id}.output.json`).output.sources);
  const trees = Object.fromEntries(Object.entries(outputs.get(id)).map(([source, { ast }]) => [source, ast]));
  return factsOf(artifact, trees);
});
mkdirSync("build", { recursive: true });
writeFileSync("build/implementations.json", `${JSON.stringify(facts, undefined, 2)}\n`);
