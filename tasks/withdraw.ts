import { ZERO_ADDRESS } from "../plugin/types.js";
import { action, type RollupArguments } from "./support/action.js";
import { addressArgument, amountArgument, required, showAmount, tokenArgument } from "./support/arguments.js";
import { openRollup } from "./support/rpc.js";

interface WithdrawArguments extends RollupArguments {
  from: string | undefined;
  amount: string | undefined;
  token: string | undefined;
  target: string | undefined;
}

export default action<WithdrawArguments>(async (input, { hre, output }) => {
  const text = required("amount", input.amount, "1.5");
  const target = input.target === undefined ? undefined : addressArgument("target", input.target);
  const { connection, l1, address, l2 } = await openRollup(hre, input);
  const token = await tokenArgument(l1.provider, input.token);
  const amount = amountArgument("amount", text, token);
  const signer = await connection.ethers.getSigner(address);
  const { transaction, withdrawal } = await output.progress(`Withdrawing ${showAmount(amount, token)}`, () =>
    l2.withdraw(signer, {
      amount,
      ...(token.address === ZERO_ADDRESS ? {} : { token: token.address }),
      ...(target === undefined ? {} : { target }),
    }),
  );
  output.line(`Withdrew ${showAmount(amount, token)} of ${address}, to be paid to ${withdrawal.target} on L1.`);
  output.line(
    `When its batch is final: npx hardhat rollup:claim --network ${connection.networkName} --transaction ${transaction}`,
  );
  return { transaction, withdrawal };
});
