import type { PartyArguments } from "./channel/party.js";
import { runCommand } from "./channel/run.js";
import { action } from "./support/action.js";
import { required } from "./support/arguments.js";

interface PayArguments extends PartyArguments {
  channel: string | undefined;
  amount: string | undefined;
  token: string | undefined;
  to: string | undefined;
}

export default action<PayArguments>((input, context) => {
  const { channel, token, to } = input;
  const amount = required("amount", input.amount, "0.25");
  return runCommand({ name: "pay", channel, amount, token, to }, input, context);
});
