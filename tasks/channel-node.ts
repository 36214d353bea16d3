import type { Offer } from "../plugin/channel/opening.js";
import type { ChannelReport } from "../plugin/channel/report.js";
import { entitlement } from "../plugin/channel/state.js";
import { perform } from "./channel/commands.js";
import { serveControl } from "./channel/control.js";
import { openParty, type PartyArguments, placeOf } from "./channel/party.js";
import { action } from "./support/action.js";
import { explain } from "./support/explain.js";
import { aborted, untilInterrupted } from "./support/signal.js";

interface NodeArguments extends PartyArguments {
  deposit: boolean;
}

export default action<NodeArguments>(async (input, { hre, output }) => {
  const place = await placeOf(hre, input);
  const app = place.deployment.contracts.ConsensusApp.address.toLowerCase();
  const accept = ({ params, outcome, me }: Offer): string | undefined => {
    if (params.appDefinition.toLowerCase() !== app) return "its rules are not those of the ConsensusApp";
    const own = params.participants[me];
    const asks = outcome.some(({ asset }) => own !== undefined && entitlement(outcome, asset, own) > 0n);
    return asks && !input.deposit ? "we would have to deposit; this node takes only what others fund" : undefined;
  };
  const { signal, release } = untilInterrupted();
  try {
    const log = (report: ChannelReport): void => {
      const line = lineOf(report);
      if (line !== undefined) output.line(line);
    };
    const party = await openParty(place, input, { accept, log });
    try {
      const control = await serveControl(place.storage, (command, stopping) => perform(party, command, stopping));
      try {
        const channels = party.client.list().filter(({ isEnded }) => !isEnded).length;
        output.line(
          `Participant ${party.address} at ${party.url}, store in ${party.storage}; ${channels} channels open, adjudicator ${party.domain.adjudicator}`,
        );
        const { url, address, storage } = party;
        const document = { url, address, storage, channels, adjudicator: party.domain.adjudicator };
        output.document(document);
        await aborted(signal);
        const unwatched = await party.watched(new AbortController().signal);
        if (unwatched !== undefined) output.error(unwatched);
        output.line("Stopping; everything that was signed is on disk.");
        return document;
      } finally {
        await control.close();
      }
    } finally {
      await party.close();
    }
  } finally {
    release();
  }
});

/** What its owner wants to read; states come by thousands. */
function lineOf(report: ChannelReport): string | undefined {
  switch (report.kind) {
    case "opened":
      return `channel ${report.channelId}: open`;
    case "openingRefused":
      return `channel ${report.channelId}: not taken: ${report.reason}`;
    case "l1Event":
      return report.event.kind === "challenged"
        ? `channel ${report.channelId}: CHALLENGED at turn ${report.event.turnNum}`
        : undefined;
    case "l1Move":
      return `channel ${report.channelId}: ${report.move} in ${report.mined.transaction} (${report.mined.gasUsed.toLocaleString("en")} gas)`;
    case "l1MoveFailed":
      return `channel ${report.channelId}: ${report.move} failed: ${explain(report.error).join("; ")}`;
    case "l1Unseen":
      return `L1 does not answer: ${explain(report.error).join("; ")}`;
    case "l1SeenAgain":
      return "L1 answers again";
    case "equivocation":
      return `channel ${report.channelId}: participant ${report.participant} signed two states of one turn`;
    case "endedUnknown":
      return `channel ${report.channelId}: ended with a state that is not here`;
    case "ended":
      return `channel ${report.channelId}: ended, and paid`;
    case "keyExpires":
      return `channel ${report.channelId}: the session key of participant ${report.participant} expires; end the channel now`;
    case "fault":
      return `error: ${explain(report.error).join("; ")}`;
    default:
      return undefined;
  }
}
