import type { Criterion, Outcome } from "./types.js";
import type { Look } from "./look.js";
import { notCheckable } from "./outcome.js";
import {
  addressBook,
  contractsAgree,
  initialisers,
  proxyAdmins,
  secondPath,
  stateRoots,
  storageHistory,
  suiteCode,
} from "./probes/contracts.js";
import { pauseBounds } from "./probes/pause.js";
import {
  answerTime,
  bonds,
  challengePeriod,
  dataAvailable,
  programKnown,
  proofsComplete,
  verifyingKey,
} from "./probes/proofs.js";
import {
  council,
  escapeBeforeUpgrade,
  exitWindowOf,
  instantPath,
  rolesKnown,
  timelockDelay,
  trusting,
} from "./probes/upgrades.js";

/** Criteria that only a fork can answer. */
export const DRILLED = [
  "challengers",
  "state-rebuilt",
  "pause-scope",
  "silent-sequencer",
  "silent-everyone",
  "walk-away",
  "window-fixed",
  "anyone-challenges",
  "anyone-proposes",
] as const;

export type Drilled = (typeof DRILLED)[number];

/** What the drills found; of what is missing nobody looked. */
export type Drills = Readonly<Partial<Record<Drilled, Outcome>>>;

export interface Probe extends Criterion {
  /** Whether it is asked of such a suite. */
  asks?: (look: Look) => boolean;
  /** Contracts whose word it takes. */
  trusts?: readonly string[];
  look: (look: Look, drills: Drills) => Outcome | Promise<Outcome>;
}

const STAGES = "L2BEAT, stages of rollups";
const FORUM = "L2BEAT forum";
const OURS = "this package";
const BRIDGE = "L1EscrowBridge implementation";
const CHAIN = "StateCommitmentChain implementation";
const REGISTRY = "SequencerRegistry implementation";
const hasKeys = ({ facts }: Look): boolean => !facts.isOptimistic;

const onlyPeople = (reason: string) => (): Outcome => notCheckable(reason);
const onFork =
  (id: Drilled) =>
  (_: Look, drills: Drills): Outcome =>
    drills[id] ?? notCheckable("the drills were not run");

