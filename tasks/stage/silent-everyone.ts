import { formatEther, getAddress, parseEther } from "ethers";

import { leave } from "../../plugin/escape/leave.js";
import { reconstruct } from "../../plugin/escape/reconstruct.js";
import { programOfSuite } from "../../plugin/hardhat/proof.js";
import { deposit, finalize, forceWithdrawal } from "../../plugin/l1/actions.js";
import { createSource } from "../../plugin/l1/source.js";
import { failed, passed } from "../../plugin/stage/outcome.js";
import { duration, seconds } from "../../plugin/stage/show.js";
import type { Evidence, Outcome } from "../../plugin/stage/types.js";
import { memoryStore } from "../../plugin/store/memory.js";
import { ZERO_ADDRESS } from "../../plugin/types.js";
import { moveClock } from "../../plugin/hardhat/clock.js";
import { escapeAll, failuresOf } from "../support/escape-all.js";
import type { Narrator } from "../support/narrator.js";
import { as, type Scene, stranger, told, unavailable } from "./scene.js";
import { type Interference, post, type Posting, underPause } from "./silent-sequencer.js";

const AMOUNT = parseEther("1");

const SILENT: Narrator = { heading: () => undefined, line: () => undefined, progress: (_, work) => work() };

export interface SilentEveryone {
  escaped: Outcome;
  /** What a pause stopped; undefined where nothing was tried. */
  stopped: string[] | undefined;
}

/** Nobody posts, ever. The chain is frozen at its last final state, and everybody takes out what that and the inbox say. */
export async function silentEveryone(scene: Scene, interference: Interference = {}): Promise<SilentEveryone> {
  const [user, payer] = [await stranger(scene), await stranger(scene)];
  const stopped: string[] | undefined = interference.tried && [];
  const evidence: Evidence[] = [];
  try {
    const own = as(scene, user);
    await deposit(own, { amount: AMOUNT });
    const last = await lastBatch(scene);
    if (last !== undefined) {
      evidence.push({ what: "last batch, of a stranger", value: `${last}, with a balance of the user` });
      await deposit(own, { amount: AMOUNT });
    }
    await interference.before?.();
    const l1 = as(scene, payer);
    const begunAt = await l1.now();
    await underPause(scene, interference.tried, "the freeze, an escape or a refund", stopped, () =>
      refund(scene, user.address, last !== undefined),
    );
    const figures = await escapeAll({ connection: scene.copy, l1, narrator: SILENT });
    const faults = failuresOf(figures);
    if (figures.freezableFrom !== undefined) {
      evidence.push({ what: "frozen after", value: seconds(figures.freezableFrom - begunAt) });
    }
    evidence.push({ what: "everybody out after", value: seconds(figures.l1Seconds) });
    evidence.push({
      what: "accounts",
      value: `${new Set(figures.left.map(({ account }) => getAddress(account))).size}`,
    });
    for (const { token, putIn, takenOut, leftBehind } of figures.sums) {
      const of = token === ZERO_ADDRESS ? "ETH" : token;
      const amount = (value: bigint) => (token === ZERO_ADDRESS ? formatEther(value) : `${value}`);
      const value = `${amount(putIn)} in the bridge, ${amount(takenOut)} taken out, ${leftBehind} left`;
      evidence.push({ what: of, value });
      if (takenOut + leftBehind !== putIn) faults.push(`sums in ${of} do not agree: ${value}`);
    }
    const taken = figures.left
      .filter(({ account }) => getAddress(account) === user.address)
      .flatMap((each) => each.taken);
    const got = taken.reduce((sum, each) => sum + (each.failure === undefined ? each.amount : 0n), 0n);
    const due = last === undefined ? AMOUNT : 2n * AMOUNT;
    if (got !== due) faults.push(`${user.address} took out ${formatEther(got)} ETH of ${formatEther(due)}`);
    const nobodys = figures.sums.filter(({ leftBehind }) => leftBehind > 0n).length;
    const rest = nobodys === 0 ? "to the wei" : `but for what nobody owns in ${nobodys} tokens`;
    const escaped =
      faults.length === 0
        ? passed(
            `everybody took out everything, ${rest}, ${duration(figures.l1Seconds)} after the last batch`,
            evidence,
          )
        : failed(faults.join("; "), evidence);
    return { escaped, stopped };
  } catch (error) {
    return { escaped: unavailable(error) ?? failed(told(error), evidence), stopped };
  }
}

/** A last batch, by somebody: so a balance of the state is there to escape. With validity proofs it would never be final. */
async function lastBatch(scene: Scene): Promise<bigint | undefined> {
  if (scene.deployment.parameters.proof === "validity") return undefined;
  let posting: Posting;
  try {
    posting = await post(scene, await stranger(scene));
  } catch (error) {
    if (unavailable(error) !== undefined) throw error;
    // Where only some may post, the silent-sequencer drill says so.
    return undefined;
  }
  await posting.sequencer.stop();
  const l1 = as(scene, await stranger(scene));
  await moveClock(scene.copy, (await l1.batchHeader(posting.batch)).finalizesAt);
  await finalize(l1);
  return posting.batch;
}

/** The freeze, the escape of a balance where there is one, and the refund of a deposit. */
async function refund(scene: Scene, account: string, hasBalance: boolean): Promise<void> {
  const l1 = as(scene, await stranger(scene));
  const store = memoryStore();
  const program = programOfSuite(scene.deployment);
  const rebuilt = () => reconstruct({ client: l1, source: createSource(l1), program, store });
  await forceWithdrawal(l1, { amount: "all" });
  for (;;) {
    const { waiting, taken } = await leave({ l1, account: account as `0x${string}`, reconstruct: rebuilt });
    const failure = taken.find((each) => each.failure !== undefined)?.failure;
    if (failure !== undefined) throw new Error(failure);
    if (waiting === undefined) {
      const kinds = taken.map(({ kind }) => kind);
      if (!kinds.includes("deposit")) throw new Error("nothing was refunded");
      if (hasBalance && !kinds.includes("balance")) throw new Error("the balance did not escape");
      return;
    }
    if (waiting.until === undefined) throw new Error(waiting.reason);
    await moveClock(scene.copy, waiting.until);
  }
}
