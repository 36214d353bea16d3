import { readFile } from "node:fs/promises";

import { expect } from "chai";
import { artifacts } from "hardhat";

import { diffOf } from "../../plugin/upgrade/diff.js";
import { type CompiledContract, factsOf, isCodeOf, packagedFacts } from "../../plugin/upgrade/facts.js";
import {
  type AstNode,
  layoutAdditions,
  layoutFaults,
  layoutOf,
  type StorageLayout,
  UnknownContractError,
} from "../../plugin/upgrade/layout.js";

const NODE = "struct{uint96 amount; enum{Good, Bad} mood; mapping(uint256 => struct StoredThings.Node) children}";

const item = (name: string, type = "uint256") => ({ name, type });
const layout = (...variables: StorageLayout["variables"]): StorageLayout => ({ variables, namespaces: {} });

describe("what a contract keeps in storage", () => {
  let trees: Record<string, AstNode>;
  let artifact: CompiledContract;

  before(async () => {
    artifact = (await artifacts.readArtifact("StoredThings")) as unknown as CompiledContract;
    const id = await artifacts.getBuildInfoId("StoredThings");
    const path = await artifacts.getBuildInfoOutputPath(id ?? "");
    const { output } = JSON.parse(await readFile(path ?? "", "utf8")) as {
      output: { sources: Record<string, { ast: AstNode }> };
    };
    trees = Object.fromEntries(Object.entries(output.sources).map(([source, { ast }]) => [source, ast]));
  });

  it("is read in its order, with types down to what the EVM knows, and without constants and what passes", () => {
    expect(layoutOf(trees, artifact.inputSourceName, "StoredThings")).to.deep.equal({
      variables: [
        item("_first", "address"),
        item("_root", NODE),
        item("_others", "address[]"),
        item("_grid", "uint8[2][3]"),
        item("_names", "mapping(bytes32 => mapping(address => string))"),
      ],
      namespaces: {},
    });
    expect(() => layoutOf(trees, artifact.inputSourceName, "Other")).to.throw(UnknownContractError);
  });

  it("is known of what the package puts behind proxies, and code is told by all but its immutables", () => {
    const facts = factsOf(artifact, trees);
    expect(facts.immutables).to.have.length.of.at.least(1);
    const filled = Buffer.from(artifact.deployedBytecode.slice(2), "hex");
    for (const { start, length } of facts.immutables) filled.fill(7, start, start + length);
    expect(isCodeOf(facts, `0x${filled.toString("hex")}`)).to.equal(true);
    filled[0] = (filled[0] ?? 0) ^ 1;
    expect(isCodeOf(facts, `0x${filled.toString("hex")}`)).to.equal(false);

    const packaged = packagedFacts();
    expect(packaged.map(({ name }) => name)).to.deep.equal([
      "L1EscrowBridge",
      "StateCommitmentChain",
      "SequencerRegistry",
    ]);
    for (const { name, layout: found } of packaged) {
      expect(found.namespaces, name).to.include.keys(
        `hardhat-rollup.storage.${name}`,
        "openzeppelin.storage.Initializable",
      );
    }
  });

  it("may grow at its end, in new namespaces too", () => {
    const before: StorageLayout = { variables: [item("a")], namespaces: { one: [item("b")] } };
    const after: StorageLayout = {
      variables: [item("a"), item("c", "bool")],
      namespaces: { one: [item("b"), item("d")], two: [item("e")] },
    };
    expect(layoutFaults(before, after)).to.deep.equal([]);
    expect(layoutFaults(before, before)).to.deep.equal([]);
    expect(layoutAdditions(before, after)).to.deep.equal([
      "storage: c, bool",
      "erc7201:one: d, uint256",
      "erc7201:two: e, uint256",
    ]);
  });

  const faulty: [string, StorageLayout, StorageLayout, string[]][] = [
    ["is gone", layout(item("a"), item("b")), layout(item("a")), ["storage, position 1: b is gone"]],
    [
      "changes places",
      layout(item("a"), item("b")),
      layout(item("b"), item("a")),
      ["storage, position 0 is b, was a", "storage, position 1 is a, was b"],
    ],
    ["is put before another", layout(item("a")), layout(item("new"), item("a")), ["storage, position 0 is new, was a"]],
    [
      "becomes another type",
      layout(item("a", "mapping(uint64 => bool)")),
      layout(item("a", "mapping(uint64 => uint256)")),
      ["storage, position 0: a is mapping(uint64 => uint256), was mapping(uint64 => bool)"],
    ],
    [
      "of a namespace is gone with it",
      { variables: [], namespaces: { one: [item("a"), item("b")] } },
      layout(),
      ["erc7201:one is gone, with a, b"],
    ],
    [
      "of a namespace changes",
      { variables: [], namespaces: { one: [item("a")] } },
      { variables: [], namespaces: { one: [item("a", "bool")] } },
      ["erc7201:one, position 0: a is bool, was uint256"],
    ],
    ["begins elsewhere", layout(item("a")), { ...layout(item("a")), base: "64" }, ["storage begins at 64, was 0"]],
  ];
  for (const [name, before, after, faults] of faulty) {
    it(`may not change: what ${name}`, () => {
      expect(layoutFaults(before, after)).to.deep.equal(faults);
    });
  }

  it("is shown with functions and parameters as a person compares them", () => {
    const facts = (functions: string[], ...variables: StorageLayout["variables"]) => ({
      ...factsOf(artifact, trees),
      functions,
      layout: layout(...variables),
    });
    const before = facts(["a(uint256 x)", "b() view returns (bool)", "c()"]);
    const after = facts(["a(uint64 x)", "b() view returns (bool)", "d()"], item("e"));
    expect(diffOf([before, { window: "7d", old: "1" }], [after, { window: "6d", fresh: "2" }])).to.deep.equal({
      functions: { added: ["d()"], removed: ["c()"], changed: ["a(uint256 x), now a(uint64 x)"] },
      storage: ["storage: e, uint256"],
      parameters: ["window: 7d, now 6d", "old: 1, now none", "fresh: none, now 2"],
    });
  });
});
