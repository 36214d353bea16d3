import { Interface } from "ethers";

import { ZERO_ADDRESS } from "../plugin/types.js";
import { action, type RollupArguments } from "./support/action.js";
import { addressArgument, amountArgument, required, showAmount, tokenArgument } from "./support/arguments.js";
import { openRollup } from "./support/rpc.js";

interface TransferArguments extends RollupArguments {
  from: string | undefined;
  to: string | undefined;
  amount: string | undefined;
  token: string | undefined;
}

const ERC20 = new Interface(["function transfer(address to, uint256 amount) returns (bool)"]);

export default action<TransferArguments>(async (input, { hre, output }) => {
  const to = addressArgument("to", required("to", input.to, "0x00000000000000000000000000000000DeaDBeef"));
  const text = required("amount", input.amount, "1.5");
  const { connection, l1, address, l2 } = await openRollup(hre, input);
  const token = await tokenArgument(l1.provider, input.token);
  const amount = amountArgument("amount", text, token);
  const wallet = l2.wallet(await connection.ethers.getSigner(address));
  const receipt = await output.progress(`Transferring ${showAmount(amount, token)}`, async () => {
    const response = await wallet.sendTransaction(
      token.address === ZERO_ADDRESS
        ? { to, value: amount }
        : { to: token.address, data: ERC20.encodeFunctionData("transfer", [to, amount]) },
    );
    return response.wait();
  });
  output.line(`Transferred ${showAmount(amount, token)} from ${address} to ${to} on L2.`);
  output.line(`L2 transaction ${receipt?.hash}, block ${receipt?.blockNumber}`);
  return {
    transaction: receipt?.hash,
    block: receipt?.blockNumber,
    from: address,
    to,
    token: token.address,
    amount,
    fee: receipt?.fee,
  };
});
