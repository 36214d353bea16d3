import type { Store } from "../../../plugin/store/types.js";
import { reconstruct, type Reconstruction, type ReconstructionEvent } from "../../../plugin/escape/reconstruct.js";
import type { L1Source } from "../../../plugin/l1/follower.js";
import { toHex } from "../../../plugin/ledger/bytes.js";
import { loadLedgerGuest } from "../../../plugin/ledger/guest.js";
import { GENESIS_NODE } from "../../../plugin/ledger/state.js";
import { ledgerProgram } from "../../../plugin/validator/program.js";
import type { Program } from "../../../plugin/validator/types.js";
import { type TestRollup, testRollup, user } from "../../validator/support/rollup.js";

export const BATCHES = 6;
export const alice = user(1);
export const bob = user(2);

/** The guest, as everybody runs it. */
export function realProgram(): Program {
  return ledgerProgram(loadLedgerGuest());
}

/** A life of a few batches with deposits, transfers and withdrawals, the same every time. */
export async function someLife(program: Program): Promise<TestRollup> {
  const nodes = new Map([[toHex(GENESIS_NODE.hash), GENESIS_NODE.preimage]]);
  const keeping: Program = {
    ...program,
    execute(input) {
      const output = program.execute(input, { get: (hash) => nodes.get(toHex(hash)) });
      for (const { hash, preimage } of output.nodes) nodes.set(toHex(hash), preimage);
      return output;
    },
  };
  const rollup = testRollup(keeping);
  rollup.deposit(alice.address, 10n ** 18n);
  for (let i = 0; i < BATCHES; i++) {
    rollup.deposit(bob.address, BigInt(1_000 + i));
    rollup.post({
      blocks: [
        {
          messages: i === 0 ? 2 : 1,
          transactions: [
            await alice.pay(2 * i, bob.address, BigInt(10 ** 6 + i)),
            await alice.withdraw(2 * i + 1, BigInt(100 + i)),
          ],
        },
      ],
    });
  }
  return rollup;
}

export interface Rebuilt {
  state: Reconstruction;
  events: ReconstructionEvent[];
}

export async function rebuild(
  rollup: TestRollup,
  program: Program,
  store: Store,
  source: L1Source = rollup.source,
): Promise<Rebuilt> {
  const events: ReconstructionEvent[] = [];
  const heads = () => Promise.resolve({ head: rollup.head().index, finalizedHead: 0n });
  const client = { ...rollup.client, heads };
  const state = await reconstruct({ client, source, program, store, log: (event) => events.push(event) });
  return { state, events };
}
