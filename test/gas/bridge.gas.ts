import { ZeroAddress } from "ethers";

import type { BatchHeader, Hex, Withdrawal } from "../../plugin/types.js";
import { type StandardToken, StandardToken__factory } from "../../typechain-types/index.js";
import { postBatch } from "../support/batches.js";
import { checkGasSnapshot, expectAtMost, type GasFigures, gasOf } from "../support/gas.js";
import { merkleProof, merkleRoot, withdrawalLeaf } from "../support/protocol.js";
import { passWindow, useWorld, type World } from "../support/world.js";

/** Withdrawals of one batch. */
const TREE_SIZE = 1_024;
/** Withdrawals that share a word of the claimed bitmap: their mean is that of the whole batch. */
const WORD_SIZE = 256;

describe("gas of the bridge", () => {
  const measured: GasFigures = {};
  // A ring of eight is full after a few messages, so later ones use slots again.
  const world = useWorld(() => ({ inboxCapacity: 8n }));

  async function tokenOf(suite: World): Promise<StandardToken> {
    const { deployer, alice } = suite.actors;
    const token = await new StandardToken__factory(deployer).deploy();
    await token.mint(alice, 10n ** 24n);
    await token.connect(alice).approve(suite.bridge, 10n ** 24n);
    return token;
  }

  /** Messages went through the whole ring and were released: every slot of it has been written. */
  async function steady(suite: World, token: StandardToken): Promise<BatchHeader> {
    const { bridge, actors } = suite;
    const own = bridge.connect(actors.alice);
    let head = suite.genesis;
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 2; i++) await own.depositETH(actors.alice, { value: 10n ** 18n });
      for (let i = 0; i < 2; i++) await own.depositERC20(token, actors.alice, 10n ** 18n);
      head = await postBatch(suite, head, { claim: { inboxTo: await bridge.messageCount() } });
      await passWindow(suite);
      await suite.chain.finalize([head]);
    }
    return head;
  }

  it("deposits of the first lap, each into a new slot of the ring", async () => {
    const suite = world();
    const token = await tokenOf(suite);
    const { bridge, actors } = suite;
    const own = bridge.connect(actors.alice);
    await own.depositETH(actors.alice, { value: 10n ** 18n });

    measured["depositERC20, new slot, first of the token"] = await gasOf(
      await own.depositERC20(token, actors.bob, 123_456_789_012_345_678n),
    );
    const eth = await gasOf(await own.depositETH(actors.bob, { value: 123_456_789_012_345_678n }));
    expectAtMost("an ETH deposit into a new slot", eth, 60_000);
    measured["depositETH, new slot"] = eth;
    const erc20 = await gasOf(await own.depositERC20(token, actors.bob, 123_456_789_012_345_678n));
    measured["depositERC20, new slot"] = erc20;
  });

  it("deposits and forced messages, later ones", async () => {
    const suite = world();
    const token = await tokenOf(suite);
    await steady(suite, token);
    const { bridge, actors } = suite;
    const own = bridge.connect(actors.alice);

    const eth = await gasOf(await own.depositETH(actors.bob, { value: 123_456_789_012_345_678n }));
    expectAtMost("a later ETH deposit", eth, 60_000);
    measured["depositETH"] = eth;
    const erc20 = await gasOf(await own.depositERC20(token, actors.bob, 123_456_789_012_345_678n));
    expectAtMost("a later ERC-20 deposit", erc20, 85_000);
    measured["depositERC20"] = erc20;
    measured["forceWithdrawal"] = await gasOf(await own.forceWithdrawal(ZeroAddress, 10n ** 18n, actors.alice));
    measured["forceTransaction, 120 B"] = await gasOf(await own.forceTransaction(`0x${"5a".repeat(120)}`));
  });

  for (const [name, ceiling, ofToken] of [
    ["ETH", 75_000, false],
    ["ERC-20", 95_000, true],
  ] as const) {
    it(`withdraw ${name} to an existing account, mean over a batch of ${TREE_SIZE}`, async () => {
      const suite = world();
      const { bridge, chain, actors } = suite;
      const token = await tokenOf(suite);
      const head = await steady(suite, token);
      const withdrawals = Array.from({ length: TREE_SIZE }, (_, nonce): Withdrawal => ({
        nonce: BigInt(nonce),
        sender: actors.alice.address as Hex,
        target: actors.alice.address as Hex,
        token: (ofToken ? token.target : ZeroAddress) as Hex,
        amount: 1_234_567_890_123n + BigInt(nonce),
        data: "0x",
      }));
      const leaves = withdrawals.map(withdrawalLeaf);
      const header = await postBatch(suite, head, { claim: { withdrawalsRoot: merkleRoot(leaves) } });
      await passWindow(suite);
      await chain.finalize([header]);

      let total = 0;
      let dearest = 0;
      for (const [index, withdrawal] of withdrawals.slice(0, WORD_SIZE).entries()) {
        const gas = await gasOf(await bridge.withdraw(header, index, withdrawal, merkleProof(leaves, index)));
        total += gas;
        dearest = Math.max(dearest, gas);
      }
      const mean = Math.round(total / WORD_SIZE);
      expectAtMost(`the mean of ${name} withdrawals`, mean, ceiling);
      measured[`withdraw ${name}, mean`] = mean;
      measured[`withdraw ${name}, opens a word of the bitmap`] = dearest;
    });
  }

  it("costs what the snapshot says", () => checkGasSnapshot("bridge", measured));
});
