import type { Oracle } from "./hostCalls.js";
import { FRAMES_SLOT, instruction, Op } from "./isa.js";
import type { MerkleMemory, MerkleSource } from "./merkleMemory.js";
import type { Program } from "./program.js";
import { loadImage } from "./program.js";
import type { Registers, StepMemory } from "./reference.js";
import { execute } from "./reference.js";
import type { MachineState } from "./state.js";
import { haltedState, Status, TRAPPED_STATE } from "./state.js";

/** The memory of a machine, under its tree. */
export interface MachineMemory extends MerkleSource {
  /** A copy of `length` bytes from `address` on. */
  read(address: number, length: number): Uint8Array;
  write(address: number, bytes: Uint8Array): void;
  root(): Uint8Array;
}

/** A machine. Its registers and memory may be inspected after a halt or a trap. */
export interface Machine {
  readonly program: Program;
  readonly oracle: Oracle;
  readonly memory: MachineMemory;
  readonly registers: Registers;
  /** The same memory as instructions see it. */
  readonly access: StepMemory;
  /** Instructions executed. */
  steps: number;
}

/** A machine of the reference engine. */
export interface ReferenceMachine extends Machine {
  readonly memory: MerkleMemory;
}

export function createMachine(program: Program, inputHash: Uint8Array, oracle: Oracle): ReferenceMachine {
  const memory = loadImage(program.image);
  return {
    program,
    oracle,
    memory,
    access: directMemory(memory),
    registers: {
      status: Status.RUNNING,
      pc: program.entryPc,
      fp: FRAMES_SLOT,
      pages: program.pages,
      inputHash,
      outputHash: new Uint8Array(32),
    },
    steps: 0,
  };
}

const TRAP = instruction(Op.TRAP);

/** Executes one instruction; nothing when the machine does not run any more. */
export function step(machine: Machine): void {
  const { registers, program, access, oracle } = machine;
  if (registers.status !== Status.RUNNING) return;
  execute(registers, program.code[registers.pc] ?? TRAP, access, oracle);
  machine.steps++;
}

/** Executes until the machine stops or `maxSteps` instructions were executed in all. */
export function run(machine: Machine, maxSteps = Number.MAX_SAFE_INTEGER): Status {
  while (machine.registers.status === Status.RUNNING && machine.steps < maxSteps) step(machine);
  return machine.registers.status;
}

/** The state with its memory root. */
export function stateOf({ registers, memory }: Machine): MachineState {
  switch (registers.status) {
    case Status.RUNNING:
      return { ...registers, memoryRoot: memory.root() };
    case Status.HALTED:
      return haltedState(registers.outputHash);
    case Status.TRAPPED:
      return TRAPPED_STATE;
  }
}

function directMemory(memory: MerkleMemory): StepMemory {
  return {
    slot: (index) => memory.readWord(8 * index),
    setSlot: (index, value) => memory.writeWord(8 * index, value),
    load: (address, size) => {
      const from = address % 8;
      const low = memory.readWord(address - from) >> BigInt(8 * from);
      const high = from + size > 8 ? memory.readWord(address - from + 8) << BigInt(64 - 8 * from) : 0n;
      return BigInt.asUintN(8 * size, low | high);
    },
    store: (address, size, value) => memory.write(address, toLittleEndian(value, size)),
    readHead: (page, length) => memory.read(page, length),
    writeHead: (page, word) => memory.write(page, word),
    writePage: (page, bytes) => memory.write(page, bytes),
  };
}

export function fromLittleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

export function toLittleEndian(value: bigint, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}