/** All that is asked, in the order of the stages. Numbers of the research list: docs/stage.md. */
export const PROBES: readonly Probe[] = [
  {
    id: "rollup-declared",
    stage: 0,
    asked: "The project calls itself a rollup",
    source: STAGES,
    probe: "none: it is said elsewhere than on L1",
    look: onlyPeople("what a project calls itself is not on L1"),
  },
  {
    id: "node-source",
    stage: 0,
    asked: "Source of a node that rebuilds the state, and of the prover, is published",
    source: STAGES,
    probe: "none: it is published elsewhere than on L1",
    look: onlyPeople("whether source is published, and builds to the program's hash, is not on L1"),
  },
  {
    id: "suite-code",
    stage: 0,
    asked: "Every contract is known: its code is what this package's source builds to",
    source: `${STAGES} (contracts reproducible); ${OURS}`,
    probe: "each creation simulated with the values that the contract tells of itself, code compared byte for byte",
    look: suiteCode,
  },
  {
    id: "contracts-agree",
    stage: 0,
    asked: "The contracts belong together, with limits that keep the queue of messages moving",
    source: OURS,
    probe: "neighbours, chain ids, times and limits that contracts tell of each other, compared",
    trusts: [BRIDGE, CHAIN, REGISTRY],
    look: contractsAgree,
  },
  {
    id: "address-book",
    stage: 0,
    asked: "What the team publishes as its deployment is what stands on L1",
    source: OURS,
    probe: "the address book against what was found from the bridge on",
    asks: ({ book }) => book !== undefined,
    look: addressBook,
  },
  {
    id: "state-roots",
    stage: 0,
    asked: "State roots are on L1, from an empty state on",
    source: STAGES,
    probe: "heads and header hashes of the chain, its genesis against the empty ledger's",
    trusts: [CHAIN],
    look: stateRoots,
  },
  {
    id: "data-available",
    stage: 0,
    asked: "Batch data are on L1; or, in an optimium or validium, 5 members or more hold them, of whom two thirds sign",
    source: `${STAGES}; reasons for "Others" (small DAC, low DAC threshold, no DA bridge)`,
    probe: "the layer's kind, and every epoch of its committee that attests now",
    trusts: ["DataAvailability", "DataAvailabilityCommittee", "StatementDA"],
    look: dataAvailable,
  },
  {
    id: "state-rebuilt",
    stage: 0,
    asked: "The state can be rebuilt from L1 data alone",
    source: STAGES,
    probe: "every batch executed from L1 on a fork, all roots compared",
    look: onFork("state-rebuilt"),
  },
  {
    id: "proofs-complete",
    stage: 0,
    asked: "A proof system on L1 decides about state roots",
    source: `${STAGES}; reason for "Others" (no proofs)`,
    probe: "judge, its verifier and its program; what is no proof must be refused",
    trusts: [
      "DisputeGame",
      "OneStepVerifier",
      "ValidityResolver",
      "ValidityVerifier",
      "CommitteeVerifier",
      "AvailabilityChallenge",
    ],
    look: proofsComplete,
  },
  {
    id: "challengers",
    stage: 0,
    asked: "At least 5 actors outside the team can submit fraud proofs",
    source: `${STAGES}; reason for "Others" (closed proofs)`,
    probe: "met where anybody can (anyone-challenges)",
    look: onFork("challengers"),
  },
  {
    id: "program",
    stage: 1,
    asked: "The hash of the program that batches are judged by can be reproduced",
    source: `${STAGES} (program hashes reproducible)`,
    probe: "machine hash of the chain against that of the program built here",
    look: programKnown,
  },
  {
    id: "verifying-key",
    stage: 1,
    asked: "The verifying key is of a trusted set-up that somebody can trust",
    source: `${STAGES} (no red trusted set-ups)`,
    probe: "key id and mark of each verifier",
    asks: hasKeys,
    trusts: ["ValidityVerifier", "CommitteeVerifier"],
    look: verifyingKey,
  },
  {
    id: "ceremony",
    stage: 1,
    asked: "One contributor to the ceremony of the key was honest",
    source: `${STAGES} (trusted set-ups)`,
    probe: "none: only people can know",
    asks: hasKeys,
    look: onlyPeople("whether one of the contributors was honest only people can know"),
  },
  {
    id: "proxy-admins",
    stage: 1,
    asked: "One timelock owns every way to other code",
    source: `${STAGES} (exit window)`,
    probe: "ERC-1967 slots of the proxies, the address at which each proxy creates its admin, the admin's owner",
    look: proxyAdmins,
  },
  {
    id: "second-path",
    stage: 1,
    asked: "There is no second way to other code",
    source: `${STAGES} (exit window)`,
    probe: "DELEGATECALL, CALLCODE and SELFDESTRUCT in every code, beacons, proxies among the parts, EIP-7702",
    look: secondPath,
  },
  {
    id: "initialisers",
    stage: 1,
    asked: "Nobody can initialise a contract again",
    source: `${STAGES} (exit window)`,
    probe: "initialisers called by a stranger at proxies and at the code behind them; the counters of initialisation",
    look: initialisers,
  },
  {
    id: "storage-history",
    stage: 1,
    asked: "Storage was never written by code that nobody knows",
    source: OURS,
    probe:
      "the factory that created the proxies, every code that stood behind them, every owner of their admins, the creation code of timelock, judge and committee, by their addresses",
    look: storageHistory,
  },
  {
    id: "timelock-delay",
    stage: 1,
    asked: "The delay shrinks by an operation of the timelock alone, and never below its minimum",
    source: `${STAGES} (exit window)`,
    probe: "delay and minimum; admins of roles; updateDelay(0) by everybody with a role, a stranger and the timelock",
    trusts: ["UpgradeTimelock"],
    look: timelockDelay,
  },
  {
    id: "roles",
    stage: 1,
    asked: "Everybody with a role is known",
    source: `${STAGES} (permissions)`,
    probe: "the timelock's lists, its events and its answers against each other; code behind every holder",
    look: rolesKnown,
  },
  {
    id: "exit-window-7d",
    stage: 1,
    asked: "Users have 7 days to decide to leave before an upgrade by anybody but a security council",
    source: `${STAGES} (7 days to exit)`,
    probe: "delay less forced inclusion, silence, challenge window and longest dispute",
    trusts: [CHAIN, REGISTRY, "UpgradeTimelock"],
    look: (look) => exitWindowOf(look, 7n),
  },
  {
    id: "council",
    stage: 1,
    asked: "A security council, where there is one, has 8 members or more and a quorum of 75 %",
    source: `${STAGES} (security council)`,
    probe: "holders of the council's role and its threshold",
    look: council,
  },
  {
    id: "council-outsiders",
    stage: 1,
    asked: "Enough of the council to block a quorum is outside the team, and its members are published",
    source: `${STAGES} (security council)`,
    probe: "none: L1 does not know who is who",
    asks: ({ facts }) => (facts.timelock.own?.councilThreshold ?? 0n) > 0n,
    look: onlyPeople("who belongs to the team is not on L1"),
  },
  {
    id: "pause-bounds",
    stage: 1,
    asked: "A pause expires by itself, with a cooldown",
    source: `${FORUM}, topics 377 and 412; OP Stack, stage 1 specification`,
    probe: "duration and cooldown of the bridge",
    trusts: [BRIDGE],
    look: pauseBounds,
  },
  {
    id: "pause-scope",
    stage: 1,
    asked: "A pause stops no forced message, withdrawal, freeze or escape",
    source: `${STAGES} (principle: no withdrawal is blocked for ever)`,
    probe: "on a fork the guardian pauses; each of them is done, and deposits are open again when it is over",
    look: onFork("pause-scope"),
  },
  {
    id: "challenge-period",
    stage: 1,
    asked: "An optimistic rollup's batches can be disputed for 7 days",
    source: `${FORUM}, topic 291`,
    probe: "challenge window of the chain",
    trusts: [CHAIN],
    look: challengePeriod,
  },
  {
    id: "window-fixed",
    stage: 1,
    asked: "The challenge window of a batch on L1 cannot be shortened",
    source: `${FORUM}, topic 291; ${OURS}`,
    probe: "on a fork the chain gets code with a window of an hour; a pending batch must keep its own",
    asks: ({ facts }) => facts.isOptimistic,
    look: onFork("window-fixed"),
  },
  {
    id: "silent-sequencer",
    stage: 1,
    asked: "Users leave although the operators are silent or censor them",
    source: `${STAGES} (exit without the operators' cooperation)`,
    probe:
      "on a fork a fresh account deposits and forces a withdrawal, nobody posts; later another fresh account does, and it is paid",
    look: onFork("silent-sequencer"),
  },
  {
    id: "silent-everyone",
    stage: 1,
    asked: "Users leave although nobody ever posts again",
    source: `${STAGES} (exit without the operators' cooperation)`,
    probe: "on a fork nobody posts; the chain is frozen, everybody escapes, sums are compared to the wei",
    look: onFork("silent-everyone"),
  },
  {
    id: "walk-away",
    stage: 1,
    asked: "It stays so if everybody with a role walks away",
    source: `${FORUM}, topic 412 (walk-away test)`,
    probe: "on a fork the guardian pauses as long as it can, then nobody with a role acts; both drills again",
    look: onFork("walk-away"),
  },
  {
    id: "exit-window-30d",
    stage: 2,
    asked: "Users have 30 days to decide to leave before an upgrade that no bug on L1 justifies",
    source: `${STAGES} (30 days to exit)`,
    probe: "as exit-window-7d",
    trusts: [CHAIN, REGISTRY, "UpgradeTimelock"],
    look: (look) => exitWindowOf(look, 30n),
  },
  {
    id: "instant-path",
    stage: 2,
    asked: "A security council acts without delay only on a bug that L1 can see",
    source: `${STAGES} (council limited to bugs proven on L1)`,
    probe: "quorum and evidence contract of the timelock; what is no evidence must be refused",
    look: instantPath,
  },
  {
    id: "escape-before-upgrade",
    stage: 2,
    asked: "Everybody can escape before an upgrade, with a day to act, although nobody posts",
    source: OURS,
    probe: "forced inclusion and escape delay against the delay of upgrades",
    trusts: [CHAIN, "UpgradeTimelock"],
    look: escapeBeforeUpgrade,
  },
  {
    id: "anyone-challenges",
    stage: 2,
    asked: "Fraud proofs are open to everybody",
    source: `${STAGES} (permissionless fraud proofs)`,
    probe: "on a fork a fresh account posts a false batch, another one has it disputed",
    look: onFork("anyone-challenges"),
  },
  {
    id: "anyone-proposes",
    stage: 2,
    asked: "State roots can be posted by everybody",
    source: `${STAGES} (exit without the operators' cooperation)`,
    probe: "on a fork a fresh account bonds, waits and posts",
    look: onFork("anyone-proposes"),
  },
  {
    id: "answer-time",
    stage: 2,
    asked: "Whoever disputes has the time for it: a day in all, an hour at any move",
    source: OURS,
    probe: "clock and extension of the game; window of proofs; times of the availability challenge",
    trusts: [CHAIN, "DisputeGame", "ValidityResolver", "AvailabilityChallenge"],
    look: answerTime,
  },
  {
    id: "bonds",
    stage: 2,
    asked: "Bonds are finite, payable, come back, pay who answers, and outlast what they answer for",
    source: OURS,
    probe: "bonds of registry and game, at all depths, and of a demand of data",
    trusts: [REGISTRY, "DisputeGame", "AvailabilityChallenge"],
    look: bonds,
  },
];

/** One outcome, with what it takes for granted. */
export async function outcomeOf(probe: Probe, look: Look, drills: Drills): Promise<Outcome> {
  return trusting(look, probe.trusts ?? [], await probe.look(look, drills));
}
