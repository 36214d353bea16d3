import { expect } from "chai";

import { channelIdOf } from "../../plugin/channel/hashes.js";
import { DOMAIN } from "./support/fake-l1.js";
import { calm, ETH, openWorld, TOKEN } from "./support/world.js";

describe("channel client", () => {
  for (const count of [2, 3, 5]) {
    it(`opens, pays and closes among ${count}`, async () => {
      const world = await openWorld(count);
      const id = channelIdOf(DOMAIN, world.params);
      const handles = world.parties.map(({ client }) => client.channel(id));
      for (let i = 0; i < 12; i++) {
        await handles[i % count]!.pay({ to: (i + 1) % count, amount: BigInt(i + 1), asset: i % 2 === 0 ? ETH : TOKEN });
      }
      await calm(world.parties);
      const [first, ...others] = handles.map(({ outcome }) => outcome);
      for (const other of others) expect(other).to.deep.equal(first);
      const balances = handles.map((handle) => handle.balance(ETH));
      expect(balances.reduce((a, b) => a + b)).to.equal(1_000n * BigInt(count));
      const closed = handles[0]!.close();
      await calm(world.parties);
      await world.settle();
      await closed;
      for (const [i, { signer }] of world.parties.entries()) {
        expect(world.l1.balance(signer.address, ETH)).to.equal(balances[i]! - 1_000n);
        expect(handles[i]!.isEnded).to.equal(true);
      }
      expect(world.l1.sent.filter((kind) => kind === "concludeAndPay")).to.have.length(1);
      await world.close();
    });
  }
});
