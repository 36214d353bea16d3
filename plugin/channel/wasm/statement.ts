import { statementOf } from "../../dispute/statement.js";
import type { StateTrace } from "../../dispute/types.js";
import { toHex } from "../../ledger/bytes.js";
import { dataHash, inputWords, outputHash } from "../../ledger/hashes.js";
import type { Oracle } from "../../machine/hostCalls.js";
import { keccak256 } from "../../machine/keccak.js";
import { PreimageMap } from "../../machine/preimage-map.js";
import type { Program } from "../../machine/program.js";
import { createTrace } from "../../machine/trace.js";
import { type BatchHeader, type Hex, ZERO_HASH } from "../../types.js";
import { type ChannelMove, encodeMove } from "./move.js";

/** What stands in the place of a state root where a program takes a move; docs/wasm-apps.md §3. */
export const VALID: Hex = toHex(keccak256(Buffer.from("hardhat-rollup.valid-move.v1")));

/** What a program outputs where it takes a move. */
export const VALID_OUTPUT: Hex = outputHash({ stateRoot: VALID, withdrawalsRoot: ZERO_HASH, l2BlockTo: 0n });

/** Where moves are judged. */
export interface WasmApp {
  l1ChainId: bigint;
  /** Address of the WasmForceMoveApp. */
  app: Hex;
}

/** A header is not about the move that it was shown with. */
export class MoveMismatchError extends Error {
  override readonly name = "MoveMismatchError";

  constructor(
    readonly header: BatchHeader,
    readonly dataHash: Hex,
  ) {
    super(`dispute ${header.index} is about data ${header.dataHash}; those of the move are ${dataHash}`);
  }
}

/** What the header of a dispute says of the machine: it starts here and halts there. */
export function moveStatement(header: BatchHeader, program: Program, { l1ChainId, app }: WasmApp) {
  return statementOf(header, { program, l2ChainId: l1ChainId, bridge: app });
}

/**
 * Runs the program in the machine over a move that is under dispute, with all its states.
 * @param oracle Makes the oracle of another run out of the true one: what a liar's machine answers.
 * @throws MoveMismatchError, ExecutorFaultError
 */
export async function traceMove(
  program: Program,
  { header, move }: { header: BatchHeader; move: ChannelMove },
  { l1ChainId, app }: WasmApp,
  { signal, oracle = (truth) => truth }: { signal?: AbortSignal | undefined; oracle?: (truth: Oracle) => Oracle } = {},
): Promise<StateTrace & { readonly length: number }> {
  const given = new PreimageMap();
  const found = dataHash(encodeMove(move), (digest, preimage) => given.set(digest, preimage));
  if (found !== header.dataHash) throw new MoveMismatchError(header, found);
  const words = inputWords({ ...header, l2ChainId: l1ChainId, bridge: app });
  const inputHash = keccak256(words);
  given.set(inputHash, words);
  const truth: Oracle = { preimage: (hash) => given.get(hash) };
  return createTrace(program, inputHash, oracle(truth), signal === undefined ? {} : { signal });
}
