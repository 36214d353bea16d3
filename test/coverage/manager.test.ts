import { expect } from "chai";
import { HardhatPluginError } from "hardhat/plugins";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { HardhatLibraryError, librarySources } from "../../plugin-coverage/internal/library.js";
import { extendManager } from "../../plugin-coverage/internal/manager.js";

describe("branch coverage beside another Hardhat", () => {
  it("is refused when its coverage manager is another one", () => {
    for (const manager of [undefined, {}, { data: new Map(), report: () => undefined }]) {
      const hre = { _coverage: manager } as unknown as HardhatRuntimeEnvironment;
      expect(() => extendManager(hre, "coverage")).to.throw(HardhatPluginError, "Hardhat 3.17");
    }
  });

  it("is refused when it instruments in another way", () => {
    expect(() => librarySources(["contracts/C.sol", "hardhat/console.sol"])).to.throw(
      HardhatLibraryError,
      "Hardhat 3.17",
    );
  });
});
