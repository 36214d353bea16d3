import { ZeroAddress } from "ethers";

import { deposit } from "../../plugin/l1/actions.js";
import { L1EscrowBridge__factory } from "../../typechain-types/index.js";
import { moveClock } from "../../plugin/hardhat/clock.js";
import { readProgramFacts } from "../../plugin/machine/artifacts.js";
import type { Drilled, Drills } from "../../plugin/stage/criteria.js";
import { failed, notCheckable, passed } from "../../plugin/stage/outcome.js";
import { seconds } from "../../plugin/stage/show.js";
import type { Outcome } from "../../plugin/stage/types.js";
import { impersonate } from "../support/fork.js";
import { challenge } from "./challenge.js";
import { as, type Scene, stranger, told, undone } from "./scene.js";
import { silentEveryone } from "./silent-everyone.js";
import { silentSequencer } from "./silent-sequencer.js";

const GAS_MONEY = 10n ** 20n;

/** One after the other, each from the chain as it was. */
export interface DrillPlan {
  scene: Scene;
  /** Default: all. */
  only?: ReadonlySet<Drilled> | undefined;
  onStart?: (what: string) => void;
}

/** What a suite does when those who run it do nothing. */
export async function runDrills({ scene, only, onStart = () => undefined }: DrillPlan): Promise<Drills> {
  const wants = (...names: Drilled[]): boolean => only === undefined || names.some((name) => only.has(name));
  const canPause = scene.look.facts.escrow.guardian !== ZeroAddress;
  const tried = canPause && wants("pause-scope") ? () => pause(scene) : undefined;
  const found: Partial<Record<Drilled, Outcome>> = {};
  const pauses: Pauses = { stopped: [], blind: [] };
  const foreign = foreignProgram(scene);
  if (foreign !== undefined) {
    for (const name of EXECUTING) if (wants(name)) found[name] = foreign;
    if (wants("challengers", "anyone-challenges", "window-fixed")) Object.assign(found, await challenged(scene));
    return chosen(found, only);
  }

  if (wants("silent-sequencer", "anyone-proposes", "state-rebuilt", "pause-scope")) {
    onStart("silent sequencer");
    const drill = await undone(scene, () => silentSequencer(scene, { tried }));
    found["silent-sequencer"] = drill.paid;
    found["anyone-proposes"] = drill.proposes;
    found["state-rebuilt"] = drill.rebuilt;
    note(pauses, "a withdrawal", drill.paid, drill.stopped);
  }
  if (wants("silent-everyone", "pause-scope")) {
    onStart("silent everyone");
    const drill = await undone(scene, () => silentEveryone(scene, { tried }));
    found["silent-everyone"] = drill.escaped;
    note(pauses, "the freeze", drill.escaped, drill.stopped);
  }
  if (wants("pause-scope")) {
    onStart("pause");
    found["pause-scope"] = canPause
      ? await undone(scene, () => scopeOf(scene, pauses))
      : passed("nobody can pause anything");
  }
  if (wants("walk-away")) {
    onStart("council walk-away");
    found["walk-away"] = await walkAway(scene, canPause);
  }
  if (wants("challengers", "anyone-challenges", "window-fixed")) {
    onStart("challenge");
    Object.assign(found, await challenged(scene));
  }
  return chosen(found, only);
}

function chosen(found: Drills, only: ReadonlySet<Drilled> | undefined): Drills {
  if (only === undefined) return found;
  return Object.fromEntries(Object.entries(found).filter(([id]) => only.has(id as Drilled)));
}

/** Criteria for which batches are executed. */
const EXECUTING = [
  ...(["silent-sequencer", "anyone-proposes", "state-rebuilt"] as const),
  ...(["silent-everyone", "pause-scope", "walk-away"] as const),
];

/** Of a program that is not the ledger a drill makes no batch. */
function foreignProgram({ look: { facts } }: Scene): Outcome | undefined {
  if (!facts.isOptimistic || facts.chain.machineHash === readProgramFacts("ledger").machineHash) return undefined;
  return notCheckable("drills execute this package's ledger, and the chain is judged by another program");
}

interface Pauses {
  /** What a pause stopped. */
  stopped: string[];
  /** What was not seen to work without a pause, so that nobody can tell. */
  blind: string[];
}

function note({ stopped, blind }: Pauses, what: string, without: Outcome, under: readonly string[] = []): void {
  if (without.result !== "pass") blind.push(what);
  else stopped.push(...under);
}

