import { leave, type Taken } from "../plugin/escape/leave.js";
import { type Hex, ZERO_ADDRESS } from "../plugin/types.js";
import { action } from "./support/action.js";
import { addressArgument, showAmount, tokenArgument } from "./support/arguments.js";
import { accountOf } from "./support/network.js";
import { openSuite, type SuiteArguments, withReconstruction } from "./support/reconstruction.js";
import { untilInterrupted } from "./support/signal.js";

interface EscapeArguments extends SuiteArguments {
  account: string | undefined;
  from: string | undefined;
}

export default action<EscapeArguments>(async (input, { hre, output }) => {
  const given = input.account === undefined ? undefined : addressArgument("account", input.account);
  const player = await accountOf(await hre.network.getOrCreate(), input.from);
  const account = given ?? player.address;
  const { l1, folder } = await openSuite(hre, input, player);
  const { signal, release } = untilInterrupted();
  try {
    const left = await withReconstruction(l1, folder, output, signal, (reconstruct) =>
      leave({ l1, account, reconstruct, signal }),
    );
    for (const taken of left.taken) output.line(await lineOf(taken));
    if (left.waiting !== undefined) output.line(`Waiting: ${left.waiting.reason}.`);
    else if (left.taken.length === 0) output.line(`${account} has nothing (more) to take out.`);
    return { ...left, folder };
  } finally {
    release();
  }

  async function lineOf({ kind, token: address, amount, index, failure }: Taken): Promise<string> {
    const token = await tokenArgument(l1.provider, nameOf(address));
    const what = {
      withdrawal: `withdrawal of batch ${index}`,
      balance: "balance on L2",
      deposit: `deposit ${index}, which never arrived`,
      credit: "credit",
    }[kind];
    return `${failure === undefined ? "Took out" : "Could not take out"} ${showAmount(amount, token)}, ${what}${failure === undefined ? "" : `: ${failure}`}`;
  }
});

function nameOf(token: Hex): Hex | undefined {
  return token === ZERO_ADDRESS ? undefined : token;
}
