import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import type { Signer } from "ethers";

import { type ChannelsDeployment, parseChannels, readChannels, writeChannels } from "../../deploy/channel-book.js";
import { CHANNEL_CONTRACTS } from "../../deploy/channel-steps.js";
import { deployChannels, verifyChannels } from "../../deploy/channels.js";
import { fileJournal, memoryJournal } from "../../deploy/journal.js";
import { ChannelAdjudicator__factory } from "../../typechain-types/index.js";
import { failure } from "../l1/support/failure.js";
import { startHardhat, type TestL1 } from "../l1/support/l1.js";

const BOND = 10n ** 17n;

describe("Deploying channels", () => {
  let l1: TestL1;
  let folder: string;

  before(async () => {
    l1 = await startHardhat();
    folder = await mkdtemp(join(tmpdir(), "channels-"));
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  const deploy = (options: Partial<Parameters<typeof deployChannels>[0]> = {}) =>
    deployChannels({
      ...{ network: "test", challengeBond: BOND, signer: l1.wallet(0), journal: memoryJournal() },
      ...{ restartOnNewChain: false, ...options },
    });

  it("leaves code and a bond that read back as the address book says", async () => {
    const { deployment, steps } = await deploy();
    expect(steps.map(({ outcome }) => outcome)).to.deep.equal(CHANNEL_CONTRACTS.map(() => "sent"));
    const checks = await verifyChannels(deployment, l1.provider);
    expect(checks.filter(({ ok }) => !ok)).to.deep.equal([]);
    expect(checks.map(({ name }) => name)).to.include("ChannelAdjudicator bytecode");
    const path = join(folder, "network", "channels.json");
    await writeChannels(path, deployment);
    expect(await readChannels(path)).to.deep.equal(deployment);
  });

  it("names each difference to what an address book claims", async () => {
    const { deployment } = await deploy();
    const { ChannelAdjudicator } = deployment.contracts;
    const failing = async (change: Partial<ChannelsDeployment>): Promise<string[]> => {
      const checks = await verifyChannels({ ...deployment, ...change }, l1.provider);
      return checks.filter(({ ok }) => !ok).map(({ name }) => name);
    };
    expect(await failing({ challengeBond: BOND + 1n })).to.deep.equal(["ChannelAdjudicator bytecode"]);
    expect(await failing({ l1ChainId: 1n })).to.deep.equal(["L1 chain id"]);
    const book = deployment.contracts;
    const exchanged = { ...book, ConsensusApp: book.HashTimeLockApp, HashTimeLockApp: book.ConsensusApp };
    expect(await failing({ contracts: exchanged })).to.deep.equal([
      "ConsensusApp bytecode",
      "HashTimeLockApp bytecode",
    ]);
    const nowhere = {
      ...deployment.contracts,
      ChannelAdjudicator: { ...ChannelAdjudicator, address: l1.wallet(9).address as `0x${string}` },
    };
    expect(await failing({ contracts: nowhere })).to.deep.equal(["ChannelAdjudicator codeHash"]);
    const other = await new ChannelAdjudicator__factory(l1.wallet(1)).deploy(1n);
    const address = (await other.getAddress()) as `0x${string}`;
    const another = { ...deployment.contracts, ChannelAdjudicator: { ...ChannelAdjudicator, address } };
    expect(await failing({ contracts: another })).to.include.members(["ChannelAdjudicator bytecode"]);
  });

  for (const taken of [false, true]) {
    it(`continues after a death ${taken ? "after" : "before"} any send, and sends nothing twice`, async () => {
      for (let death = 0; death < CHANNEL_CONTRACTS.length; death++) {
        const journal = fileJournal(join(folder, `journal-${taken}-${death}.json`));
        const before = await l1.provider.getTransactionCount(l1.wallet(0).address);
        expect((await failure(deploy({ journal, signer: mortal(l1.wallet(0), death, taken) }))).message).to.match(
          /failed/,
        );
        const { deployment, steps } = await deploy({ journal });
        expect(await l1.provider.getTransactionCount(l1.wallet(0).address)).to.equal(before + CHANNEL_CONTRACTS.length);
        expect(steps.filter(({ outcome }) => outcome === "found")).to.have.length(taken ? death + 1 : death);
        const checks = await verifyChannels(deployment, l1.provider);
        expect(checks.filter(({ ok }) => !ok)).to.deep.equal([]);
      }
    });
  }

  it("finds everything on the chain when it runs again, and mixes no two deployments", async () => {
    const journal = memoryJournal();
    const { deployment } = await deploy({ journal });
    const again = await deploy({ journal });
    expect(again.deployment).to.deep.equal(deployment);
    expect(again.steps.map(({ outcome }) => outcome)).to.deep.equal(CHANNEL_CONTRACTS.map(() => "found"));
    expect((await failure(deploy({ journal, challengeBond: 1n }))).message).to.match(
      /other parameters or other contracts/,
    );
  });

  it("reads no book that is wrong, and says where", async () => {
    const { deployment } = await deploy();
    const path = join(folder, "channels.json");
    await writeChannels(path, deployment);
    const text = await readFile(path, "utf8");
    const cases: [string, RegExp][] = [
      ["{", /channels\.json: is not JSON/],
      [text.replace('"version": 1', '"version": 2'), /version is 2; this release reads version 1/],
      [text.replace('"challengeBond"', '"bond"'), /challengeBond is not a decimal number/],
      [text.replace('"ChannelAdjudicator"', '"Adjudicator"'), /contracts\.ChannelAdjudicator is not an object/],
    ];
    for (const [wrong, reason] of cases) expect(() => parseChannels(wrong, path)).to.throw(reason);
    await writeFile(path, text);
    expect(await readChannels(path)).to.deep.equal(deployment);
    expect((await failure(readChannels(join(folder, "none.json")))).message).to.match(/run channel:deploy/);
  });
});

/** A signer whose process dies at the transaction of that number, before or after the node took it. */
function mortal(signer: Signer, death: number, taken: boolean): Signer {
  let count = 0;
  return new Proxy(signer, {
    get(target, property) {
      if (property !== "sendTransaction") {
        const value: unknown = Reflect.get(target, property);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      }
      return async (transaction: Parameters<Signer["sendTransaction"]>[0]) => {
        const dies = count++ === death;
        if (dies && !taken) throw new Error("killed");
        const response = await target.sendTransaction(transaction);
        if (dies) throw new Error("killed");
        return response;
      };
    },
  });
}
