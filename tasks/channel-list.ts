import type { PartyArguments } from "./channel/party.js";
import { runCommand } from "./channel/run.js";
import { action } from "./support/action.js";

export default action<PartyArguments>((input, context) => runCommand({ name: "list" }, input, context));
