import { concat, type Interface, keccak256, type Provider } from "ethers";

import {
  AvailabilityChallenge__factory,
  BlobDA__factory,
  BlsKeys__factory,
  CalldataDA__factory,
  CommitteeDA__factory,
  DataAvailabilityCommittee__factory,
  DisputeGame__factory,
  Groth16Verifier__factory,
  KeccakStateProof__factory,
  L1EscrowBridge__factory,
  OneStepVerifier__factory,
  PoseidonStateProof__factory,
  ProofEvidence__factory,
  SequencerRegistry__factory,
  StateCommitmentChain__factory,
  StatementDA__factory,
  StepEvidence__factory,
  SuiteFactory__factory,
  UpgradeTimelock__factory,
  ValidityResolver__factory,
} from "../../typechain-types/index.js";
import { ask } from "../l1/ask.js";
import { programIdOf, verifierArguments } from "../prover/encode.js";
import type { VerifyingKey } from "../prover/types.js";
import { type Hex, type ValidityKeys, ZERO_ADDRESS } from "../types.js";
import { POSEIDON_CREATION } from "../validity/poseidon-contract.js";
import type { ProxyName, SuiteFacts } from "./facts.js";
import { answerOf, codeOf } from "./read.js";

/** What stands at an address, and whether this package made it. */
export interface CodeFinding {
  name: string;
  address: Hex;
  codeHash: Hex;
  isOurs: boolean;
  /** Why not, or what was not compared. */
  note?: string;
}

/** The creation that would leave a contract, with the values that it tells of itself; undefined where it tells none. */
type Creation = string | undefined;

/** Compares the code of every contract with what this package's creation code leaves; immutables are what the contracts tell of themselves. */
export async function compareCode(facts: SuiteFacts, keys?: ValidityKeys): Promise<CodeFinding[]> {
  const { provider, proxies } = facts;
  const behind = proxies.map(({ name, implementation }) => ({
    name: `${name} implementation`,
    address: implementation,
  }));
  return Promise.all([
    ...[...behind, ...facts.parts].map(({ name, address }) =>
      compareOne(provider, name, address, creationOf(facts, name, keys)),
    ),
    ...proxies.flatMap(({ name, address, admin }) => [
      compareEmbedded(provider, name, address, admin),
      compareEmbedded(provider, `admin of ${name}`, admin),
    ]),
  ]);
}

async function compareOne(provider: Provider, name: string, address: Hex, data: Creation): Promise<CodeFinding> {
  const code = await codeOf(provider, address);
  const found = { name, address, codeHash: keccak256(code) as Hex };
  if (data === undefined) return { ...found, isOurs: false, note: "it does not tell its parameters as ours do" };
  const template =
    name.endsWith("Verifier") && name !== "OneStepVerifier" && data === Groth16Verifier__factory.bytecode;
  if (template) {
    const isOurs = fitsTemplate(code, data);
    return { ...found, isOurs, note: isOurs ? "but for the key: L1 tells its id, not its points" : "other code" };
  }
  const expected = await answerOf(`creation of ${name}`, () => provider.call({ data }));
  const isOurs = expected !== undefined && withoutOwnAddress(expected) === withoutOwnAddress(code, address);
  if (isOurs) return { ...found, isOurs };
  const note =
    code === "0x" ? "there is no code" : expected === undefined ? "ours refuses such parameters" : "other code";
  return { ...found, isOurs, note };
}

/** Solidity writes a library's own address into its code, behind the first instruction. */
const LIBRARY = /^0x73[0-9a-f]{40}3014/;

/** @param address Where the code lies; of a simulated creation it is another one. */
function withoutOwnAddress(code: string, address?: Hex): string {
  if (!LIBRARY.test(code)) return code;
  if (address !== undefined && code.slice(4, 44) !== address.slice(2).toLowerCase()) return code;
  return `0x73${"00".repeat(20)}${code.slice(44)}`;
}

/** First instructions of whatever Solidity compiles, and the end of its metadata. */
const BEGINS = /^60[0-9a-f]{2}(80)?604052|^6080806040/;
const ENDS = "64736f6c634300081e000a";

/**
 * Proxies and their admins come out of the factory's creation code, where they stand as data: after the instruction that
 * ends what comes before, with zeros for immutables.
 * @param immutable The only one, where there is one.
 */
