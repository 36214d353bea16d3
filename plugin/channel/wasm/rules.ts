import { toHex } from "../../ledger/bytes.js";
import { dataHash, inputWords } from "../../ledger/hashes.js";
import { keccak256 } from "../../machine/keccak.js";
import { compileGuest, GuestTrap } from "../../machine/native.js";
import { PreimageMap } from "../../machine/preimage-map.js";
import { type Program, programOf } from "../../machine/program.js";
import { type Hex, ZERO_ADDRESS, ZERO_HASH } from "../../types.js";
import { decodeAppData, encodeMove, MOST_MOVE_BYTES, moveLength, shownStateHash, type ChannelMove } from "./move.js";
import { VALID_OUTPUT } from "./statement.js";

/** The rules of a channel: a program of `rollup:build-guest`. */
export interface WasmRules {
  readonly machineHash: Hex;
  /** As the machine executes it; made when it is first asked for. */
  program(): Program;
  /**
   * Why L1 would not take a move, or its judge would refuse it; undefined where both allow it. Runs the program natively. A
   * move that was not asked about is never signed.
   * @throws ExecutorFaultError, MissingPreimage: this computer, or the program, cannot tell.
   */
  refusal(move: ChannelMove): string | undefined;
}

/** @param wasm The canonical artifact. @throws GuestRefusedError */
export function wasmRules(wasm: Uint8Array): WasmRules {
  const guest = compileGuest(wasm);
  let program: Program | undefined;
  const get = (): Program => (program ??= programOf(wasm));
  return {
    get machineHash() {
      return toHex(get().machineHash);
    },
    program: get,
    refusal: (move) => malformed(move) ?? refused(move),
  };

  function refused(move: ChannelMove): string | undefined {
    const given = new PreimageMap();
    const input = addInput(move, given);
    try {
      const { output } = guest.run({ input, preimage: (hash) => given.get(hash) });
      return toHex(output) === VALID_OUTPUT ? undefined : "the rules do not allow the move";
    } catch (error) {
      if (error instanceof GuestTrap) return `the rules do not allow the move: ${error.message}`;
      throw error;
    }
  }
}

/** What the contract refuses without asking the program. */
function malformed(move: ChannelMove): string | undefined {
  const { channelId, params, base, candidate } = move;
  if (params.participants.length !== 2) {
    return `channels with rules of a program have two participants, not ${params.participants.length}`;
  }
  if (base.isFinal) return "nothing follows a final state";
  if (candidate.turnNum !== base.turnNum + 1n) {
    return `turn ${base.turnNum + 1n} follows turn ${base.turnNum}, not ${candidate.turnNum}`;
  }
  if (moveLength(move) > MOST_MOVE_BYTES) {
    return `a move has at most ${MOST_MOVE_BYTES} bytes of app data and outcomes, not ${moveLength(move)}`;
  }
  if ([base, candidate].some(({ appData }) => appData.length < 66)) return "app data begin with a hash of 32 bytes";
  const before = shownStateHash(channelId, base);
  const { previous } = decodeAppData(candidate.appData);
  return previous === before ? undefined : `the move names ${previous} as the state before, which is ${before}`;
}

/** Puts what a run without a dispute is given into `given`: of the input only the move counts. Returns inputHash. */
function addInput(move: ChannelMove, given: PreimageMap): Uint8Array {
  const hash = dataHash(encodeMove(move), (digest, preimage) => given.set(digest, preimage));
  const words = inputWords({
    l2ChainId: 0n,
    bridge: ZERO_ADDRESS,
    index: 0n,
    timestamp: 0n,
    inboxFrom: 0n,
    inboxTo: 0n,
    l2BlockFrom: 0n,
    prevStateRoot: ZERO_HASH,
    inboxAcc: ZERO_HASH,
    dataHash: hash,
  });
  const inputHash = keccak256(words);
  given.set(inputHash, words);
  return inputHash;
}
