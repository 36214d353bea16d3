import { rm } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { memberKeys } from "../support/committee.js";
import { type RemoteL1, startL1 } from "./support/l1.js";
import { runTask, succeed } from "./support/run.js";

const addresses = (count: number): string =>
  memberKeys(count)
    .map(({ address }) => address)
    .join();

describe("the warnings of rollup:deploy and the verdict of rollup:stage", function () {
  this.timeout(60_000);
  let l1: RemoteL1;
  before(async () => {
    l1 = await startL1();
  });
  after(() => l1.close());
  afterEach(() => rm(join(l1.folder, "remote"), { recursive: true }));

  /** What the plan says that rollup:stage will say, and what it says. */
  async function verdicts(input: Record<string, string>): Promise<{ foretold: string; said: string }> {
    const hre = await l1.connect();
    const deployed = await runTask(hre, "rollup:deploy", { preset: "mainnet", l2ChainId: "42170001", ...input });
    const [, foretold = "Stage 2"] =
      /^Warning: mainnet: .*; rollup:stage will say (.*)$/m.exec(succeed(deployed).stdout) ?? [];
    const { value } = succeed(await runTask(hre, "rollup:stage", { noDrills: true }));
    return { foretold, said: value.stage === undefined ? '"Others"' : `Stage ${value.stage as number}` };
  }

  const cases: [what: string, input: Record<string, string>, verdict: string, foretold?: string][] = [
    ["mainnet's defaults", {}, "Stage 2"],
    ["12 days less to decide about an upgrade", { upgradeDelay: "38d" }, "Stage 1"],
    ["hardly any time to decide", { upgradeDelay: "24d", escapeDelay: "19d" }, "Stage 0"],
    ["a shorter challenge window", { challengeWindow: "6d" }, "Stage 0"],
    ["an escape after upgrades", { escapeDelay: "49d", upgradeDelay: "50d" }, "Stage 1", "Stage 1 at most"],
    ["a small council", { council: addresses(7) }, "Stage 0"],
    ["a large council", { council: addresses(8) }, "Stage 2"],
    ["a small committee", { da: "committee", committeeMembers: addresses(4) }, '"Others"'],
    [
      "a committee of which few sign",
      { da: "committee", committeeMembers: addresses(5), committeeThreshold: "3" },
      '"Others"',
    ],
    ["a committee of five", { da: "committee", committeeMembers: addresses(5) }, "Stage 2"],
  ];
  for (const [what, input, said, foretold = said] of cases) {
    it(`agree about ${what}`, async () => {
      expect(await verdicts(input)).to.deep.equal({ foretold, said });
    });
  }
});
