import { expect } from "chai";
import { network } from "hardhat";

import { type JournalStore, memoryJournal } from "../../deploy/journal.js";
import { deploymentSteps, deploySuite } from "../../deploy/suite.js";
import { verifyDeployment } from "../../deploy/verify.js";
import type { Hex } from "../../plugin/types.js";
import { type Deployer, deploymentOf, SUITES } from "./support/deployment.js";

const SALT: Hex = `0x${"5a".repeat(32)}`;

describe("deployments whose chain takes blocks back", () => {
  for (const salt of [undefined, SALT]) {
    const how = salt === undefined ? "" : ", with a salt";
    it(`notice before the next transaction, and are finished by the next run${how}`, async () => {
      const { options, signer, steps, reorganised } = await begun(salt);
      for (const last of [2, 5, steps.length - 2]) {
        const { journal, undo } = reorganised(steps[last - 2]!, steps[last]!);
        const failure: unknown = await deploySuite({ ...options, journal }).catch((error: unknown) => error);
        expect(String(failure), `${last}`).to.match(
          /L1 took back step \S+, or this node lags behind; run the same command again/,
        );
        const { deployment } = await deploySuite({ ...options, journal });
        expect(await faults(deployment, signer)).to.deep.equal([]);
        await undo();
      }
    });

    it(`are finished by the next run where the last two steps are gone${how}`, async () => {
      const { options, signer, steps, reorganised } = await begun(salt);
      const { journal } = reorganised(steps.at(-3)!, steps.at(-1)!);
      await deploySuite({ ...options, journal }).catch(() => undefined);
      const { deployment } = await deploySuite({ ...options, journal });
      expect(await faults(deployment, signer)).to.deep.equal([]);
    });
  }
});

async function faults(deployment: Parameters<typeof verifyDeployment>[0], { provider }: Deployer): Promise<string[]> {
  return (await verifyDeployment(deployment, provider)).filter(({ ok }) => !ok).map(({ name }) => name);
}

async function begun(salt: Hex | undefined) {
  const { ethers } = await network.create();
  const [signer] = (await ethers.getSigners()) as unknown as Deployer[];
  const send = (method: string, params: unknown[]) => ethers.provider.send(method, params) as Promise<unknown>;
  const options = await deploymentOf(signer!, SUITES[0]![1], memoryJournal(), salt);
  if (salt !== undefined) {
    // The deployment proxy is there.
    await deploySuite({ ...options, salt: `0x${"01".repeat(32)}`, journal: memoryJournal() });
  }
  const start = await send("evm_snapshot", []);
  let clean = start;
  const steps = deploymentSteps(options.parameters).map(({ id }) => id);

  /** As soon as step `last` is written down, what followed `kept` never happened. */
  function reorganised(kept: string, last: string): { journal: JournalStore; undo: () => Promise<void> } {
    const inner = memoryJournal();
    let before: unknown;
    let isOver = false;
    const journal: JournalStore = {
      ...inner,
      async save(written) {
        await inner.save(written);
        if (isOver) return;
        if (before === undefined && written.entries[kept]?.block !== undefined) before = await send("evm_snapshot", []);
        if (written.entries[last]?.block === undefined) return;
        isOver = true;
        await send("evm_revert", [before]);
      },
    };
    return {
      journal,
      async undo() {
        await send("evm_revert", [clean]);
        clean = await send("evm_snapshot", []);
      },
    };
  }

  return { options, signer: signer!, steps, reorganised };
}
