import { expect } from "chai";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import type { HardhatUserConfig } from "hardhat/types/config";

import { validateRollupConfig } from "../../plugin/hardhat/config.js";
import rollupPlugin from "../../plugin/index.js";

/** What JavaScript users may write. */
function faults(rollup: unknown) {
  return validateRollupConfig({ rollup } as HardhatUserConfig);
}

describe("rollup in the Hardhat config", () => {
  it("may be absent", async () => {
    expect(await validateRollupConfig({})).to.deep.equal([]);
    const { config } = await createHardhatRuntimeEnvironment({ plugins: [rollupPlugin] });
    expect(config.rollup.parameters).to.deep.equal({});
    expect(config.rollup.deployments).to.equal(`${config.paths.root}/deployments`);
  });

  it("keeps parameters, and makes the folder absolute", async () => {
    const { config } = await createHardhatRuntimeEnvironment({
      plugins: [rollupPlugin],
      rollup: { parameters: { challengeWindow: "2h" }, deployments: "books" },
    });
    expect(config.rollup.parameters).to.deep.equal({ challengeWindow: "2h" });
    expect(config.rollup.deployments).to.equal(`${config.paths.root}/books`);
  });

  it("names each fault by its path, without throwing", async () => {
    expect(await faults(7)).to.deep.equal([{ path: ["rollup"], message: "Expected an object" }]);
    const errors = await faults({
      parameters: { l2ChainID: 5, challengeWindow: "soon" },
      deployments: 3,
      depolyments: "",
    });
    expect(errors.map(({ path }) => path.join("."))).to.deep.equal([
      "rollup.depolyments",
      "rollup.deployments",
      "rollup.parameters.l2ChainID",
      "rollup.parameters.challengeWindow",
    ]);
    expect(errors[2]?.message).to.equal("no such parameter; did you mean l2ChainId?");
  });

  it("is refused by Hardhat with that path", async () => {
    let message = "";
    try {
      await createHardhatRuntimeEnvironment({
        plugins: [rollupPlugin],
        rollup: { parameters: { challengeWindow: "soon" } },
      });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).to.include("config.rollup.parameters.challengeWindow");
  });

  it("gives every connection the facade without loading it", async () => {
    const { network } = await createHardhatRuntimeEnvironment({ plugins: [rollupPlugin] });
    const connection = await network.create();
    expect(connection.rollup).to.have.keys("deploy", "attach");
    await connection.close();
  });
});
