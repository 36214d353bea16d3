import type { Hex } from "../types.js";

/** What a game is played by, fixed in its contract. Times in seconds, amounts in wei. */
export interface DisputeParameters {
  /** A dissection has 2^bits states; 1 to 5. */
  bits: number;
  /** Greatest depth of a claim: there, two neighbouring states are one instruction apart. */
  levels: number;
  /** Time that a line of claims has in all. */
  clock: bigint;
  /** Time that every claim can be answered at least. */
  extension: bigint;
  /** Bond of a claim of the last depth. Covers the gas of the dearest answer. */
  baseBond: bigint;
}

/** A batch as its game sees it. */
export interface DisputedBatch {
  headerHash: Hex;
  /** L1 time in seconds until which it can be countered. */
  finalizesAt: bigint;
  /** Hash of the machine's state before the first instruction. */
  start: Hex;
  /** Hash of the state in which the batch says that the machine halts. */
  end: Hex;
}

/** A claim without its states, as moves name it: `DisputeClaim` of contracts/dispute/IDisputeGame.sol. */
export interface DisputeClaim {
  /** Id of the claim that it counters, or the header hash. */
  parent: Hex;
  start: Hex;
  /** Which state of the parent's list it holds false. */
  index: number;
  listHash: Hex;
}

/** What the contract reports of games. The tree of one game takes those about its own claims, in L1's order. */
export type DisputeEvent =
  | {
      kind: "claimMade";
      id: Hex;
      claimant: Hex;
      claim: DisputeClaim;
      list: readonly Hex[];
      /** L1 time of its block, in seconds. */
      timestamp: bigint;
    }
  | { kind: "claimStepped"; id: Hex; index: number; state: Hex; winner: Hex }
  | { kind: "claimResolved"; id: Hex; isRefuted: boolean; payee: Hex; amount: bigint }
  /** Data of the batch were withheld: a child of it stands that is no claim. */
  | { kind: "batchUnavailable"; headerHash: Hex; demandId: Hex; claimant: Hex }
  | { kind: "gameResolved"; headerHash: Hex; winner: Hex };

/** The states of the machine's run, as an honest participant computes them. Step 0 is the start; a machine that stopped stays as it is. */
export interface StateTrace {
  /** State hashes, 32 bytes each, at ascending steps below or at 2^42. */
  hashesAt(steps: readonly number[], signal?: AbortSignal): Promise<Uint8Array[]>;
  /** The witness with which L1 executes the instruction from the state at `step` (docs/machine.md §6). */
  witnessAt(step: number, signal?: AbortSignal): Promise<Uint8Array>;
}
