import { type BaseWallet, formatEther, parseEther } from "ethers";

import { reconstruct } from "../../plugin/escape/reconstruct.js";
import { moveClock } from "../../plugin/hardhat/clock.js";
import { type LocalSequencer, localSequencer } from "../../plugin/hardhat/local-sequencer.js";
import { openProof, programOfSuite } from "../../plugin/hardhat/proof.js";
import { getWithdrawal } from "../../plugin/hardhat/rollup-rpc.js";
import {
  claimWithdrawal,
  type ClaimRequest,
  deposit,
  finalize,
  forceWithdrawal,
  registerSequencer,
} from "../../plugin/l1/actions.js";
import { createSource } from "../../plugin/l1/source.js";
import { failed, notCheckable, passed } from "../../plugin/stage/outcome.js";
import { duration, seconds } from "../../plugin/stage/show.js";
import type { Evidence, Outcome } from "../../plugin/stage/types.js";
import { memoryStore } from "../../plugin/store/memory.js";
import type { Deployment } from "../../plugin/types.js";
import { as, type Scene, stranger, told, unavailable, undone } from "./scene.js";

const AMOUNT = parseEther("1");
const FEW_SLOTS = 8n;

export interface SilentSequencer {
  /** Whether somebody whom nobody knows could post. */
  proposes: Outcome;
  rebuilt: Outcome;
  paid: Outcome;
  /** What a pause stopped; undefined where nothing was tried. */
  stopped: string[] | undefined;
}

/** When the guardian pauses. */
export interface Interference {
  /** Before the withdrawal is forced, for good. */
  before?: (() => Promise<void>) | undefined;
  /** Before it is forced, and before it is claimed; undone afterwards. */
  tried?: (() => Promise<void>) | undefined;
}

/** Nobody posts who did before. Somebody deposits and forces a withdrawal; somebody else posts, finalizes, and has it paid. */
export async function silentSequencer(scene: Scene, interference: Interference = {}): Promise<SilentSequencer> {
  const [user, poster] = [await stranger(scene), await stranger(scene)];
  const l1 = as(scene, user);
  const stopped: string[] | undefined = interference.tried && [];
  const ended = (proposes: Outcome, paid: Outcome, rebuilt = notCheckable("the drill ended before")) => {
    return { proposes, rebuilt, paid, stopped };
  };
  const evidence: Evidence[] = [];
  let forcedAt: bigint;
  let message: { index: bigint };
  try {
    await deposit(l1, { amount: AMOUNT });
    const force = () => forceWithdrawal(l1, { amount: "all" });
    await underPause(scene, interference.tried, "a forced withdrawal", stopped, force);
    await interference.before?.();
    forcedAt = await l1.now();
    ({ message } = await force());
  } catch (error) {
    return ended(notCheckable("nothing was to be posted"), failed(`nobody can force a withdrawal: ${told(error)}`));
  }
  let posting: Posting;
  try {
    posting = await post(scene, poster);
  } catch (error) {
    const lacking = unavailable(error);
    const reason = `${poster.address}, which had never been seen, cannot post: ${told(error)}`;
    return ended(lacking ?? failed(reason), lacking ?? failed(reason), lacking);
  }
  evidence.push({ what: "posted after", value: seconds((await l1.now()) - forcedAt) });
  const reason = `${poster.address}, which had never been seen, bonded and posted batch ${posting.batch}`;
  const proposes = passed(reason, [{ what: "silence until then", value: seconds(posting.silence) }]);
  try {
    const rebuilt = await rebuild(scene);
    if (scene.deployment.parameters.proof === "validity") {
      const why = "it takes a proof to make the batch final, and a drill has no prover's key: rollup:prove";
      return ended(proposes, notCheckable(why, evidence), rebuilt);
    }
    const { sequencer } = posting;
    await moveClock(scene.copy, (await l1.batchHeader(posting.batch)).finalizesAt);
    await finalize(as(scene, await stranger(scene)));
    evidence.push({ what: "final after", value: seconds((await l1.now()) - forcedAt) });
    await sequencer.sync();
    const known = await getWithdrawal((method, params) => sequencer.request({ method, params }), message);
    const claim = known?.claim;
    if (claim === undefined) return ended(proposes, failed("the forced withdrawal is in no batch", evidence), rebuilt);
    const paying = () => pay(scene, user, claim);
    await underPause(scene, interference.tried, "a proven withdrawal", stopped, paying);
    await paying();
    const took = (await l1.now()) - forcedAt;
    evidence.push({ what: "paid after", value: seconds(took) }, { what: "paid", value: `${formatEther(AMOUNT)} ETH` });
    const outcome = passed(`a forced withdrawal was paid after ${duration(took)}, with strangers alone`, evidence);
    return ended(proposes, outcome, rebuilt);
  } catch (error) {
    return ended(proposes, unavailable(error) ?? failed(told(error), evidence));
  } finally {
    await posting.sequencer.stop();
  }
}

