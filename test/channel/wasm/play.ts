/** Judges of two players that look in turn, and what liars' machines answer. */
import type { Signer } from "ethers";

import { createJudge, type Judge, type JudgeEvent } from "../../../plugin/channel/wasm/judge.js";
import { type ChannelMove, encodeMove } from "../../../plugin/channel/wasm/move.js";
import type { WasmRules } from "../../../plugin/channel/wasm/rules.js";
import { createSender } from "../../../plugin/l1/sender.js";
import { equal } from "../../../plugin/ledger/bytes.js";
import type { Oracle } from "../../../plugin/machine/hostCalls.js";
import type { Hex } from "../../../plugin/types.js";
import type { Connection } from "../../support/env.js";

/** The judge of one player, with what it told. */
export async function judgeOf(
  { ethers }: Pick<Connection, "ethers">,
  signer: Signer,
  app: Hex,
  rules: WasmRules,
  oracle?: (truth: Oracle) => Oracle,
): Promise<Judge & { told: JudgeEvent[] }> {
  const { provider } = ethers;
  const sender = await createSender({ provider, signer, pollInterval: 20 });
  const told: JudgeEvent[] = [];
  const judge = await createJudge({
    ...{ provider, sender, app, rules, participant: sender.address },
    log: (event) => told.push(event),
    ...(oracle === undefined ? {} : { oracle }),
  });
  return { ...judge, told };
}

/** A machine that reads another move than the one that L1 was given: a liar's. Both must be of one length. */
export function lieAbout(move: ChannelMove, lie: ChannelMove): (truth: Oracle) => Oracle {
  const [bytes, forged] = [encodeMove(move), encodeMove(lie)];
  return (truth) => ({
    preimage(hash) {
      const found = truth.preimage(hash);
      return found !== undefined && equal(found, bytes) ? forged : found;
    },
  });
}

/** Lets judges look in turn until none has anything to do; then the clocks run out, until no dispute is left. */
export async function playOut(
  { networkHelpers }: Pick<Connection, "networkHelpers">,
  judges: readonly Judge[],
): Promise<void> {
  for (;;) {
    let moves = 0;
    const ends: bigint[] = [];
    for (const judge of judges) {
      const summary = await judge.look();
      moves += summary.moves;
      ends.push(...summary.open.map(({ endsAt }) => endsAt));
    }
    if (moves > 0) continue;
    if (ends.length === 0) return;
    const next = ends.reduce((a, b) => (a < b ? a : b));
    if (BigInt(await networkHelpers.time.latest()) >= next) throw new Error(`nobody ends what could end at ${next}`);
    await networkHelpers.time.increaseTo(next);
  }
}
