import { expect } from "chai";
import { parseEther, Wallet, ZeroHash } from "ethers";
import { network } from "hardhat";

import { type DataPlace, decodeDaInput } from "../../plugin/da/input.js";
import { DataWithheldError } from "../../plugin/da/committee/client.js";
import { moveClock } from "../../plugin/hardhat/clock.js";
import type { RollupChain } from "../../plugin/hardhat/types.js";
import { daInputOf } from "../../plugin/l1/batch-data.js";
import { fromHex } from "../../plugin/ledger/bytes.js";
import type { Hex } from "../../plugin/types.js";
import { DataAvailabilityCommittee__factory } from "../../typechain-types/index.js";
import type { Fault } from "../../plugin/validator/faults.js";

type Connection = Awaited<ReturnType<typeof network.create>>;
type Signer = Awaited<ReturnType<Connection["ethers"]["getSigners"]>>[number];

describe("a rollup with a committee", function () {
  this.timeout(120_000);
  let connection: Connection;
  let chain: RollupChain;
  let alice: Signer;

  async function deploy(members?: number): Promise<void> {
    connection = await network.create();
    const [, second] = await connection.ethers.getSigners();
    if (second === undefined) throw new Error("the network has no accounts");
    alice = second;
    chain = await connection.rollup.deploy({ da: "committee" }, members === undefined ? {} : { members });
    await chain.deposit(alice, { amount: parseEther("2") });
  }

  afterEach(() => connection.close());

  /** Posts a batch with a transfer in it. @returns where L1 was told that its data are. */
  async function post(value = 5n): Promise<DataPlace | undefined> {
    await chain.l2.wallet(alice).sendTransaction({ to: `0x${"b0".repeat(20)}`, value });
    const posted = await chain.sequencer.post();
    return placeOf(posted?.transaction ?? "0x");
  }

  async function placeOf(transaction: Hex): Promise<DataPlace | undefined> {
    const found = await connection.ethers.provider.getTransaction(transaction);
    const input = daInputOf(fromHex(found?.data ?? "0x"));
    return input && decodeDaInput(input);
  }

  function signersOf(place: DataPlace | undefined): bigint | undefined {
    return place?.form === "committee" ? place.certificate.signers : undefined;
  }

  describe("of three members, as it comes", () => {
    beforeEach(() => deploy());

    it("posts certificates, reads from members, and pays withdrawals", async () => {
      expect(chain.committee?.members).to.have.length(3);
      expect(chain.committee?.threshold).to.equal(2);
      const withdrawal = await chain.l2.withdraw(alice, { amount: 7n });
      expect((await post())?.form).to.equal("committee");
      expect((await post())?.form).to.equal("committee");
      const { batches, agreed } = await chain.validator.run({ watch: false });
      expect([batches, agreed]).to.deep.equal([2n, 2n]);
      await chain.finalize();
      const before = await connection.ethers.provider.getBalance(alice);
      await chain.claim(withdrawal);
      expect(await connection.ethers.provider.getBalance(alice)).to.equal(before + 7n);
    });

    for (const fault of ["state", "data"] satisfies Fault[]) {
      it(`slashes who lies about data that its members hold: ${fault}`, async function () {
        this.timeout(300_000);
        await chain.l2.wallet(alice).sendTransaction({ to: `0x${"b0".repeat(20)}`, value: 5n });
        const lie = await chain.sequencer.post({ fault });
        expect((await placeOf(lie.transaction))?.form).to.equal("committee");
        const { games } = await chain.dispute();
        expect(games).to.have.length(1);
        expect(games[0]?.winner).not.to.equal(undefined);
        expect(await chain.contracts.registry.bondOf(lie.header.submitter)).to.equal(0n);
        // Members sign other data for the same batch: L1 reverted the first.
        const again = await chain.sequencer.post();
        expect((await placeOf(again?.transaction ?? "0x"))?.form).to.equal("committee");
        expect((await chain.validator.run({ watch: false })).agreed).to.equal(1n);
      });
    }

    it("goes back with snapshots of L1, members and all", async () => {
      const { provider } = connection.ethers;
      const snapshot: unknown = await provider.send("evm_snapshot", []);
      expect((await post(1n))?.form).to.equal("committee");
      await provider.send("evm_revert", [snapshot]);
      // Else they would say that they signed other data for this batch.
      expect((await post(2n))?.form).to.equal("committee");
    });
  });

  it("has the members that are asked for, each with a seat", async () => {
    await deploy(1);
    expect(chain.committee?.threshold).to.equal(1);
    expect((await post())?.form).to.equal("committee");
    expect(() => chain.committee?.set("down", 1)).to.throw("there is no member 1 in this process");
  });

  it("is none of a rollup in calldata", async () => {
    connection = await network.create();
    chain = await connection.rollup.deploy();
    expect(chain.committee).to.equal(undefined);
  });

  it("whose members run elsewhere is asked there: with nobody known, data go in calldata", async () => {
    connection = await network.create();
    const [, second] = await connection.ethers.getSigners();
    if (second === undefined) throw new Error("the network has no accounts");
    alice = second;
    const committeeMembers = [1, 2, 3].map((i) => new Wallet(`0x${`${i}`.repeat(64)}`).address);
    const [first = ""] = committeeMembers;
    const named = [`${first}=http://127.0.0.1:9`, ...committeeMembers.slice(1)];
    chain = await connection.rollup.deploy({ da: "committee", committeeMembers: named });
    expect(chain.deployment.memberUrls).to.deep.equal({ [first]: "http://127.0.0.1:9" });
    await chain.deposit(alice, { amount: 10n ** 18n });
    expect((await post())?.form).to.equal("calldata");
    expect(() => chain.committee?.set("down", 0)).to.throw("0 of them here");
  });

  describe("of seven members, five of whom must sign", () => {
    beforeEach(() => deploy(7));

    it("goes on with two members down", async () => {
      chain.committee?.set("down", 1, 4);
      expect(signersOf(await post())).to.equal(0b1101101n);
      expect((await chain.validator.run({ watch: false })).agreed).to.equal(1n);
    });

    it("goes on with two that lie, to the sequencer and to readers", async () => {
      chain.committee?.set("lying", 0, 6);
      expect(signersOf(await post())).to.equal(0b0111110n);
      expect((await chain.validator.run({ watch: false })).agreed).to.equal(1n);
    });

    it("waits for no slow one", async () => {
      chain.committee?.set("slow", 3);
      const begin = performance.now();
      const signers = signersOf(await post());
      expect(performance.now() - begin).to.be.below(2_000);
      expect((signers ?? 0n) & 0b1000n).to.equal(0n);
      expect([...(signers ?? 0n).toString(2)].filter((bit) => bit === "1")).to.have.length(5);
      expect((await chain.validator.run({ watch: false })).agreed).to.equal(1n);
    });

    it("falls back to calldata with two down and one slow, and comes back to the committee with them", async () => {
      chain.committee?.set("down", 0, 1);
      chain.committee?.set("slow", 2);
      expect((await post())?.form).to.equal("calldata");
      chain.committee?.set("honest");
      expect((await post())?.form).to.equal("committee");
      expect((await chain.validator.run({ watch: false })).agreed).to.equal(2n);
    });

    it("falls back to calldata with all down, and needs nobody to be read", async () => {
      chain.committee?.set("down");
      expect((await post())?.form).to.equal("calldata");
      expect((await chain.validator.run({ watch: false })).agreed).to.equal(1n);
      expect(await chain.finalize()).to.equal(1n);
    });

    it("changes its members without a gap, and reads what those before hold", async () => {
      const { timelock } = chain.contracts;
      const { parameters, contracts } = chain.deployment;
      const address = contracts.DataAvailabilityCommittee?.address ?? "0x";
      const committee = DataAvailabilityCommittee__factory.connect(address, connection.ethers.provider);
      const members = parameters.committeeMembers.slice(2);
      const call = committee.interface.encodeFunctionData("startEpoch", [[...members], 3, 0]);
      const operation = [address, 0n, call, ZeroHash, ZeroHash] as const;
      await timelock.schedule(...operation, parameters.upgradeDelay);
      const now = (await connection.ethers.provider.getBlock("latest"))?.timestamp ?? 0;
      await moveClock(connection, BigInt(now) + parameters.upgradeDelay);
      const epochs: (bigint | undefined)[] = [];
      const note = (place: DataPlace | undefined) =>
        epochs.push(place?.form === "committee" ? place.certificate.epoch : undefined);
      note(await post());
      await timelock.execute(...operation);
      note(await post());
      expect(epochs).to.deep.equal([0n, 1n]);
      // Those who left hold the first batch, and were not asked about the second.
      chain.committee?.set("down", 2, 3, 4, 5, 6);
      await chain.validator.check(1n);
      expect(await chain.validator.check(2n).catch((error: unknown) => error)).to.be.instanceOf(DataWithheldError);
      chain.committee?.set("honest", 6);
      expect((await chain.validator.run({ watch: false })).agreed).to.equal(2n);
    });

    it("is read as long as one honest member is there, and says who gave nothing when none is", async () => {
      expect((await post())?.form).to.equal("committee");
      chain.committee?.set("down");
      const { agreed, withheld } = await chain.validator.run({ watch: false });
      expect(agreed).to.equal(0n);
      expect(withheld).to.deep.include({ index: 1n, chunks: [0] });
      expect(withheld?.reason.match(/is down/g)).to.have.length(7);
      chain.committee?.set("lying", 0, 1, 2);
      chain.committee?.set("honest", 5);
      expect((await chain.validator.run({ watch: false })).agreed).to.equal(1n);
    });
  });
});
