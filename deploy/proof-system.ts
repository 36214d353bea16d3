import { FULL_BATCH_MESSAGES, MAX_BATCH_MESSAGES } from "../plugin/ledger/batch.js";
import { toHex } from "../plugin/ledger/bytes.js";
import { GENESIS_STATE_ROOT } from "../plugin/ledger/state.js";
import type { Hex, RollupParameters } from "../plugin/types.js";
import { VALIDITY_BATCH_MESSAGES } from "../plugin/validity/batch.js";
import { genesisNodes } from "../plugin/validity/state.js";

type Proof = Pick<RollupParameters, "proof" | "levels">;

/** State root with which a chain begins. */
export function genesisStateRoot({ proof, levels }: Proof): Hex {
  return proof === "fraud" ? GENESIS_STATE_ROOT : toHex(genesisNodes(Number(levels))[0]!.hash);
}

/** How many inbox messages a batch takes at most, and with how many it is full; docs/protocol.md §2, docs/validity.md §5. */
export function batchLimits({ proof }: Proof): { maxBatchMessages: bigint; fullBatchMessages: bigint } {
  if (proof === "validity") return VALIDITY_BATCH_MESSAGES;
  return { maxBatchMessages: MAX_BATCH_MESSAGES, fullBatchMessages: FULL_BATCH_MESSAGES };
}
