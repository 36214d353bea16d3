import { join } from "node:path";

import { toJson, writeFileAtomically } from "../deploy/address-book.js";
import { escapeProofs } from "../plugin/escape/proofs.js";
import { action } from "./support/action.js";
import { addressArgument } from "./support/arguments.js";
import { openSuite, type SuiteArguments, withReconstruction } from "./support/reconstruction.js";
import { untilInterrupted } from "./support/signal.js";

interface ReconstructArguments extends SuiteArguments {
  rpc: string | undefined;
  proofs: string | undefined;
}

export default action<ReconstructArguments>(async (input, { hre, output }) => {
  const account = input.proofs === undefined ? undefined : addressArgument("proofs", input.proofs);
  const { l1, folder, close } = await openSuite(hre, input);
  const { signal, release } = untilInterrupted();
  try {
    output.line(`Rebuilding chain ${l1.parameters.l2ChainId} from L1 alone, into ${folder}`);
    return await withReconstruction(l1, folder, output, signal, async (continued, work) => {
      const state = await continued();
      const { header, head, nodes, left } = state;
      const accountCount = state.state.accountCount(nodes, header.stateRoot);
      const perSecond = work.seconds === 0 ? 0 : Math.round(work.transactions / work.seconds);
      output.line(
        `${work.batches} batches with ${work.messages} messages and ${work.transactions} transactions executed in ${work.seconds.toFixed(1)} s` +
          (work.transactions === 0 ? "." : `, ${perSecond.toLocaleString("en")} transactions per second.`),
      );
      output.line(
        `Batch ${header.index} is the last final one: state ${header.stateRoot}, ${accountCount} accounts; ${head - header.index} batches above it, ${left.length} inbox messages left.`,
      );
      const proofs = account === undefined ? undefined : escapeProofs(state, account);
      const file = account === undefined ? undefined : join(folder, `escape-${account}.json`);
      if (proofs !== undefined && file !== undefined) {
        await writeFileAtomically(file, toJson(proofs));
        output.line(
          `${file}: ${proofs.balances.length} balances, ${proofs.deposits.length} deposits that did not arrive, ${proofs.withdrawals.length} withdrawals to claim`,
        );
      }
      return {
        folder,
        l1Block: state.block,
        batch: header.index,
        stateRoot: header.stateRoot,
        l2Block: header.l2BlockTo,
        accounts: accountCount,
        pending: head - header.index,
        inboxLeft: left.length,
        executed: { ...work, perSecond },
        ...(proofs === undefined ? {} : { proofs: { file, ...proofs } }),
      };
    });
  } finally {
    release();
    close();
  }
});
