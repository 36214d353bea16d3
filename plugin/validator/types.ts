import { formatEther } from "ethers";

import type { BatchOutput, LedgerInput, NodeReader, StateNode } from "../ledger/types.js";
import { type Hex, ZERO_ADDRESS } from "../types.js";

/** What can be read of the states that a program leaves. */
export interface StateReader {
  /** Nodes of the state in which nothing happened yet; the root comes first. */
  genesis: readonly StateNode[];
  /** A balance above zero, with what shows it to L1's escape hatch. */
  proveBalance(nodes: NodeReader, root: Hex, account: Hex, token: Hex): { amount: bigint; proof: Hex } | undefined;
  accountCount(nodes: NodeReader, root: Hex): bigint;
  /** Every account. */
  accounts(nodes: NodeReader, root: Hex): Iterable<Hex>;
}

/** The program as a validator needs it. */
export interface Program {
  /** Default: that of the ledger guest. */
  state?: StateReader;
  /** Of the program that runs natively; docs/machine.md §1. */
  machineHash: Hex;
  /** Runs a batch natively. Throws when the run itself fails; that is never a verdict. */
  execute(input: LedgerInput, nodes: NodeReader): BatchOutput;
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
  /** Somebody else claims in a game; `index` of the batch where the claim counters one. */
  | { kind: "claimed"; claimant: Hex; id: Hex; parent: Hex; index: bigint | undefined }
  /** This validator countered state `position` of a claim, or of the batch itself where `against` is undefined. */
  | ({ kind: "countered"; bond: bigint } & MoveFacts)
  /** L1 executed one instruction, and refuted a claim by it. */
  | ({ kind: "stepped" } & MoveFacts)
  | { kind: "resolved"; index: bigint; claims: number; gasUsed: bigint }
  /** This validator had L1 end the game about a batch. */
  | { kind: "ended"; index: bigint; gasUsed: bigint }
  /** The game about a batch is over; `winner` is zero where the batch stands. */
  | { kind: "game over"; index: bigint; winner: Hex }
  /** Nobody gives these chunks of the data of a pending batch: nobody can tell whether it is true. */
  | ({ kind: "withheld" } & WithheldFacts)
  /** This validator demanded a chunk on L1, published one that was demanded, or ended a demand that nobody answered. */
  | { kind: "demanded" | "published" | "closed"; index: bigint; chunk: number; gasUsed: bigint }
  /** Wei that this validator won were paid to it. */
  | { kind: "paid"; what: "bonds" | "reward"; amount: bigint }
  /** L1 does not take a move. */
  | { kind: "refused"; reason: string }
  /** The account cannot pay for what has to be done. */
  | { kind: "poor"; address: Hex; what: string; needed: bigint; present: bigint }
  /** The machine and the native run disagree about a batch: a fault of this computer or package. */
  | { kind: "engines"; index: bigint; native: Verdict["kind"] }
  /** A game cannot be played. */
  | { kind: "unplayable"; index: bigint; reason: string }
  /** L1 could not be read; it will be tried again after `retryIn` milliseconds. */
  | { kind: "unavailable"; reason: string; retryIn: number }
  /** Everything up to this L1 block was checked. */
  | { kind: "head"; block: number; batches: bigint };

export interface MoveFacts {
  /** Of the batch. */
  index: bigint;
  /** Depth of what was answered. */
  depth: number;
  /** Which of its states is false. */
  position: number;
  /** The claim that was answered; undefined for the batch. */
  against: string | undefined;
  gasUsed: bigint;
}

/** A game that is not over. */
export interface OpenGame {
  /** Of the batch. */
  index: bigint;
  headerHash: Hex;
  /** L1 time in seconds from which on it can be ended, if nothing more is claimed; of withheld data, until when nothing can be done. */
  endsAt: bigint;
}

/** Data that are missing. */
export interface WithheldFacts {
  /** Of the batch. */
  index: bigint;
  /** Which chunks nobody gives. */
  chunks: readonly number[];
  /** What who was asked said. */
  reason: string;
}

/** Where a validator stands. */
export interface Summary {
  /** L1 block up to which it has read. */
  block: number;
  /** Batches on L1 now, genesis not counted. */
  batches: bigint;
  agreed: bigint;
  /** Transactions that it got mined in this look. */
  moves: number;
  /** Games that it plays. */
  games: OpenGame[];
  /** The batch whose data nobody gives: nothing is known of it, nor of those that follow. */
  withheld?: WithheldFacts;
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
    case "claimed": {
      const what = event.index === undefined ? `claim ${event.parent.slice(0, 10)}` : `batch ${event.index}`;
      return `${event.claimant} holds ${what} false: claim ${event.id.slice(0, 10)}`;
    }
    case "countered": {
      const what = event.against === undefined ? "the batch" : `state ${event.position} of claim ${event.against}`;
      return `batch ${event.index}: countered ${what}, bond ${ether(event.bond)}, ${gas(event.gasUsed)}`;
    }
    case "stepped":
      return `batch ${event.index}: L1 executed instruction ${event.position} of claim ${event.against ?? ""}, which is refuted; ${gas(event.gasUsed)}`;
    case "resolved":
      return `batch ${event.index}: resolved ${event.claims} ${event.claims === 1 ? "claim" : "claims"}, ${gas(event.gasUsed)}`;
    case "ended":
      return `batch ${event.index}: ended its game, ${gas(event.gasUsed)}`;
    case "game over":
      return event.winner === ZERO_ADDRESS
        ? `batch ${event.index}: the game is over, the batch stands`
        : `batch ${event.index}: the game is over, ${event.winner} has refuted the batch`;
    case "withheld":
      return `batch ${event.index} cannot be checked: ${event.reason}; they will be demanded on L1`;
    case "demanded":
      return `batch ${event.index}: demanded chunk ${event.chunk} of its data on L1, ${gas(event.gasUsed)}`;
    case "published":
      return `batch ${event.index}: published chunk ${event.chunk} of its data on L1, ${gas(event.gasUsed)}`;
    case "closed":
      return `batch ${event.index}: nobody gave chunk ${event.chunk} of its data in time, ${gas(event.gasUsed)}`;
    case "paid":
      return event.what === "bonds"
        ? `got ${ether(event.amount)} of bonds`
        : `got the reward of ${ether(event.amount)}`;
    case "refused":
      return event.reason;
    case "poor":
      return `NOT ENOUGH MONEY: ${event.address} has ${ether(event.present)}, ${event.what} needs ${ether(event.needed)}; send it the rest`;
    case "engines":
      return event.native === "agree"
        ? `batch ${event.index}: the machine contradicts it although the native run agrees; L1 judges by the machine, CHECK this computer`
        : `batch ${event.index}: the machine agrees with it although the native run does not; L1 judges by the machine, CHECK this computer`;
    case "unplayable":
      return `batch ${event.index}: its game CANNOT be played: ${event.reason}`;
    case "unavailable":
      return `${event.reason}; next try in ${event.retryIn} ms`;
    case "head":
      return `all ${event.batches} batches up to L1 block ${event.block} checked`;
  }
}

function gas(used: bigint): string {
  return `${used.toLocaleString("en")} gas`;
}

function ether(wei: bigint): string {
  return `${formatEther(wei)} ETH`;
}

function describeDifference({ field, expected, got, l2Block }: Difference): string {
  const where = l2Block === undefined ? "" : `; the first L2 block it gets wrong is ${l2Block}`;
  return `its ${field} must be ${expected}, L1 has ${got}${where}`;
}
