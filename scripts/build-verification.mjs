// What explorers are shown of the contracts that the package deploys, to build/verification: the compiler's input, without what is for
// tests, and what came out of it. Any contract of it compiles to the same code from this input as from everything together.
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

const PROXY = "/proxy/transparent/TransparentUpgradeableProxy.sol";
const OURS = /^project\/contracts\/(?!mocks\/|demo\/)/;

const read = (path) => JSON.parse(readFileSync(path, "utf8"));
// A build of everything has one; later ones of a checkout have what changed.
const builds = globSync("artifacts/build-info/*.output.json").map((path) => ({
  ...read(path.replace(".output", "")),
  output: read(path).output,
}));
const { buildInfoId } = read("artifacts/contracts/upgrade/SuiteFactory.sol/SuiteFactory.json");
const merge = (pick) => Object.assign({}, ...builds.map(pick));
const { _format, id, solcVersion, solcLongVersion, compilerType, input } = builds.find(
  (build) => build.id === buildInfoId,
);
const sources = merge((build) => build.input.sources);
const userSourceNameMap = merge((build) => build.userSourceNameMap);
const output = { sources: merge((build) => build.output.sources), contracts: merge((build) => build.output.contracts) };

const imports = {};
const add = (source) => {
  if (imports[source] !== undefined) return;
  const { nodes } = output.sources[source].ast;
  imports[source] = nodes.filter(({ nodeType }) => nodeType === "ImportDirective").map((node) => node.absolutePath);
  imports[source].forEach(add);
};
Object.keys(sources)
  .filter((source) => OURS.test(source) || source.endsWith(PROXY))
  .forEach(add);

const kept = (record) => Object.fromEntries(Object.entries(record).filter(([source]) => imports[source] !== undefined));
const contracts = Object.entries(kept(output.contracts)).map(([source, found]) => [
  source,
  Object.fromEntries(
    Object.entries(found)
      .filter(([, { evm }]) => evm.bytecode.object !== "")
      .map(([name, { abi, evm }]) => {
        const { object, immutableReferences, linkReferences } = evm.deployedBytecode;
        const deployedBytecode = { object, immutableReferences, linkReferences };
        return [name, { abi, evm: { bytecode: { linkReferences: evm.bytecode.linkReferences }, deployedBytecode } }];
      }),
  ),
]);
const known = Object.entries(userSourceNameMap).filter(([, source]) => imports[source] !== undefined);
// Hardhat names what is imported from npm in the input only.
const names = new Set(known.map(([, source]) => source));
for (const source of Object.keys(imports)) {
  if (!names.has(source)) known.push([source.replace(/^npm\/(@[^/]+\/[^/@]+|[^/@]+)@[^/]+/, "$1"), source]);
}
const settings = {
  ...input.settings,
  outputSelection: { "*": { "*": ["abi", "evm.bytecode", "evm.deployedBytecode", "metadata"] } },
};
mkdirSync("build/verification", { recursive: true });
const write = (name, value) => writeFileSync(`build/verification/${name}.json`, `${JSON.stringify(value)}\n`);
write("suite", {
  ...{ _format, id, solcVersion, solcLongVersion, compilerType },
  userSourceNameMap: Object.fromEntries(known),
  imports,
  input: { ...input, settings, sources: kept(sources) },
});
write("suite.output", { _format, id, output: { contracts: Object.fromEntries(contracts) } });
