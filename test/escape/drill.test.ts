import { expect } from "chai";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ETH } from "../../tasks/demo/books.js";
import { environment, runTask } from "../tasks/support/run.js";

describe("rollup:demo --disaster", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rollup-disaster-"));
  });
  after(() => rm(folder, { recursive: true }));

  it("ends with everything taken out, to the wei, though nothing of the sequencer is left", async () => {
    const run = await runTask(await environment(folder), "rollup:demo", { disaster: true });
    expect(run.errors).to.deep.equal([]);
    const sums = run.value.sums as { token: string; putIn: bigint; takenOut: bigint; leftBehind: bigint }[];
    expect(sums).to.have.length(2);
    expect(sums[0]?.token).to.equal(ETH);
    for (const { putIn, takenOut, leftBehind } of sums) {
      expect(putIn > 0n).to.equal(true);
      expect([takenOut, leftBehind]).to.deep.equal([putIn, 0n]);
    }
    // ETH: five deposits of one and the late one, less the withdrawal that was claimed before.
    expect(sums[0]?.putIn).to.equal(5n * 10n ** 18n + 5n * 10n ** 17n - 2n * 10n ** 17n);
    expect(run.stdout).to.match(/Not yet: the chain can be frozen from .* on, if nobody posts a batch until then/);
  });
});
