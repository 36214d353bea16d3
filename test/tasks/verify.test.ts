import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import hardhatVerify from "@nomicfoundation/hardhat-verify";
import { expect } from "chai";
import type { HardhatUserConfig } from "hardhat/types/config";
import type { JsonRpcServer } from "hardhat/types/network";

import { readDeployment, writeDeployment } from "../../deploy/address-book.js";
import rollupPlugin from "../../plugin/index.js";
import { memberKeys } from "../support/committee.js";
import { CHAIN, type Explorers, startExplorers, type Submission } from "./support/explorer.js";
import { environment, runTask, succeed, type TaskRun } from "./support/run.js";

const COUNCIL = memberKeys(3).map(({ address }) => address);

describe("rollup:verify", function () {
  this.timeout(process.env.ROLLUP_TEST_LONG === "1" ? 600_000 : 90_000);
  let folder: string;
  let server: JsonRpcServer;
  let url: string;
  let explorers: Explorers;
  let honest: Explorers["judge"];

  // Hardhat's verification waits half a second before it asks for the first time what became of a submission.
  const { setTimeout: wait } = globalThis;
  before(() => {
    const hurried = (act: (...given: unknown[]) => void, delay?: number, ...given: unknown[]) =>
      wait(act, delay === 500 ? 5 : delay, ...given);
    globalThis.setTimeout = Object.assign(hurried, { __promisify__: wait.__promisify__ }) as typeof setTimeout;
  });
  after(() => {
    globalThis.setTimeout = wait;
  });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rollup-verify-"));
    // Explorers have no contracts of development chains.
    const host = await environment(folder, { networks: { other: { type: "edr-simulated", chainId: CHAIN } } }, "other");
    server = await host.network.createServer("other", "127.0.0.1", 0);
    const { port } = await server.listen();
    url = `http://127.0.0.1:${port.toString()}`;
    const hre = await environment(folder, { networks: { remote: { type: "http", url } } }, "remote");
    succeed(
      await runTask(hre, "rollup:deploy", { preset: "dev", l2ChainId: "424200", council: COUNCIL.join(), yes: true }),
    );
    explorers = await startExplorers((await hre.network.getOrCreate()).ethers.provider);
    honest = explorers.judge;
  });
  beforeEach(() => {
    explorers.judge = honest;
    explorers.submissions.length = 0;
  });
  after(async () => {
    await explorers.close();
    await server.close();
    await rm(folder, { recursive: true });
  });

  async function verify(
    input: Record<string, string | boolean> = {},
    config: HardhatUserConfig = {},
  ): Promise<TaskRun> {
    const apiUrl = (name: string) => `${explorers.url}/${name}`;
    const hre = await environment(
      folder,
      {
        plugins: [rollupPlugin, hardhatVerify],
        networks: { remote: { type: "http", url } },
        chainDescriptors: {
          [CHAIN]: {
            name: "Other",
            blockExplorers: {
              etherscan: { name: "Etherscan", url: explorers.url, apiUrl: apiUrl("etherscan") },
              blockscout: { name: "Blockscout", url: explorers.url, apiUrl: apiUrl("blockscout") },
            },
          },
        },
        verify: {
          etherscan: { apiKey: "key" },
          blockscout: { enabled: false },
          sourcify: { apiUrl: apiUrl("sourcify"), enabled: false },
        },
        ...config,
      },
      "remote",
    );
    return runTask(hre, "rollup:verify", input);
  }

  it("shows every contract, proxies and their admins too, with what created it, and asks again with all sources when few do not do", async () => {
    explorers.judge = async (submission) =>
      submission.contract.endsWith(":CalldataDA") && Object.keys(submission.input.sources).length < 50
        ? "Fail - Unable to verify"
        : honest(submission);
    const run = succeed(await verify());
    const { contracts } = await readDeployment(join(folder, "remote", "rollup.json"));
    const all = Object.values(contracts).flatMap(({ address, implementation, proxyAdmin }) => [
      address,
      ...(implementation === undefined ? [] : [implementation.address]),
      ...(proxyAdmin === undefined ? [] : [proxyAdmin]),
    ]);
    expect(new Set(explorers.submissions.map(({ address }) => address))).to.deep.equal(new Set(all));
    const times = (name: string) =>
      explorers.submissions.filter(({ contract }) => contract.endsWith(`:${name}`)).length;
    expect([times("CalldataDA"), times("UpgradeTimelock"), times("ProxyAdmin")]).to.deep.equal([2, 1, 3]);
    expect(run.stdout.match(/: verified on etherscan/g)).to.have.length(all.length);
    expect(run.stdout).to.include(`${all.length} verified, 0 already verified.`);
    expect(run.stdout).to.include(
      `StateCommitmentChain implementation ${contracts.StateCommitmentChain.implementation?.address}: verified`,
    );

    const again = succeed(await verify());
    expect(again.stdout).to.include(`0 verified, ${all.length} already verified.`);
  });

  it("shows one contract to Blockscout and to Sourcify, which gets the transaction that created it", async () => {
    const run = succeed(await verify({ explorers: "blockscout, sourcify", contract: "SuiteFactory", json: true }));
    expect(explorers.submissions.map(({ explorer }) => explorer)).to.deep.equal(["blockscout", "sourcify"]);
    const { contracts } = await readDeployment(join(folder, "remote", "rollup.json"));
    expect(explorers.submissions[1]?.creationTransaction).to.equal(contracts.SuiteFactory.transaction);
    const { contracts: lines } = JSON.parse(run.stdout) as { contracts: { outcome: string }[] };
    expect(lines.map(({ outcome }) => outcome)).to.deep.equal(["verified", "verified"]);
  });

  it("says in one line which contract an explorer refused, and why, and goes on with the others", async () => {
    const refused: Submission["contract"][] = [];
    explorers.judge = (submission) => {
      refused.push(submission.contract);
      return Promise.resolve(submission.contract.endsWith(":KeccakStateProof") ? "Fail - Unable to verify" : undefined);
    };
    const run = await verify({ explorers: "blockscout", contract: "StateProof" });
    expect(run.exitCode).to.equal(1);
    expect(run.errors).to.have.length(1);
    expect(run.errors[0]).to.match(/^StateProof 0x\w{40}: failed on blockscout: .*Fail - Unable to verify/);
    // With its own sources, then with all.
    expect(refused).to.have.length(2);
    expect(succeed(await verify({ explorers: "blockscout", contract: "DisputeGame" })).stdout).to.include("1 verified");
  });

  it("has nothing to show that is not what the book says: another constructor argument is refused", async () => {
    const book = await readDeployment(join(folder, "remote", "rollup.json"));
    const path = join(folder, "wrong.json");
    await writeDeployment(path, { ...book, parameters: { ...book.parameters, inboxCapacity: 2048n } });
    const run = await verify({ explorers: "blockscout", deployment: path, contract: "L1EscrowBridge" });
    expect(run.errors).to.have.length(1);
    expect(run.errors[0]).to.match(
      /^L1EscrowBridge implementation 0x\w{40}: failed on blockscout: .*not what created it/,
    );
  });

  it("asks an explorer that is down, or of other chains, once", async () => {
    const sourcify = { apiUrl: "http://127.0.0.1:1/sourcify" };
    const down = await verify(
      {},
      { verify: { etherscan: { enabled: false }, blockscout: { enabled: false }, sourcify } },
    );
    expect(down.errors).to.have.length(1);
    expect(down.errors[0]).to.match(/^sourcify: HHE80001: The request to http:\/\/127\.0\.0\.1:1\/sourcify failed/);
    const chainDescriptors = { [CHAIN]: { name: "Other" } };
    const elsewhere = await verify({}, { chainDescriptors });
    expect(elsewhere.stdout).to.match(/^ {2}etherscan: left out; HHE80027: /m);
    expect(elsewhere.errors).to.deep.equal([
      "no explorer has this chain; see `chainDescriptors` of the Hardhat config",
    ]);
    const named = await verify({ explorers: "etherscan" }, { chainDescriptors });
    expect(named.errors[0]).to.match(/^etherscan: HHE80027: /);
  });

  it("says in one line what is missing", async () => {
    const one = async (input: Record<string, string>, config: HardhatUserConfig = {}) => {
      const run = await verify(input, config);
      expect(run.errors).to.have.length(1);
      return run.errors[0];
    };
    expect(await one({}, { plugins: [rollupPlugin] })).to.equal(
      "rollup:verify needs the plugin @nomicfoundation/hardhat-verify: npm install --save-dev it, and name it in `plugins` of the Hardhat config",
    );
    expect(await one({ explorers: "ethersum" })).to.equal(
      "--explorers ethersum is unknown; there are etherscan, blockscout, sourcify",
    );
    expect(await one({ contract: "Bridge" })).to.match(/^--contract Bridge is no contract of this rollup; there are /);
    expect(await one({}, { verify: { blockscout: { enabled: false }, sourcify: { enabled: false } } })).to.equal(
      "every explorer is switched off in `verify` of the Hardhat config",
    );
  });
});
