import type { PartyArguments } from "./channel/party.js";
import { runCommand } from "./channel/run.js";
import { action } from "./support/action.js";
import { required } from "./support/arguments.js";

interface OpenArguments extends PartyArguments {
  with: string | undefined;
  amount: string | undefined;
  theirs: string | undefined;
  token: string | undefined;
  duration: string | undefined;
}

export default action<OpenArguments>((input, context) => {
  const { theirs, token, duration } = input;
  const others = required("with", input.with, "0x…=http://host:8561");
  const amount = required("amount", input.amount, "1.5");
  return runCommand({ name: "open", with: others, amount, theirs, token, duration }, input, context);
});
