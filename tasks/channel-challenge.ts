import type { PartyArguments } from "./channel/party.js";
import { runCommand } from "./channel/run.js";
import { action } from "./support/action.js";

interface ChallengeArguments extends PartyArguments {
  channel: string | undefined;
}

export default action<ChallengeArguments>((input, context) =>
  runCommand({ name: "challenge", channel: input.channel }, input, context),
);
