import { expect } from "chai";
import { AbiCoder, Interface, getAddress, getBytes, hexlify, keccak256 } from "ethers";

import { callErc20View, decodeErc20Call, erc20Logs } from "../../plugin/ledger/erc20.js";
import type { Hex } from "../../plugin/types.js";
import { naiveRoot } from "./naive-tree.js";

const erc20 = new Interface([
  "function transfer(address to, uint256 amount) returns (bool)",
  "function approve(address spender, uint256 amount) returns (bool)",
  "function transferFrom(address from, address to, uint256 amount) returns (bool)",
  "function balanceOf(address account) view returns (uint256)",
  "function allowance(address owner, address spender) view returns (uint256)",
  "function totalSupply() view returns (uint256)",
  "event Transfer(address indexed from, address indexed to, uint256 value)",
  "event Approval(address indexed owner, address indexed spender, uint256 value)",
]);
const alice: Hex = `0x${"a1".repeat(20)}`;
const bob: Hex = `0x${"b0".repeat(20)}`;
const carol: Hex = `0x${"ca".repeat(20)}`;
const token: Hex = `0x${"70".repeat(20)}`;

function call(name: string, ...values: unknown[]): Uint8Array {
  return getBytes(erc20.encodeFunctionData(name, values));
}

function events(data: Uint8Array) {
  return erc20Logs(alice, token, data).map((log) => {
    expect(log.address).to.equal(token);
    const parsed = erc20.parseLog(log)!;
    return [parsed.name, ...(parsed.args.toArray() as unknown[])];
  });
}

describe("ledger ERC-20 calls", () => {
  it("decodes the three calls that change balances", () => {
    expect(decodeErc20Call(call("transfer", bob, 5n))).to.deep.equal({ name: "transfer", to: bob, amount: 5n });
    expect(decodeErc20Call(call("approve", bob, 2n ** 256n - 1n))).to.deep.equal({
      name: "approve",
      spender: bob,
      amount: 2n ** 256n - 1n,
    });
    expect(decodeErc20Call(call("transferFrom", carol, bob, 5n))).to.deep.equal({
      name: "transferFrom",
      from: carol,
      to: bob,
      amount: 5n,
    });
  });

  it("knows no other form of them", () => {
    for (const data of [call("transfer", bob, 5n), call("approve", bob, 5n), call("transferFrom", carol, bob, 5n)]) {
      for (let length = 0; length < data.length; length++)
        expect(decodeErc20Call(data.subarray(0, length)), `${length} bytes`).to.equal(undefined);
      expect(decodeErc20Call(Uint8Array.of(...data, 0))).to.equal(undefined);
      expect(decodeErc20Call(data.with(0, 1))).to.equal(undefined);
      for (const dirty of data.length === 100 ? [4, 15, 36, 47] : [4, 15])
        expect(decodeErc20Call(data.with(dirty, 1)), `dirty byte ${dirty}`).to.equal(undefined);
    }
    expect(decodeErc20Call(call("balanceOf", bob))).to.equal(undefined);
  });

  it("emits what a token would", () => {
    expect(events(call("transfer", bob, 5n))).to.deep.equal([["Transfer", getAddress(alice), getAddress(bob), 5n]]);
    expect(events(call("approve", bob, 6n))).to.deep.equal([["Approval", getAddress(alice), getAddress(bob), 6n]]);
    expect(events(call("transferFrom", carol, bob, 7n))).to.deep.equal([
      ["Transfer", getAddress(carol), getAddress(bob), 7n],
    ]);
    expect(events(new Uint8Array(0))).to.deep.equal([]);
  });

  it("answers balanceOf and allowance from the state", () => {
    const key = (types: string[], values: unknown[]) => keccak256(AbiCoder.defaultAbiCoder().encode(types, values));
    const stored = new Map<string, Uint8Array>();
    const root = naiveRoot(
      new Map([
        [key(["uint256"], [0n]), [0n, 0n]],
        [key(["uint256", "address", "address"], [3n, alice, token]), [55n, 0n]],
        [key(["uint256", "address", "address", "address"], [4n, alice, bob, token]), [66n, 0n]],
      ]),
      (hash, preimage) => stored.set(hash, getBytes(preimage)),
    ) as Hex;
    const view = (data: Uint8Array) => {
      const result = callErc20View({ get: (hash) => stored.get(hexlify(hash)) }, root, token, data);
      return result && BigInt(hexlify(result));
    };
    expect(view(call("balanceOf", alice))).to.equal(55n);
    expect(view(call("balanceOf", bob))).to.equal(0n);
    expect(view(call("allowance", alice, bob))).to.equal(66n);
    expect(view(call("allowance", bob, alice))).to.equal(0n);
    expect(view(call("totalSupply"))).to.equal(undefined);
    expect(view(call("balanceOf", alice).with(4, 1))).to.equal(undefined);
    expect(view(call("balanceOf", alice).subarray(0, 35))).to.equal(undefined);
    expect(view(call("allowance", alice, bob).with(36, 1))).to.equal(undefined);
  });
});
