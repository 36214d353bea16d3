import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { getAddress, Wallet } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { htmlOf } from "../../tasks/rehearse/html/page.js";
import { KNOWN_TOKENS } from "../../tasks/rehearse/known-tokens.js";
import type { RehearsalReport, TokenReport } from "../../tasks/rehearse/types.js";
import { type Anvil, anvilPath, startAnvil } from "../l1/support/anvil.js";
import { type AwkwardChain, awkwardChain } from "./support/awkward.js";
import { environment, runTask, type TaskRun } from "./support/run.js";
import { makeProject, interruptAt } from "./support/service.js";

const STEPS = ["deploy", "fund", "sequencer", "deposits", "transfers", "withdrawals", "claims"];
const ENDS = ["fraud", "upgrade", "escape", "durations"];
/** Deposits whose amounts a report shows in full. */
const MAX_PAGE = 300_000;

describe("rollup:rehearse on a node that plays chain 1", function () {
  this.timeout(180_000);
  let anvil: Anvil;
  let awkward: AwkwardChain;
  let folder: string;
  let hre: HardhatRuntimeEnvironment;
  let parameters: string;

  before(async function () {
    const path = anvilPath();
    // An optional dependency: npm has anvil for some platforms only.
    if (path === undefined) return this.skip();
    anvil = await startAnvil(path, "--chain-id", "1");
    awkward = await awkwardChain(anvil);
    folder = await mkdtemp(join(tmpdir(), "rollup-rehearse-test-"));
    hre = await environment(folder);
    parameters = await fileOf("real.json", {
      ...{ l2ChainId: 84_532_001, upgrader: `safe:${awkward.safe}`, guardian: Wallet.createRandom().address },
    });
  });
  after(async () => {
    anvil.provider.destroy();
    await anvil.stop();
    await rm(folder, { recursive: true });
  });

  async function fileOf(name: string, value: object): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, JSON.stringify(value));
    return path;
  }

  function rehearse(input: Record<string, string | number | boolean>): Promise<TaskRun> {
    return runTask(hre, "rollup:rehearse", { fork: anvil.url, parameters, tokens: "none", ...input });
  }

  describe("with the mainnet preset and awkward tokens", () => {
    let run: TaskRun;
    let report: RehearsalReport;
    let json: Record<string, unknown>;
    let html: string;
    let source: Source;
    let written: string;
    const poor = Wallet.createRandom().address;
    const noToken = getAddress(`0x${"ee".repeat(20)}`);

    before(async () => {
      written = join(folder, "report");
      source = await sourceOf(anvil);
      const { holder, tokens } = awkward;
      const list = Object.entries(tokens).map(([name, address]) => ({
        address,
        ...(name === "standard" ? {} : { holder: name === "rebasing" ? poor : holder }),
      }));
      const given = await fileOf("tokens.json", [...list, { address: noToken }]);
      run = await rehearse({ tokens: given, report: written, json: true, deployer: holder });
      report = run.value as unknown as RehearsalReport;
      json = JSON.parse(await readFile(join(written, "report.json"), "utf8")) as Record<string, unknown>;
      html = await readFile(join(written, "report.html"), "utf8");
    });

    const tokenOf = (name: string): TokenReport => {
      const found = report.tokens.find(({ address }) => address === awkward.tokens[name]);
      if (found === undefined) throw new Error(`the report has no token that ${name}`);
      return found;
    };
    const findingsOf = (name: string) => report.findings.filter(({ token }) => token === awkward.tokens[name]);
    const stepOf = (id: string) => report.steps.find((step) => step.id === id);

    it("ends well, step by step, and says so", () => {
      expect(run.errors).to.deep.equal([]);
      expect(report.verdict).to.include({ ok: true, failed: 0, skipped: 0 });
      expect(report.steps.map(({ id }) => id)).to.deep.equal([...STEPS, ...ENDS]);
      expect(report.verdict.line).to.match(/^Nothing essential went wrong: \d+ of 11 steps as expected/);
      expect(run.stderr).to.include(report.verdict.line);
    });

    it("leaves the chain that was forked alone", async () => {
      expect(await sourceOf(anvil)).to.deep.equal(source);
      expect(report.rehearsed).to.include({ chainId: 1n, block: source.number, blockHash: source.hash });
      expect(report.rehearsed.preset).to.equal("mainnet");
    });

    it("keeps money whole: what the bridge holds is what it owes, and everybody got theirs in the end", () => {
      const took = report.tokens.filter(({ deposit }) => deposit !== undefined);
      expect(took.length).to.be.greaterThan(8);
      for (const { symbol, bridge, escape } of took) {
        expect(bridge?.held, symbol).to.equal(bridge?.owed);
        expect(escape?.putIn, symbol).to.equal((escape?.takenOut ?? 0n) + (escape?.leftBehind ?? 0n));
      }
      const [eth] = report.tokens;
      expect(eth?.escape).to.include({ leftBehind: 0n, received: eth?.escape?.takenOut });
      expect(eth?.withdrawals.every(({ received, amount }) => received === amount)).to.equal(true);
    });

    it("finds a holder by itself where nobody was named", () => {
      expect(tokenOf("standard").holder).to.equal(awkward.holder);
      expect(tokenOf("standard").deposit?.credited).to.equal(800n * 10n ** 18n);
    });

    it("credits what arrives of a token with a fee, and says it once", () => {
      const { deposit, withdrawals } = tokenOf("fee");
      expect(deposit?.credited).to.equal(((deposit?.paid ?? 0n) * 9n) / 10n);
      for (const { amount, received } of withdrawals) expect(received).to.equal((amount * 9n) / 10n);
      expect(findingsOf("fee").map(({ what }) => what)).to.have.length(1);
    });

    for (const name of ["returns nothing", "returns false", "hooks", "24 decimals", "script in its name"]) {
      it(`pays a token that ${name} as any other`, () => {
        const { deposit, withdrawals } = tokenOf(name);
        expect(deposit?.credited).to.equal(deposit?.paid);
        expect(withdrawals.map(({ received }) => received)).to.deep.equal(withdrawals.map(({ amount }) => amount));
        expect(withdrawals).to.have.length(2);
        expect(findingsOf(name)).to.deep.equal([]);
      });
    }

    for (const name of ["blocklist", "proxy"]) {
      it(`turns the claim of a blocked account into a credit, and pays it elsewhere (${name})`, () => {
        const { withdrawals, escape } = tokenOf(name);
        const [bob, dave] = withdrawals;
        expect([bob?.credited, dave?.credited, dave?.received]).to.deep.equal([0n, dave?.amount, 0n]);
        expect(escape?.leftBehind).to.equal(0n);
        const said = stepOf("claims")?.story.join("\n") ?? "";
        expect(said).to.include("dave's credit is refused to him").and.to.include("paid to another account of his");
      });
    }

    it("goes on where a token cannot be paid out as it should, and says what is open", () => {
      const { withdrawals, escape } = tokenOf("charges the sender");
      expect(withdrawals).to.deep.equal([]);
      expect(escape).to.include({ takenOut: 0n, leftBehind: escape?.putIn });
      const said = findingsOf("charges the sender").map(({ step, what }) => `${step}: ${what}`);
      expect(said.filter((line) => /^claims: A withdrawal of .* cannot be claimed$/.test(line))).to.have.length(2);
      expect(said.some((line) => line.startsWith("upgrade: Carol cannot claim her"))).to.equal(true);
      expect(new Set(said.filter((line) => line.includes("could not take"))).size).to.be.greaterThan(2);
      expect(tokenOf("moves half").withdrawals.map(({ amount, credited }) => credited * 2n === amount)).to.not.include(
        false,
      );
    });

    it("knows a proxy", () => {
      expect(tokenOf("proxy").traits.join()).to.match(/proxy of 0x[0-9a-fA-F]{40}/);
    });

    for (const [name, why] of [
      ["rebasing", "has too little"],
      ["silent", "does not say balances"],
      ["paused", "cannot send any"],
      ["moves nothing", ""],
    ] as const) {
      it(`says of a token why it takes no part, or takes part (${name})`, () => {
        const { absent, deposit } = tokenOf(name);
        if (why === "") expect(deposit?.credited).to.equal(deposit?.paid);
        else {
          expect(absent).to.include(why);
          expect(findingsOf(name)).to.have.length(1);
        }
      });
    }

    it("says that there is no token where there is no code", () => {
      const { what } = report.findings.find(({ token }) => token === noToken) ?? { what: "" };
      expect(what).to.include("there is no code at its address");
    });

    it("has a lie slashed, in bounded time", () => {
      expect(stepOf("fraud")?.outcome).to.equal("as expected");
      const dispute = report.durations.find(({ what }) => what.includes("slashed"));
      expect(dispute?.ok).to.equal(true);
      expect(dispute?.measured).to.be.greaterThan(0n);
      const kinds = report.gas.map(({ kind }) => kind);
      expect(kinds).to.include.members(["DisputeGame.counterBatch", "DisputeGame.counter", "DisputeGame.step"]);
    });

    it("has the Safe announce an upgrade, refuses it early, lets carol leave and executes it", () => {
      const told = stepOf("upgrade")?.story.join("\n") ?? "";
      expect(told)
        .to.include(`${awkward.safe} announced`)
        .and.to.match(/Executed at once it is refused: operation/);
      expect(told).to.match(/Carol left with everything by .*, \d+ days before/);
      expect(stepOf("upgrade")?.checks.some(({ what, ok }) => what === "Code behind L1EscrowBridge" && ok)).to.equal(
        true,
      );
      const sent = report.transactions.filter(({ kind }) => kind.startsWith("UpgradeTimelock."));
      expect(sent.map(({ from }) => from)).to.deep.equal([awkward.safe, awkward.safe]);
    });

    it("names who has which role, and what is there", () => {
      const upgrader = report.roles.find(({ role }) => role.startsWith("upgrader"));
      expect(upgrader).to.include({ account: awkward.safe, holder: "Safe 2 of 3" });
      const guardian = report.roles.find(({ role }) => role.startsWith("guardian"));
      expect(guardian?.holder).to.equal("no code yet, no transaction yet");
    });

    it("measures on L1's clock what the parameters promise", () => {
      expect(report.durations).to.have.length(6);
      for (const { what, measured, promised, bound, ok } of report.durations) {
        expect(bound === "most" ? measured <= promised : measured >= promised, what).to.equal(true);
        expect(ok, what).to.equal(true);
      }
    });

    it("takes every number of gas from a receipt", () => {
      const sum = report.transactions.filter(({ ok }) => ok).reduce((total, { gasUsed }) => total + gasUsed, 0n);
      expect(report.gas.reduce((total, row) => total + row.sum, 0n)).to.equal(sum);
      for (const { kind, count, min, mean, max } of report.gas) {
        const of = report.transactions.filter((each) => each.kind === kind && each.ok);
        expect(of.length, kind).to.equal(count);
        expect(min <= mean && mean <= max, kind).to.equal(true);
      }
      expect(report.audit.failed).to.deep.equal([]);
      expect(report.audit.checks).to.be.greaterThan(50);
    });

    it("gives evidence for what it says: every transaction that it names was sent", () => {
      const sent = new Set(report.transactions.map(({ hash }) => hash));
      const named = [
        ...report.findings.flatMap(({ transaction }) => transaction ?? []),
        ...report.durations.flatMap(({ from, to }) => [from, to]),
        ...report.steps.flatMap(({ checks }) => checks.flatMap(({ transaction }) => transaction ?? [])),
      ];
      expect(named.length).to.be.greaterThan(50);
      expect(named.filter((hash) => !sent.has(hash))).to.deep.equal([]);
    });

    it("writes the same as JSON, on stdout as well", () => {
      expect(JSON.parse(run.stdout)).to.deep.equal(json);
      expect(json).to.have.all.keys(Object.keys(report));
      expect((json.rehearsed as { chainId: string }).chainId).to.equal("1");
    });

    it("writes a page that needs nothing else, is not large, and believes no token", async () => {
      expect((await stat(join(written, "report.html"))).size).to.be.lessThan(MAX_PAGE);
      expect(html).not.to.match(/<script|<link|<img|<iframe|src=|url\(|@import|https?:\/\//);
      const evil = "<script>alert(1)</script>";
      const [finding] = report.findings;
      const [token] = report.tokens;
      if (finding === undefined || token === undefined) throw new Error("there is nothing to write");
      const injected = htmlOf({
        ...report,
        findings: [{ ...finding, what: evil, error: evil, actual: evil }],
        tokens: [{ ...token, symbol: evil, traits: [evil], absent: evil }],
      });
      expect(injected).to.include("&lt;script&gt;alert(1)").and.not.include("<script");
      for (const { what } of report.findings) expect(html).to.include(what.slice(0, 10));
      for (const { what } of report.durations) expect(html).to.include(what.slice(0, 12));
      const ids = new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
      const links = [...html.matchAll(/href="#([^"]+)"/g)].map(([, to]) => to);
      expect(links.length).to.be.greaterThan(10);
      expect(links.filter((to) => !ids.has(to))).to.deep.equal([]);
      expect(html).to.include("prefers-color-scheme: dark").and.to.include("@media print");
    });

    it("leaves nothing of its own behind", async () => {
      expect((await readdir(written)).sort()).to.deep.equal(["report.html", "report.json"]);
    });
  });

  describe("refuses in one line, and writes nothing,", () => {
    const refused = async (input: Record<string, string | number | boolean>, line: string | RegExp) => {
      const { exitCode, errors } = await rehearse({ report: join(folder, "nothing"), ...input });
      expect(exitCode).to.equal(1);
      expect(errors.join("\n")).to.match(typeof line === "string" ? new RegExp(line) : line);
      expect(existsSync(join(folder, "nothing"))).to.equal(false);
    };

    it("without a URL", () => refused({ fork: "" }, /^--fork is missing/));
    it("a URL where nobody answers", () => refused({ fork: "http://127.0.0.1:9" }, /cannot be forked/));
    it("a URL with a password, which it does not repeat", () =>
      refused({ fork: "http://user:secret@127.0.0.1:9/key" }, /^http:..127\.0\.0\.1:9 cannot be forked: (?!.*secret)/));
    it("a report where a file is", () => refused({ report: import.meta.filename }, /^--report \S+ is no folder/));
    it("a block that is not there", () => refused({ block: 9_999_999 }, /has no block 9999999/));
    it("a preset that is none", () => refused({ preset: "production" }, /^--preset production is unknown/));
    it("a parameter file that is not there", () => refused({ parameters: "/no/file.json" }, /there is no such file/));
    it("a parameter file with a wrong value", async () =>
      refused({ parameters: await fileOf("w.json", { challengeWindow: "soon" }) }, /^challengeWindow: is "soon"/));
    it("parameters without a chain id, as rollup:deploy does", async () =>
      refused({ parameters: await fileOf("n.json", {}) }, /^l2ChainId: missing/));
    it("the chain id of L1 for L2", async () =>
      refused({ parameters: await fileOf("o.json", { l2ChainId: 1 }) }, /^l2ChainId/));
    it("nobody who upgrades", async () =>
      refused(
        { parameters: await fileOf("z.json", { l2ChainId: 7_777_777, upgrader: `0x${"0".repeat(40)}` }) },
        /^upgrader: is the zero address/,
      ));
    it("a Safe that is none", async () =>
      refused(
        { parameters: await fileOf("s.json", { l2ChainId: 7_777_777, upgrader: `safe:0x${"5a".repeat(20)}` }) },
        /is no Safe on this chain/,
      ));
    it("tokens that are none", () => refused({ tokens: "0x1234" }, /^--tokens: "0x1234" is no address/));
    it("a list of tokens that is not there", () =>
      refused({ tokens: "tokens.csv" }, /^--tokens: tokens.csv is neither/));
    it("gas prices that are none", () => refused({ gasPrices: "5,cheap" }, /^--gas-prices 5,cheap is none/));
  });

  it("ends on Ctrl-C, with nothing half done", async () => {
    const project = await mkdtemp(join(tmpdir(), "rollup-rehearse-project-"));
    try {
      await makeProject(project);
      const input = ["rollup:rehearse", "--fork", anvil.url, "--parameters", parameters, "--tokens", "none"];
      const { exitCode, stderr } = await interruptAt(project, input, "Deposit ETH");
      expect(exitCode).to.equal(1);
      expect(stderr).to.include("interrupted: the fork is gone, no report was written");
      expect(existsSync(join(project, "rehearsals"))).to.equal(false);
    } finally {
      await rm(project, { recursive: true });
    }
  });

  it("knows tokens by right addresses", () => {
    for (const token of [...KNOWN_TOKENS.values()].flat()) {
      expect(getAddress(token.address)).to.equal(token.address);
      if (token.holder !== undefined) expect(getAddress(token.holder)).to.equal(token.holder);
    }
  });
});

interface Source {
  number: number;
  hash: string | null;
  stateRoot: string | null;
}

async function sourceOf({ provider }: Anvil): Promise<Source> {
  const block = await provider.getBlock("latest");
  if (block === null) throw new Error("anvil has no block");
  return { number: block.number, hash: block.hash, stateRoot: block.stateRoot };
}
