import { formatEther } from "ethers";

import { registerSequencer } from "../../plugin/l1/actions.js";
import { revertUnproven } from "../../plugin/l1/validity-actions.js";
import type { Hex } from "../../plugin/types.js";
import { FAULTS } from "../../plugin/validator/faults.js";
import { describe } from "../../plugin/validator/types.js";
import { moveClock } from "../../plugin/hardhat/clock.js";
import { ETH } from "../demo/books.js";
import { act } from "./l2.js";
import type { StepLog } from "./script.js";
import type { Stage } from "./stage.js";
import { compareL2, post } from "./withdrawals.js";

const FAULT = "balance";
const AMOUNT = 10n ** 15n;

/** The transactions between which a false batch, or an unproved one, stood on L1. */
export interface Judged {
  posted: Hex;
  ended: Hex;
}

/** A false batch is posted; an honest validator disputes it until it falls, and the liar's bond with it. */
export async function lieAndSlash(stage: Stage, log: StepLog): Promise<Judged> {
  const { chain, people } = stage;
  const { registry } = chain.contracts;
  await payOnL2(stage);
  const { header, headerHash, transaction } = await chain.sequencer.post({ fault: FAULT, by: people.liar });
  const bonded = await registry.bondOf(people.liar.address);
  log.say(
    `The lie, in batch ${header.index}: ${FAULTS[FAULT]}. Its sequencer has ${formatEther(bonded)} ETH at stake.`,
  );
  const report = await chain.dispute({
    log: ({ player, event }) => {
      if (
        player === "validator" &&
        (event.kind === "countered" || event.kind === "stepped" || event.kind === "ended")
      ) {
        stage.output.line(describe(event));
      }
    },
  });
  const ended = await revertOf(stage, transaction);
  const { moves, games, won } = report;
  log.say(
    `The validator moved ${moves.validator} times, the liar ${moves.liar} times; the validator was paid ${formatEther(won)} ETH, its own bonds among it.`,
  );
  log.compare({
    what: "Winner of the dispute",
    ...{ actual: games[0]?.winner ?? "nobody", expected: people.validator.address, transaction: ended },
    meaning: "A false batch was not refuted by an honest validator.",
  });
  log.compare({
    what: "Wei of the liar's bond that are left",
    ...{ actual: await registry.bondOf(people.liar.address), expected: 0n, transaction: ended },
    meaning: "A lie was posted without losing its bond.",
  });
  log.compare({
    what: "The false batch is on L1 still",
    actual: (await stage.l1().headerHash(header.index)) === headerHash,
    expected: false,
    meaning: "A false batch was not reverted.",
  });
  await goOn(stage, log);
  return { posted: transaction, ended };
}

/** With validity proofs a batch that nobody proves is taken back by anybody, and its sequencer loses its bond. */
export async function leaveUnproved(stage: Stage, log: StepLog): Promise<Judged> {
  const { chain, connection, people } = stage;
  await payOnL2(stage);
  const batch = await chain.sequencer.post();
  if (batch === undefined) throw new Error("there was nothing to post");
  await moveClock(connection, batch.header.timestamp + chain.deployment.parameters.challengeWindow);
  const { transaction } = await revertUnproven(stage.l1(people.payer), batch.header);
  log.say(`Nobody proved batch ${batch.header.index}; an account without any role took it back.`);
  await chain.sequencer.sync();
  const { registry } = stage.l1();
  log.compare({
    what: "Wei that are left of the bond of who posted it",
    ...{ actual: await registry.bondOf(people.sequencer.address), expected: 0n, transaction },
    meaning: "A batch without a proof cost nothing.",
  });
  await registerSequencer(stage.l1(people.sequencer));
  log.say("Its sequencer lost its bond, and bonds again.");
  log.compare({
    what: "The unproved batch is on L1 still",
    actual: (await stage.l1().headerHash(batch.header.index)) === batch.headerHash,
    ...{ expected: false, transaction },
    meaning: "A batch without a proof was not reverted.",
  });
  await goOn(stage, log);
  return { posted: batch.transaction, ended: transaction };
}

async function payOnL2(stage: Stage): Promise<void> {
  const { alice, bob } = stage.people;
  await act(stage, [{ by: alice, token: ETH, amount: AMOUNT, to: bob.address as Hex }]);
}

/** The same L2 transactions are posted again, on what stood before. */
async function goOn(stage: Stage, log: StepLog): Promise<void> {
  await post(stage, log);
  await stage.chain.finalize();
  const { agreed, batches } = await stage.chain.validator.run({ watch: false });
  log.compare({
    what: "Batches that the validator agrees with",
    ...{ actual: agreed, expected: batches },
    meaning: "A batch on L1 is not what its data lead to.",
  });
  await compareL2(stage, log);
}

/** The transaction in which a batch fell that was posted in another. */
async function revertOf({ chain, connection }: Stage, posted: Hex): Promise<Hex> {
  const { contracts } = chain;
  const receipt = await connection.ethers.provider.getTransactionReceipt(posted);
  const [revert] = await contracts.chain.queryFilter(contracts.chain.filters.BatchesReverted(), receipt?.blockNumber);
  if (revert === undefined) throw new Error("the false batch was not reverted");
  return revert.transactionHash as Hex;
}