async function compareEmbedded(provider: Provider, name: string, address: Hex, immutable?: Hex): Promise<CodeFinding> {
  const code = (await codeOf(provider, address)).slice(2).toLowerCase();
  const codeHash = keccak256(`0x${code}`) as Hex;
  const plain = immutable === undefined ? code : code.replaceAll(immutable.slice(2).toLowerCase(), "00".repeat(20));
  const isWhole = BEGINS.test(plain) && plain.endsWith(ENDS);
  const isOurs = isWhole && SuiteFactory__factory.bytecode.toLowerCase().includes(`fe${plain}`);
  return {
    name,
    address,
    codeHash,
    isOurs,
    ...(isOurs ? {} : { note: code === "" ? "there is no code" : "other code" }),
  };
}

/** Whether the code at an address is this package's factory. */
export async function compareFactory(provider: Provider, address: Hex): Promise<boolean> {
  const deployer = await answerOf("the factory", () => SuiteFactory__factory.connect(address, provider).DEPLOYER());
  const data = deployer === undefined ? undefined : creation(SuiteFactory__factory, deployer);
  return (await compareOne(provider, "SuiteFactory", address, data)).isOurs;
}

const BEHIND = {
  L1EscrowBridge: L1EscrowBridge__factory,
  StateCommitmentChain: StateCommitmentChain__factory,
  SequencerRegistry: SequencerRegistry__factory,
} as const;

/** Neighbours that no upgrade changes: code that named others took their word for what it wrote. */
const KEPT = {
  L1EscrowBridge: ["chain", "stateProof"],
  StateCommitmentChain: ["inbox", "registry"],
  SequencerRegistry: ["chain"],
} as const;

/** What is wrong with code that stands, or stood, behind a proxy; undefined where it is this package's, with today's neighbours. */
export async function comparePast(facts: SuiteFacts, name: ProxyName, address: Hex): Promise<string | undefined> {
  const { provider } = facts;
  const factory = BEHIND[name];
  const values = await answerOf<Record<string, unknown>>(
    `parameters of ${address}`,
    async () => (await factory.connect(address, provider).parameters()) as unknown as Record<string, unknown>,
  );
  const data = values === undefined ? undefined : creation(factory, values);
  const { isOurs } = await compareOne(provider, name, address, data);
  if (values === undefined || !isOurs) return "which is not this package's";
  const today = { L1EscrowBridge: facts.escrow, StateCommitmentChain: facts.chain, SequencerRegistry: facts.registry };
  const now = today[name] as Record<string, unknown> | undefined;
  const other = now && KEPT[name].find((key) => values[key] !== now[key]);
  return other && `whose ${other} is ${String(values[other])}, not ${String(now[other])}`;
}

const PUSH1 = 0x60;
const PUSH32 = 0x7f;

/** Whether `code` is the runtime code inside `creation`, whatever its immutables are: those are words of zeros there. */
function fitsTemplate(code: string, creation: string): boolean {
  const [runtime, whole] = [bytesOf(code), bytesOf(creation)];
  for (let start = 1; start + runtime.length <= whole.length; start++) {
    if (whole[start - 1] === 0xfe && fitsAt(runtime, whole.subarray(start, start + runtime.length))) return true;
  }
  return false;
}

function fitsAt(code: Uint8Array, template: Uint8Array): boolean {
  for (let at = 0; at < code.length; at++) {
    const opcode = code[at] ?? 0;
    if (opcode !== template[at]) return false;
    if (opcode < PUSH1 || opcode > PUSH32) continue;
    const length = opcode - PUSH1 + 1;
    const expected = template.subarray(at + 1, at + 1 + length);
    const isImmutable = opcode === PUSH32 && expected.every((byte) => byte === 0);
    if (!isImmutable && !expected.every((byte, i) => byte === code[at + 1 + i])) return false;
    at += length;
  }
  return true;
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.slice(2), "hex"));
}

/** What creates a contract. Values that were read from one are no arguments of a ContractFactory, which would change them. */
function creation(factory: { bytecode: string; createInterface(): Interface }, ...values: readonly unknown[]): string {
  return concat([factory.bytecode, factory.createInterface().encodeDeploy(values)]);
}

