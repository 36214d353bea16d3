import { id } from "ethers";

import { StepEvidence__factory, UpgradeTimelock__factory } from "../../../typechain-types/index.js";
import { time } from "../../l1/errors.js";
import { ZERO_ADDRESS } from "../../types.js";
import type { SuiteFacts } from "../facts.js";
import { foreign, type Look } from "../look.js";
import { failed, notCheckable, passed, unless } from "../outcome.js";
import { answerOf } from "../read.js";
import { showHolder } from "../roles.js";
import { seconds } from "../show.js";
import type { Evidence, Outcome } from "../types.js";

const DAY = 86_400n;
const PROPOSER = id("PROPOSER_ROLE");
const STRANGER = "0x00000000000000000000000000000000000057a6";
/** Of the published criteria: of a council. */
const COUNCIL = { members: 8n, quorumOf4: 3n } as const;

const timelockOf = ({ timelock, provider }: SuiteFacts) => UpgradeTimelock__factory.connect(timelock.address, provider);

/** The delay shrinks through the timelock alone, and never below what was promised. */
export async function timelockDelay({ facts, roles }: Look): Promise<Outcome> {
  const { timelock, provider } = facts;
  const { own, delay, address } = timelock;
  const faults: string[] = [];
  if (delay === undefined) return failed(`${address}, which the bridge calls its timelock, tells no delay`);
  const evidence: Evidence[] = [{ what: "delay", value: seconds(delay) }];
  if (own === undefined) {
    faults.push(`${address} has no minimum delay: an operation can set it to zero, and the next one has no notice`);
  } else {
    evidence.push({ what: "immutable minimum", value: seconds(own.minimumDelay) });
    if (delay < own.minimumDelay)
      faults.push(`the delay ${seconds(delay)} is below its minimum ${seconds(own.minimumDelay)}`);
  }
  const admins = roles.holders.filter(({ role, account }) => role === "admin" && account !== address);
  for (const each of admins) faults.push(`${showHolder(each)} administers the roles of the timelock without delay`);
  const shorten = timelockOf(facts).interface.encodeFunctionData("updateDelay", [0n]);
  const grant = timelockOf(facts).interface.encodeFunctionData("grantRole", [PROPOSER, STRANGER]);
  const callers = [...new Set([STRANGER, ...roles.holders.map(({ account }) => account), address])];
  for (const from of callers) {
    // Of a timelock without minimum that is said above.
    if (from === address && own === undefined) continue;
    const answer = await answerOf("updateDelay", () => provider.call({ from, to: address, data: shorten }));
    if (answer !== undefined) faults.push(`${from} can set the delay to zero`);
    if (from === address) continue;
    const granted = await answerOf("grantRole", () => provider.call({ from, to: address, data: grant }));
    if (granted !== undefined) faults.push(`${from} can make anybody a proposer without delay`);
  }
  return unless(faults, `the delay is ${seconds(delay)}, and nothing sets it lower than was promised`, evidence);
}

/** Who has which role, and what stands behind the account. */
export function rolesKnown({ roles }: Look): Outcome {
  const faults = [
    ...roles.hidden.map(({ role, account }) => `${account} is ${role}, and the timelock does not list it`),
    ...roles.holders
      .filter(({ holder }) => holder.kind === "delegated")
      .map(
        (each) =>
          `${each.role} ${showHolder(each)} acts by code that it chose: whoever that lets act has the role as well`,
      ),
  ];
  const names = [...new Set(roles.holders.map(({ role }) => role))];
  const evidence = names.map((name) => ({
    what: name,
    value: roles.holders
      .filter(({ role }) => role === name)
      .map(showHolder)
      .join(", "),
  }));
  return unless(faults, `${roles.holders.length} roles, each with its holder`, evidence);
}

export interface ExitWindow {
  /** In seconds; what is left to decide, of the shortest way to other code. */
  window: bigint;
  /** What makes it zero. */
  faults: string[];
  evidence: Evidence[];
}

/** How long everybody has to decide to leave, from the announcement on, if leaving then takes as long as it can. */
export function exitWindow({ facts, announced }: Look): ExitWindow {
  const { timelock, chain, registry, proxies } = facts;
  const silence = max(chain.permissionlessDelay, registry?.permissionlessDelay ?? 0n);
  const known = [timelock.delay, timelock.own?.minimumDelay].filter((each) => each !== undefined);
  const delay = known.length === 0 ? 0n : known.reduce((least, each) => (each < least ? each : least));
  const leaving = chain.forceInclusionDelay + silence + chain.challengeWindow + chain.disputeDuration;
  const faults = proxies
    .filter(({ owner }) => owner !== timelock.address)
    .map(({ name, owner }) => `${owner ?? "whoever owns its admin"} gives ${name} other code at once`);
  return {
    window: faults.length > 0 ? 0n : delay - leaving,
    faults,
    evidence: [
      { what: "delay of upgrades", value: seconds(delay) },
      { what: "less forced inclusion", value: seconds(chain.forceInclusionDelay) },
      { what: "less silence until anybody posts", value: seconds(silence) },
      {
        what: chain.proofRequired ? "less time of a proof" : "less challenge window",
        value: seconds(chain.challengeWindow),
      },
      { what: "less longest dispute", value: seconds(chain.disputeDuration) },
      { what: "effective exit window", value: seconds(faults.length > 0 ? 0n : delay - leaving) },
      ...announced.map((operation) => ({
        what: `announced: ${operation.id}`,
        value: `can be executed from ${time(operation.executableAt)} on; whoever comes now has until then`,
      })),
    ],
  };
}

