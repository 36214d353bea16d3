import { expect } from "chai";
import { AbiCoder, dataLength, dataSlice, getAddress, getBytes, ZeroAddress } from "ethers";

import { toHex } from "../../../plugin/ledger/bytes.js";
import type { Hex } from "../../../plugin/types.js";
import { fromAddress } from "../../../plugin/validity/leaf.js";
import { FIELD_ORDER } from "../../../plugin/validity/poseidon.js";
import { POSEIDON_CREATION } from "../../../plugin/validity/poseidon-contract.js";
import { escapeProof } from "../../../plugin/validity/state.js";
import { PoseidonStateProof__factory, type PoseidonStateProof } from "../../../typechain-types/index.js";
import { createRandom } from "../../ledger/random.js";
import { type Connection, createConnection } from "../../support/env.js";
import { type Actors, actorsOf } from "../../support/suite.js";
import { type Chain, createChain } from "../../validity/support/chain.js";
import { addressOf, createOwner } from "../../validity/support/owner.js";
import { createScenario } from "../../validity/support/scenario.js";

const LEVELS = 3;
const PROOF = ["uint256", "uint256", "uint256", "uint64", "uint256[]", "uint256", "uint256"];

type Numbers = [
  word: bigint,
  balance: bigint,
  aux: bigint,
  index: bigint,
  siblings: bigint[],
  leaves: bigint,
  nonce: bigint,
];

const coder = AbiCoder.defaultAbiCoder();
const encode = (numbers: unknown[]): string => coder.encode(PROOF, numbers);
function decode(proof: Uint8Array): Numbers {
  const [word, balance, aux, index, siblings, leaves, nonce] = coder.decode(PROOF, proof) as unknown as Numbers;
  return [word, balance, aux, index, [...siblings], leaves, nonce];
}

