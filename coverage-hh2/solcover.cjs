const { glob, runTypeChain } = require("typechain");

module.exports = {
  skipFiles: ["mocks", "demo"],
  istanbulReporter: ["html", "lcov", "text"],
  // The tests deploy through TypeChain's factories, which must hold the instrumented bytecode.
  async onCompileComplete({ paths: { root, artifacts } }) {
    const allFiles = glob(root, [`${artifacts}/!(build-info)/**/+([a-zA-Z0-9_]).json`]);
    const flags = { environment: "hardhat", alwaysGenerateOverloads: false, discriminateTypes: false, tsNocheck: true };
    await runTypeChain({
      ...{ cwd: root, allFiles, filesToProcess: allFiles, outDir: "typechain-types", target: "ethers-v6" },
      flags: { ...flags, node16Modules: true },
    });
  },
};
