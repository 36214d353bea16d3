import { createRequire } from "node:module";

import toolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { defineConfig } from "hardhat/config";

import rollup from "./plugin/index.js";
import branchCoverage from "./plugin-coverage/index.js";
import { acceptedWarnings } from "./scripts/solc-warnings.js";

const require = createRequire(import.meta.url);

// The npm package `solc` makes the build work offline; HARDHAT_ROLLUP_SOLC=download lets Hardhat fetch the native one.
const compiler = {
  version: "0.8.30",
  ...(process.env.HARDHAT_ROLLUP_SOLC === "download" ? {} : { path: require.resolve("solc/soljson.js") }),
  settings: {
    optimizer: { enabled: true, runs: 10_000 },
    viaIR: true,
    evmVersion: "cancun",
    // Bytecode must not depend on who compiled it: source paths enter the metadata hash.
    metadata: { bytecodeHash: "none" as const },
  },
};

export default defineConfig({
  plugins: [toolbox, rollup, branchCoverage, acceptedWarnings],
  solidity: {
    // One set of settings: what the tests measure is what the package ships.
    profiles: {
      default: compiler,
      production: { ...compiler, isolated: false },
    },
    splitTestsCompilation: true,
  },
  coverage: { skipFiles: ["contracts/mocks/**", "contracts/demo/**"] },
  paths: { sources: "./contracts", tests: { mocha: "./test", solidity: "./test/solidity" } },
  networks: {
    // Keys of its well-known accounts, because transactions of the L2 are signed here.
    anvil: {
      type: "http",
      url: process.env.ANVIL_URL ?? "http://127.0.0.1:8545",
      accounts: { mnemonic: "test test test test test test test test test test test junk" },
    },
  },
  typechain: { outDir: "typechain-types" },
  test: { mocha: { timeout: 60_000 } },
});
