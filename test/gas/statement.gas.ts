import { getBytes, type TransactionResponse, ZeroAddress, ZeroHash } from "ethers";

import { toHex } from "../../plugin/ledger/bytes.js";
import type { BatchHeader, Hex } from "../../plugin/types.js";
import { type BatchSegment, encodeBatch } from "../../plugin/validity/batch.js";
import { POSEIDON_CREATION } from "../../plugin/validity/poseidon-contract.js";
import { escapeProof } from "../../plugin/validity/state.js";
import { statementsOfData } from "../../plugin/validity/statement-da.js";
import { PoseidonStateProof__factory } from "../../typechain-types/index.js";
import { createRandom } from "../ledger/random.js";
import { toHeader } from "../support/batches.js";
import { checkGasSnapshot, expectAtMost, type GasFigures, gasOf } from "../support/gas.js";
import {
  inputOf,
  postPlans,
  postPrepared,
  type Prepared,
  proven,
  sendPrepared,
  useValidity,
  type ValidityWorld,
} from "../support/validity.js";
import { createChain } from "../validity/support/chain.js";
import { createOwner } from "../validity/support/owner.js";

/** Levels of a tree of a million leaves. */
const LEVELS = 10;

const random = createRandom(0x6a5);

/** One segment of `count` transfers among 10,000 leaves, as L1 sees it: it cannot tell whether they hold. */
async function transfers(world: ValidityWorld, parent: BatchHeader, count: number): Promise<Prepared> {
  const { domain, actors, bridge } = world;
  const stateRoot: Hex = `0x${"0".repeat(8)}${random.bits(224).toString(16).padStart(56, "1")}`;
  const segment: BatchSegment = {
    ...{ messages: 0, operations: [], exits: [], withdrawalNonce: 0n, feeLeaf: 7 },
    ...{ stateRoot: BigInt(stateRoot), h: random.bits(253) },
    transfers: Array.from({ length: count }, () => ({
      from: 1 + random.int(10_000),
      to: 1 + random.int(10_000),
      amount40: ((1 + random.int(9_999)) << 5) + 14,
      fee8: 45,
    })),
  };
  const inboxAcc = (await bridge.accumulator(parent.inboxTo)) as Hex;
  const { inboxTo } = parent;
  const claim = { stateRoot, withdrawalsRoot: ZeroHash as Hex, inboxAcc, inboxTo, l2BlockTo: parent.l2BlockTo + 1n };
  const header = {
    ...{ ...claim, index: parent.index + 1n, inboxFrom: inboxTo, l2BlockFrom: parent.l2BlockTo },
    ...{ submitter: actors.sequencer.address as Hex, prevStateRoot: parent.stateRoot },
  };
  const input = { domain, header, prevInboxAcc: inboxAcc, consumed: [] };
  const statements = statementsOfData(input, [segment]);
  const own = { consumed: [], segments: [segment], withdrawals: [], elements: [], statements, isOnL1: true };
  return { parent, claim, ...own, ...inputOf([segment], [], true) };
}

/** Gas of a transaction beyond its own and its calldata's. */
async function executionOf(sent: TransactionResponse): Promise<number> {
  const bytes = getBytes(sent.data);
  const zeros = bytes.filter((byte) => byte === 0).length;
  return (await gasOf(sent)) - 21_000 - 16 * (bytes.length - zeros) - 4 * zeros;
}

describe("gas of batches with validity proofs", () => {
  const measured: GasFigures = {};
  const get = useValidity();

  /** A chain with a final batch, as all that follow. */
  async function steady(world: ValidityWorld): Promise<BatchHeader> {
    const { prepared, header } = await postPlans(world, world.genesis, {
      operations: [{ kind: 6, owner: createOwner(1).id, token: 0n }],
    });
    await world.resolver.prove(...(await proven(world, header, prepared)));
    return header;
  }

  for (const count of [4, 8, 16, 256, 1_024]) {
    it(`${count} transfers`, async () => {
      const world = get();
      const head = await steady(world);
      const prepared = await transfers(world, head, count);
      const sent = await sendPrepared(world, prepared);
      measured[`appendBatch, ${count} transfers`] = await gasOf(sent);
      measured[`bytes of data, ${count} transfers`] = encodeBatch(prepared.segments).length;
      if (count === 16) expectAtMost("16 transfers", measured["appendBatch, 16 transfers"]!, 160_000);
    });
  }

  it("binds an element, the layer below and all copies of the data included", async () => {
    const world = get();
    const head = await steady(world);
    const few = await transfers(world, head, 64);
    const first = await sendPrepared(world, few);
    const [small, parent] = [await executionOf(first), await lastHeader(world)];
    const large = await executionOf(await sendPrepared(world, await transfers(world, parent, 320)));
    const perElement = Math.round((large - small) / 128);
    expectAtMost("an element of two transfers", perElement, 200);
    measured["an element of two transfers, beyond its calldata, in the whole of appendBatch"] = perElement;
  });

  it("prove, but for the verification", async () => {
    const world = get();
    const head = await steady(world);
    const prepared = await transfers(world, head, 16);
    const header = await postPrepared(world, prepared);
    measured["prove, 1 segment, but for the verification"] = await gasOf(
      await world.resolver.prove(...(await proven(world, header, prepared))),
    );
  });

  it("revertUnproven", async () => {
    const world = get();
    const head = await steady(world);
    await postPrepared(world, await transfers(world, head, 4));
    const header = await lastHeader(world);
    await world.connection.networkHelpers.time.increase(world.parameters.challengeWindow);
    measured["revertUnproven"] = await gasOf(await world.resolver.revertUnproven(header));
  });

  it("a balance in the Poseidon tree", async () => {
    const { actors } = get();
    const sent = await actors.deployer.sendTransaction({ data: POSEIDON_CREATION });
    measured["PoseidonT5, deployment"] = await gasOf(sent);
    const poseidon = (await sent.wait())?.contractAddress ?? ZeroAddress;
    const contract = await new PoseidonStateProof__factory(actors.deployer).deploy(poseidon, LEVELS);
    const chain = createChain({ levels: LEVELS });
    const { id, address } = createOwner(1);
    chain.run({ messages: [chain.message(0, { target: address, amount: 10n ** 18n })] });
    const proof = escapeProof(chain.state(), { owner: id, token: 0n });
    if (proof === undefined) throw new Error("no proof");
    const call = await contract.balance.populateTransaction(chain.root(), address, ZeroAddress, toHex(proof));
    measured[`PoseidonStateProof.balance, ${LEVELS} levels`] = await gasOf(
      await actors.deployer.sendTransaction({ ...call, gasLimit: 5_000_000n }),
    );
  });

  it("costs what the snapshot says", () => checkGasSnapshot("statement", measured));
});

/** Header of the last batch. */
async function lastHeader({ chain }: ValidityWorld): Promise<BatchHeader> {
  const events = await chain.queryFilter(chain.filters.BatchAppended());
  const header = events.at(-1)?.args.header;
  if (header === undefined) throw new Error("no batch");
  return toHeader(header);
}
