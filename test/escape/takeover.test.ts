import { expect } from "chai";
import { network } from "hardhat";

import { moveClock } from "../../plugin/hardhat/clock.js";
import type { RollupChain } from "../../plugin/hardhat/types.js";
import { registerSequencer } from "../../plugin/l1/actions.js";
import { connectL1 } from "../../plugin/l1/client.js";
import { failure } from "../l1/support/failure.js";

type Connection = Awaited<ReturnType<typeof network.create>>;

describe("posting when the sequencer is silent", () => {
  let connection: Connection;
  let chain: RollupChain;
  let signers: Awaited<ReturnType<Connection["ethers"]["getSigners"]>>;

  before(async () => {
    connection = await network.create();
    signers = await connection.ethers.getSigners();
    chain = await connection.rollup.deploy();
    for (const signer of [at(1), at(2)]) {
      await registerSequencer(connectL1(connection.ethers.provider, chain.deployment, signer));
    }
  });
  after(() => connection.close());

  function at(position: number) {
    const signer = signers[position];
    if (signer === undefined) throw new Error(`the network has no account ${position}`);
    return signer;
  }

  /** Seconds of silence until now. */
  async function silence(): Promise<bigint> {
    const [activeAt] = await chain.contracts.chain.lastActivity();
    return BigInt((await connection.ethers.provider.getBlock("latest"))?.timestamp ?? 0) - activeAt;
  }

  async function silentFor(seconds: bigint): Promise<void> {
    const [activeAt] = await chain.contracts.chain.lastActivity();
    await moveClock(connection, activeAt + seconds);
  }

  it("is the next in rank's after the grace, with everything that the first one left", async () => {
    const user = at(5);
    await chain.deposit(user, { amount: 10n ** 18n });
    await chain.sequencer.post();
    await chain.sequencer.stop();
    const l1 = connectL1(connection.ethers.provider, chain.deployment, user);
    const { grace, everybody } = {
      grace: chain.deployment.parameters.sequencerGrace,
      everybody: chain.deployment.parameters.permissionlessDelay,
    };
    const second = await connection.rollup.attach(chain.deployment, { sequencer: at(1) });
    const third = await connection.rollup.attach(chain.deployment, { sequencer: at(2) });
    const forced = await second.forceWithdrawal(user, { amount: 5n });

    expect(await silence()).to.be.lessThan(grace);
    for (const early of [second, third]) {
      expect((await failure(early.sequencer.post())).message).to.match(/it is the turn of sequencer .* may post from/);
    }
    await silentFor(grace);
    expect((await failure(third.sequencer.post())).message).to.match(/it is the turn of sequencer/);
    const posted = await second.sequencer.post();
    expect(posted?.header.submitter).to.equal(at(1).address);
    expect(posted?.header.inboxTo).to.equal(forced.message.index + 1n);
    expect(posted?.header.withdrawalsRoot).not.to.match(/^0x0*$/);

    // And everybody's who is bonded, when that one falls silent as well.
    await l1.bridge.forceWithdrawal(connection.ethers.ZeroAddress, 7n, user.address);
    await third.sequencer.sync();
    await third.sequencer.seal();
    await silentFor(grace);
    expect((await failure(third.sequencer.post())).message).to.match(/it is the turn of sequencer/);
    await silentFor(everybody);
    const last = await third.sequencer.post();
    expect(last?.header.submitter).to.equal(at(2).address);
    expect(last?.header.inboxTo).to.equal(forced.message.index + 2n);
    const summary = await third.validator.run({ watch: false });
    expect(summary.agreed).to.equal(3n);
  });
});