describe("PoseidonStateProof.balance", () => {
  let connection: Connection;
  let actors: Actors;
  let contract: PoseidonStateProof;
  let poseidon: string;
  let chain: Chain;

  before(async () => {
    connection = await createConnection();
    actors = await actorsOf(connection);
    const sent = await actors.deployer.sendTransaction({ data: POSEIDON_CREATION });
    poseidon = (await sent.wait())?.contractAddress ?? ZeroAddress;
    contract = await new PoseidonStateProof__factory(actors.deployer).deploy(poseidon, LEVELS);

    const scenario = createScenario(createRandom(0xe5ca));
    chain = createChain({ levels: LEVELS });
    for (let i = 0; i < 6; i++) chain.run(scenario.next(chain), scenario.next(chain));
  });
  after(() => connection.close());

  const balanceOf = (account: Hex, token: Hex, proof: string) => contract.balance(chain.root(), account, token, proof);

  /** Somebody with a balance. */
  function someone() {
    const index = chain.model.leaves.findIndex(({ balance, token }) => balance > 0n && token !== 0n);
    const leaf = chain.model.leaves[index];
    if (leaf === undefined) throw new Error("nobody has a token");
    const [account, token] = [toHex(getBytes(pad(leaf.owner))), toHex(getBytes(pad(leaf.token)))];
    const proof = escapeProof(chain.state(), leaf);
    if (proof === undefined) throw new Error("no proof");
    return { account, token, numbers: decode(proof), balance: leaf.balance };
  }

  const pad = (value: bigint): string => `0x${value.toString(16).padStart(40, "0")}`;

  it("is what the state says, for every leaf", async () => {
    const { leaves } = chain.model;
    expect(leaves.length).to.be.greaterThan(8);
    for (const leaf of leaves) {
      const proof = escapeProof(chain.state(), leaf);
      if (proof === undefined) throw new Error("no proof");
      const found = await balanceOf(pad(leaf.owner) as Hex, pad(leaf.token) as Hex, toHex(proof));
      expect(found).to.equal(leaf.balance);
    }
  });

  it("has no proof for who is not in the state", () => {
    expect(escapeProof(chain.state(), { owner: fromAddress(addressOf(0xee)), token: 0n })).to.equal(undefined);
  });

  it("refuses another's leaf, and another token's", async () => {
    const { account, token, numbers } = someone();
    const other = createOwner(9).address;
    await expect(balanceOf(other, token, encode(numbers))).to.be.revertedWithCustomError(
      contract,
      "StateProofMismatch",
    );
    await expect(balanceOf(account, other, encode(numbers)))
      .to.be.revertedWithCustomError(contract, "PoseidonProofToken")
      .withArgs((shown: string) => shown.toLowerCase() === token, getAddress(other));
  });

  it("refuses a proof with any number altered", async () => {
    const { account, token, numbers } = someone();
    const altered: Numbers[] = [];
    for (const place of [1, 2, 5, 6] as const) {
      const copy: Numbers = [...numbers];
      copy[place] += 1n;
      altered.push(copy);
    }
    altered.push([numbers[0] + (1n << 160n), ...numbers.slice(1)] as Numbers); // the nonce
    altered.push([...numbers.slice(0, 3), numbers[3] ^ 1n, ...numbers.slice(4)] as Numbers);
    for (let i = 0; i < numbers[4].length; i++) {
      const siblings = numbers[4].map((sibling, j) => (j === i ? (sibling + 1n) % FIELD_ORDER : sibling));
      altered.push([...numbers.slice(0, 4), siblings, ...numbers.slice(5)] as Numbers);
    }
    for (const copy of altered) {
      await expect(balanceOf(account, token, encode(copy)), encode(copy)).to.be.revertedWithCustomError(
        contract,
        "StateProofMismatch",
      );
    }
  });

  it("refuses numbers that stand for others, being as large as the field's order", async () => {
    const { account, token, numbers, balance } = someone();
    const [word, , aux, index, siblings, leaves, nonce] = numbers;
    const aliases: Numbers[] = [
      [word, balance + FIELD_ORDER, aux, index, siblings, leaves, nonce],
      [word, balance, aux + FIELD_ORDER, index, siblings, leaves, nonce],
      [word, balance, aux, index, siblings.map((s, i) => (i === 4 ? s + FIELD_ORDER : s)), leaves, nonce],
      [word, balance, aux, index, siblings, leaves + FIELD_ORDER, nonce],
      [word, balance, aux, index, siblings, leaves, nonce + FIELD_ORDER],
    ];
    for (const numbersOfAlias of aliases) {
      await expect(balanceOf(account, token, encode(numbersOfAlias))).to.be.revertedWithCustomError(
        contract,
        "PoseidonProofNumber",
      );
    }
    // The word keeps its token modulo 2^160 only without the order, which is no multiple of it.
    await expect(
      balanceOf(account, token, encode([word + FIELD_ORDER, ...numbers.slice(1)])),
    ).to.be.revertedWithCustomError(contract, "PoseidonProofToken");
  });

  it("refuses a path of another length, and an index outside the tree", async () => {
    const { account, token, numbers } = someone();
    const [word, balance, aux, index, siblings, leaves, nonce] = numbers;
    for (const path of [siblings.slice(3), siblings.slice(1), [...siblings, 0n, 0n, 0n], []]) {
      await expect(balanceOf(account, token, encode([word, balance, aux, index, path, leaves, nonce])))
        .to.be.revertedWithCustomError(contract, "PoseidonProofSiblings")
        .withArgs(path.length, 9n);
    }
    const outside = index + 64n;
    await expect(balanceOf(account, token, encode([word, balance, aux, outside, siblings, leaves, nonce])))
      .to.be.revertedWithCustomError(contract, "PoseidonProofIndex")
      .withArgs(outside, 64n);
  });

  it("refuses a proof that is cut off", async () => {
    const { account, token, numbers } = someone();
    const proof = encode(numbers);
    for (const length of [0, 32, 224, dataLength(proof) - 32]) {
      await expect(balanceOf(account, token, dataSlice(proof, 0, length))).to.be.revertedWithoutReason(
        connection.ethers,
      );
    }
  });

  it("is made only with a Poseidon that hashes as the circuit does", async () => {
    const factory = new PoseidonStateProof__factory(actors.deployer);
    await expect(factory.deploy(ZeroAddress, LEVELS))
      .to.be.revertedWithCustomError(factory, "PoseidonProofZeroParameter")
      .withArgs("poseidon");
    await expect(factory.deploy(poseidon, 0))
      .to.be.revertedWithCustomError(factory, "PoseidonProofZeroParameter")
      .withArgs("levels");
    // Its code answers 0 to everything: 5f 5f 52 60 20 5f f3.
    const sent = await actors.deployer.sendTransaction({ data: "0x665f5f5260205ff35f5260076019f3" });
    const wrong = (await sent.wait())?.contractAddress ?? ZeroAddress;
    await expect(factory.deploy(wrong, LEVELS))
      .to.be.revertedWithCustomError(factory, "PoseidonProofWrongHash")
      .withArgs(wrong, 0n);
    expect(await contract.parameters()).to.deep.equal([poseidon, BigInt(LEVELS)]);
  });

  it("needs a Poseidon shorter than a contract may be", async () => {
    expect(dataLength(await connection.ethers.provider.getCode(poseidon))).to.be.lessThan(20_000);
  });
});
