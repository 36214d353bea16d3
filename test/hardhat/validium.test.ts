import { expect } from "chai";
import { parseEther } from "ethers";
import { network } from "hardhat";

import { verifyDeployment } from "../../deploy/verify.js";
import { DataWithheldError } from "../../plugin/da/committee/client.js";
import { decodeDaInput } from "../../plugin/da/input.js";
import type { RollupChain } from "../../plugin/hardhat/types.js";
import { daInputOf } from "../../plugin/l1/batch-data.js";
import { decodeValidityInput } from "../../plugin/l1/validity-data.js";
import { fromHex } from "../../plugin/ledger/bytes.js";

type Connection = Awaited<ReturnType<typeof network.create>>;
type Signer = Awaited<ReturnType<Connection["ethers"]["getSigners"]>>[number];

const PARAMETERS = { proof: "validity", da: "committee", slots: 2, levels: 3 } as const;

describe("a rollup of validity proofs with a committee", function () {
  // What a checkout compiles and sets up once, for both circuits.
  this.timeout(900_000);
  let connection: Connection;
  let chain: RollupChain;
  let alice: Signer;
  let bob: Signer;

  beforeEach(async () => {
    connection = await network.create();
    const [, second, third] = await connection.ethers.getSigners();
    if (!second || !third) throw new Error("too few accounts");
    [alice, bob] = [second, third];
    chain = await connection.rollup.deploy(PARAMETERS);
    await chain.deposit(alice, { amount: parseEther("3") });
  });

  afterEach(() => connection.close());

  async function send(value: bigint): Promise<void> {
    const sent = await chain.l2.wallet(alice).sendTransaction({ to: bob.address, value });
    expect((await sent.wait())?.status).to.equal(1);
  }

  /** Posts a batch. @returns in which form L1 was told of its data. */
  async function post(): Promise<string | undefined> {
    const posted = await chain.sequencer.post();
    const transaction = await connection.ethers.provider.getTransaction(posted?.transaction ?? "0x");
    const input = daInputOf(fromHex(transaction?.data ?? "0x"));
    return input && decodeDaInput(decodeValidityInput(input).below)?.form;
  }

  it("carries value to L2 and back: members have the transfers, L1 has their proof", async () => {
    const checks = await verifyDeployment(chain.deployment, connection.ethers.provider);
    expect(checks.filter(({ ok }) => !ok)).to.deep.equal([]);
    expect(chain.deployment.contracts.AvailabilityChallenge).to.equal(undefined);

    await send(parseEther("1"));
    const withdrawal = await chain.l2.withdraw(alice, { amount: parseEther("1.5"), target: bob });
    expect(await post()).to.equal("committee");
    expect((await chain.validator.run({ watch: false })).agreed).to.equal(1n);
    expect((await chain.prove()).map(({ index }) => index)).to.deep.equal([1n]);
    const before = await connection.ethers.provider.getBalance(bob);
    await chain.claim(withdrawal);
    expect(await connection.ethers.provider.getBalance(bob)).to.equal(before + parseEther("1.5"));
    expect(await chain.l2.balance(bob)).to.equal(parseEther("1"));
  });

  it("falls back to calldata with all members down, proved by the other circuit, and comes back to them", async () => {
    chain.committee?.set("down");
    await send(1n);
    expect(await post()).to.equal("calldata");
    expect((await chain.prove()).map(({ index }) => index)).to.deep.equal([1n]);
    chain.committee?.set("honest");
    await send(2n);
    expect(await post()).to.equal("committee");
    expect((await chain.prove()).map(({ index }) => index)).to.deep.equal([2n]);
    expect(await chain.l2.balance(bob)).to.equal(3n);
  });

  it("is read from one honest member, never from those that lie", async () => {
    await send(1n);
    expect(await post()).to.equal("committee");
    chain.committee?.set("lying");
    const outcome: unknown = await chain.validator.check(1n).catch((error: unknown) => error);
    expect(outcome).to.be.instanceOf(DataWithheldError);
    expect((outcome as DataWithheldError).faults).to.have.length(3);
    chain.committee?.set("honest", 1);
    expect((await chain.validator.run({ watch: false })).agreed).to.equal(1n);
  });
});
