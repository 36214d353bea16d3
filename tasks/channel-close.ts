import type { PartyArguments } from "./channel/party.js";
import { runCommand } from "./channel/run.js";
import { action } from "./support/action.js";

interface CloseArguments extends PartyArguments {
  channel: string | undefined;
}

export default action<CloseArguments>((input, context) =>
  runCommand({ name: "close", channel: input.channel }, input, context),
);