function creationOf(facts: SuiteFacts, name: string, keys: ValidityKeys | undefined): Creation {
  const { escrow, chain, registry, game, resolver, statement, poseidon, committee, challenge, evidenceChain } = facts;
  switch (name) {
    case "L1EscrowBridge implementation":
      return creation(L1EscrowBridge__factory, escrow);
    case "StateCommitmentChain implementation":
      return creation(StateCommitmentChain__factory, chain);
    case "SequencerRegistry implementation":
      return registry && creation(SequencerRegistry__factory, registry);
    case "UpgradeTimelock":
      return timelockCreation(facts);
    case "BugEvidence":
      return (
        evidenceChain && creation(facts.isOptimistic ? StepEvidence__factory : ProofEvidence__factory, evidenceChain)
      );
    case "DataAvailability":
      return layerCreation(facts);
    case "StatementDA":
      return statement && creation(StatementDA__factory, statement);
    case "DataAvailabilityCommittee":
      return committee && committeeCreation(committee);
    case "BlsKeys":
      return creation(BlsKeys__factory);
    case "StateProof":
      if (facts.isOptimistic) return creation(KeccakStateProof__factory);
      return poseidon && creation(PoseidonStateProof__factory, poseidon.address, poseidon.levels);
    case "Poseidon":
      return POSEIDON_CREATION;
    case "DisputeGame":
      return game && creation(DisputeGame__factory, game);
    case "ValidityResolver":
      return resolver && creation(ValidityResolver__factory, resolver);
    case "OneStepVerifier":
      return creation(OneStepVerifier__factory);
    case "AvailabilityChallenge":
      return challenge && creation(AvailabilityChallenge__factory, challenge);
    case "ValidityVerifier":
      return verifierCreation(facts, 0, keys?.onL1);
    case "CommitteeVerifier":
      return verifierCreation(facts, 1, keys?.withCommittee);
  }
  return undefined;
}

/** Its code depends on no role, and of its times on the delay and the margin alone. */
function timelockCreation({ timelock: { own } }: SuiteFacts): Creation {
  if (own === undefined) return undefined;
  const quorum = Number(own.councilThreshold);
  return creation(UpgradeTimelock__factory, {
    delay: own.minimumDelay,
    ...{ forceInclusionDelay: 0n, permissionlessDelay: 0n, challengeWindow: 0n, disputeDuration: 0n },
    exitMargin: own.exitMargin,
    chain: own.chain,
    upgrader: SOMEBODY,
    cancellers: [],
    council: Array.from({ length: quorum }, (_, i) => `0x${(i + 1).toString(16).padStart(40, "0")}`),
    councilThreshold: own.councilThreshold,
    evidence: own.evidence,
  });
}

const SOMEBODY = `0x${"01".repeat(20)}`;

function layerCreation({ da, committee, layerDisputeDuration }: SuiteFacts): Creation {
  if (da === "blob") return creation(BlobDA__factory);
  if (da === "calldata") return creation(CalldataDA__factory);
  if (committee === undefined || layerDisputeDuration === undefined) return undefined;
  return creation(CommitteeDA__factory, committee.address, layerDisputeDuration);
}

/** Its code depends on no member: any first epoch will do. */
function committeeCreation({ timelock, bridge, overlap, keys }: NonNullable<SuiteFacts["committee"]>): Creation {
  const anyone = { members: [SOMEBODY], threshold: 1n, scheme: 0 };
  return creation(DataAvailabilityCommittee__factory, { timelock, bridge, overlap, keys, ...anyone });
}

function verifierCreation({ verifiers }: SuiteFacts, position: number, key: VerifyingKey | undefined): Creation {
  const verifier = verifiers[position];
  if (verifier?.own === undefined) return undefined;
  if (key === undefined || programIdOf(key) !== verifier.own.keyId) {
    return Groth16Verifier__factory.bytecode;
  }
  const [points, inputs, isDevelopment] = verifierArguments(key, {});
  return creation(Groth16Verifier__factory, points, inputs, isDevelopment);
}

/** All contracts of a suite with their code, once each, for what looks into it. */
export async function allCode(
  facts: SuiteFacts,
): Promise<{ name: string; address: Hex; code: Hex; isProxy: boolean }[]> {
  const places = [
    ...facts.proxies.flatMap(({ name, address, implementation, admin }) => [
      { name, address, isProxy: true },
      { name: `${name} implementation`, address: implementation, isProxy: false },
      { name: `admin of ${name}`, address: admin, isProxy: false },
    ]),
    ...facts.parts.map((part) => ({ ...part, isProxy: false })),
  ].filter(({ address }) => address !== ZERO_ADDRESS);
  return Promise.all(
    places.map(async (place) => ({ ...place, code: await ask("code", () => codeOf(facts.provider, place.address)) })),
  );
}
