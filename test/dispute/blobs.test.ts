import { expect } from "chai";
import { parseEther } from "ethers";
import { network } from "hardhat";

import type { RollupChain } from "../../plugin/hardhat/types.js";
import { rawRequest } from "../../plugin/l1/rpc.js";
import type { Fault } from "../../plugin/validator/faults.js";

type Connection = Awaited<ReturnType<typeof network.create>>;

const TRANSFERS = 12;

describe("a rollup whose batches are in blobs", () => {
  let connection: Connection;
  let chain: RollupChain;

  beforeEach(async () => {
    connection = await network.create();
    const [, alice] = await connection.ethers.getSigners();
    if (alice === undefined) throw new Error("the network has no accounts");
    chain = await connection.rollup.deploy({ da: "blob" });
    await chain.deposit(alice, { amount: parseEther("2") });
    // So many that a blob is cheaper than their calldata.
    const wallet = chain.l2.wallet(alice);
    for (let i = 0; i < TRANSFERS; i++) await wallet.sendTransaction({ to: `0x${"b0".repeat(20)}`, value: 5n });
  });
  afterEach(async () => {
    await chain.close();
    await connection.close();
  });

  async function blobsOf(transaction: string): Promise<number> {
    const found = await rawRequest(connection.ethers.provider, "eth_getTransactionByHash", [transaction]);
    return (found as { blobVersionedHashes?: string[] }).blobVersionedHashes?.length ?? 0;
  }

  it("posts, validates and finalizes them", async function () {
    this.timeout(120_000);
    const posted = await chain.sequencer.post();
    expect(await blobsOf(posted?.transaction ?? "")).to.equal(1);
    const { batches, agreed } = await chain.validator.run({ watch: false });
    expect([batches, agreed]).to.deep.equal([1n, 1n]);
    expect(await chain.finalize()).to.equal(1n);
  });

  for (const fault of ["state", "balance"] satisfies Fault[]) {
    it(`slashes who lies in one: ${fault}`, async function () {
      this.timeout(300_000);
      const lie = await chain.sequencer.post({ fault });
      expect(await blobsOf(lie.transaction)).to.equal(1);
      const { games } = await chain.dispute();
      expect(games).to.have.length(1);
      expect(games[0]?.winner).not.to.equal(undefined);
      expect(await chain.contracts.chain.heads()).to.deep.equal([0n, 0n]);
      expect(await chain.contracts.registry.bondOf(lie.header.submitter)).to.equal(0n);
      // The honest sequencer posts the same blocks, in a blob again.
      const again = await chain.sequencer.post();
      expect(await blobsOf(again?.transaction ?? "")).to.equal(1);
      expect((await chain.validator.run({ watch: false })).agreed).to.equal(1n);
    });
  }
});
