import { expect } from "chai";
import { parseEther } from "ethers";
import { network } from "hardhat";

import { type Certificate, decodeDaInput } from "../../plugin/da/input.js";
import { committeeReader } from "../../plugin/hardhat/committee.js";
import { loadLedger } from "../../plugin/hardhat/ledger.js";
import type { RollupChain } from "../../plugin/hardhat/types.js";
import { demandIdOf } from "../../plugin/l1/availability.js";
import { daInputOf } from "../../plugin/l1/batch-data.js";
import { connectL1 } from "../../plugin/l1/client.js";
import { createSource } from "../../plugin/l1/source.js";
import { fromHex } from "../../plugin/ledger/bytes.js";
import type { PostResult } from "../../plugin/sequencer/options.js";
import { memoryStore } from "../../plugin/store/memory.js";
import { contractOf } from "../../plugin/types.js";
import type { ValidatorEvent } from "../../plugin/validator/types.js";
import { createValidator } from "../../plugin/validator/validator.js";
import { type AvailabilityChallenge, AvailabilityChallenge__factory } from "../../typechain-types/index.js";

type Connection = Awaited<ReturnType<typeof network.create>>;
type Signer = Awaited<ReturnType<Connection["ethers"]["getSigners"]>>[number];

describe("data that the members of a committee withhold", function () {
  this.timeout(120_000);
  let connection: Connection;
  let chain: RollupChain;
  let challenge: AvailabilityChallenge;
  let alice: Signer;
  let payer: Signer;
  let player: Signer;
  let events: ValidatorEvent[];

  beforeEach(async () => {
    connection = await network.create();
    const [deployer, second, third, fourth] = await connection.ethers.getSigners();
    if (deployer === undefined || second === undefined || third === undefined || fourth === undefined)
      throw new Error("the network has too few accounts");
    [alice, payer, player] = [second, third, fourth];
    chain = await connection.rollup.deploy({ da: "committee" }, { validator: player });
    const { address } = contractOf(chain.deployment.contracts, "AvailabilityChallenge");
    challenge = AvailabilityChallenge__factory.connect(address, deployer);
    events = [];
    await chain.deposit(alice, { amount: parseEther("2") });
  });

  afterEach(() => connection.close());

  /** Posts a batch with so many transfers in it. */
  async function post(transfers = 1): Promise<PostResult> {
    const wallet = chain.l2.wallet(alice);
    for (let value = 1; value <= transfers; value++)
      await wallet.sendTransaction({ to: `0x${"b0".repeat(20)}`, value });
    const posted = await chain.sequencer.post();
    if (posted === undefined) throw new Error("nothing to post");
    return posted;
  }

  async function certificateIn(transaction: string): Promise<Certificate> {
    const found = await connection.ethers.provider.getTransaction(transaction);
    const place = decodeDaInput(daInputOf(fromHex(found?.data ?? "0x")) ?? new Uint8Array());
    if (place?.form !== "committee") throw new Error("no certificate");
    return place.certificate;
  }

  const dispute = () => chain.dispute({ log: ({ event }) => events.push(event) });
  const told = (kind: ValidatorEvent["kind"]): ValidatorEvent[] => events.filter((event) => event.kind === kind);
  const heads = async (): Promise<bigint[]> => [...(await chain.contracts.chain.heads())];

  it("take the batch back: one chunk is demanded, the proposer slashed, the bond comes back", async () => {
    const { parameters } = chain.deployment;
    const { provider } = connection.ethers;
    await post();
    await chain.validator.run({ watch: false });
    const lie = await post(60);
    await post();
    chain.committee?.set("withholding");
    const before = await provider.getBalance(player);
    const report = await dispute();

    // Two chunks: the first came from members.
    expect(lie.bytes).to.be.within(4_097, 8_192);
    expect(told("withheld")).to.have.length(1);
    expect(told("withheld")[0])
      .to.include({ kind: "withheld", index: 2n })
      .and.to.deep.include({ chunks: [1] });
    expect(told("demanded")).to.have.length(1);
    expect(told("closed")).to.have.length(1);
    expect(report.games).to.deep.equal([{ index: 2n, winner: player.address }]);
    expect(await heads()).to.deep.equal([1n, 0n]);
    expect(await chain.contracts.registry.bondOf(lie.header.submitter)).to.equal(0n);
    expect(report.won).to.equal(parameters.demandBond + parameters.sequencerBond / 2n);
    expect(await provider.getBalance(challenge)).to.equal(0n);
    const gained = (await provider.getBalance(player)) - before;
    expect(gained > parameters.sequencerBond / 2n - parseEther("0.01")).to.equal(true);

    expect((await chain.validator.run({ watch: false })).batches).to.equal(1n);
  });

  it("come out on L1: a member publishes what is demanded and earns the bond, and everybody can read the batch", async () => {
    const { parameters } = chain.deployment;
    const posted = await post(60);
    chain.committee?.set("withholding");
    await connection.networkHelpers.time.increaseTo(posted.header.timestamp + parameters.demandWindow / 2n);
    await chain.validator.run({ watch: false });
    const id = demandIdOf(posted.headerHash, await certificateIn(posted.transaction), 1);
    const { claimant, status } = await challenge.demandOf(id);
    expect([claimant, status]).to.deep.equal([player.address, 1n]);

    // Who withholds from readers may still answer on L1; what it gives there everybody has.
    chain.committee?.set("honest", 0);
    expect(await chain.committee?.answerDemands(payer)).to.equal(1);
    expect(await chain.committee?.answerDemands(payer)).to.equal(0);
    expect(await challenge.creditOf(payer)).to.equal(parameters.demandBond);
    chain.committee?.set("withholding", 0);
    const { agreed, games } = await chain.validator.run({ watch: false });
    expect(agreed).to.equal(1n);
    expect(games).to.deep.equal([]);
    await chain.finalize();
    expect(await heads()).to.deep.equal([1n, 1n]);
    expect(await challenge.creditOf(player)).to.equal(0n);
  });

  it("do not hide a lie: what is published is disputed", async () => {
    const { parameters } = chain.deployment;
    await chain.l2.wallet(alice).sendTransaction({ to: `0x${"b0".repeat(20)}`, value: 5n });
    const lie = await chain.sequencer.post({ fault: "state" });
    chain.committee?.set("withholding");
    await connection.networkHelpers.time.increaseTo(lie.header.timestamp + parameters.demandWindow / 2n);
    await chain.validator.run({ watch: false });
    chain.committee?.set("honest", 0);
    expect(await chain.committee?.answerDemands(payer)).to.equal(1);
    chain.committee?.set("down");
    const { games } = await dispute();
    expect(games).to.deep.equal([{ index: 1n, winner: player.address }]);
    expect(await chain.contracts.registry.bondOf(lie.header.submitter)).to.equal(0n);
  });

  it("are demanded by nobody who was not kept from them", async () => {
    const { header } = await post();
    await chain.validator.run({ watch: false });
    chain.committee?.set("down");
    await connection.networkHelpers.time.increaseTo(header.timestamp + chain.deployment.parameters.demandWindow / 2n);
    // It has kept what it judged.
    const { agreed, moves, games } = await chain.validator.run({ watch: false });
    expect([agreed, moves, games]).to.deep.equal([1n, 0, []]);
  });

  it("are published by a validator that has them, when members do not in half of the time", async () => {
    const { parameters } = chain.deployment;
    const { header, transaction } = await post();
    await chain.validator.run({ watch: false });
    chain.committee?.set("down");
    const certificate = await certificateIn(transaction);
    await challenge.connect(payer).demand(header, certificate, 0, { value: parameters.demandBond });
    await dispute();
    expect(told("published")).to.have.length(0);
    await connection.networkHelpers.time.increase(parameters.answerTime / 2n);
    await dispute();
    expect(told("published")).to.have.length(1);
    expect(await challenge.creditOf(player)).to.equal(0n);
    expect(told("paid")).to.deep.equal([{ kind: "paid", what: "bonds", amount: parameters.demandBond }]);
  });

  it("are seen to by who is killed between any two moves, and demanded once", async () => {
    const { provider } = connection.ethers;
    const { deployment } = chain;
    const posted = await post();
    // Nobody listens there.
    const committee = committeeReader(deployment, { urls: {}, others: ["http://127.0.0.1:9"] });
    const reader = connectL1(provider, deployment, undefined, { committee });
    const play = { client: connectL1(provider, deployment, player, { committee }), machine: loadLedger() };
    const store = memoryStore();
    /** Starts anew from what is on disk, looks once and is gone. */
    const look = async () => {
      const source = createSource(reader, { games: true });
      const validator = await createValidator({ client: reader, source, program: play.machine, store, play });
      return validator.run({ watch: false });
    };
    const { demandWindow, answerTime } = deployment.parameters;
    const { timestamp, finalizesAt } = posted.header;
    const moves: number[] = [];
    for (const at of [timestamp + demandWindow / 2n, timestamp + demandWindow / 2n + answerTime + 60n, finalizesAt]) {
      await connection.networkHelpers.time.increaseTo(at);
      for (let i = 0; i < 3; i++) moves.push((await look()).moves);
    }
    // The demand; its end; the end of the game, and bond and reward.
    expect(moves.map((count) => count > 0)).to.deep.equal([true, false, false, true, false, false, true, true, false]);
    expect(await challenge.queryFilter(challenge.filters.ChunkDemanded())).to.have.length(1);
    expect(await heads()).to.deep.equal([0n, 0n]);
    expect(await challenge.creditOf(player)).to.equal(0n);
  });
});
