import { expect } from "chai";
import { hexlify, id, type Signer } from "ethers";

import { bondOf, claimId, levelsOf, listHash } from "../../plugin/dispute/rules.js";
import { statementOf } from "../../plugin/dispute/statement.js";
import { createGameTree } from "../../plugin/dispute/tree.js";
import type { DisputeClaim, DisputeEvent, DisputeParameters } from "../../plugin/dispute/types.js";
import { connectL1, type L1Client } from "../../plugin/l1/client.js";
import { L1RevertError } from "../../plugin/l1/errors.js";
import { createFollower } from "../../plugin/l1/follower.js";
import { createBatchPoster } from "../../plugin/l1/poster.js";
import { createSender, type Sender } from "../../plugin/l1/sender.js";
import { createSource } from "../../plugin/l1/source.js";
import type { PlacedEvent } from "../../plugin/l1/types.js";
import { headerHash } from "../../plugin/ledger/hashes.js";
import { factsOf } from "../../plugin/machine/facts.js";
import { type BatchHeader, contractOf, type Deployment, type Hex, ZERO_HASH } from "../../plugin/types.js";
import { IDisputeGame__factory } from "../../typechain-types/index.js";
import { runToy, toyProgram, type ToyRun } from "../support/toy.js";
import { failure } from "./support/failure.js";
import { deployTo, describeOnEveryL1, type TestL1 } from "./support/l1.js";

const BITS = 5;
const K = 2 ** BITS;
const game = IDisputeGame__factory.createInterface();

interface Claim {
  id: Hex;
  claim: DisputeClaim;
  list: Hex[];
}

