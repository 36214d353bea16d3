import { expect } from "chai";

import { createChain, type Chain } from "./support/chain.js";
import { addressOf, createOwner, numberOf } from "./support/owner.js";

const ETHER = 10n ** 18n;

describe("execution of segments", () => {
  const alice = createOwner(1);
  const bob = createOwner(2);
  let chain: Chain;

  beforeEach(() => {
    chain = createChain();
  });

  it("deposits, registers, transfers and withdraws", () => {
    const { data } = chain.run({
      messages: [chain.message(0, { target: alice.address, amount: ETHER })],
      operations: [alice.register(0n), { kind: 6, owner: bob.id, token: 0n }],
      transfers: [
        alice.sign({ recipient: bob.id, amount: ETHER / 4n, fee: 10n ** 15n }),
        alice.sign({ nonce: 1n, recipient: numberOf(0xd0), isWithdrawal: true, amount: ETHER / 2n }),
      ],
      feeLeaf: 2,
    });
    expect(data[0]!.transfers).to.have.length(2);
    expect(chain.state().find({ owner: bob.id, token: 0n }).leaf.balance).to.equal(ETHER / 4n + 10n ** 15n);
    expect(addressOf(0xd0)).to.have.length(42);
  });
});