export function exitWindowOf(look: Look, days: bigint): Outcome {
  const { window, faults, evidence } = exitWindow(look);
  if (faults.length > 0) return failed(`no notice: ${faults.join("; ")}`, evidence);
  return window >= days * DAY
    ? passed(`${seconds(window)} to decide after an announcement`, evidence)
    : failed(`${seconds(window)} to decide after an announcement, less than ${days} days`, evidence);
}

/** With a day to act, everybody is out by the escape hatch before an upgrade executes, although nobody posts. */
export function escapeBeforeUpgrade({ facts }: Look): Outcome {
  const { timelock, chain } = facts;
  const delay = timelock.own?.minimumDelay ?? timelock.delay ?? 0n;
  const escape = chain.forceInclusionDelay + chain.escapeDelay;
  const evidence = [
    { what: "delay of upgrades", value: seconds(delay) },
    { what: "forced inclusion", value: seconds(chain.forceInclusionDelay) },
    { what: "silence until anybody freezes", value: seconds(chain.escapeDelay) },
  ];
  return delay >= escape + DAY
    ? passed(
        `who forces a withdrawal when an upgrade is announced escapes ${seconds(delay - escape)} before it`,
        evidence,
      )
    : failed(
        `escaping takes ${seconds(escape)} from a forced withdrawal on, an upgrade ${seconds(delay)} from its announcement on`,
        evidence,
      );
}

/** A council is a council. */
export function council({ facts, roles }: Look): Outcome {
  const members = roles.holders.filter(({ role }) => role === "council");
  const threshold = facts.timelock.own?.councilThreshold ?? 0n;
  if (threshold === 0n) return passed("there is none: nobody acts before the delay");
  const [n, k] = [BigInt(members.length), threshold];
  const evidence = [
    { what: "members", value: members.map(showHolder).join(", ") },
    { what: "quorum", value: `${k} of ${n}` },
  ];
  const faults: string[] = [];
  if (n < COUNCIL.members) faults.push(`the council has ${n} members, fewer than ${COUNCIL.members}`);
  if (4n * k < COUNCIL.quorumOf4 * n) faults.push(`${k} of ${n} are a quorum, less than three quarters`);
  return unless(faults, `${k} of ${n} members are a quorum`, evidence);
}

/** Nothing executes before its time but on evidence that L1 checks. */
export async function instantPath(look: Look): Promise<Outcome> {
  const { facts, code } = look;
  const { timelock, provider } = facts;
  const { own } = timelock;
  if (own === undefined)
    return notCheckable("the timelock is not this package's: whether it has another way, its audit must say");
  if (own.councilThreshold === 0n) return passed("nothing executes before its time: there is no council");
  const found = code.find(({ name }) => name === "BugEvidence");
  const evidence = [
    { what: "evidence is checked by", value: own.evidence },
    { what: "quorum", value: `${own.councilThreshold} confirm` },
  ];
  if (own.evidence === ZERO_ADDRESS || found === undefined) return failed("a quorum needs no evidence", evidence);
  const faults = found.isOurs
    ? []
    : [`BugEvidence at ${own.evidence} is not this package's: what it takes for evidence is open`];
  for (const given of ["0x", "0x00", `0x${"00".repeat(96)}`]) {
    const answer = await answerOf("check", () => StepEvidence__factory.connect(own.evidence, provider).check(given));
    if (answer !== undefined)
      faults.push(`BugEvidence at ${own.evidence} accepts ${given.length > 10 ? "zeros" : given} as evidence`);
  }
  return unless(
    [...new Set(faults)],
    "a quorum and evidence that the judge contradicts itself, of the chain alone",
    evidence,
  );
}

/** Trust in a contract whose code is another's is none. */
export function trusting(look: Look, names: readonly string[], outcome: Outcome): Outcome {
  if (outcome.result !== "pass") return outcome;
  const doubtful = foreign(look).filter((name) => names.includes(name));
  if (doubtful.length === 0) return outcome;
  return notCheckable(`takes the word of ${doubtful.join(", ")}, whose code is not this package's`, outcome.evidence);
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
