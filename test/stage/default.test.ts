import { expect } from "chai";
import { parseEther, Wallet } from "ethers";

import type { StageReport } from "../../plugin/stage/types.js";
import {
  DataAvailabilityCommittee__factory,
  StandardToken__factory,
  UpgradeTimelock__factory,
} from "../../typechain-types/index.js";
import { memberKeys } from "../support/committee.js";
import { someKey } from "../support/groth16.js";
import { deployStaged, failing, finding } from "../support/stage.js";

const PEOPLE = ["rollup-declared", "node-source"];

function open({ findings }: StageReport): string[] {
  return findings.filter(({ result }) => result === "not checkable").map(({ id }) => id);
}

describe("stage: what the mainnet preset deploys", function () {
  this.timeout(120_000);

  it("is of Stage 2 on calldata, but for what L1 does not tell; all drills end well", async () => {
    const { report, deployment } = await deployStaged();
    const found = await report({ drills: "all", book: deployment });
    expect(failing(found)).to.deep.equal([]);
    expect(open(found)).to.deep.equal(PEOPLE);
    expect(found).to.include({ stage: 2, category: "optimistic rollup", others: undefined, drills: true });
    expect(finding(found, "exit-window-30d").reason).to.equal("32d (2764800 s) to decide after an announcement");
    const { evidence } = finding(found, "silent-sequencer");
    expect(evidence.map(({ what }) => what)).to.deep.equal(["posted after", "final after", "paid after", "paid"]);
    // 12 hours of silence, 7 days of window.
    expect(finding(found, "silent-sequencer").reason).to.equal(
      "a forced withdrawal was paid after 7d 12h, with strangers alone",
    );
    expect(finding(found, "silent-everyone").reason).to.match(/^everybody took out everything, to the wei, 30d/);
    expect(new Set(found.findings.map(({ id }) => id)).size).to.equal(found.findings.length);
  });

  it("is of Stage 2 on blobs, with a council and cancellers", async () => {
    const accounts = memberKeys(12).map(({ address }) => address);
    const { report } = await deployStaged({
      da: "blob",
      cancellers: accounts.slice(0, 2),
      council: accounts.slice(2, 10),
    });
    const found = await report({ drills: "all" });
    expect(failing(found)).to.deep.equal([]);
    expect(open(found)).to.deep.equal([...PEOPLE, "council-outsiders"]);
    expect(found).to.include({ stage: 2, category: "optimistic rollup" });
    expect(finding(found, "council").reason).to.equal("6 of 8 members are a quorum");
  });

  it("is an optimium with a committee of five, of Stage 2 but for where its data are", async () => {
    const committeeMembers = memberKeys(5).map(({ address }) => address);
    const { report } = await deployStaged({ da: "committee", committeeMembers });
    const found = await report({ drills: "all" });
    expect(failing(found)).to.deep.equal([]);
    expect(found).to.include({ stage: 2, category: "optimium", others: undefined });
    expect(finding(found, "data-available").reason).to.match(
      /^this is an optimium: data are with 5 members, of whom 4/,
    );
  });

  it('stands under "Others" with a committee of 2 of 3, or of 4 of 7', async () => {
    const members = (count: number) => memberKeys(count).map(({ address }) => address);
    const small = await (await deployStaged({ da: "committee", committeeMembers: members(3) })).report();
    expect(failing(small)).to.deep.equal(["data-available"]);
    expect(finding(small, "data-available").reason).to.equal("epoch 0 has 3 members, fewer than 5");
    expect(small.others?.reason).to.equal("SMALL_DAC");
    const low = await deployStaged({ da: "committee", committeeMembers: members(7), committeeThreshold: 4 });
    const report = await low.report();
    expect(failing(report)).to.deep.equal(["data-available"]);
    expect(finding(report, "data-available").reason).to.equal("in epoch 0 4 of 7 sign, less than two thirds");
    expect(report.others?.reason).to.equal("LOW_DAC_THRESHOLD");
  });

  it("stays so in the middle of a life: balances, tokens, pending batches, withdrawals that nobody claimed", async () => {
    const { report, deployment, connection, signers } = await deployStaged();
    const chain = await connection.rollup.attach(deployment);
    const [, alice, bob] = signers;
    if (alice === undefined || bob === undefined) throw new Error("the network has no accounts");
    const token = await new StandardToken__factory(alice).deploy();
    await token.mint(alice, 1_000n);
    await chain.deposit(alice, { amount: parseEther("5") });
    await chain.deposit(alice, { amount: 700n, token, to: bob.address });
    await (await chain.l2.wallet(alice).sendTransaction({ to: bob.address, value: parseEther("1") })).wait();
    await chain.l2.withdraw(alice, { amount: parseEther("0.5") });
    await chain.finalize();
    await chain.l2.withdraw(bob, { amount: 200n, token });
    await chain.sequencer.post();
    await chain.deposit(bob, { amount: 3n });
    await chain.close();
    const found = await report({ drills: "all" });
    expect(failing(found)).to.deep.equal([]);
    expect(open(found)).to.deep.equal(PEOPLE);
    expect(finding(found, "state-roots").reason).to.equal("2 batches are on L1, 1 of them final");
    expect(finding(found, "state-rebuilt").reason).to.match(/^3 batches were executed from L1 data alone/);
    const { evidence } = finding(found, "silent-everyone");
    const sums = Object.fromEntries(evidence.map(({ what, value }) => [what, value]));
    // With those of the drill.
    expect(sums.ETH).to.equal("7.000000000000000003 in the bridge, 7.000000000000000003 taken out, 0 left");
    expect(sums[await token.getAddress()]).to.equal("700 in the bridge, 700 taken out, 0 left");
  });

  it("names what is missing in the bridge", async () => {
    const { report, facts, connection, deployment, signers } = await deployStaged();
    const chain = await connection.rollup.attach(deployment);
    await chain.deposit(signers[1]!, { amount: parseEther("5") });
    await chain.finalize();
    await chain.close();
    await connection.networkHelpers.setBalance(facts.bridge, parseEther("2"));
    const found = await report({ drills: "all" });
    expect(failing(found)).to.deep.equal(["silent-everyone", "walk-away"]);
    expect(finding(found, "silent-everyone").reason).to.match(/0x\w+: .*ETH/);
  });

  it("has every epoch of a committee that attests looked at", async () => {
    const committeeMembers = memberKeys(6).map(({ address }) => address);
    const { report, facts, connection } = await deployStaged({ da: "committee", committeeMembers });
    const { address } = facts.timelock;
    const timelock = await connection.ethers.getImpersonatedSigner(address);
    await connection.networkHelpers.setBalance(address, parseEther("1"));
    const committee = DataAvailabilityCommittee__factory.connect(facts.committee!.address, timelock);
    await committee.startEpoch(committeeMembers.slice(0, 1), 1n, 0n);
    await committee.startEpoch(committeeMembers, 4n, 0n);
    const found = await report();
    expect(failing(found)).to.deep.equal(["data-available"]);
    expect(finding(found, "data-available").reason).to.equal("epoch 1 has 1 members, fewer than 5");
  });

  it("is no verdict on the suite that the blobs of a batch are gone", async () => {
    const { report, deployment, connection, signers } = await deployStaged({ da: "blob" });
    const chain = await connection.rollup.attach(deployment);
    const [, alice] = signers;
    if (alice === undefined) throw new Error("the network has no accounts");
    await chain.deposit(alice, { amount: parseEther("5") });
    const wallet = chain.l2.wallet(alice);
    // So many that a blob is cheaper than their calldata.
    for (let i = 0; i < 12; i++) await (await wallet.sendTransaction({ to: alice.address, value: 1n })).wait();
    await chain.sequencer.post();
    await chain.close();
    const found = await report({ drills: "all" });
    expect(failing(found)).to.deep.equal([]);
    expect(open(found)).to.include.members(["state-rebuilt", "pause-scope", "silent-everyone", "walk-away"]);
    expect(finding(found, "state-rebuilt").reason).to.match(/^the data of a batch cannot be had here \(--archive/);
    expect(finding(found, "anyone-challenges").result).to.equal("pass");
  });

  it("with validity proofs it is a ZK rollup, or a validium, of Stage 2, as far as a drill gets without a prover's key", async () => {
    const keys = { onL1: someKey("on L1"), withCommittee: someKey("with a committee") };
    const { report, deployment } = await deployStaged({ proof: "validity" }, { onL1: keys.onL1 });
    const found = await report({ drills: "all", book: deployment });
    expect(failing(found)).to.deep.equal([]);
    expect(open(found)).to.deep.equal([...PEOPLE, "program", "ceremony", "pause-scope", "silent-sequencer"]);
    expect(found).to.include({ stage: 2, category: "ZK rollup", others: undefined });
    expect(finding(found, "walk-away").reason).to.match(/^without them: everybody took out everything, to the wei/);
    // L1 alone has neither the points of the key nor the number of slots.
    const alone = await report({ drills: ["anyone-proposes"] });
    expect(open(alone)).to.include("verifying-key");
    expect(finding(alone, "anyone-proposes").result).to.equal("pass");

    const committeeMembers = memberKeys(5).map(({ address }) => address);
    const validium = await deployStaged({ proof: "validity", da: "committee", committeeMembers }, keys);
    const other = await validium.report({ drills: "all", book: validium.deployment });
    expect(failing(other)).to.deep.equal([]);
    expect(other).to.include({ stage: 2, category: "validium" });
  });

  it("with the key of a set-up for development anybody can prove anything, and it says so", async () => {
    const { report } = await deployStaged({ proof: "validity" }, { onL1: { ...someKey("known"), development: true } });
    const found = await report();
    expect(failing(found)).to.deep.equal(["verifying-key"]);
    expect(finding(found, "verifying-key").reason).to.match(
      /^the key 0x\w{64} of 0x\w{40} comes from a set-up for development: on chain 31337 anybody can prove anything$/,
    );
    expect(found.stage).to.equal(0);
  });

  it("tells what was announced, in the evidence of the exit window", async () => {
    const { report, facts, signers, connection } = await deployStaged();
    const timelock = UpgradeTimelock__factory.connect(facts.timelock.address, signers[0]);
    const { ZeroHash, ZeroAddress } = connection.ethers;
    await timelock.schedule(ZeroAddress, 0n, "0x", ZeroHash, ZeroHash, facts.timelock.delay!);
    const { evidence } = finding(await report(), "exit-window-30d");
    const id = await timelock.hashOperation(ZeroAddress, 0n, "0x", ZeroHash, ZeroHash);
    expect(evidence.find(({ what }) => what === `announced: ${id}`)?.value).to.match(/^can be executed from \d{4}-/);
  });

  it("is of no stage that L1 shows while the drills are not run", async () => {
    const { report } = await deployStaged({ guardian: Wallet.createRandom().address });
    const found = await report();
    expect(open(found)).to.include.members(["silent-sequencer", "walk-away", "anyone-challenges"]);
  });
});
