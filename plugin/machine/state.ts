import { keccak256 } from "./keccak.js";

export const Status = { RUNNING: 0, HALTED: 1, TRAPPED: 2 } as const;
export type Status = (typeof Status)[keyof typeof Status];

const ZERO = new Uint8Array(32);

/** Everything a machine is (docs/machine.md §4). Hashes and roots are 32 bytes. */
export interface MachineState {
  status: Status;
  /** Index of the next instruction. */
  pc: number;
  /** Slot where the current frame begins. */
  fp: number;
  /** Size of linear memory in pages of 64 KiB. */
  pages: number;
  memoryRoot: Uint8Array;
  inputHash: Uint8Array;
  outputHash: Uint8Array;
}

/** A halted machine is its output, a trapped one is nothing: so L1 knows the hash of either without the machine. */
export function haltedState(outputHash: Uint8Array): MachineState {
  return { status: Status.HALTED, pc: 0, fp: 0, pages: 0, memoryRoot: ZERO, inputHash: ZERO, outputHash };
}

export const TRAPPED_STATE: MachineState = { ...haltedState(ZERO), status: Status.TRAPPED };

/** The four words that stand for a state in a witness, 128 bytes. */
export function encodeState({ status, pc, fp, pages, memoryRoot, inputHash, outputHash }: MachineState): Uint8Array {
  const out = new Uint8Array(128);
  const view = new DataView(out.buffer);
  view.setUint8(19, status);
  view.setUint32(20, pages);
  view.setUint32(24, fp);
  view.setUint32(28, pc);
  out.set(memoryRoot, 32);
  out.set(inputHash, 64);
  out.set(outputHash, 96);
  return out;
}

/** keccak256 of the four words. */
export function hashState(state: MachineState): Uint8Array {
  return keccak256(encodeState(state));
}