/** Tries something while deposits are paused, and takes both back. */
export async function underPause(
  scene: Scene,
  pause: (() => Promise<void>) | undefined,
  what: string,
  stopped: string[] | undefined,
  work: () => Promise<unknown>,
): Promise<void> {
  if (pause === undefined) return;
  await undone(scene, async () => {
    await pause();
    try {
      await work();
    } catch (error) {
      stopped?.push(`the guardian's pause stops ${what}: ${told(error)}`);
    }
  });
}

export interface Posting {
  sequencer: LocalSequencer;
  /** Index of the last batch. */
  batch: bigint;
  /** Seconds since the chain did anything. */
  silence: bigint;
}

/** Bonds, waits until everybody in the set may post, and posts all there is. */
export async function post(scene: Scene, poster: BaseWallet): Promise<Posting> {
  const l1 = as(scene, poster);
  await registerSequencer(l1);
  // Not by its name: of an array that is a function.
  const [activeAt] = await l1.chain.lastActivity();
  await moveClock(scene.copy, activeAt + l1.parameters.permissionlessDelay);
  const proof = openProof(await postable(scene), { cache: scene.cache });
  const sequencer = await localSequencer(l1, proof, memoryStore(), "auto", { members: scene.members });
  try {
    await sequencer.start();
    let last: bigint | undefined;
    for (let posted = await sequencer.post(); posted !== undefined; posted = await sequencer.post()) {
      last = posted.header.index;
    }
    if (last === undefined) throw new Error("there was nothing to post, though a message waits");
    return { sequencer, batch: last, silence: (await l1.now()) - activeAt };
  } catch (error) {
    await sequencer.stop();
    throw error;
  }
}

/** Nobody proves what a drill posts: where there are no batches to follow, the smallest blocks will do. */
async function postable(scene: Scene): Promise<Deployment> {
  const { deployment } = scene;
  if (deployment.parameters.proof === "fraud" || (await as(scene, undefined).heads()).head > 0n) return deployment;
  return { ...deployment, parameters: { ...deployment.parameters, slots: FEW_SLOTS } };
}

/** Rebuilds the state from what is on L1, by somebody who has nothing else. */
async function rebuild(scene: Scene): Promise<Outcome> {
  const client = as(scene, undefined);
  const begin = performance.now();
  const { head } = await client.heads();
  try {
    const program = programOfSuite(scene.deployment);
    const state = await reconstruct({ client, source: createSource(client), program, store: memoryStore() });
    const evidence = [
      { what: "batches", value: `${state.head}` },
      { what: "of this package's machine, seconds", value: ((performance.now() - begin) / 1000).toFixed(1) },
      { what: "last final state root", value: state.header.stateRoot },
    ];
    return state.head === head
      ? passed(`${head} batches were executed from L1 data alone, with the roots that L1 has`, evidence)
      : failed(`of ${head} batches only ${state.head} have the roots that L1 has`, evidence);
  } catch (error) {
    return unavailable(error) ?? failed(told(error));
  }
}

/** Has a withdrawal paid by somebody else. @throws unless the user has it. */
async function pay(scene: Scene, user: BaseWallet, claim: ClaimRequest): Promise<void> {
  const { provider } = scene.copy.ethers;
  const before = await provider.getBalance(user.address);
  await claimWithdrawal(as(scene, await stranger(scene)), claim);
  const got = (await provider.getBalance(user.address)) - before;
  if (got !== AMOUNT) throw new Error(`${formatEther(got)} of ${formatEther(AMOUNT)} ETH were paid`);
}
