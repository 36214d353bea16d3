import { CHUNK_LENGTH, proveChunk } from "../../plugin/da/committee/chunks.js";
import { toHex } from "../../plugin/ledger/bytes.js";
import { AvailabilityChallenge__factory, DataAvailabilityCommittee__factory } from "../../typechain-types/index.js";
import { certificateOf, CHALLENGE_TIMES, DEMAND_BOND, deployChallenge } from "../support/availability.js";
import { postBatch } from "../support/batches.js";
import { useGame } from "../support/dispute.js";
import { checkGasSnapshot, expectAtMost, type GasFigures, gasOf } from "../support/gas.js";
import { headerHash } from "../support/protocol.js";
import { nextBlockAt, now } from "../support/world.js";

/** 64 chunks without a zero byte: nearly the dearest. 256 fit into no calldata, and have two siblings more. */
const DATA = new Uint8Array(64 * CHUNK_LENGTH).fill(0xa5);
/** Gas that the bond of a demand pays for (docs/data-availability.md §4). */
const ANSWER_CEILING = 250_000;

describe("gas of demanding data on L1", () => {
  const world = useGame({}, (suite) => deployChallenge(suite));

  it("costs what the snapshot says", async () => {
    const suite = world();
    const { alice, bob } = suite.actors;
    const { availability } = await suite.game.parameters();
    const challenge = AvailabilityChallenge__factory.connect(availability, alice);
    const { committee } = await challenge.parameters();
    const header = await postBatch(suite, suite.genesis, { data: toHex(DATA) });
    const members = DataAvailabilityCommittee__factory.connect(committee, alice);
    const certificate = await certificateOf(suite, members, DATA);
    const named = { headerHash: headerHash(header), root: certificate.root, length: certificate.length, index: 63 };

    const demand = await gasOf(await challenge.demand(header, certificate, 63, { value: DEMAND_BOND }));
    const { chunk, path } = proveChunk(DATA, 63);
    const answer = await gasOf(await challenge.connect(bob).answer(named, chunk, path));
    expectAtMost("answer", answer, ANSWER_CEILING);
    await challenge.demand(header, certificate, 62, { value: DEMAND_BOND });
    await nextBlockAt(suite, (await now(suite)) + CHALLENGE_TIMES.answerTime);
    const close = await gasOf(await challenge.close(header, { ...named, index: 62 }));
    const measured: GasFigures = { "demand, 5 of 7": demand, "answer, dearest": answer, "close, opens a game": close };
    await checkGasSnapshot("availability", measured);
  });
});
