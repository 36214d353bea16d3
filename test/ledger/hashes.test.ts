import { expect } from "chai";
import { AbiCoder, concat, hexlify, id, keccak256 } from "ethers";
import { network } from "hardhat";

import {
  dataHash,
  headerHash,
  inboxAcc,
  inputHash,
  messageHash,
  outputHash,
  withdrawalProof,
  withdrawalsRoot,
} from "../../plugin/ledger/hashes.js";
import type { BatchHeader, Hex, InboxMessage, Withdrawal } from "../../plugin/types.js";
import type { CalldataDA, ProtocolHashesMock } from "../../typechain-types/index.js";
import { headerWith } from "../support/protocol.js";
import { createRandom } from "./random.js";

const random = createRandom(2);
const address = () => hexlify(random.bytes(20)) as Hex;
const word = () => hexlify(random.bytes(32)) as Hex;

function randomMessage(): InboxMessage {
  return {
    kind: random.pick([0, 1, 2]),
    index: random.sized(64),
    timestamp: random.sized(64),
    sender: address(),
    target: address(),
    token: address(),
    amount: random.sized(256),
    data: hexlify(random.bytes(random.int(300))) as Hex,
  };
}

function randomWithdrawals(count: number): Withdrawal[] {
  return Array.from({ length: count }, (_, i) => ({
    nonce: BigInt(i),
    sender: address(),
    target: address(),
    token: address(),
    amount: random.sized(256),
    data: "0x",
  }));
}

describe("ledger hashes", () => {
  let l1: ProtocolHashesMock;
  let calldataDA: CalldataDA;
  let submitter: Hex;

  before(async () => {
    const { ethers } = await network.create();
    l1 = await ethers.deployContract("ProtocolHashesMock");
    calldataDA = await ethers.deployContract("CalldataDA");
    submitter = (await ethers.getSigners())[0]!.address as Hex;
  });

  it("hashes a header as L1 does", async () => {
    for (let round = 0; round < 10; round++) {
      const header: BatchHeader = {
        index: random.sized(64),
        timestamp: random.sized(64),
        finalizesAt: random.sized(64),
        inboxFrom: random.sized(64),
        inboxTo: random.sized(64),
        l2BlockFrom: random.sized(64),
        l2BlockTo: random.sized(64),
        submitter: address(),
        resolver: address(),
        parentHash: word(),
        prevStateRoot: word(),
        stateRoot: word(),
        withdrawalsRoot: word(),
        inboxAcc: word(),
        dataHash: word(),
      };
      expect(headerHash(header)).to.equal(await l1.headerHash(header));
    }
  });

  it("accumulates messages as L1 does", async () => {
    for (let count = 0; count < 10; count++) {
      const messages = Array.from({ length: count }, randomMessage);
      const start = word();
      expect(inboxAcc(start, messages)).to.equal(await l1.inboxAcc(start, messages));
    }
    const message = randomMessage();
    expect(inboxAcc(`0x${"00".repeat(32)}`, [message])).to.equal(
      keccak256(concat([`0x${"00".repeat(32)}`, messageHash(message)])),
    );
  });

  it("commits to data as L1 does, whatever the number of chunks", async () => {
    for (const length of [0, 1, 31, 4095, 4096, 4097, 8192, 12_289, 5 * 4096, 7 * 4096 + 1, 9 * 4096]) {
      const data = random.bytes(length);
      expect(dataHash(data), `${length} bytes`).to.equal(
        await calldataDA.commit.staticCall(headerWith({ submitter }), concat(["0x00", data]), { from: submitter }),
      );
    }
  });

  it("reports the preimage of every hash behind a data commitment", () => {
    const data = random.bytes(5 * 4096 + 7);
    const preimages = new Map<string, Uint8Array>();
    const hash = dataHash(data, (digest, preimage) => preimages.set(hexlify(digest), preimage));
    for (const [digest, preimage] of preimages) expect(keccak256(preimage)).to.equal(digest);
    const open = (node: string, height: number): string[] => {
      if (height === 0) return [hexlify(preimages.get(node) ?? "0x")]; // padding has no content
      const pair = preimages.get(node)!;
      return [pair.subarray(0, 32), pair.subarray(32)].flatMap((child) => open(hexlify(child), height - 1));
    };
    const root = hexlify(preimages.get(hash)!.subarray(64));
    expect(concat(open(root, 3))).to.equal(hexlify(data));
  });

  it("proves each withdrawal of a batch to L1", async () => {
    for (const count of [1, 2, 3, 4, 5, 7, 8, 9, 17]) {
      const withdrawals = randomWithdrawals(count);
      const root = withdrawalsRoot(withdrawals);
      for (let leafIndex = 0; leafIndex < count; leafIndex++) {
        const proof = withdrawalProof(withdrawals, leafIndex);
        expect(proof).to.have.length(Math.ceil(Math.log2(count)));
        expect(await l1.withdrawalsRoot(withdrawals[leafIndex]!, leafIndex, proof)).to.equal(root);
      }
    }
    expect(withdrawalsRoot([])).to.equal(`0x${"00".repeat(32)}`);
  });

  it("refuses to prove a leaf outside the batch", () => {
    const withdrawals = randomWithdrawals(3);
    for (const leafIndex of [-1, 3, 0.5])
      expect(() => withdrawalProof(withdrawals, leafIndex)).to.throw(RangeError, /leafIndex must be 0 to 2/);
  });

  it("binds input and output by ABI words behind their domains", () => {
    const input = {
      l2ChainId: 42069n,
      bridge: address(),
      index: 1n,
      timestamp: 2n,
      inboxFrom: 3n,
      inboxTo: 4n,
      l2BlockFrom: 5n,
      prevStateRoot: word(),
      inboxAcc: word(),
      dataHash: word(),
    };
    const types = "bytes32 uint256 address uint64 uint64 uint64 uint64 uint64 bytes32 bytes32 bytes32".split(" ");
    const coder = AbiCoder.defaultAbiCoder();
    expect(inputHash(input)).to.equal(
      keccak256(coder.encode(types, [id("hardhat-rollup.input.v1"), ...Object.values(input)])),
    );
    const output = { stateRoot: word(), withdrawalsRoot: word(), l2BlockTo: 6n };
    expect(outputHash(output)).to.equal(
      keccak256(
        coder.encode(
          ["bytes32", "bytes32", "bytes32", "uint64"],
          [id("hardhat-rollup.output.v1"), ...Object.values(output)],
        ),
      ),
    );
  });
});
