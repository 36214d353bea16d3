import { Contract, type Provider, ZeroAddress } from "ethers";

import {
  AvailabilityChallenge__factory,
  BlobDA__factory,
  CalldataDA__factory,
  CommitteeDA__factory,
  DataAvailabilityCommittee__factory,
  DisputeGame__factory,
  Groth16Verifier__factory,
  L1EscrowBridge__factory,
  PoseidonStateProof__factory,
  SequencerRegistry__factory,
  StateCommitmentChain__factory,
  StatementDA__factory,
  StepEvidence__factory,
  UpgradeTimelock__factory,
  ValidityResolver__factory,
} from "../../typechain-types/index.js";
import { ask } from "../l1/ask.js";
import { findGenesis, NoSuiteError } from "../l1/discover.js";
import { type BatchHeader, type DataAvailability, type Hex, ZERO_ADDRESS } from "../types.js";
import { answerOf, codeOf, type ProxySlots, proxySlots } from "./read.js";

export type ProxyName = "L1EscrowBridge" | "StateCommitmentChain" | "SequencerRegistry";

/** A proxy of the suite, and what stands behind it. */
export interface ProxyFacts extends ProxySlots {
  name: ProxyName;
  address: Hex;
  /** Who may upgrade by the admin; undefined where the admin does not say. */
  owner: Hex | undefined;
}

/** Every contract of the suite but proxies. */
export interface Part {
  name: string;
  address: Hex;
}

/** The timelock of upgrades, as far as it is one. */
export interface TimelockFacts {
  address: Hex;
  /** The delay of today, in seconds; of any TimelockController. */
  delay: bigint | undefined;
  /** What only ours has. */
  own: Own | undefined;
}

interface Own {
  minimumDelay: bigint;
  exitMargin: bigint;
  councilThreshold: bigint;
  chain: Hex;
  evidence: Hex;
  executionWindow: bigint;
}

type ParametersOf<F extends { connect(address: string, provider: Provider): { parameters(): Promise<unknown> } }> =
  Awaited<ReturnType<ReturnType<F["connect"]>["parameters"]>>;

export type BridgeParameters = ParametersOf<typeof L1EscrowBridge__factory>;
export type ChainParameters = ParametersOf<typeof StateCommitmentChain__factory>;
export type RegistryParameters = ParametersOf<typeof SequencerRegistry__factory>;
export type GameParameters = ParametersOf<typeof DisputeGame__factory>;
export type ResolverParameters = ParametersOf<typeof ValidityResolver__factory>;

export interface CommitteeFacts {
  address: Hex;
  epoch: bigint;
  members: readonly Hex[];
  threshold: bigint;
  scheme: bigint;
  timelock: Hex;
  bridge: Hex;
  keys: Hex;
  overlap: bigint;
}

export interface VerifierFacts {
  address: Hex;
  /** Id of the circuit, which the resolver asks for. */
  program: Hex;
  /** Undefined where it is no Groth16Verifier of ours. */
  own: { keyId: Hex; isDevelopment: boolean } | undefined;
}

/** What L1 says of a suite. Of what another contract than ours stands for, it says little. */
export interface SuiteFacts {
  provider: Provider;
  l1ChainId: bigint;
  block: number;
  /** L1 time of it, in seconds. */
  time: bigint;
  /** L1 block at or before the deployment. */
  fromBlock: number;
  genesis: BatchHeader;
  /** The transaction that created the proxies. */
  genesisTransaction: Hex;
  /** Its block. */
  genesisBlock: number;
  bridge: Hex;
  escrow: BridgeParameters;
  chain: ChainParameters;
  registry: RegistryParameters | undefined;
  proxies: readonly ProxyFacts[];
  timelock: TimelockFacts;
  isOptimistic: boolean;
  game: GameParameters | undefined;
  gameMaxDuration: bigint | undefined;
  resolver: ResolverParameters | undefined;
  verifiers: readonly VerifierFacts[];
  statement: { below: Hex; bridge: Hex; l2ChainId: bigint } | undefined;
  poseidon: { address: Hex; levels: bigint } | undefined;
  /** The layer that holds data. */
  layer: Hex;
  da: DataAvailability | undefined;
  /** That a committee's layer was made with. */
  layerDisputeDuration: bigint | undefined;
  committee: CommitteeFacts | undefined;
  challenge: ParametersOf<typeof AvailabilityChallenge__factory> | undefined;
  /** The chain that the evidence of a council is about. */
  evidenceChain: Hex | undefined;
  /** All contracts that are not behind one of the proxies. */
  parts: readonly Part[];
}

const ADMIN_OWNER = ["function owner() view returns (address)"];

/**
 * Finds a suite by the address of its bridge, and nothing else: neighbours, slots, owners, parameters.
 * @throws {NoSuiteError | L1UnavailableError}
 */
