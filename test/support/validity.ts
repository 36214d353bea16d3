/** A rollup with validity proofs on an in-process L1: the real chain, statements and judge, and a verifier that believes the test. */
import { AbiCoder, concat, type ContractTransactionResponse, hexlify, id, type Signer, ZeroAddress } from "ethers";

import { chunkRoot } from "../../plugin/da/committee/chunks.js";
import { toHex } from "../../plugin/ledger/bytes.js";
import { withdrawalsRoot } from "../../plugin/ledger/hashes.js";
import type { BatchHeader, Hex, InboxMessage, Withdrawal } from "../../plugin/types.js";
import { type BatchSegment, encodeBatch, encodeShown, showBatch } from "../../plugin/validity/batch.js";
import { withdrawalOf } from "../../plugin/validity/run.js";
import { provableSegments, sealBatch } from "../../plugin/validity/seal.js";
import { beginSegment } from "../../plugin/validity/segment.js";
import { certifiedRoot, type Domain, type Statement, txDomain } from "../../plugin/validity/statement.js";
import { genesisNodes, openState } from "../../plugin/validity/state.js";
import type { BatchClaimStruct } from "../../typechain-types/chain/StateCommitmentChain.js";
import {
  CalldataDA__factory,
  EchoDA__factory,
  type MockValidityVerifier,
  MockValidityVerifier__factory,
  ProofEvidence__factory,
  type StatementDA,
  StatementDA__factory,
  StateCommitmentChain__factory,
  type ValidityResolver,
  ValidityResolver__factory,
} from "../../typechain-types/index.js";
import { createOwner, type Owner } from "../validity/support/owner.js";
import { eventOf, toHeader } from "./batches.js";
import { calldataInput, statementInput } from "./da-input.js";
import type { Connection } from "./env.js";
import { dataHash, dataHashOfRoot } from "./protocol.js";
import { actorsOf, DAY, DEFAULTS, deploySuite } from "./suite.js";
import { useDeployed } from "./world.js";

export const PROOF_WINDOW = DAY;
export const ON_L1 = id("segments whose transfers are on L1") as Hex;
export const WITH_COMMITTEE = id("segments whose transfers are with a committee") as Hex;

const LEVELS = 3;
const SLOTS = 16;

export interface ValidityOptions {
  /** Data that the test attests itself, instead of calldata. */
  attested?: boolean;
  /** Whether batches with a committee can be proven; default yes. */
  committeeProgram?: boolean;
  /** Whether alice, bob and second, two of whom suffice, act on evidence of a bug; default no. */
  council?: boolean;
}

/** What one segment of a batch does. */
export interface Plan {
  messages?: InboxMessage[];
  operations?: BatchSegment["operations"];
  transfers?: ReturnType<Owner["sign"]>[];
  feeLeaf?: number;
}

/** A batch that was executed, ready to be posted and proven. */
export interface Prepared {
  parent: BatchHeader;
  claim: BatchClaimStruct & Pick<BatchHeader, "stateRoot" | "withdrawalsRoot" | "inboxAcc" | "inboxTo" | "l2BlockTo">;
  consumed: InboxMessage[];
  segments: BatchSegment[];
  withdrawals: Withdrawal[];
  /** d of each segment. */
  elements: bigint[][];
  statements: Statement[];
  /** What the layer below makes of the data. */
  belowHash: Hex;
  isOnL1: boolean;
  daInput: Hex;
}

export async function deployValidity(connection: Connection, options: ValidityOptions = {}) {
  const { deployer, alice, bob, second } = await actorsOf(connection);
  const verifier: MockValidityVerifier = await new MockValidityVerifier__factory(deployer).deploy();
  const Below = options.attested === true ? EchoDA__factory : CalldataDA__factory;
  const below = await new Below(deployer).deploy();
  const [genesis] = genesisNodes(LEVELS);
  if (genesis === undefined) throw new Error("no genesis");
  let resolver: ValidityResolver | undefined;
  let layer: StatementDA | undefined;
  const suite = await deploySuite(
    connection,
    {
      ...{ proofRequired: true, maxBatchMessages: 64n, fullBatchMessages: 32n },
      ...{ challengeWindow: PROOF_WINDOW, disputeDuration: 1n, genesisStateRoot: toHex(genesis.hash) },
    },
    async ({ bridge, chain }) => {
      const withoutCommittee = options.committeeProgram === false;
      resolver = await new ValidityResolver__factory(deployer).deploy({
        chain,
        onL1: { verifier, id: ON_L1 },
        withCommittee: { verifier: withoutCommittee ? ZeroAddress : verifier, id: WITH_COMMITTEE },
        proofWindow: PROOF_WINDOW,
      });
      layer = await new StatementDA__factory(deployer).deploy({ below, bridge, l2ChainId: DEFAULTS.l2ChainId });
      const neighbours = { resolver: await resolver.getAddress(), dataAvailability: layer };
      if (options.council !== true) return neighbours;
      const evidence = await (await new ProofEvidence__factory(deployer).deploy(chain)).getAddress();
      const council = [alice, bob, second].map(({ address }) => address);
      return { ...neighbours, parameters: { council, councilThreshold: 2n, evidence } };
    },
  );
  if (resolver === undefined || layer === undefined) throw new Error("the suite asked for no neighbours");
  const { chainId: l1ChainId } = await connection.ethers.provider.getNetwork();
  const bridge = (await suite.bridge.getAddress()) as Hex;
  const domain: Domain = { l1ChainId, l2ChainId: suite.parameters.l2ChainId, bridge };
  const nodes = new Map(genesisNodes(LEVELS).map(({ hash, preimage }) => [toHex(hash), preimage]));
  const isOnL1 = options.attested !== true;
  return { ...suite, connection, verifier, resolver, layer, domain, nodes, isOnL1 };
}

