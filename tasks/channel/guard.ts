import type { ChannelClient } from "../../plugin/channel/client.js";
import type { ChannelReport } from "../../plugin/channel/report.js";
import type { SignedState } from "../../plugin/channel/types.js";
import { createWatchClient } from "../../plugin/channel/watchtower/client.js";
import { isServerUrl } from "../../plugin/da/committee/directory.js";
import { openLevelStore } from "../../plugin/store/level.js";
import type { Hex } from "../../plugin/types.js";
import { ArgumentError } from "../support/action.js";
import type { Place } from "./party.js";

/** Hands each state of a participant to a watchtower, as the answer to the one before. */
export interface Guard {
  /** Hands over what it is told of, and tells on. */
  log: (report: ChannelReport) => void;
  /** The client whose channels it guards; before anything is signed. */
  follow(client: ChannelClient): void;
  /** Resolves once the watchtower has signed for everything: with undefined, or with why it has not. */
  settled(signal: AbortSignal): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Milliseconds that a command waits for the watchtower. */
const PATIENCE = 15_000;

/** @param url Of the watchtower's server. */
export async function openGuard(
  { domain, storage }: Place,
  url: string,
  tell: (report: ChannelReport) => void = () => undefined,
): Promise<Guard> {
  if (!isServerUrl(url)) {
    throw new ArgumentError(
      "watchtower",
      `--watchtower ${url} is no URL of a watchtower, for example http://host:8560`,
    );
  }
  const store = await openLevelStore(`${storage}-watchtower`);
  let failure = "it does not answer";
  const watch = await createWatchClient({
    ...{ domain, url, store },
    log: (event) => {
      if (event.kind === "failed") failure = event.reason;
    },
  });
  const before = new Map<Hex, SignedState>();
  let guarded: ChannelClient | undefined;
  return {
    log(report) {
      if (report.kind === "supported") {
        const previous = before.get(report.channelId);
        const params = guarded?.channel(report.channelId).params;
        if (previous !== undefined && params !== undefined)
          watch.hand(report.channelId, previous.state, report.signed, params);
        before.set(report.channelId, report.signed);
      }
      tell(report);
    },
    follow(client) {
      guarded = client;
      for (const { id, latest } of client.list()) if (latest !== undefined) before.set(id, latest);
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
