// Hardhat 2 for solidity-coverage. It runs in the workspace that run.mjs makes.
require("tsx/cjs");
require("@nomicfoundation/hardhat-toolbox");
require("./shim/matchers.cjs");

const { subtask } = require("hardhat/config");
const { TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD } = require("hardhat/builtin-tasks/task-names");

// The compiler of npm: no download.
subtask(TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD, async ({ solcVersion }) => {
  const solc = require("solc");
  if (!solc.version().startsWith(solcVersion))
    throw new Error(`solc ${solcVersion} is wanted, ${solc.version()} is installed`);
  return {
    compilerPath: require.resolve("solc/soljson.js"),
    isSolcJs: true,
    version: solcVersion,
    longVersion: solc.version(),
  };
});

const escaped = (title) => title.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
const without = (process.env.COVERAGE_WITHOUT ?? "").split("\n").filter((title) => title !== "");

module.exports = {
  solidity: {
    version: "0.8.30",
    settings: {
      optimizer: { enabled: true, runs: 200 },
      viaIR: true,
      evmVersion: "cancun",
      metadata: { bytecodeHash: "none" },
    },
  },
  networks: { hardhat: { hardfork: "prague", allowUnlimitedContractSize: true } },
  typechain: { outDir: "typechain-types", target: "ethers-v6" },
  mocha: {
    timeout: 240_000,
    ...(without.length === 0 ? {} : { grep: new RegExp(without.map(escaped).join("|")), invert: true }),
  },
};