export type ValidityWorld = Awaited<ReturnType<typeof deployValidity>>;

/** Deploys once for a `describe` and puts L1 back to just after before each of its tests. */
export function useValidity(options: ValidityOptions = {}): () => ValidityWorld {
  return useDeployed((connection) => deployValidity(connection, options));
}

/** Somebody on L2 of this rollup, with keys. */
export const ownerOn = ({ domain }: ValidityWorld, number: number): Owner => createOwner(number, domain);

/** Executes the next batch. */
export async function prepare(
  world: ValidityWorld,
  parent: BatchHeader,
  plans: readonly Plan[],
  submitter: Signer = world.actors.sequencer,
): Promise<Prepared> {
  const { domain, nodes, isOnL1 } = world;
  const consumed = plans.flatMap(({ messages = [] }) => messages);
  const inboxTo = parent.inboxTo + BigInt(consumed.length);
  const inboxAcc = (await world.bridge.accumulator(inboxTo)) as Hex;
  const l2BlockTo = parent.l2BlockTo + BigInt(plans.length);
  const state = openState(LEVELS, parent.stateRoot, { get: (hash) => nodes.get(toHex(hash)) });
  const results = plans.map(({ messages = [], operations = [], transfers = [], feeLeaf = 0 }) => {
    const builder = beginSegment(state, { slotCount: SLOTS, feeLeaf, domain: txDomain(domain) });
    for (const message of messages) builder.consume(message);
    for (const operation of operations) builder.operate(operation);
    for (const transfer of transfers) builder.transfer(transfer);
    return builder.finish();
  });
  const context = {
    ...{ ...domain, batchIndex: parent.index + 1n, submitter: (await submitter.getAddress()) as Hex },
    ...{ inboxTo, inboxAcc, l2BlockTo },
  };
  const segments = sealBatch(context, results, SLOTS);
  const provable = provableSegments(context, results, segments, isOnL1);
  const statements = provable.map(({ statement }) => statement);
  const withdrawals = segments.flatMap(({ exits, withdrawalNonce }) =>
    exits.map((exit, i) => withdrawalOf(exit, withdrawalNonce + BigInt(i))),
  );
  const stateRoot = state.root();
  for (const { hash, preimage } of state.takeNodes()) nodes.set(toHex(hash), preimage);
  const claim = { stateRoot, withdrawalsRoot: withdrawalsRoot(withdrawals), inboxAcc, inboxTo, l2BlockTo };
  const elements = provable.map((segment) => segment.elements);
  const input = inputOf(segments, consumed, isOnL1);
  return { parent, claim, consumed, segments, withdrawals, elements, statements, isOnL1, ...input };
}

/** What is posted with such segments. */
export function inputOf(
  segments: readonly BatchSegment[],
  consumed: readonly InboxMessage[],
  isOnL1: boolean,
): Pick<Prepared, "belowHash" | "daInput"> {
  const data = encodeBatch(segments);
  if (isOnL1) return { belowHash: dataHash(toHex(data)), daInput: calldataInput(consumed, toHex(data)) };
  const shown = showBatch(segments);
  const hashes = shown.map(({ hTx }) => hTx);
  const belowHash = dataHashOfRoot(BigInt(data.length), certifiedRoot(chunkRoot(data), hashes));
  const input = concat([chunkRoot(data), encodeShown(shown)]);
  return { belowHash, daInput: statementInput(consumed, input, concat(["0x02", belowHash])) };
}

/** Sends a prepared batch. */
export function sendPrepared(
  { chain, actors }: ValidityWorld,
  { parent, claim, daInput }: Prepared,
  submitter: Signer = actors.sequencer,
): Promise<ContractTransactionResponse> {
  return chain.connect(submitter).appendBatch(parent, claim, [], daInput);
}

/** Posts a prepared batch; its header as L1 told it. */
export async function postPrepared(
  world: ValidityWorld,
  prepared: Prepared,
  submitter: Signer = world.actors.sequencer,
): Promise<BatchHeader> {
  const sent = await sendPrepared(world, prepared, submitter);
  const { args } = await eventOf(sent, StateCommitmentChain__factory.createInterface(), "BatchAppended");
  return toHeader(args.getValue("header") as Parameters<typeof toHeader>[0]);
}

/** Executes and posts the next batch. */
export async function postPlans(world: ValidityWorld, parent: BatchHeader, ...plans: Plan[]) {
  const prepared = await prepare(world, parent, plans);
  return { prepared, header: await postPrepared(world, prepared) };
}

/** The words of a statement. */
export const wordsOf = ({ h, r, y }: Statement): [bigint, bigint, bigint] => [h, r, y];

/** A proof that the verifier accepts for this statement, from now on. */
export async function proofOf(
  { verifier }: ValidityWorld,
  statement: Statement,
  program = ON_L1,
  proof: string = hexlify(new Uint8Array(256).fill(7)),
): Promise<string> {
  const values = AbiCoder.defaultAbiCoder().encode(["uint256[3]"], [wordsOf(statement)]);
  await verifier.accept(program, values, proof);
  return proof;
}

/** Arguments of `prove` for a batch, with proofs that the verifier accepts. */
export async function proven(world: ValidityWorld, header: BatchHeader, prepared: Prepared) {
  const { belowHash, isOnL1, statements } = prepared;
  const proofs: string[] = [];
  for (const statement of statements) proofs.push(await proofOf(world, statement, isOnL1 ? ON_L1 : WITH_COMMITTEE));
  return [header, belowHash, isOnL1, statements.map(wordsOf), proofs] as const;
}
