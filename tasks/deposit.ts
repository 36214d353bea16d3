import { deposit } from "../plugin/l1/actions.js";
import { action, type RollupArguments } from "./support/action.js";
import { addressArgument, amountArgument, required, showAmount, tokenArgument } from "./support/arguments.js";
import { openL1 } from "./support/network.js";

interface DepositArguments extends RollupArguments {
  from: string | undefined;
  amount: string | undefined;
  token: string | undefined;
  to: string | undefined;
}

export default action<DepositArguments>(async (input, { hre, output }) => {
  const text = required("amount", input.amount, "1.5");
  const target = input.to === undefined ? undefined : addressArgument("to", input.to);
  const { l1, address } = await openL1(hre, input);
  const token = await tokenArgument(l1.provider, input.token);
  const amount = amountArgument("amount", text, token);
  const { message, transaction, gasUsed } = await output.progress(`Depositing ${showAmount(amount, token)}`, () =>
    deposit(l1, { amount, token: token.address, target }),
  );
  output.line(`Deposited ${showAmount(message.amount, token)} of ${address} for ${message.target} on L2.`);
  if (message.amount !== amount) {
    output.line(`Of ${showAmount(amount, token)} only that much arrived: the token keeps a part of each transfer.`);
  }
  output.line(`Inbox message ${message.index}, ${gasUsed.toLocaleString("en")} gas, transaction ${transaction}`);
  return {
    transaction,
    message: message.index,
    from: address,
    to: message.target,
    token: token.address,
    amount: message.amount,
    gasUsed,
  };
});
