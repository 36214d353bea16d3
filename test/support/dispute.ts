/** The dispute game on an in-process L1, with the real chain and verifier, about batches of the toy rollup. */
import {
  type AddressLike,
  type ContractTransactionResponse,
  getCreateAddress,
  id as hashOf,
  type Signer,
  solidityPackedKeccak256,
  ZeroAddress,
} from "ethers";

import type { BatchHeader, Hex } from "../../plugin/types.js";
import type { DisputeClaimStruct } from "../../typechain-types/dispute/DisputeGame.js";
import { type DisputeGame, DisputeGame__factory, OneStepVerifier__factory } from "../../typechain-types/index.js";
import type { BatchClaimStruct } from "../../typechain-types/chain/StateCommitmentChain.js";
import { postBatch } from "./batches.js";
import type { Connection } from "./env.js";
import { headerHash } from "./protocol.js";
import { actorsOf, deploySuite, HOUR, type Suite, timestampOf } from "./suite.js";
import { runToy, TOY_STATE_ROOT, type ToyRun, toyProgram } from "./toy.js";
import { nextBlockAt, useDeployed, type World } from "./world.js";

export interface GameOptions {
  /** A list has 2^dissectionBits states. */
  dissectionBits: number;
  clock: bigint;
  extension: bigint;
  baseBond: bigint;
}

export const GAME_DEFAULTS: GameOptions = {
  dissectionBits: 4,
  clock: 84n * HOUR,
  extension: 3n * HOUR,
  baseBond: 10n ** 16n,
};

/** Hash of the state after that many instructions, as somebody has it. */
export type Trace = (count: bigint) => Hex;

/** A claim as the moves about it need it. */
export interface Claim {
  id: Hex;
  claim: DisputeClaimStruct & { parent: Hex; index: bigint; start: Hex; listHash: Hex };
  list: Hex[];
  depth: number;
  /** Instructions before its start. */
  from: bigint;
  claimant: Signer;
}

/** Parameters that the toy's game is deployed with. */
export async function gameParameters(
  options: GameOptions,
  neighbours: {
    chain: AddressLike;
    verifier: AddressLike;
    availability?: AddressLike;
    bridge: AddressLike;
    l2ChainId: bigint;
  },
) {
  const { machineHash, codeRoot, memoryRoot0, entryPc, pages, maxPages } = toyProgram();
  const program = { machineHash, codeRoot, memoryRoot0, entryPc, pages, maxPages, version: 1n };
  return Promise.resolve({ availability: ZeroAddress, ...neighbours, ...program, ...options });
}

/** Makes the contract that says which data were withheld. */
export type DeployAvailability = (suite: Suite) => Promise<AddressLike>;

async function deployGame(connection: Connection, options: GameOptions, deployAvailability?: DeployAvailability) {
  const actors = await actorsOf(connection);
  const program = toyProgram();
  // The chain names the game and the game the chain: the game is this account's first contract.
  const resolver = getCreateAddress({ from: actors.resolver.address, nonce: 0 });
  const suite = await deploySuite(connection, { resolver, machineHash: hexOf(program.machineHash) });
  const verifier = await new OneStepVerifier__factory(actors.deployer).deploy();
  const game: DisputeGame = await new DisputeGame__factory(actors.resolver).deploy(
    await gameParameters(options, {
      chain: suite.chain,
      verifier,
      availability: (await deployAvailability?.(suite)) ?? ZeroAddress,
      bridge: suite.bridge,
      l2ChainId: suite.parameters.l2ChainId,
    }),
  );
  const levels = Math.ceil(40 / options.dissectionBits);
  return { ...suite, connection, verifier, game, program, ...options, levels, k: 1 << options.dissectionBits };
}

export type GameWorld = Awaited<ReturnType<typeof deployGame>> & World;

/** Deploys suite and game once for a `describe` and puts L1 back to just after before each of its tests. */
export function useGame(
  overrides: Partial<GameOptions> = {},
  deployAvailability?: DeployAvailability,
): () => GameWorld {
  return useDeployed((connection) => deployGame(connection, { ...GAME_DEFAULTS, ...overrides }, deployAvailability));
}

/* BATCHES AND TRACES */

/** Posts a batch that is what the toy makes of its input. */
export function postTrueBatch(world: GameWorld, parent: BatchHeader, submitter?: Signer): Promise<BatchHeader> {
  return postToyBatch(world, parent, {}, submitter);
}

