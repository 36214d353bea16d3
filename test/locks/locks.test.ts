import { createRequire } from "node:module";

import { expect } from "chai";

import { analyse, type CompilerInput, type CompilerOutput, warningsOf } from "../../scripts/locks/analyse.js";
import { changesOf } from "../../scripts/locks/compare.js";
import { namespaceSlot } from "../../scripts/locks/namespaces.js";
import { sizeProblems, sizesText } from "../../scripts/locks/sizes.js";
import { textOf } from "../../scripts/locks/text.js";

const solc = createRequire(import.meta.url)("solc") as { compile: (input: string) => string };

const OTHER = `0x${"00".repeat(31)}01`;
const VAULT = `// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

enum Phase { Open, Closed }
type Id is uint64;
struct Account { uint128 balance; Phase phase; }

abstract contract Base {
    /// @custom:storage-location erc7201:test.storage.Base
    struct BaseStorage { uint64 epoch; mapping(address owner => Account) accounts; }

    bytes32 private constant BASE_STORAGE = ${namespaceSlot("test.storage.Base")};
    bytes32 private constant OTHER = ${OTHER};

    function _base() internal pure returns (BaseStorage storage $) {
        assembly { $.slot := BASE_STORAGE }
    }
}

contract Vault is Base {
    event Paid(address indexed to, uint256 amount);
    error VaultEmpty(uint256 balance);

    address private _owner;
    Id private _next;
    Account[] private _old;

    constructor(address owner) payable { _owner = owner; }
    receive() external payable {}

    function pay(address to, uint256 amount) external returns (bool) {
        if (amount > _base().accounts[to].balance) revert VaultEmpty(amount);
        emit Paid(to, amount);
        return true;
    }
}
`;

function compile(input: CompilerInput): Promise<CompilerOutput> {
  return Promise.resolve(JSON.parse(solc.compile(JSON.stringify(input))) as CompilerOutput);
}

/** Text and problems of Vault, with `was` in its source replaced. */
async function vault(was = "", is = "") {
  expect(VAULT).to.include(was);
  const input = { language: "Solidity", sources: { "Vault.sol": { content: VAULT.replace(was, is) } }, settings: {} };
  const contracts = await analyse(input, (source) => source === "Vault.sol", compile);
  expect(contracts.map(({ name }) => name)).to.deep.equal(["Vault"]);
  return contracts.map((contract) => ({ text: textOf(contract), problems: contract.problems }))[0]!;
}

