import { moveClock } from "../plugin/hardhat/clock.js";
import { getWithdrawal, type KnownWithdrawal, type Send } from "../plugin/hardhat/rollup-rpc.js";
import { claimWithdrawal, finalize } from "../plugin/l1/actions.js";
import { NEVER, time } from "../plugin/l1/errors.js";
import type { Hex } from "../plugin/types.js";
import { action, ArgumentError, type RollupArguments } from "./support/action.js";
import { hashArgument, required, showAmount, tokenArgument } from "./support/arguments.js";
import { openRollup } from "./support/rpc.js";

interface ClaimArguments extends RollupArguments {
  from: string | undefined;
  transaction: string | undefined;
  message: string | undefined;
  warp: boolean;
}

export default action<ClaimArguments>(async (input, { hre, output }) => {
  const wanted = wantedOf(input);
  const { connection, l1, send } = await openRollup(hre, input);
  const { claim, withdrawal, claimed } = await find(send, wanted);
  if (claim === undefined) {
    throw new ArgumentError(
      "transaction",
      "the withdrawal is in an L2 block whose batch is not on L1 yet; try again later",
    );
  }
  const { index, finalizesAt } = claim.header;
  if (!claimed && !(await l1.chain.isFinalized(claim.header))) {
    if (finalizesAt === NEVER)
      throw new ArgumentError("transaction", `batch ${index} is not proved yet; rollup:prove makes it final`);
    if (input.warp) await moveClock(connection, finalizesAt);
    if ((await l1.now()) < finalizesAt) {
      throw new ArgumentError(
        "transaction",
        `batch ${index} can be disputed until ${time(finalizesAt)}; claim after that (or add --warp on a local network)`,
      );
    }
    await output.progress(`Finalizing batches up to ${index}`, () => finalize(l1));
  }
  const { transaction, gasUsed, credited } = await output.progress("Claiming", () => claimWithdrawal(l1, claim));
  const token = await tokenArgument(l1.provider, /^0x0+$/.test(withdrawal.token) ? undefined : withdrawal.token);
  output.line(`Paid ${showAmount(withdrawal.amount - credited, token)} to ${withdrawal.target}.`);
  if (credited > 0n) {
    output.line(
      `${showAmount(credited, token)} could not be paid and waits as a credit of ${withdrawal.target} in the bridge.`,
    );
  }
  output.line(`${gasUsed.toLocaleString("en")} gas, transaction ${transaction}`);
  return { transaction, gasUsed, credited, withdrawal, batch: index };
});

function wantedOf({ transaction, message }: ClaimArguments): Hex | { index: bigint } {
  if (message === undefined) {
    return hashArgument("transaction", required("transaction", transaction, "0x… (what rollup:withdraw printed)"));
  }
  if (!/^\d{1,18}$/.test(message))
    throw new ArgumentError("message", `--message ${message} is no index of an inbox message`);
  return { index: BigInt(message) };
}

async function find(send: Send, wanted: Hex | { index: bigint }): Promise<KnownWithdrawal> {
  const known = await getWithdrawal(send, wanted);
  if (known !== undefined) return known;
  throw new ArgumentError(
    "transaction",
    typeof wanted === "string"
      ? `L2 transaction ${wanted} is no withdrawal that the sequencer knows`
      : `inbox message ${wanted.index} withdrew nothing, or is in no L2 block yet`,
  );
}
