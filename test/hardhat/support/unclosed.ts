import { network } from "hardhat";

const { ethers, rollup } = await network.create();
const [alice] = await ethers.getSigners();
const chain = await rollup.deploy();
if (alice !== undefined) {
  await chain.deposit(alice, { amount: 7n });
  console.log("credited", (await chain.l2.balance(alice)).toString());
}
