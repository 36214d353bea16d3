import { expect } from "chai";
import { setTimeout as wait } from "node:timers/promises";

import { L1RevertError, SUITE_ERRORS, decodeRevert } from "../../plugin/l1/errors.js";
import { ZERO_ADDRESS } from "../../plugin/types.js";
import { fakeL1, SEQUENCER } from "./support/fake-l1.js";
import { addressOf, loadExecute, startRig, walletOf } from "./support/rig.js";

describe("a sequencer whose turn it is not", () => {
  it("follows, says once from when on it may post, and posts by itself when its turn comes", async () => {
    const fake = fakeL1();
    let isItsTurn = false;
    let refused = 0;
    const refusal = decodeRevert(
      SUITE_ERRORS.encodeErrorResult("RegistryNotYourTurn", [SEQUENCER, ZERO_ADDRESS, 1_700_000_000]),
    );
    const l1 = {
      ...fake.l1,
      poster: async () => {
        const poster = await fake.l1.poster({ get: () => Promise.resolve(undefined), put: () => Promise.resolve() });
        return {
          post(...batch: Parameters<typeof poster.post>) {
            if (isItsTurn) return poster.post(...batch);
            refused++;
            return Promise.reject(new L1RevertError("the batch", refusal));
          },
        };
      },
    };
    const rig = await startRig(loadExecute(), {
      ...{ fake, l1, blocks: "auto", batches: { bytes: 1, age: 0 }, pollInterval: 20 },
    });
    try {
      fake.deposit(addressOf(walletOf(0)), 5n);
      await until(() => refused >= 2);
      const turns = rig.logs.filter(({ event }) => event === "another sequencer's turn to post");
      expect(turns.map(({ ownTurnFrom }) => ownTurnFrom)).to.deep.equal(["2023-11-14T22:13:20Z"]);
      expect(rig.logs.filter(({ level }) => level === "error")).to.deep.equal([]);
      expect(rig.sequencer.status().head.number).to.equal(1n);

      isItsTurn = true;
      await until(() => fake.batches.length === 2);
      expect(fake.batches[1]?.inboxTo).to.equal(1n);
    } finally {
      await rig.close();
    }
  });
});

async function until(check: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !check(); await wait(20)) {
    if (Date.now() > deadline) throw new Error("it did not come to pass within 20 seconds");
  }
}
