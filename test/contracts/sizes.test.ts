import { expect } from "chai";
import { dataLength } from "ethers";
import { artifacts } from "hardhat";

/** Bytes of runtime code; the EVM's own limit is 24,576. */
const LIMIT = 20_000;

describe("contract sizes", () => {
  it(`are below ${LIMIT} bytes`, async () => {
    const names = [...(await artifacts.getAllFullyQualifiedNames())].filter(
      (name) => name.startsWith("contracts/") && !name.startsWith("contracts/mocks/"),
    );
    const sizes = await Promise.all(
      names.map(async (name) => [name, dataLength((await artifacts.readArtifact(name)).deployedBytecode)] as const),
    );
    expect(sizes.filter(([, size]) => size > 0)).to.have.length.of.at.least(6);
    expect(sizes.filter(([, size]) => size >= LIMIT)).to.deep.equal([]);
  });
});
