import { expect } from "chai";
import type { Signer } from "ethers";
import { network } from "hardhat";

import { memoryJournal } from "../../deploy/journal.js";
import { parseOne, PARAMETERS, resolveParameters } from "../../deploy/parameters.js";
import { deploySuite } from "../../deploy/suite.js";
import { decodeRevert } from "../../plugin/l1/errors.js";
import type { Hex, RollupParameters } from "../../plugin/types.js";
import { SOME_PROGRAM } from "../support/program.js";
import { BOUNDARIES } from "./support/boundaries.js";

describe("relations between parameters that L1 checks as well", () => {
  let signer: Signer;
  let deployer: Hex;

  before(async () => {
    const { ethers } = await network.create();
    const [first] = await ethers.getSigners();
    if (first === undefined) throw new Error("the network has no accounts");
    [signer, deployer] = [first, first.address as Hex];
  });

  async function deploy(parameters: RollupParameters): Promise<string> {
    const options = { network: "here", program: SOME_PROGRAM, signer, bond: true, restartOnNewChain: false };
    try {
      await deploySuite({ ...options, parameters, journal: memoryJournal() });
    } catch (error) {
      return decodeRevert(error)?.name ?? String(error);
    }
    return "deployed";
  }

  for (const { what, given, parameter, last, first, onL1 } of BOUNDARIES) {
    if (onL1 === undefined) continue;
    it(`end where L1's end: ${what}`, async () => {
      const parameters = resolveParameters(
        { ...given, [parameter]: last },
        { preset: "dev", l1ChainId: 31337n, deployer },
      );
      expect(await deploy(parameters)).to.equal("deployed");
      const parsed = parseOne(PARAMETERS[parameter], first);
      if ("fault" in parsed) throw new Error(parsed.fault);
      expect(await deploy({ ...parameters, [parameter]: parsed.value })).to.equal(onL1);
    });
  }
});
