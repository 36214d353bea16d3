import { forceTransaction, forceWithdrawal } from "../plugin/l1/actions.js";
import { time } from "../plugin/l1/errors.js";
import { action, ArgumentError, type RollupArguments } from "./support/action.js";
import { addressArgument, amountArgument, bytesArgument, showAmount, tokenArgument } from "./support/arguments.js";
import { openL1 } from "./support/network.js";

interface ForceArguments extends RollupArguments {
  from: string | undefined;
  raw: string | undefined;
  withdraw: string | undefined;
  token: string | undefined;
  target: string | undefined;
}

export default action<ForceArguments>(async (input, { hre, output }) => {
  if ((input.raw === undefined) === (input.withdraw === undefined)) {
    throw new ArgumentError(
      "withdraw",
      "name one of --withdraw <amount or all> and --raw <signed L2 transaction>, for example --withdraw all",
    );
  }
  const raw = input.raw === undefined ? undefined : bytesArgument("raw", input.raw);
  const target = input.target === undefined ? undefined : addressArgument("target", input.target);
  const { l1, address } = await openL1(hre, input);
  const token = await tokenArgument(l1.provider, input.token);
  const amount =
    input.withdraw === undefined || input.withdraw === "all"
      ? "all"
      : amountArgument("withdraw", input.withdraw, token);
  const { message, transaction, gasUsed } = await output.progress("Sending past the sequencer", () =>
    raw === undefined ? forceWithdrawal(l1, { amount, token: token.address, target }) : forceTransaction(l1, raw),
  );
  const dueAt = message.timestamp + l1.parameters.forceInclusionDelay;
  const what = amount === "all" ? `all ${token.symbol}` : showAmount(amount, token);
  output.line(
    raw === undefined
      ? `Forced a withdrawal of ${what} of ${address} to ${message.target}.`
      : "Forced the transaction.",
  );
  output.line(`Inbox message ${message.index}; from ${time(dueAt)} no batch can skip it. Transaction ${transaction}`);
  return { transaction, message: message.index, dueAt, gasUsed };
});
