import { formatEther, formatUnits, ZeroHash } from "ethers";

import {
  DataAvailabilityCommittee__factory,
  DisputeGame__factory,
  IValidityVerifier__factory,
  OneStepVerifier__factory,
} from "../../../typechain-types/index.js";
import type { Hex } from "../../types.js";
import type { SuiteFacts } from "../facts.js";
import type { Look } from "../look.js";
import { failed, notCheckable, passed, unless } from "../outcome.js";
import { answerOf } from "../read.js";
import { seconds } from "../show.js";
import type { Evidence, OtherReason, Outcome } from "../types.js";

const DAY = 86_400n;
const ETHER = 10n ** 18n;

/** Of the published criteria. */
const CHALLENGE_PERIOD = 7n * DAY;
const ATTESTERS = 5n;
/** Ours: what a bond may be, at most, that "anybody" can still have. */
const LEAST = { clock: DAY, extension: DAY / 24n, proof: DAY / 24n } as const;
/** Gas of the dearest answer in a dispute (docs/dispute.md §5), and the least price at which its bond must cover it, in wei. */
const ANSWER = { gas: 300_000n, price: 10n ** 9n } as const;
const MOST = { sequencerBond: 1_000n * ETHER, firstAnswer: 100n * ETHER, locked: 365n * DAY } as const;

/** The judge of batches is there and refuses what is no proof. */
export async function proofsComplete({ facts }: Look): Promise<Outcome> {
  const { provider, chain, game, resolver, verifiers } = facts;
  const judge = chain.resolver as Hex;
  if (game === undefined && resolver === undefined) {
    return failed(`${judge}, which judges batches, is neither a dispute game nor a resolver of validity proofs`);
  }
  const faults: string[] = [];
  const evidence: Evidence[] = [{ what: "judge of batches", value: judge }];
  if (game !== undefined) {
    evidence.push(
      { what: "executes one instruction", value: game.verifier },
      { what: "machine hash", value: game.machineHash },
    );
    const verifier = OneStepVerifier__factory.connect(game.verifier, provider);
    for (const witness of ["0x", `0x${"00".repeat(256)}`]) {
      const next = await answerOf("a step", () => verifier.step(game.codeRoot, ZeroHash, witness));
      if (next !== undefined)
        faults.push(
          `OneStepVerifier at ${game.verifier} takes ${witness === "0x" ? "nothing" : "zeros"} for a proof of a step`,
        );
    }
    if (facts.committee !== undefined && facts.challenge === undefined) {
      faults.push("what the committee withholds nobody can demand: the game listens to no availability challenge");
    }
  }
  for (const { address, program } of verifiers) {
    evidence.push({ what: "verifier of proofs", value: `${address}, program ${program}` });
    const verifier = IValidityVerifier__factory.connect(address, provider);
    const accepts = await answerOf("a proof of zeros", async () => {
      await verifier.verify(program, `0x${"00".repeat(96)}`, `0x${"00".repeat(256)}`);
      return true;
    });
    if (accepts === true) faults.push(`the verifier at ${address} takes zeros for a proof`);
  }
  if (resolver !== undefined && verifiers.length === 0) faults.push(`the resolver ${judge} names no verifier`);
  return unless(
    [...new Set(faults)],
    game === undefined
      ? "batches are final by a proof that L1 checks"
      : "a batch is judged by executing it, down to one instruction on L1",
    evidence,
  );
}

/** The program that batches are judged by is known. */
export function programKnown({ facts, program }: Look): Outcome {
  const { chain, isOptimistic } = facts;
  const evidence = [{ what: isOptimistic ? "machine hash" : "id of the circuit's key", value: chain.machineHash }];
  if (!isOptimistic) {
    return notCheckable(
      "a key stands for its circuit only by its ceremony: compile the circuit and check it (docs/prover.md)",
      evidence,
    );
  }
  return chain.machineHash === program
    ? passed("batches are judged by the program that was built here", evidence)
    : failed(
        `batches are judged by program ${chain.machineHash}, not by ${program}; name another program that you built by --program`,
        evidence,
      );
}

/** Where only time makes batches final, there is enough of it. */
export function challengePeriod({ facts }: Look): Outcome {
  const { chain, isOptimistic } = facts;
  const evidence = [
    { what: isOptimistic ? "challenge window" : "time of a proof", value: seconds(chain.challengeWindow) },
  ];
  if (!isOptimistic) return passed("there is none: a proof makes a batch final", evidence);
  return chain.challengeWindow >= CHALLENGE_PERIOD
    ? passed(
        `a batch can be disputed for ${seconds(chain.challengeWindow)}, which its header fixes when it is posted`,
        evidence,
      )
    : failed(`a batch can be disputed for ${seconds(chain.challengeWindow)}, less than 7 days`, evidence);
}