describe("locks of the contract suite", function () {
  this.timeout(60_000);

  describe("comparison", () => {
    const lock = (...lines: string[]) => new Map([["locks/a/A.txt", lines.join("\n")]]);

    it("is silent about what is the same", () => {
      expect(changesOf(lock("functions", "  0x01 f()"), lock("functions", "  0x01 f()"))).to.deep.equal([]);
    });

    it("has one line for each entry that changed, is new, or is gone", () => {
      const before = lock("storage", "  a slot 0", "  b slot 1", "errors", "  0x01 E()");
      const after = lock("storage", "  a slot 0", "  c slot 1", "  b slot 2", "errors");
      expect(changesOf(before, after)).to.deep.equal([
        "locks/a/A.txt: storage: b was slot 1, is slot 2",
        "locks/a/A.txt: errors: 0x01 is gone: E()",
        "locks/a/A.txt: storage: c is new: slot 1",
      ]);
    });

    it("keeps entries of one name apart", () => {
      const before = lock("storage", "  a slot 0", "  a slot 1");
      expect(changesOf(before, lock("storage", "  a slot 0", "  a slot 2"))).to.deep.equal([
        "locks/a/A.txt: storage: a' was slot 1, is slot 2",
      ]);
    });

    it("finds another order", () => {
      expect(changesOf(lock("e", "  a 1", "  b 2"), lock("e", "  b 2", "  a 1"))).to.deep.equal([
        "locks/a/A.txt: order or spaces changed",
      ]);
    });

    it("names contracts that are new and contracts that are gone", () => {
      expect(changesOf(lock("e"), new Map())).to.deep.equal(["locks/a/A.txt: recorded, of no contract"]);
      expect(changesOf(new Map(), lock("e"))).to.deep.equal(["locks/a/A.txt: a new contract, not recorded"]);
    });
  });

  describe("sizes", () => {
    const size = { contract: "a/A", runtime: 20_000, init: 49_152 };

    it("are allowed up to the limits", () => {
      expect(sizeProblems([size])).to.deep.equal([]);
      expect(sizeProblems([{ ...size, runtime: 20_001, init: 49_153 }])).to.deep.equal([
        "a/A: 20,001 bytes of runtime code, more than 20,000",
        "a/A: 49,153 bytes of init code, more than 49,152",
      ]);
    });

    it("are a change when one byte is added", () => {
      const locks = (runtime: number) => new Map([["locks/sizes.txt", sizesText([{ ...size, runtime }])]]);
      expect(changesOf(locks(19_000), locks(19_001))).to.deep.equal([
        "locks/sizes.txt: bytes of code: a/A was runtime 19,000, left 1,000 of ours, 5,576 of EIP-170; " +
          "init 49,152, left 0 of EIP-3860, is runtime 19,001, left 999 of ours, 5,575 of EIP-170; " +
          "init 49,152, left 0 of EIP-3860",
      ]);
    });
  });

  it("place a namespace by the formula of ERC-7201, whose text has this example", () => {
    expect(namespaceSlot("example.main")).to.equal(
      "0x183a6125c38840424c4a85fa12bab2ab606c4b6d0e7cc73c0c06ba5300eab500",
    );
  });

  it("have a line for each warning of the compiler", async () => {
    const content =
      "// SPDX-License-Identifier: MIT\npragma solidity 0.8.30;\ncontract A { function f() external { uint256 a; } }";
    const settings = { outputSelection: { "*": { "*": ["abi"] } } };
    const output = await compile({ language: "Solidity", sources: { "A.sol": { content } }, settings });
    expect(warningsOf(output)).to.deep.equal([
      "A.sol:3:38: Unused local variable.",
      "A.sol:3:14: Function state mutability can be restricted to pure",
    ]);
  });

  describe("of a compiled contract", () => {
    const FILE = "locks/Vault.txt";

    async function changed(was: string, is: string): Promise<string[]> {
      const { text, problems } = await vault(was, is);
      expect(problems).to.deep.equal([]);
      return changesOf(new Map([[FILE, (await vault()).text]]), new Map([[FILE, text]]));
    }

    it("say how it is called and where it stores, bases, mappings and arrays included", async () => {
      const { text, problems } = await vault();
      expect(problems).to.deep.equal([]);
      expect(text).to.equal(`creation and ether
  constructor (address owner) payable
  receive () payable

functions
  0xc4076876 pay(address to, uint256 amount) returns (bool)

events
  0x737c69225d647e5994eab1a6c301bf6d9232beb2759ae1e27a8966b4732bc489 Paid(address indexed to, uint256 amount)

errors
  0x295631b7 VaultEmpty(uint256 balance)

enums
  Phase Open Closed

storage
  _owner                   slot 0 offset 0 20 bytes address
  _next                    slot 0 offset 20 8 bytes Id
  _old                     slot 1 offset 0 32 bytes struct Account[]

erc7201:test.storage.Base
  namespace ${namespaceSlot("test.storage.Base")}
  epoch                    slot 0 offset 0 8 bytes uint64
  accounts                 slot 1 offset 0 32 bytes mapping(address => struct Account)

struct Account
  balance                  slot 0 offset 0 16 bytes uint128
  phase                    slot 0 offset 16 1 bytes enum Phase
`);
    });

    it("find another parameter, event, error, constructor and the end of receive", async () => {
      expect(await changed("uint256 amount) external", "uint128 amount) external")).to.have.length(2);
      expect(await changed("returns (bool) {", "payable returns (bool) {")).to.deep.equal([
        `${FILE}: functions: 0xc4076876 was pay(address to, uint256 amount) returns (bool), ` +
          "is pay(address to, uint256 amount) payable returns (bool)",
      ]);
      expect(await changed("address indexed to", "address to")).to.have.length(1);
      expect(await changed("VaultEmpty(uint256 balance)", "VaultEmpty(uint256 found)")).to.have.length(1);
      expect(await changed("owner) payable", "owner)")).to.have.length(1);
      expect(await changed("receive() external payable {}", "")).to.deep.equal([
        `${FILE}: creation and ether: receive is gone: () payable`,
      ]);
    });

    it("find variables that moved, in slots, in namespaces and in structs behind a mapping", async () => {
      expect(await changed("Id private _next;", "Id private _next; uint256 private _more;")).to.deep.equal([
        `${FILE}: storage: _old was slot 1 offset 0 32 bytes struct Account[], is slot 2 offset 0 32 bytes struct Account[]`,
        `${FILE}: storage: _more is new: slot 1 offset 0 32 bytes uint256`,
      ]);
      expect(await changed("uint64 epoch;", "uint32 before; uint64 epoch;")).to.deep.equal([
        `${FILE}: erc7201:test.storage.Base: epoch was slot 0 offset 0 8 bytes uint64, is slot 0 offset 4 8 bytes uint64`,
        `${FILE}: erc7201:test.storage.Base: before is new: slot 0 offset 0 4 bytes uint32`,
      ]);
      expect(await changed("uint128 balance;", "uint136 balance;")).to.deep.equal([
        `${FILE}: struct Account: balance was slot 0 offset 0 16 bytes uint128, is slot 0 offset 0 17 bytes uint136`,
        `${FILE}: struct Account: phase was slot 0 offset 16 1 bytes enum Phase, is slot 0 offset 17 1 bytes enum Phase`,
      ]);
      expect(await changed("type Id is uint64", "type Id is uint96")).to.have.length(1);
    });

    it("find another order of an enum, which neither ABI nor layout shows", async () => {
      expect(await changed("Open, Closed", "Closed, Open")).to.deep.equal([
        `${FILE}: enums: Phase was Open Closed, is Closed Open`,
      ]);
    });

    it("read enums and structs of one name where the contract sees them", async () => {
      const own = (members: string, field: string) => `enum E { ${members} } struct S { ${field} f; }`;
      const content = {
        "A.sol": `import {B} from "B.sol"; contract A is B { S _a; function g(E) external {} } ${own("X, Y", "uint8")}`,
        "B.sol": `contract B { S _b; function f(E) external {} } ${own("V, W", "uint16")}`,
        "C.sol": `contract C { S _c; function f(E) external {} } ${own("N", "uint32")}`,
      };
      const sources = Object.fromEntries(Object.entries(content).map(([name, text]) => [name, { content: text }]));
      const input = { language: "Solidity", sources, settings: {} };
      const contracts = await analyse(input, () => true, compile);
      const texts = new Map(contracts.map((each) => [each.name, textOf(each)]));
      expect(texts.get("A")).to.include("\n  E X Y or V W\n");
      expect(texts.get("A")?.match(/^struct S$/gm)).to.have.length(2);
      expect(texts.get("B")).to.include("\n  E V W\n");
      expect(texts.get("C")).to.include("\n  E N\n");
    });

    it("say nothing of changes inside", async () => {
      expect(await changed("amount >", "amount >=")).to.deep.equal([]);
    });

    it("refuse a namespace that is not where the formula puts it", async () => {
      const slot = namespaceSlot("test.storage.Base");
      const misplaced = (at: string) => [`Base: erc7201:test.storage.Base is at ${at}, must be at ${slot}`];
      const wrong = `${slot.slice(0, -2)}01`;
      expect((await vault(slot, wrong)).problems).to.deep.equal(misplaced(wrong));
      expect((await vault("erc7201:test.storage.Base", "erc7201:test.storage.Vault")).problems).to.deep.equal([
        `Base: erc7201:test.storage.Vault is at ${slot}, must be at ${namespaceSlot("test.storage.Vault")}`,
      ]);
      expect((await vault("$.slot := BASE_STORAGE", "$.slot := OTHER")).problems).to.deep.equal(misplaced(OTHER));
      expect((await vault("$.slot := BASE_STORAGE", "$.slot := 7")).problems).to.deep.equal(misplaced("7"));
      expect((await vault("$.slot := BASE_STORAGE", "$.slot := add(BASE_STORAGE, 1)")).problems).to.deep.equal(
        misplaced("an expression"),
      );
    });

    it("hold a pointer that a variable sets against the constants of its contract", async () => {
      const byVariable = "bytes32 slot = BASE_STORAGE; assembly { $.slot := slot }";
      const slot = namespaceSlot("test.storage.Base");
      expect((await vault("assembly { $.slot := BASE_STORAGE }", byVariable)).problems).to.deep.equal([]);
      const withoutConstant = "bytes32 slot = OTHER; assembly { $.slot := slot }";
      const source = VAULT.replace("assembly { $.slot := BASE_STORAGE }", withoutConstant);
      expect((await vault(VAULT, source.replace(slot, OTHER))).problems).to.deep.equal([
        `Base: erc7201:test.storage.Base is at no constant, must be at ${slot}`,
      ]);
    });

    it("refuse a struct that nothing points to, and a pointer to a struct without a namespace", async () => {
      const pointer = "storage $) {\n        assembly { $.slot := BASE_STORAGE }";
      const plain = VAULT.replace(pointer, "storage) { return _plain;").replace("pure", "view");
      const source = plain.replace("function _base", "BaseStorage private _plain; function _base");
      expect((await vault(VAULT, source)).problems).to.deep.equal([
        "Base: no assembly points to BaseStorage of erc7201:test.storage.Base",
      ]);
      expect((await vault("/// @custom:storage-location erc7201:test.storage.Base", "")).problems).to.deep.equal([
        "Base: assembly points to Base.BaseStorage, which has no erc7201 namespace",
      ]);
    });

    it("refuse two structs in one namespace", async () => {
      const second = `/// @custom:storage-location erc7201:test.storage.Base
        struct Second { uint256 value; }
        bytes32 private constant SECOND = ${namespaceSlot("test.storage.Base")};
        function _second() internal pure returns (Second storage $) { assembly { $.slot := SECOND } }
        event Paid(`;
      expect((await vault("event Paid(", second)).problems).to.deep.equal([
        "Vault: two structs share erc7201:test.storage.Base",
      ]);
    });
  });
});
