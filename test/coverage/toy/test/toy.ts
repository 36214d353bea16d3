import { expect } from "chai";
import { network } from "hardhat";

describe("Toy", () => {
  it("adds", async () => {
    const { ethers } = await network.create();
    const toy = await ethers.deployContract("Toy");
    await toy.add(12);
    await toy.add(2);
    expect(await toy.total()).to.equal(27n);
    expect(await toy.both(true, false, true)).to.equal(true);
    expect(await toy.lowLevel(5)).to.equal(8n);
    expect(await toy.behindAllocated(5)).to.equal(6n);
    await expect(toy.add(0)).to.be.revertedWith("zero");
  });

  it("is large", async () => {
    const { ethers } = await network.create();
    const large = await ethers.deployContract("Large");
    expect(await large.isPadded(1, 2)).to.equal(false);
  });
});