describeOnEveryL1("the dispute game through the L1 client", (get) => {
  const program = toyProgram();
  let l1: TestL1;
  let deployment: Deployment;
  let client: L1Client;
  let parameters: DisputeParameters;
  let header: BatchHeader;
  let truth: ToyRun;
  let honest: Sender;
  let liar: Sender;

  before(async () => {
    l1 = get();
    deployment = await deployTo(l1, { dissectionBits: BITS }, factsOf(program));
    client = connectL1(l1.provider, deployment, l1.wallet(0));
    const { disputeClock: clock, disputeExtension: extension, disputeBond: baseBond } = deployment.parameters;
    parameters = { bits: BITS, levels: levelsOf(BITS), clock, extension, baseBond };
    const senderOf = (signer: Signer) => createSender({ provider: l1.provider, signer });
    [honest, liar] = await Promise.all([senderOf(l1.wallet(1)), senderOf(l1.wallet(2))]);

    const poster = createBatchPoster({ client, sender: await senderOf(l1.wallet(0)) });
    const claim = { stateRoot: id("a false state") as Hex, withdrawalsRoot: ZERO_HASH, inboxAcc: ZERO_HASH };
    const batch = { parent: deployment.genesis, claim: { ...claim, inboxTo: 0n, l2BlockTo: 1n } };
    ({ header } = await poster.post({ ...batch, data: Uint8Array.of(1) }));
    const { l2ChainId } = deployment.parameters;
    truth = runToy(program, { l2ChainId, bridge: client.addresses.bridge, ...header });
  });

  const gameAddress = () => contractOf(deployment.contracts, "DisputeGame").address;

  const send = (sender: Sender, key: string, data: string, value = 0n) =>
    sender.send({ key, what: key, to: gameAddress(), data: data as Hex, value });

  /** True states of the claim of `depth` about the first instructions. */
  const trueList = (depth: number): Hex[] =>
    Array.from({ length: K }, (_, i) => truth.stateAt(BigInt(i + 1) * BigInt(K) ** BigInt(parameters.levels - depth)));

  const falseList = (depth: number): Hex[] => Array.from({ length: K }, (_, i) => id(`lie ${depth} ${i}`) as Hex);

  /** The claim that counters the first state of `parent`. */
  function claimOn(parent: Hex, list: Hex[]): Claim {
    const claim = { parent, start: truth.stateAt(0n), index: 0, listHash: listHash(list) };
    return { id: claimId(claim), claim, list };
  }

  async function followed(games: boolean): Promise<PlacedEvent[]> {
    const source = createSource(client, { games });
    return (await createFollower({ source, fromBlock: Number(deployment.fromBlock) }).poll()).events;
  }

  it("has the judge in every header, and its address in the book", () => {
    expect(header.resolver).to.equal(client.addresses.game);
    expect(client.addresses.game).to.equal(gameAddress());
  });

  it("refuses a move with a reason that a person understands", async () => {
    const data = game.encodeFunctionData("counterBatch", [header, trueList(1)]);
    const cheap = await failure(send(honest, "a claim for nothing", data));
    expect(cheap).to.be.instanceOf(L1RevertError);
    const expected = bondOf(parameters, 1);
    expect(cheap.message).to.equal(`L1 refuses a claim for nothing: the bond of this claim is ${expected} wei, not 0`);
    const short = game.encodeFunctionData("counterBatch", [header, trueList(1).slice(1)]);
    expect((await failure(send(honest, "a short claim", short, expected))).message).to.equal(
      "L1 refuses a short claim: a claim of this game has 32 states, not 31",
    );
    const nothing = game.encodeFunctionData("resolveBatch", [header]);
    expect((await failure(send(honest, "the end", nothing))).message).to.equal(
      `L1 refuses the end: the game has no claim or disputed batch ${headerHash(header)}; L1 was reorganised, or its first claim is not made`,
    );
  });

  it("tells of a whole game in the order in which it was played", async () => {
    const claims: Claim[] = [];
    for (let depth = 1; depth <= parameters.levels; depth++) {
      const parent = claims.at(-1);
      const isHonest = depth % 2 === 1;
      const claim = claimOn(parent?.id ?? headerHash(header), isHonest ? trueList(depth) : falseList(depth));
      const data =
        parent === undefined
          ? game.encodeFunctionData("counterBatch", [header, claim.list])
          : game.encodeFunctionData("counter", [parent.claim, parent.list, 0, claim.list]);
      await send(isHonest ? honest : liar, `claim ${claim.id}`, data, bondOf(parameters, depth));
      claims.push(claim);
    }
    const [last] = claims.slice(-1);
    if (last === undefined) throw new Error("no claims");
    const witness = hexlify(truth.witnessAt(0n));
    await send(honest, "step", game.encodeFunctionData("step", [last.claim, last.list, 0, witness]));
    await l1.pass(deployment.parameters.challengeWindow + 2n * parameters.clock);
    const open = claims.slice(0, -1).reverse();
    await send(honest, "resolve", game.encodeFunctionData("resolve", [open.map(({ claim }) => claim)]));
    await send(honest, "resolveBatch", game.encodeFunctionData("resolveBatch", [header]));
    await send(honest, "claimCredit", game.encodeFunctionData("claimCredit", [l1.wallet(3).address]));

    const events = await followed(true);
    expect(events.map(({ kind }) => kind)).to.deep.equal([
      ...["batch", "claimMade", "gameOpened"],
      ...claims.slice(1).map(() => "claimMade"),
      ...["claimStepped", "claimResolved"],
      ...open.map(() => "claimResolved"),
      ...["gameResolved", "reverted", "creditPaid"],
    ]);
    const about = events.filter((event): event is Extract<typeof event, { kind: DisputeEvent["kind"] }> =>
      ["claimMade", "claimStepped", "claimResolved", "gameResolved"].includes(event.kind),
    );
    const statement = statementOf(header, {
      program,
      l2ChainId: client.parameters.l2ChainId,
      bridge: client.addresses.bridge,
    });
    const tree = createGameTree(
      parameters,
      { headerHash: headerHash(header), finalizesAt: header.finalizesAt, ...statement },
      about.map((event) => (event.kind === "claimMade" ? { ...event, timestamp: event.block.timestamp } : event)),
    );
    const contract = IDisputeGame__factory.connect(gameAddress(), l1.provider);
    for (const [position, { id, list }] of claims.entries()) {
      const node = tree.get(id);
      const state = await contract.claimState(id);
      expect(node).to.deep.include({ depth: Number(state.depth), claimant: state.claimant, used: state.used });
      expect(node?.postedAt).to.equal(state.postedAt);
      expect(node?.list).to.deep.equal(list);
      expect(node?.status).to.equal(position % 2 === 0 ? "standing" : "refuted");
      expect(node?.payee).to.equal(honest.address);
    }
    expect(tree.root).to.deep.include({ status: "refuted", payee: honest.address });
    expect(events.at(-1)).to.deep.include({ account: honest.address, to: l1.wallet(3).address });
    expect(await client.heads()).to.deep.equal({ head: 0n, finalizedHead: 0n });
    expect(await client.registry.rewardOf(honest.address)).to.equal(deployment.parameters.sequencerBond / 2n);
  });

  it("leaves games out for those who do not play", async () => {
    const kinds = (await followed(false)).map(({ kind }) => kind);
    expect(kinds).to.deep.equal(["batch", "reverted"]);
  });
});