/** Posts a batch with another state root than the toy's. */
export function postFalseBatch(world: GameWorld, parent: BatchHeader, submitter?: Signer): Promise<BatchHeader> {
  return postToyBatch(world, parent, { stateRoot: hashOf("a false state") }, submitter);
}

function postToyBatch(
  world: GameWorld,
  parent: BatchHeader,
  claim: Partial<BatchClaimStruct>,
  submitter?: Signer,
): Promise<BatchHeader> {
  return postBatch(world, parent, {
    claim: { stateRoot: TOY_STATE_ROOT, ...claim },
    ...(submitter === undefined ? {} : { submitter }),
  });
}

/** What the machine does on the input of a batch. */
export async function truthOf(world: GameWorld, header: BatchHeader): Promise<ToyRun> {
  const bridge = (await world.bridge.getAddress()) as Hex;
  return runToy(world.program, { l2ChainId: world.parameters.l2ChainId, bridge, ...header });
}

/** The truth until `from` instructions, then states that nobody ever reached. */
export function lieFrom(truth: Trace, from: bigint, liar = "liar"): Trace {
  return (count) => (count < from ? truth(count) : (hashOf(`${liar} ${count}`) as Hex));
}

/** Instructions between two states of a claim of this depth. */
export function spacing(world: GameWorld, depth: number): bigint {
  return 1n << BigInt((world.levels - depth) * world.dissectionBits);
}

/** The list of a claim of `depth` that starts after `from` instructions. */
export function listOf(world: GameWorld, trace: Trace, depth: number, from: bigint): Hex[] {
  return Array.from({ length: world.k }, (_, i) => trace(from + BigInt(i + 1) * spacing(world, depth)));
}

/** The first state of a claim's list that is not in `trace`. */
export function firstFalse(world: GameWorld, { list, depth, from }: Claim, trace: Trace): number {
  const index = listOf(world, trace, depth, from).findIndex((state, i) => state !== list[i]);
  if (index < 0) throw new Error("all states agree");
  return index;
}

export function hashList(list: readonly string[]): Hex {
  return solidityPackedKeccak256(["bytes32[]"], [list]) as Hex;
}

/* MONEY */

/** Wei that claims of these depths post, less so many tips. */
export async function bondsLess({ game }: GameWorld, depths: number[], tips = 0): Promise<bigint> {
  const bonds = await Promise.all(depths.map((depth) => game.bond(depth)));
  return bonds.reduce((sum, bond) => sum + bond, 0n) - BigInt(tips) * (await game.tip());
}

/* MOVES */

/** The claim that countering `parent` at `index` makes, without making it. */
export function answer(world: GameWorld, parent: Claim, index: number, list: Hex[], claimant: Signer): Claim {
  const start = index === 0 ? parent.claim.start : parent.list[index - 1];
  if (start === undefined) throw new Error(`no state ${index}`);
  const depth = parent.depth + 1;
  const from = parent.from + BigInt(index) * spacing(world, parent.depth);
  return withId(
    { parent: parent.id, index: BigInt(index), start, listHash: hashList(list) },
    list,
    depth,
    from,
    claimant,
  );
}

/** The claim that countering the batch makes, without making it. */
export function answerBatch(header: BatchHeader, truth: ToyRun, list: Hex[], claimant: Signer): Claim {
  const start = truth.stateAt(0n);
  return withId({ parent: headerHash(header), index: 0n, start, listHash: hashList(list) }, list, 1, 0n, claimant);
}

function withId(claim: Claim["claim"], list: Hex[], depth: number, from: bigint, claimant: Signer): Claim {
  const id = solidityPackedKeccak256(
    ["bytes32", "uint256", "bytes32", "bytes32"],
    [claim.parent, claim.index, claim.start, claim.listHash],
  ) as Hex;
  return { id, claim, list, depth, from, claimant };
}

/** Sends `counterBatch` with the bond that it takes. */
export async function sendCounterBatch(
  { game }: GameWorld,
  header: BatchHeader,
  list: Hex[],
  by: Signer,
): Promise<ContractTransactionResponse> {
  return game.connect(by).counterBatch(header, list, { value: await game.bond(1n) });
}