/** What taking part costs has an end, and comes back. */
export async function bonds({ facts }: Look): Promise<Outcome> {
  const { provider, registry, chain, game, challenge } = facts;
  if (registry === undefined) return failed("the registry does not tell its bonds");
  const faults: string[] = [];
  const judged = chain.challengeWindow + chain.disputeDuration;
  const evidence: Evidence[] = [
    { what: "bond of a sequencer", value: `${formatEther(registry.minimumBond)} ETH` },
    { what: "comes back after", value: seconds(registry.withdrawalDelay) },
    { what: "its batches are judged after", value: seconds(judged) },
  ];
  if (registry.minimumBond > MOST.sequencerBond)
    faults.push(
      `a sequencer's bond is ${formatEther(registry.minimumBond)} ETH, above ${formatEther(MOST.sequencerBond)}: few could post`,
    );
  if (registry.withdrawalDelay > MOST.locked)
    faults.push(`a sequencer's bond comes back after ${seconds(registry.withdrawalDelay)}`);
  if (registry.withdrawalDelay <= judged)
    faults.push(
      `a sequencer's bond is back after ${seconds(registry.withdrawalDelay)}, before its last batch is judged (${seconds(judged)})`,
    );
  if (game !== undefined) {
    const levels = (40n + game.dissectionBits - 1n) / game.dissectionBits;
    const contract = DisputeGame__factory.connect(chain.resolver, provider);
    const bond = (depth: bigint) => answerOf(`bond of depth ${depth}`, () => contract.bond(depth));
    const depths = Array.from({ length: Number(levels) }, (_, i) => BigInt(i) + 1n);
    const all = await Promise.all(depths.map(bond));
    const first = all[0];
    if (first === undefined || all.some((each) => each === undefined))
      return failed("the game does not tell its bonds", evidence);
    // The challenger's claims: against the batch, then against every answer to one of its own.
    const locked = all.reduce<bigint>((sum, each, i) => sum + (i % 2 === 0 ? (each ?? 0n) : 0n), 0n);
    evidence.push({ what: "first answer to a false batch", value: `${formatEther(first)} ETH` });
    evidence.push({ what: "an honest challenger locks, down to one instruction", value: `${formatEther(locked)} ETH` });
    evidence.push({ what: "of which comes back", value: "all, with what the liar locked (docs/dispute.md §5)" });
    evidence.push({
      what: "a won claim pays an answer up to",
      value: `${formatUnits(game.baseBond / ANSWER.gas, "gwei")} gwei`,
    });
    if (game.baseBond < ANSWER.gas * ANSWER.price) {
      faults.push(
        `the least bond of a claim, ${game.baseBond} wei, pays no answer: who floods a dispute pays less than who answers`,
      );
    }
    if (registry.minimumBond < 4n * game.baseBond) {
      faults.push(
        `a sequencer's bond of ${registry.minimumBond} wei is below four base bonds of ${game.baseBond} wei: winning against its batch costs more than it pays`,
      );
    }
    if (first > MOST.firstAnswer)
      faults.push(
        `the first answer to a false batch takes ${formatEther(first)} ETH, above ${formatEther(MOST.firstAnswer)}: few could dispute`,
      );
  }
  if (challenge !== undefined) {
    evidence.push({ what: "demand of a chunk of data", value: `${formatEther(challenge.demandBond)} ETH` });
    if (challenge.demandBond > MOST.firstAnswer)
      faults.push(
        `demanding a chunk of data takes ${formatEther(challenge.demandBond)} ETH, above ${formatEther(MOST.firstAnswer)}: few could`,
      );
  }
  return unless(faults, `posting takes ${formatEther(registry.minimumBond)} ETH, which comes back`, evidence);
}

/** Whoever disputes, proves or demands data has the time for it. */
export function answerTime({ facts }: Look): Outcome {
  const { chain, game, resolver, challenge } = facts;
  const times: (readonly [what: string, value: bigint, least: bigint])[] = [];
  if (game !== undefined) {
    times.push(["time of each line of claims in a dispute", game.clock, LEAST.clock]);
    times.push(["time to answer any claim", game.extension, LEAST.extension]);
  }
  if (resolver !== undefined) times.push(["time to prove a batch", resolver.proofWindow, LEAST.proof]);
  if (challenge !== undefined) {
    // What an answer, and a dispute about it, take of the challenge window nobody can demand in.
    const rest = chain.challengeWindow - challenge.answerTime - challenge.answerMargin;
    const demand = rest < challenge.demandWindow ? rest : challenge.demandWindow;
    times.push(["time to demand data that are withheld", demand, LEAST.clock]);
    times.push(["time to dispute what was published at last", challenge.answerMargin, LEAST.extension]);
  }
  return unless(
    times
      .filter(([, value, least]) => value < least)
      .map(([what, value, least]) => `${what} is ${seconds(value)}, less than ${seconds(least)}`),
    "there is time to notice, to compute and to get into L1",
    times.map(([what, value]) => ({ what, value: seconds(value) })),
  );
}

