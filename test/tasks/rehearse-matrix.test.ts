import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { ZeroAddress } from "ethers";

import type { RehearsalReport } from "../../tasks/rehearse/types.js";
import { anvilPath, startAnvil } from "../l1/support/anvil.js";
import { awkwardChain } from "./support/awkward.js";
import { environment, runTask } from "./support/run.js";

interface Case {
  what: string;
  flags?: string[];
  parameters?: object;
  /** Which tokens; default three. Each is a few proofs more. */
  tokens?: string[];
  /** Steps that are not as expected, and why. */
  otherwise?: Record<string, RegExp>;
}

const MEMBERS = Array.from({ length: 6 }, (_, i) => `0x${(i + 1).toString(16).repeat(40)}`);

const THREE = ["standard", "returns nothing", "blocklist"];

const CASES: Case[] = [
  { what: "blobs", parameters: { da: "blob" }, otherwise: { escape: /No batch's data went into blobs/ } },
  {
    what: "a committee, whose members run here",
    parameters: { da: "committee", committeeMembers: MEMBERS },
    otherwise: { deploy: /committee's 6 members ran in this process/ },
  },
  {
    what: "validity proofs",
    parameters: { proof: "validity", slots: 8, levels: 6 },
    tokens: ["blocklist"],
    otherwise: { deploy: /keys for development/ },
  },
  { what: "a base fee of 3,000 gwei", flags: ["--base-fee", "3000000000000"] },
  { what: "a head that is years old", flags: ["--timestamp", "1500000000"] },
  { what: "nobody who pauses", parameters: { guardian: ZeroAddress } },
  { what: "the preset for development", flags: ["--chain-id", "31337"], parameters: { preset: "dev" } },
];

// Ten seconds each, minutes with validity proofs: what one run in rehearse.test.ts does not show.
if (process.env.ROLLUP_TEST_LONG === "1") {
  describe("rollup:rehearse on many kinds of chains and suites", function () {
    this.timeout(1_800_000);

    for (const { what, flags = [], parameters = {}, tokens: wanted = THREE, otherwise = {} } of CASES) {
      it(what, async function () {
        const path = anvilPath();
        // An optional dependency: npm has anvil for some platforms only.
        if (path === undefined) return this.skip();
        const anvil = await startAnvil(path, ...(flags.includes("--chain-id") ? [] : ["--chain-id", "1"]), ...flags);
        const folder = await mkdtemp(join(tmpdir(), "rollup-rehearse-matrix-"));
        try {
          const { tokens, holder } = await awkwardChain(anvil);
          const file = join(folder, "parameters.json");
          await writeFile(file, JSON.stringify({ l2ChainId: 84_532_001, ...parameters }));
          const named = wanted.map((name) => `${tokens[name] ?? ""}=${holder}`);
          const hre = await environment(folder);
          const { errors, value } = await runTask(hre, "rollup:rehearse", {
            ...{ fork: anvil.url, parameters: file, tokens: named.join(","), report: folder },
          });
          expect(errors).to.deep.equal([]);
          const report = value as unknown as RehearsalReport;
          expect(report.verdict).to.include({ ok: true, failed: 0, skipped: 0 });
          for (const { step, what: found } of report.findings) {
            expect(otherwise[step], `${step}: ${found}`).to.be.instanceOf(RegExp);
            expect(found).to.match(otherwise[step]!);
          }
          expect(await readFile(join(folder, "report.html"), "utf8")).to.include(report.verdict.line);
        } finally {
          anvil.provider.destroy();
          await anvil.stop();
          await rm(folder, { recursive: true });
        }
      });
    }
  });
}
