/** The contract with the real chain, and a verifier that executes the toy's numbered states. */
import { type ContractTransactionResponse, getCreateAddress, type Signer } from "ethers";

import { endHash, statementOf } from "../../../plugin/dispute/statement.js";
import type { DisputedBatch, DisputeParameters } from "../../../plugin/dispute/types.js";
import { toHex } from "../../../plugin/ledger/bytes.js";
import type { BatchHeader, Hex } from "../../../plugin/types.js";
import {
  type DisputeGame,
  DisputeGame__factory,
  type MockOneStepVerifier,
  MockOneStepVerifier__factory,
} from "../../../typechain-types/index.js";
import { postBatch } from "../../support/batches.js";
import { gameParameters } from "../../support/dispute.js";
import type { Connection } from "../../support/env.js";
import { headerHash } from "../../support/protocol.js";
import { actorsOf, deploySuite, type Suite } from "../../support/suite.js";
import { toyProgram } from "../../support/toy.js";
import type { ModelClaim } from "../model.js";
import type { Play, Table } from "./table.js";
import { hashOf, type ToyRun, toyWitness } from "./toy.js";

export interface GameWorld extends Suite {
  connection: Connection;
  game: DisputeGame;
  verifier: MockOneStepVerifier;
  rules: DisputeParameters;
  /** The batch that the game is about. */
  header: BatchHeader;
}

/** Deploys everything and posts a batch. */
export async function deployWorld(connection: Connection, rules: DisputeParameters): Promise<GameWorld> {
  const actors = await actorsOf(connection);
  const resolver = getCreateAddress({ from: actors.resolver.address, nonce: await actors.resolver.getNonce() });
  const suite = await deploySuite(connection, { resolver, machineHash: toHex(toyProgram().machineHash) });
  const verifier = await new MockOneStepVerifier__factory(actors.deployer).deploy();
  const { bits: dissectionBits, clock, extension, baseBond } = rules;
  const parameters = await gameParameters(
    { dissectionBits, clock, extension, baseBond },
    { chain: suite.chain, verifier, bridge: suite.bridge, l2ChainId: suite.parameters.l2ChainId },
  );
  const game = await new DisputeGame__factory(actors.resolver).deploy(parameters);
  const world = { ...suite, connection, game, verifier, rules };
  return { ...world, header: await postBatch(world, suite.genesis, {}) };
}

/** Makes the batch true or false, by what the verifier says of its run. */
export async function decideRun(
  { header, parameters, bridge, verifier }: GameWorld,
  { isTrue, length }: { isTrue: boolean; length: number },
): Promise<{ run: ToyRun; batch: DisputedBatch }> {
  const bridgeAddress = (await bridge.getAddress()) as Hex;
  const context = { program: toyProgram(), l2ChainId: parameters.l2ChainId, bridge: bridgeAddress };
  const statement = statementOf(header, context);
  const run = { start: statement.start, length, end: isTrue ? statement.end : endHash(hashOf(1n)) };
  await verifier.setRun(run.start, { length, end: run.end });
  return { run, batch: { headerHash: headerHash(header), finalizesAt: header.finalizesAt, ...statement } };
}

/** Sends a move to the contract. */
export function sendPlay(
  { game, header }: GameWorld,
  { model, run }: Table,
  by: Signer,
  play: Play,
): Promise<ContractTransactionResponse> {
  const contract = game.connect(by);
  const named = (id: string) => contentOf(model.claims.get(id), id, header);
  switch (play.kind) {
    case "counterBatch":
      return contract.counterBatch(header, [...play.list], { value: play.value });
    case "counter": {
      const { index, list, value } = play;
      return contract.counter(named(play.named.id), [...play.named.list], index, [...list], { value });
    }
    case "step": {
      const witness = toyWitness(run, play.step, play.world);
      return contract.step(named(play.named.id), [...play.named.list], play.index, witness);
    }
    case "resolve":
      return contract.resolve(play.ids.map(named));
    case "resolveBatch":
      return contract.resolveBatch(header);
    case "claimCredit":
      return contract.claimCredit(by);
  }
}

/** A claim as moves name it; one that nobody made if there is none of this id. */
export function contentOf(claim: ModelClaim | undefined, id: string, header: BatchHeader) {
  if (claim === undefined) return { parent: id, index: 0, start: id, listHash: id };
  const { parent, index, start, list } = claim;
  return { parent: parent?.id ?? headerHash(header), index, start, listHash: hashOf(...(list as Hex[])) };
}