export async function readFacts(provider: Provider, bridge: Hex, fromBlock = 0): Promise<SuiteFacts> {
  const head = await ask("last block", () => provider.getBlock("latest"));
  if (head === null) throw new NoSuiteError(bridge, "L1 has no block");
  if ((await codeOf(provider, bridge)) === "0x") throw new NoSuiteError(bridge, "it has no code");
  const escrow = await answerOf("the bridge", () => L1EscrowBridge__factory.connect(bridge, provider).parameters());
  if (escrow === undefined) throw new NoSuiteError(bridge, "it does not answer as one");
  const chain = await answerOf("the chain", () =>
    StateCommitmentChain__factory.connect(escrow.chain, provider).parameters(),
  );
  if (chain === undefined) throw new NoSuiteError(bridge, `the chain that it names, ${escrow.chain}, answers as none`);
  // The code behind the proxy is asked for by mistake; an impostor names a chain that knows nothing of it.
  if (chain.inbox !== bridge)
    throw new NoSuiteError(bridge, `the chain that it names has another bridge, ${chain.inbox}`);
  const { chainId } = await ask("chain id", () => provider.getNetwork());
  const { genesis, transaction, block } = await findGenesis(provider, bridge, escrow.chain as Hex, fromBlock, {});
  const registry = await answerOf("the registry", () =>
    SequencerRegistry__factory.connect(chain.registry, provider).parameters(),
  );
  const timelock = await readTimelock(provider, escrow.upgradeTimelock as Hex);
  const proxies = await Promise.all(
    (
      [
        ["L1EscrowBridge", bridge],
        ["StateCommitmentChain", escrow.chain as Hex],
        ["SequencerRegistry", chain.registry as Hex],
      ] as const
    ).map(([name, address]) => readProxy(provider, name, address)),
  );
  const judge = await readJudge(provider, chain);
  const below = judge.statement?.below ?? (chain.dataAvailability as Hex);
  const layer = await readLayer(provider, below);
  const poseidon = await answerOf("the state proof", () =>
    PoseidonStateProof__factory.connect(escrow.stateProof, provider).parameters(),
  );
  const evidence = timelock.own?.evidence ?? ZERO_ADDRESS;
  const evidenceChain =
    evidence === ZERO_ADDRESS
      ? undefined
      : await answerOf(
          "the evidence",
          async () => (await StepEvidence__factory.connect(evidence, provider).CHAIN()) as Hex,
        );
  const { game } = judge;
  const challenge =
    game === undefined || game.availability === ZeroAddress
      ? undefined
      : await answerOf("the availability challenge", () =>
          AvailabilityChallenge__factory.connect(game.availability, provider).parameters(),
        );
  const named: readonly (readonly [string, string | undefined])[] = [
    ["UpgradeTimelock", timelock.address],
    ["BugEvidence", evidence],
    ["DataAvailability", below],
    ["StatementDA", judge.statement === undefined ? undefined : chain.dataAvailability],
    ["DataAvailabilityCommittee", layer.committee?.address],
    ["BlsKeys", layer.committee?.keys],
    ["StateProof", escrow.stateProof],
    ["Poseidon", poseidon?.poseidon],
    [judge.resolver === undefined ? "DisputeGame" : "ValidityResolver", chain.resolver],
    ["OneStepVerifier", game?.verifier],
    ["AvailabilityChallenge", game?.availability],
    ["ValidityVerifier", judge.verifiers[0]?.address],
    ["CommitteeVerifier", judge.verifiers[1]?.address],
  ];
  return {
    provider,
    ...{ l1ChainId: chainId, block: head.number, time: BigInt(head.timestamp), fromBlock, genesis },
    ...{ genesisTransaction: transaction, genesisBlock: block, bridge, escrow, chain, registry, proxies, timelock },
    isOptimistic: !chain.proofRequired,
    ...judge,
    ...{ layer: below, ...layer, challenge, evidenceChain },
    poseidon: poseidon === undefined ? undefined : { address: poseidon.poseidon as Hex, levels: poseidon.levels },
    parts: named.flatMap(([name, address]) =>
      address === undefined || address === ZeroAddress ? [] : [{ name, address: address as Hex }],
    ),
  };
}

async function readProxy(provider: Provider, name: ProxyName, address: Hex): Promise<ProxyFacts> {
  const slots = await proxySlots(provider, address);
  const admin = new Contract(slots.admin, ADMIN_OWNER, provider);
  const owner =
    slots.admin === ZERO_ADDRESS
      ? undefined
      : await answerOf(`owner of the admin of ${name}`, () => admin.getFunction("owner")() as Promise<Hex>);
  return { name, address, ...slots, owner };
}

