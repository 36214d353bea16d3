import type { Hex } from "../types.js";
import { channelIdOf } from "./hashes.js";
import { OutcomeError } from "./outcome.js";
import { fundingFault, paramsFault } from "./params.js";
import { type ChannelRecord, newRecord } from "./record.js";
import { isMessageOf, type Rules } from "./signing-rules.js";
import { entitlement, knownState, sizeFault } from "./state.js";
import type { Adjudicator, ChannelDomain, ChannelParams, Outcome } from "./types.js";
import type { Part, Received } from "./wire.js";

/** A channel that somebody else wants to open with us. */
export interface Offer {
  id: Hex;
  params: ChannelParams;
  /** Own index. */
  me: number;
  /** Index of who offers. */
  from: number;
  /** What everybody would deposit. */
  outcome: Outcome;
  appData: Hex;
}

/** Why an offered channel is not taken; undefined takes it, and our share is deposited. */
export type Accept = (offer: Offer) => string | undefined | Promise<string | undefined>;

export interface OpeningOptions {
  domain: ChannelDomain;
  rules: Rules;
  /** The participant. */
  address: Hex;
  adjudicator: Adjudicator;
  accept: Accept;
  confirmations: number;
  startBlock: number;
  /** Seconds. */
  minChallengeDuration: number;
  /** Why there is no room for another channel. */
  fullness: () => string | undefined;
}

/** What is looked at before there is a channel. */
export interface Opening {
  /** Why a channel cannot be begun. */
  fault(record: ChannelRecord): string | undefined;
  /** The record with the session keys that were registered before. */
  withSessions(record: ChannelRecord, signal: AbortSignal): Promise<ChannelRecord>;
  /** What an offer comes to. Only who signed it is told why it is refused. */
  consider(message: Received, offer: Extract<Part, { kind: "open" }>, signal: AbortSignal): Promise<Considered>;
}

export type Considered =
  | { is: "taken"; record: ChannelRecord }
  | { is: "refused"; reason: string; answer: { me: number; params: ChannelParams } | undefined };

export function createOpening(options: OpeningOptions): Opening {
  const { domain, rules, address, adjudicator, accept, confirmations, startBlock, minChallengeDuration } = options;

  function fault({ id, params, me, initial }: ChannelRecord): string | undefined {
    const found = paramsFault(id, params, me, minChallengeDuration) ?? options.fullness() ?? sizeFault(initial);
    if (found !== undefined) return found;
    if (initial.isFinal) return "the first state is no final one";
    try {
      return fundingFault(params, knownState(id, 0n, initial, []).decoded);
    } catch (error) {
      if (error instanceof OutcomeError) return error.message;
      throw error;
    }
  }

  async function withSessions(record: ChannelRecord, signal: AbortSignal): Promise<ChannelRecord> {
    const height = await adjudicator.height(signal);
    const sessions = [...record.sessions];
    for (const event of await adjudicator.events(startBlock, height, record.id, signal)) {
      if (event.kind !== "sessionKey" || event.blockNumber > height - confirmations) continue;
      const participant = record.params.participants.indexOf(event.participant.toLowerCase() as Hex);
      if (participant >= 0) sessions[participant] = { key: event.key.toLowerCase() as Hex, expiry: event.expiry };
    }
    return { ...record, sessions };
  }

  return {
    fault,
    withSessions,
    async consider(message, { params, initial }, signal) {
      const { channelId: id, from } = message;
      const me = params.participants.indexOf(address);
      if (id !== channelIdOf(domain, params) || me < 0 || from === me || params.participants[from] === undefined) {
        return { is: "refused", reason: "the offer is for another channel, or not for us", answer: undefined };
      }
      let record = newRecord({ id, params, me, isOpener: false, initial });
      const found = fault(record);
      // What costs nothing comes first; L1 is asked for what passes that.
      let isSigned = isMessageOf(record, rules, message);
      if (found === undefined) {
        record = await withSessions(record, signal);
        isSigned ||= isMessageOf(record, rules, message);
      }
      if (!isSigned) return { is: "refused", reason: `participant ${from} did not sign the offer`, answer: undefined };
      const answer = { me, params };
      if (found !== undefined) return { is: "refused", reason: found, answer };
      const { decoded: outcome } = knownState(id, 0n, initial, []);
      const reason = await accept({ id, params, me, from, outcome, appData: initial.appData });
      return reason === undefined ? { is: "taken", record } : { is: "refused", reason, answer };
    },
  };
}

/** Takes channels of apps that we know, to which we deposit nothing. */
export function acceptNothingToDeposit(apps: readonly Hex[]): Accept {
  const known = new Set(apps.map((app) => app.toLowerCase()));
  return ({ params, me, outcome }) => {
    if (!known.has(params.appDefinition)) return `app ${params.appDefinition} is none that we know`;
    const own = params.participants[me]!;
    const due = outcome.find(({ asset }) => entitlement(outcome, asset, own) > 0n);
    return due && `we would have to deposit ${due.asset}`;
  };
}
