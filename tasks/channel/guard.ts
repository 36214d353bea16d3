import type { ChannelClient } from "../../plugin/channel/client.js";
import type { ChannelHandle } from "../../plugin/channel/handle.js";
import type { ChannelReport } from "../../plugin/channel/report.js";
import type { SignedState } from "../../plugin/channel/types.js";
import { createWatchClient } from "../../plugin/channel/watchtower/client.js";
import { isServerUrl } from "../../plugin/da/committee/directory.js";
import { toHex } from "../../plugin/ledger/bytes.js";
import { keccak256 } from "../../plugin/machine/keccak.js";
import { openLevelStore } from "../../plugin/store/level.js";
import type { Hex } from "../../plugin/types.js";
import { ArgumentError } from "../support/action.js";
import type { Place } from "./party.js";

/** Hands each state of a participant to a watchtower, as the answer to all before it that have none. */
export interface Guard {
  /** Hands over what it is told of, and tells on. */
  log: (report: ChannelReport) => void;
  /** The client whose channels it guards, and whose states it hands over that were signed without it. */
  follow(client: ChannelClient): void;
  /** Resolves once the watchtower has signed for everything: with undefined, or with why it has not. */
  settled(signal: AbortSignal): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Milliseconds that a command waits for the watchtower. */
const PATIENCE = 15_000;

/** @param url Of the watchtower's server. */
export async function openGuard(
  { domain, storage }: Pick<Place, "domain" | "storage">,
  url: string,
  tell: (report: ChannelReport) => void = () => undefined,
): Promise<Guard> {
  if (!isServerUrl(url)) {
    throw new ArgumentError(
      "watchtower",
      `--watchtower ${url} is no URL of a watchtower, for example http://host:8560`,
    );
  }
  // One for each: what another watchtower holds, this one does not.
  const store = await openLevelStore(`${storage}-watchtower-${toHex(keccak256(Buffer.from(url))).slice(2, 10)}`);
  let failure = "it does not answer";
  const watch = await createWatchClient({
    ...{ domain, url, store },
    log: (event) => {
      if (event.kind === "failed") failure = event.reason;
    },
  });
  /** By channel the first turn that nothing was handed for. */
  const unanswered = new Map<Hex, bigint>();
  let guarded: ChannelClient | undefined;

  function hand(handle: ChannelHandle, signed: SignedState): void {
    const { id, params } = handle;
    let turn = unanswered.get(id) ?? (watch.answered(id) ?? -1n) + 1n;
    for (; turn < signed.state.turnNum; turn++) {
      const past = handle.past(turn);
      if (past !== undefined) watch.hand(id, past, signed, params);
    }
    unanswered.set(id, turn);
  }

  return {
    log(report) {
      if (report.kind === "supported" && guarded !== undefined) hand(guarded.channel(report.channelId), report.signed);
      tell(report);
    },
    follow(client) {
      guarded = client;
      for (const handle of client.list()) if (handle.latest !== undefined) hand(handle, handle.latest);
    },
    async settled(signal) {
      const limit = AbortSignal.timeout(PATIENCE);
      try {
        await watch.settled(AbortSignal.any([signal, limit]));
        return undefined;
      } catch (error) {
        if (!limit.aborted) throw error;
        return `the watchtower has not signed for the last states: ${failure}; they are handed over the next time`;
      }
    },
    async close() {
      await watch.close();
      await store.close();
    },
  };
}
