import { expect } from "chai";

import { type ConsensusApp, ConsensusApp__factory } from "../../../../typechain-types/index.js";
import { askApp, bits, divided, shown } from "./support.js";

describe("ConsensusApp", () => {
  let bench: Awaited<ReturnType<typeof askApp>>;
  let app: ConsensusApp;
  const state = (turnNum: bigint, signedBy: bigint) =>
    shown(bench.channelId, { turnNum, isFinal: false, appData: "0x", outcome: divided([1n, 2n, 3n]) }, signedBy);

  before(async () => {
    bench = await askApp();
    app = await new ConsensusApp__factory(bench.deployer).deploy();
  });

  it("supports what everybody signed", async () => {
    expect(await app.stateIsSupported(bench.channelId, bench.params, [state(4n, bits(0, 1, 2))])).to.equal(true);
  });

  it("lets nothing follow without everybody", async () => {
    for (const signedBy of [0n, bits(0), bits(0, 1), bits(1, 2)]) {
      await expect(app.stateIsSupported(bench.channelId, bench.params, [state(4n, bits(0, 1, 2)), state(5n, signedBy)]))
        .to.be.revertedWithCustomError(app, "ConsensusAppNotUnanimous")
        .withArgs(bits(0, 1, 2), signedBy);
    }
  });
});
