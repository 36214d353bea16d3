import type { LedgerInput, LedgerOutput, NodeReader } from "../ledger/types.js";
import type { Hex } from "../types.js";

/** The guest program as a validator needs it. */
export interface Program {
  /** Of the program that runs natively; docs/machine.md §1. */
  machineHash: Hex;
  /** Runs a batch natively. Throws when the run itself fails; that is never a verdict. */
  execute(input: LedgerInput, nodes: NodeReader): LedgerOutput;
}

/** A field of a header that is not what the guest program makes of the L1 data. */
export interface Difference {
  field: "prevStateRoot" | "inboxAcc" | "l2BlockTo" | "stateRoot" | "withdrawalsRoot";
  /** What it must be. */
  expected: string;
  /** What L1 has. */
  got: string;
  /** First L2 block that the claim gets wrong, where that can be told. */
  l2Block?: bigint;
}

/** What a validator thinks of a batch. */
export type Verdict =
  | {
      kind: "agree";
      index: bigint;
      headerHash: Hex;
      l2BlockTo: bigint;
      messages: number;
      transactions: number;
      withdrawals: number;
    }
  | { kind: "disagree"; index: bigint; headerHash: Hex; difference: Difference }
  /** It continues a false batch, and falls with it. */
  | { kind: "descends"; index: bigint; headerHash: Hex; from: bigint };

export type ValidatorEvent =
  | Verdict
  /** Batches `fromIndex` to `toIndex` are no longer on L1: a lost dispute, or a reorg. */
  | { kind: "reverted"; fromIndex: bigint; toIndex: bigint; cause: "dispute" | "reorg" }
  | { kind: "finalized"; index: bigint; verdict: Verdict["kind"] }
  /** L1 could not be read; it will be tried again after `retryIn` milliseconds. */
  | { kind: "unavailable"; reason: string; retryIn: number }
  /** Everything up to this L1 block was checked. */
  | { kind: "head"; block: number; batches: bigint };

/** Where a validator stands. */
export interface Summary {
  /** L1 block up to which it has read. */
  block: number;
  /** Batches on L1 now, genesis not counted. */
  batches: bigint;
  agreed: bigint;
  /** The first false batch on L1 now. */
  disagreement?: Verdict & { kind: "disagree" };
}

/** A verdict or event as a line for a person. */
export function describe(event: ValidatorEvent): string {
  switch (event.kind) {
    case "agree":
      return `batch ${event.index}: agreed, ${event.messages} messages, ${event.transactions} transactions, ${event.withdrawals} withdrawals, up to L2 block ${event.l2BlockTo}`;
    case "disagree":
      return `batch ${event.index} is FALSE: ${describeDifference(event.difference)}`;
    case "descends":
      return `batch ${event.index} continues the false batch ${event.from} and falls with it`;
    case "reverted": {
      const cause = event.cause === "dispute" ? "reverted on L1" : "gone after an L1 reorganisation";
      return event.fromIndex === event.toIndex
        ? `batch ${event.fromIndex}: ${cause}`
        : `batches ${event.fromIndex} to ${event.toIndex}: ${cause}`;
    }
    case "finalized":
      return event.verdict === "agree"
        ? `batch ${event.index}: final`
        : `batch ${event.index} became final ALTHOUGH IT IS FALSE`;
    case "unavailable":
      return `${event.reason}; next try in ${event.retryIn} ms`;
    case "head":
      return `all ${event.batches} batches up to L1 block ${event.block} checked`;
  }
}

function describeDifference({ field, expected, got, l2Block }: Difference): string {
  const where = l2Block === undefined ? "" : `; the first L2 block it gets wrong is ${l2Block}`;
  return `its ${field} must be ${expected}, L1 has ${got}${where}`;
}
