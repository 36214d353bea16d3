import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { type Anvil, anvilPath, startAnvil } from "../l1/support/anvil.js";
import { environment, runTask, succeed } from "./support/run.js";

const PLACES = { calldata: "calldata", blob: "blobs", committee: "committee" };

describe("rollup:demo on anvil, in each form of data availability", function () {
  this.timeout(180_000);
  let anvil: Anvil | undefined;
  let folder: string;
  let hre: HardhatRuntimeEnvironment;

  // A new one for each: on an old one calldata cost nearly nothing, and nobody would take blobs.
  beforeEach(async function () {
    const path = anvilPath();
    // An optional dependency: npm has anvil for some platforms only.
    if (path === undefined) return this.skip();
    anvil = await startAnvil(path);
    folder = await mkdtemp(join(tmpdir(), "rollup-demo-"));
    hre = await environment(folder, { networks: { anvil: { type: "http", url: anvil.url } } }, "anvil");
  });
  afterEach(async () => {
    anvil?.provider.destroy();
    await anvil?.stop();
    if (anvil !== undefined) await rm(folder, { recursive: true });
  });

  for (const [da, place] of Object.entries(PLACES)) {
    it(`${da}: a false batch is slashed`, async () => {
      const run = succeed(await runTask(hre, "rollup:demo", { da, fault: "data" }));
      expect(run.stdout).to.include("Every balance is what it was before the lie, and the withdrawal is paid.");
      expect(run.value.batch).to.include({ place });
    });

    it(`${da}: everything is taken out when everything failed`, async () => {
      const run = succeed(await runTask(hre, "rollup:demo", { da, disaster: true }));
      const sums = run.value.sums as { putIn: bigint; takenOut: bigint; leftBehind: bigint }[];
      expect(sums).to.have.length(2);
      expect(run.value.places).to.include(place);
      for (const { putIn, takenOut, leftBehind } of sums) {
        expect(putIn > 0n).to.equal(true);
        expect([takenOut, leftBehind]).to.deep.equal([putIn, 0n]);
      }
    });
  }
});