/** Sends `counter` with the bond that it takes. */
export async function sendCounter(
  { game }: GameWorld,
  { claim, list, depth }: Claim,
  index: number,
  newList: Hex[],
  by: Signer,
): Promise<ContractTransactionResponse> {
  return game.connect(by).counter(claim, list, index, newList, { value: await game.bond(depth + 1) });
}

/** Counters `parent` with the list that `trace` has there; at the first state that differs if no index is given. */
export async function counter(
  world: GameWorld,
  parent: Claim,
  trace: Trace,
  by: Signer,
  index = firstFalse(world, parent, trace),
): Promise<Claim & { sent: ContractTransactionResponse }> {
  const from = parent.from + BigInt(index) * spacing(world, parent.depth);
  const list = listOf(world, trace, parent.depth + 1, from);
  const sent = await sendCounter(world, parent, index, list, by);
  return { ...answer(world, parent, index, list, by), sent };
}

/** Counters a batch with the list that `trace` has. */
export async function counterBatch(
  world: GameWorld,
  header: BatchHeader,
  truth: ToyRun,
  trace: Trace,
  by: Signer,
): Promise<Claim & { sent: ContractTransactionResponse }> {
  const list = listOf(world, trace, 1, 0n);
  const sent = await sendCounterBatch(world, header, list, by);
  return { ...answerBatch(header, truth, list, by), sent };
}

/** Executes the instruction before the first false state of a claim of the last depth. */
export function step(
  world: GameWorld,
  claim: Claim,
  truth: ToyRun,
  by: Signer,
  index = firstFalse(world, claim, truth.stateAt),
): Promise<ContractTransactionResponse> {
  const witness = truth.witnessAt(claim.from + BigInt(index));
  return world.game.connect(by).step(claim.claim, claim.list, index, witness);
}

/** Two sides answer each other at their first difference, down to the last depth. Returns all claims, `claim` first. */
export async function playDown(
  world: GameWorld,
  claim: Claim,
  next: { trace: Trace; by: Signer },
  other: { trace: Trace; by: Signer },
  depth = world.levels,
): Promise<Claim[]> {
  const claims = [claim];
  for (let [turn, last] = [next, claim]; last.depth < depth; turn = turn === next ? other : next) {
    last = await counter(world, last, turn.trace, turn.by);
    claims.push(last);
  }
  return claims;
}

/** Resolves claims, the deepest first, in one transaction. */
export function resolve(world: GameWorld, claims: Claim[]): Promise<ContractTransactionResponse> {
  return world.game.resolve([...claims].sort((a, b) => b.depth - a.depth).map(({ claim }) => claim));
}

/** Makes the next block the one at which a claim closes, or some seconds away from it. */
export async function atClosing(world: GameWorld, { claim }: Claim, seconds = 0n): Promise<void> {
  await nextBlockAt(world, (await world.game.closesAt(claim)) + seconds);
}

/** L1 time when a claim was posted. */
export async function postedAt(claim: { sent: ContractTransactionResponse }): Promise<bigint> {
  return timestampOf(claim.sent);
}

/** Lets all claims about a batch close. */
export async function passGame(world: GameWorld, header: BatchHeader): Promise<void> {
  await world.connection.networkHelpers.time.increaseTo(header.finalizesAt + (await world.game.maxDuration()));
}

function hexOf(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes).toString("hex")}`;
}

/** A batch under attack or attacking: its truth, and a lie that goes astray after six instructions. */
export async function sceneOf(world: GameWorld, kind: "true" | "false") {
  const header = await (kind === "true" ? postTrueBatch : postFalseBatch)(world, world.genesis);
  const truth = await truthOf(world, header);
  return { header, truth, honest: truth.stateAt, lie: lieFrom(truth.stateAt, 6n) };
}

/** Sends transactions so that they are in one block, in this order. */
export async function inOneBlock(
  { connection }: GameWorld,
  sends: (() => Promise<ContractTransactionResponse>)[],
): Promise<ContractTransactionResponse[]> {
  const request = (method: string, params: unknown[] = []): Promise<unknown> =>
    connection.provider.request({ method, params });
  await request("evm_setAutomine", [false]);
  const sent: ContractTransactionResponse[] = [];
  for (const send of sends) sent.push(await send());
  await request("evm_mine");
  await request("evm_setAutomine", [true]);
  return sent;
}