async function readTimelock(provider: Provider, address: Hex): Promise<TimelockFacts> {
  const timelock = UpgradeTimelock__factory.connect(address, provider);
  const [delay, own] = await Promise.all([
    answerOf("delay of the timelock", () => timelock.getMinDelay()),
    answerOf("the timelock", async () => {
      const [minimumDelay, exitMargin, councilThreshold, chain, evidence, executionWindow] = await Promise.all([
        timelock.MINIMUM_DELAY(),
        timelock.EXIT_MARGIN(),
        timelock.COUNCIL_THRESHOLD(),
        timelock.CHAIN(),
        timelock.EVIDENCE(),
        timelock.EXECUTION_WINDOW(),
      ]);
      const addresses = { chain: chain as Hex, evidence: evidence as Hex };
      return { minimumDelay, exitMargin, councilThreshold, executionWindow, ...addresses };
    }),
  ]);
  return { address, delay, own };
}

type JudgeFacts = Pick<SuiteFacts, "game" | "gameMaxDuration" | "resolver" | "verifiers" | "statement">;

async function readJudge(provider: Provider, chain: ChainParameters): Promise<JudgeFacts> {
  if (!chain.proofRequired) {
    const contract = DisputeGame__factory.connect(chain.resolver, provider);
    const [game, gameMaxDuration] = await Promise.all([
      answerOf("the game", () => contract.parameters()),
      answerOf("the game", () => contract.maxDuration()),
    ]);
    return { game, gameMaxDuration, resolver: undefined, verifiers: [], statement: undefined };
  }
  const [resolver, statement] = await Promise.all([
    answerOf("the resolver", () => ValidityResolver__factory.connect(chain.resolver, provider).parameters()),
    answerOf("the statement layer", () => StatementDA__factory.connect(chain.dataAvailability, provider).parameters()),
  ]);
  const programs = resolver === undefined ? [] : [resolver.onL1, resolver.withCommittee];
  const verifiers = await Promise.all(
    programs
      .filter(({ verifier }) => verifier !== ZeroAddress)
      .map(({ verifier, id }) => readVerifier(provider, verifier as Hex, id as Hex)),
  );
  const { below, bridge, l2ChainId } = statement ?? { below: ZERO_ADDRESS, bridge: ZERO_ADDRESS, l2ChainId: 0n };
  return {
    ...{ game: undefined, gameMaxDuration: undefined, resolver, verifiers },
    statement: statement === undefined ? undefined : { below: below as Hex, bridge: bridge as Hex, l2ChainId },
  };
}

async function readVerifier(provider: Provider, address: Hex, program: Hex): Promise<VerifierFacts> {
  const contract = Groth16Verifier__factory.connect(address, provider);
  const [keyId, isDevelopment] = await Promise.all([
    answerOf("the verifying key", () => contract.KEY_ID()),
    answerOf("the verifying key", () => contract.IS_DEVELOPMENT()),
  ]);
  const isOwn = keyId !== undefined && isDevelopment !== undefined;
  return { address, program, own: isOwn ? { keyId: keyId as Hex, isDevelopment } : undefined };
}

type LayerFacts = Pick<SuiteFacts, "da" | "layerDisputeDuration" | "committee">;

async function readLayer(provider: Provider, address: Hex): Promise<LayerFacts> {
  const none = { layerDisputeDuration: undefined, committee: undefined };
  const blob = await answerOf("the layer", () => BlobDA__factory.connect(address, provider).BLOB_DOMAIN());
  if (blob !== undefined) return { da: "blob", ...none };
  const layer = CommitteeDA__factory.connect(address, provider);
  const committee = await answerOf("the layer", () => layer.COMMITTEE());
  if (committee === undefined) {
    const calldata = await answerOf("the layer", () => CalldataDA__factory.connect(address, provider).FORM_CALLDATA());
    return { da: calldata === undefined ? undefined : "calldata", ...none };
  }
  const layerDisputeDuration = await answerOf("the layer", () => layer.DISPUTE_DURATION());
  return { da: "committee", layerDisputeDuration, committee: await readCommittee(provider, committee as Hex) };
}

async function readCommittee(provider: Provider, address: Hex): Promise<CommitteeFacts | undefined> {
  const contract = DataAvailabilityCommittee__factory.connect(address, provider);
  return answerOf("the committee", async () => {
    const epoch = await contract.currentEpoch();
    const [{ members, threshold, scheme }, timelock, bridge, keys, overlap] = await Promise.all([
      contract.epochOf(epoch),
      contract.TIMELOCK(),
      contract.BRIDGE(),
      contract.KEYS(),
      contract.OVERLAP(),
    ]);
    return {
      ...{ address, epoch, members: [...members] as Hex[], threshold, scheme, overlap },
      ...{ timelock: timelock as Hex, bridge: bridge as Hex, keys: keys as Hex },
    };
  });
}