/** Data are on L1, or with enough members who must sign. */
export async function dataAvailable({ facts }: Look): Promise<Outcome> {
  const { da, layer, committee, isOptimistic } = facts;
  const evidence: Evidence[] = [{ what: "layer", value: layer }];
  if (da === undefined)
    return failed(`${layer} is no layer of this package: nothing shows that data are anywhere`, evidence);
  if (da !== "committee") {
    const form = da === "blob" ? "blobs (versioned hashes), or calldata" : "calldata";
    return passed(`batch data are on L1: ${form}; their hash is in each header`, evidence);
  }
  if (committee === undefined) return failed("the layer's committee does not tell its members", evidence);
  const epochs = await attesting(facts);
  const faults = epochs.flatMap(({ epoch, n, k }) => [
    ...(n < ATTESTERS ? [`epoch ${epoch} has ${n} members, fewer than ${ATTESTERS}`] : []),
    ...(3n * k < 2n * n ? [`in epoch ${epoch} ${k} of ${n} sign, less than two thirds`] : []),
  ]);
  for (const { epoch, n, k } of epochs) evidence.push({ what: `epoch ${epoch}`, value: `${k} of ${n} sign` });
  const kind = isOptimistic ? "an optimium" : "a validium";
  return unless(
    faults,
    `this is ${kind}: data are with ${committee.members.length} members, of whom ${committee.threshold} sign`,
    evidence,
  );
}

/** Epochs whose signatures count now. */
async function attesting({
  provider,
  committee,
  time,
}: SuiteFacts): Promise<{ epoch: bigint; n: bigint; k: bigint }[]> {
  if (committee === undefined) return [];
  const contract = DataAvailabilityCommittee__factory.connect(committee.address, provider);
  const found = [];
  for (let epoch = committee.epoch; epoch >= 0n; epoch--) {
    const read = await answerOf(`epoch ${epoch}`, () => contract.epochOf(epoch));
    if (read === undefined) break;
    const isCurrent = epoch === committee.epoch;
    if (isCurrent || read.attestsUntil > time) found.push({ epoch, n: BigInt(read.members.length), k: read.threshold });
  }
  return found;
}

/** Why a suite is none of its category; undefined where it is. */
export function otherReason(
  { facts }: Look,
  failing: ReadonlySet<string>,
): { reason: OtherReason; text: string } | undefined {
  if (failing.has("proofs-complete")) return { reason: "NO_PROOFS", text: "nothing proves that a state root is right" };
  if (failing.has("challengers"))
    return { reason: "CLOSED_PROOFS", text: "fewer than five can challenge a false batch" };
  if (!failing.has("data-available")) return undefined;
  const { committee } = facts;
  if (committee === undefined) return { reason: "NO_DA_ORACLE", text: "nothing shows L1 that the data are available" };
  return committee.members.length < Number(ATTESTERS)
    ? { reason: "SMALL_DAC", text: "fewer than five attest data" }
    : { reason: "LOW_DAC_THRESHOLD", text: "too few of those who attest data must agree" };
}

/** Nobody knows the secrets of the key that proofs are checked with, as far as L1 tells. */
export function verifyingKey({ facts, code }: Look): Outcome {
  const { verifiers, l1ChainId } = facts;
  const evidence = verifiers.map(({ address, own }) => ({
    what: address,
    value:
      own === undefined
        ? "tells no key"
        : `key ${own.keyId}, ${own.isDevelopment ? "of a set-up for development" : "not marked as one for development"}`,
  }));
  const faults = verifiers
    .filter(({ own }) => own?.isDevelopment === true)
    .map(
      ({ address, own }) =>
        `the key ${own?.keyId} of ${address} comes from a set-up for development: on chain ${l1ChainId} anybody can prove anything`,
    );
  const guessed = code.filter(({ name, note }) => /^(Validity|Committee)Verifier$/.test(name) && note !== undefined);
  if (faults.length === 0 && guessed.length > 0) {
    return notCheckable(
      "L1 tells the id of a key and not its points; an address book has them (--deployment)",
      evidence,
    );
  }
  return unless(faults, "no key is one of a set-up for development", evidence);
}