async function challenged(scene: Scene): Promise<Drills> {
  if (!scene.look.facts.isOptimistic) {
    const none = passed("nobody need challenge: without a proof a batch never becomes final, and anybody reverts it");
    return { challengers: none, "anyone-challenges": none };
  }
  const { challenges, fixed } = await undone(scene, () => challenge(scene));
  const challengers =
    challenges.result === "pass"
      ? passed("anybody can", challenges.evidence)
      : notCheckable("who may challenge, if not everybody, and who of them is outside the team, is not on L1");
  // What it says of a batch is this package's code, put there; of other code it says nothing.
  const isOurs = scene.look.code.some(
    ({ name, isOurs: ours }) => name === "StateCommitmentChain implementation" && ours,
  );
  const known = fixed.result === "pass" && !isOurs ? notCheckable("the chain's code is not this package's") : fixed;
  return { challengers, "anyone-challenges": challenges, "window-fixed": known };
}

/** The guardian pauses as soon as it can. */
async function pause(scene: Scene): Promise<void> {
  const { guardian } = scene.look.facts.escrow;
  const signer = await impersonate(scene.copy, guardian, GAS_MONEY);
  const bridge = L1EscrowBridge__factory.connect(scene.look.facts.bridge, signer);
  const now = await as(scene, undefined).now();
  const until = await bridge.depositsPausedUntil();
  if (until > now) return;
  // After the last pause it has to wait.
  if (until > 0n) await moveClock(scene.copy, until + scene.look.facts.escrow.pauseCooldown);
  await (await bridge.pauseDeposits()).wait();
}

/** Whether a pause stops deposits and nothing else, ends when it said, and does not follow on another. */
async function scopeOf(scene: Scene, { stopped, blind }: Pauses): Promise<Outcome> {
  const { escrow, bridge: address } = scene.look.facts;
  const faults = [...stopped];
  const l1 = as(scene, await stranger(scene));
  const evidence = [{ what: "tried under a pause", value: "forced withdrawal, proven withdrawal, freeze, refund" }];
  try {
    await pause(scene);
    const from = await l1.now();
    const until = await L1EscrowBridge__factory.connect(address, l1.provider).depositsPausedUntil();
    evidence.push({ what: "pause", value: seconds(until - from) });
    await moveClock(scene.copy, from + escrow.pauseDuration + 1n);
    try {
      await deposit(l1, { amount: 1n });
    } catch (error) {
      faults.push(`deposits stay closed when the pause is over: ${told(error)}`);
    }
    const guardian = await impersonate(scene.copy, escrow.guardian, GAS_MONEY);
    try {
      await L1EscrowBridge__factory.connect(address, guardian).pauseDeposits.staticCall();
      if (escrow.pauseCooldown > 1n) faults.push("the guardian can pause again as soon as a pause is over");
    } catch (error) {
      evidence.push({ what: "pausing again at once", value: told(error) });
    }
  } catch (error) {
    return notCheckable(`the guardian could not pause: ${told(error)}`, evidence);
  }
  if (faults.length === 0 && blind.length > 0) {
    return notCheckable(
      `whether a pause stops ${blind.join(" and ")} was not seen: the drill without one did not get there`,
      evidence,
    );
  }
  return faults.length === 0
    ? passed("a pause stops deposits, and nothing else; it ends, and does not follow on another", evidence)
    : failed(faults.join("; "), evidence);
}

/** The guardian pauses, and that is the last that anybody with a role does. */
async function walkAway(scene: Scene, canPause: boolean): Promise<Outcome> {
  const before = canPause ? () => pause(scene) : undefined;
  const sequencer = await undone(scene, () => silentSequencer(scene, { before }));
  const everyone = await undone(scene, () => silentEveryone(scene, { before }));
  const both = [sequencer.paid, everyone.escaped];
  const evidence = [
    { what: "the last act of who has a role", value: canPause ? "a pause as long as it can be" : "none" },
    ...both.flatMap((each) => each.evidence),
  ];
  const failures = both.filter(({ result }) => result === "fail");
  if (failures.length > 0) return failed(failures.map(({ reason }) => reason).join("; "), evidence);
  const open = both.find(({ result }) => result === "not checkable");
  if (open !== undefined && everyone.escaped.result !== "pass") return notCheckable(open.reason, evidence);
  return passed(
    `without them: ${both
      .filter(({ result }) => result === "pass")
      .map(({ reason }) => reason)
      .join("; ")}`,
    evidence,
  );
}
