import { expect } from "chai";
import { concat, ZeroHash } from "ethers";

import { chunkRoot } from "../../../plugin/da/committee/chunks.js";
import { toHex } from "../../../plugin/ledger/bytes.js";
import { inboxAcc, withdrawalsRoot } from "../../../plugin/ledger/hashes.js";
import type { BatchHeader, Hex } from "../../../plugin/types.js";
import { encodeBatch, encodeShown, showBatch } from "../../../plugin/validity/batch.js";
import { withdrawalOf } from "../../../plugin/validity/run.js";
import { certifiedRoot, statementHash } from "../../../plugin/validity/statement.js";
import {
  AccumulatorInbox__factory,
  CalldataDA__factory,
  EchoDA__factory,
  type StatementDA,
  StatementDA__factory,
} from "../../../typechain-types/index.js";
import { createRandom } from "../../ledger/random.js";
import { calldataInput, statementInput } from "../../support/da-input.js";
import { type Connection, createConnection } from "../../support/env.js";
import { dataHash, dataHashOfRoot, headerWith } from "../../support/protocol.js";
import { actorsOf } from "../../support/suite.js";
import { createChain, type ExecutedBatch, SUBMITTER } from "../../validity/support/chain.js";
import { DOMAIN } from "../../validity/support/owner.js";
import { createScenario } from "../../validity/support/scenario.js";

const BATCHES = process.env.ROLLUP_TEST_LONG === "1" ? 400 : 25;

describe("StatementDA and the TypeScript model on random batches", () => {
  let connection: Connection;
  let onL1: StatementDA;
  let withCommittee: StatementDA;

  before(async () => {
    connection = await createConnection();
    const { deployer } = await actorsOf(connection);
    const common = { bridge: DOMAIN.bridge, l2ChainId: DOMAIN.l2ChainId };
    const calldata = await new CalldataDA__factory(deployer).deploy();
    onL1 = await new StatementDA__factory(deployer).deploy({ below: calldata, ...common });
    const echo = await new EchoDA__factory(deployer).deploy();
    withCommittee = await new StatementDA__factory(deployer).deploy({ below: echo, ...common });
    const inbox = await new AccumulatorInbox__factory(deployer).deploy();
    await connection.networkHelpers.setCode(DOMAIN.bridge, await connection.ethers.provider.getCode(inbox));
  });
  after(() => connection.close());

  it("state the same, with the transfers on L1 and with a committee", async () => {
    const { deployer } = await actorsOf(connection);
    const inbox = AccumulatorInbox__factory.connect(DOMAIN.bridge, deployer);
    const random = createRandom(0x5e77);
    const scenario = createScenario(random);
    const chain = createChain({ levels: 3, slotCount: 16 });
    let acc: Hex = ZeroHash as Hex;
    let [operations, transfers, withdrawals] = [0, 0, 0];
    for (let i = 0; i < BATCHES; i++) {
      const [prevStateRoot, inboxFrom] = [chain.root(), chain.inboxFrom];
      const plans = Array.from({ length: 1 + random.int(3) }, () => scenario.next(chain));
      const consumed = plans.flatMap(({ messages = [] }) => messages);
      const batch = chain.run(...plans);
      await inbox.set(inboxFrom, acc);
      const header = headerWith({ ...headerOf(batch, chain.root(), plans.length), prevStateRoot, inboxFrom });
      acc = inboxAcc(acc, consumed);
      expect(header.inboxAcc).to.equal(acc);

      const data = toHex(encodeBatch(batch.data));
      const statements = (of: ExecutedBatch["provable"]["onL1"]) => of.map(({ statement }) => statement);
      expect(
        await onL1
          .connect(connection.ethers.provider)
          .commit.staticCall(header, calldataInput(consumed, data), { from: SUBMITTER }),
        `batch ${i} on L1`,
      ).to.equal(statementHash(dataHash(data), true, statements(batch.provable.onL1)));

      const shown = showBatch(batch.data);
      const root = chunkRoot(encodeBatch(batch.data));
      const certified = certifiedRoot(
        root,
        shown.map(({ hTx }) => hTx),
      );
      const below = dataHashOfRoot(BigInt(data.length / 2 - 1), certified);
      const input = statementInput(consumed, concat([root, encodeShown(shown)]), concat(["0x02", below]));
      expect(await withCommittee.commit.staticCall(header, input), `batch ${i} with a committee`).to.equal(
        statementHash(below, false, statements(batch.provable.committee)),
      );
      operations += batch.segments.reduce((sum, { content }) => sum + content.slots.length, 0);
      transfers += batch.data.reduce((sum, segment) => sum + segment.transfers.length, 0);
      withdrawals += batch.data.reduce((sum, { exits }) => sum + exits.length, 0);
    }
    expect(Math.min(operations - transfers, transfers, withdrawals), "the batches are not empty").to.be.greaterThan(9);
  });
});

function headerOf({ context, data }: ExecutedBatch, stateRoot: Hex, segments: number): Partial<BatchHeader> {
  const withdrawals = data.flatMap(({ exits, withdrawalNonce }) =>
    exits.map((exit, i) => withdrawalOf(exit, withdrawalNonce + BigInt(i))),
  );
  const { batchIndex, submitter, inboxTo, inboxAcc: acc, l2BlockTo } = context;
  return {
    ...{ index: batchIndex, submitter, inboxTo, inboxAcc: acc, l2BlockTo, stateRoot },
    l2BlockFrom: l2BlockTo - BigInt(segments),
    withdrawalsRoot: withdrawalsRoot(withdrawals),
  };
}
