import { GuestRefusedError } from "./errors.js";
import type { Instruction } from "./isa.js";
import { accessFn, Alu, Host, instruction, isUnary, MAX_CODE, Op } from "./isa.js";
import type { FunctionType, WasmInstruction, WasmModule } from "./wasm.js";
import { blockSignature, functionName, functionType, MAX_PAGES, typeAt } from "./wasm.js";

// Lowering: structured WebAssembly to flat code (docs/machine.md §5). It is part of what defines correct execution:
// one pass, no optimisation, every wasm opcode in one place. Heights of the operand stack are static in WebAssembly,
// so every operand is a slot of the frame; the module was validated before, so heights are all there is to track.

/** What the lowering makes of a module. */
export interface LoweredCode {
  code: Instruction[];
  /** Where execution begins, and the HALT at its end. */
  entryPc: number;
  haltPc: number;
  /** Per function, imports first: where it begins, and slots of its frame. */
  functions: { pc: number; frame: number }[];
}

/** Types that have the same structure get the same id, in order of first appearance from 1; 0 is no function. */
export function typeIds(module: WasmModule): number[] {
  const ids = new Map<string, number>();
  return module.types.map(({ params, results }) => {
    const key = `${params.join()}>${results.join()}`;
    const id = ids.get(key) ?? ids.size + 1;
    ids.set(key, id);
    return id;
  });
}

/** Slot of the return word: after the parameters and the results, which share the slots from 0. */
export function returnSlot({ params, results }: FunctionType): number {
  return Math.max(params.length, results.length);
}

/** A target of branches. */
interface Label {
  /** Height of the operand stack where the label's values begin. */
  height: number;
  /** Values that a branch to it carries. */
  arity: number;
  /** Values on the stack at its begin and after it. */
  parameters: number;
  results: number;
  /** Begin of a loop; a block's end is not known yet. */
  pc: number | undefined;
  /** Jumps to the block's end. */
  pending: number[];
  /** The conditional jump of an `if` whose `else` was not seen. */
  otherwise?: number | undefined;
}

/**
 * Lowers a module. Execution calls the start function, then the `entry` functions (without parameters and results), then halts.
 * @throws GuestRefusedError for more than 2^20 instructions.
 */
export function lower(module: WasmModule, entry: number[]): LoweredCode {
  const code: Instruction[] = [];
  const calls: { at: number; callee: number }[] = [];
  const functions: LoweredCode["functions"] = [];
  const ids = typeIds(module);

  const emit = (op: number, fields: Partial<Omit<Instruction, "op">> = {}): number =>
    code.push(instruction(op, fields)) - 1;
  const emitCall = (callee: number, d: number): void => {
    calls.push({ at: emit(Op.CALL, { d, a: returnSlot(functionType(module, callee)) }), callee });
  };
  const patch = (at: number, pc: number): void => {
    const jump = code[at];
    if (jump !== undefined) jump.imm = BigInt(pc);
  };

  for (const callee of module.start === undefined ? entry : [module.start, ...entry]) emitCall(callee, 0);
  const haltPc = emit(Op.HALT);

  for (const { name, type } of module.imports) {
    const end = returnSlot(typeAt(module, type));
    functions.push({ pc: code.length, frame: end + 1 });
    emit(Op.HOST, { fn: Host[name as keyof typeof Host], d: 0, a: 0, b: 1 });
    emit(Op.RET, { a: end });
  }
  module.functions.forEach((_, i) => {
    functions.push(lowerFunction(module, i, { ids, code, emit, emitCall, patch }));
  });

  for (const { at, callee } of calls) patch(at, functions[callee]?.pc ?? -1);
  if (code.length > MAX_CODE) {
    throw new GuestRefusedError("module", `it lowers to ${code.length} instructions`, `at most ${MAX_CODE}`);
  }
  return { code, entryPc: 0, haltPc, functions };
}

interface Output {
  ids: number[];
  code: Instruction[];
  emit: (op: number, fields?: Partial<Omit<Instruction, "op">>) => number;
  emitCall: (callee: number, d: number) => void;
  patch: (at: number, pc: number) => void;
}

function lowerFunction(module: WasmModule, definedIndex: number, output: Output): { pc: number; frame: number } {
  const { ids, code, emit, emitCall, patch } = output;
  const index = module.imports.length + definedIndex;
  const type = functionType(module, index);
  const { locals, body } = module.functions[definedIndex] ?? { locals: [], body: [] };
  const end = returnSlot(type);
  const base = end + 1 + locals.length;
  const pc = code.length;

  let height = 0;
  let maxHeight = 0;
  const slot = (depth: number): number => base + height - depth;
  const pop = (count = 1): void => void (height -= count);
  const push = (count = 1): void => {
    height += count;
    maxHeight = Math.max(maxHeight, height);
  };
  const local = (n: number): number => (n < type.params.length ? n : end + 1 + n - type.params.length);

  const results = type.results.length;
  const labels: Label[] = [{ height: 0, arity: results, parameters: 0, results, pc: undefined, pending: [] }];
  const label = (depth: number): Label => {
    const found = labels.at(-1 - depth);
    if (found === undefined)
      throw new GuestRefusedError(functionName(module, index), "a branch leads nowhere", "the module is not valid");
    return found;
  };
  // Ascending moves are safe: a destination is never above its source.
  const move = (target: Label): void => {
    for (let i = 0; i < target.arity; i++) {
      const [d, a] = [base + target.height + i, slot(target.arity) + i];
      if (d !== a) emit(Op.MOV, { d, a });
    }
  };
  const jumpTo = (target: Label, at: number): void => {
    if (target.pc === undefined) target.pending.push(at);
    else patch(at, target.pc);
  };
  const needsMove = (target: Label): boolean => target.arity > 0 && target.height !== height - target.arity;
  const branch = (target: Label): void => {
    move(target);
    jumpTo(target, emit(Op.JMP));
  };

  /** Blocks opened in code that cannot be reached: it is not lowered, only skipped. */
  let dead: number | undefined;

  const lowerInstruction = (wasm: WasmInstruction): void => {
    const { opcode } = wasm;
    switch (wasm.kind) {
      case "i32":
      case "i64":
        push();
        emit(Op.CONST, { d: slot(1), imm: wasm.value });
        return;
      case "block": {
        const signature = blockSignature(module, wasm.blockType);
        const isIf = opcode === 0x04;
        if (isIf) pop();
        const isLoop = opcode === 0x03;
        const results = signature.results.length;
        labels.push({
          height: height - signature.params.length,
          arity: isLoop ? signature.params.length : results,
          parameters: signature.params.length,
          results,
          pc: isLoop ? code.length : undefined,
          pending: [],
          otherwise: isIf ? emit(Op.BRZ, { a: base + height }) : undefined,
        });
        return;
      }
      case "targets": {
        pop();
        const row = wasm.targets.map(label);
        emit(Op.BRT, { a: base + height, imm: BigInt(row.length - 1) });
        const jumps = row.map((target) => ({ target, at: emit(Op.JMP) }));
        for (const { target, at } of jumps) {
          if (needsMove(target)) {
            patch(at, code.length);
            branch(target);
          } else {
            jumpTo(target, at);
          }
        }
        dead = 0;
        return;
      }
      case "memory":
        if (opcode < 0x36) {
          emit(Op.LOAD, { fn: LOADS[opcode] ?? 0, d: slot(1), a: slot(1), imm: BigInt(wasm.offset) });
        } else {
          emit(Op.STORE, { fn: STORES[opcode] ?? 0, a: slot(2), b: slot(1), imm: BigInt(wasm.offset) });
          pop(2);
        }
        return;
      case "indirect": {
        const callee = typeAt(module, wasm.index);
        pop();
        const tableSize = module.table?.initial ?? 0;
        emit(Op.CALLI, {
          d: base + height - callee.params.length,
          a: returnSlot(callee),
          b: base + height,
          imm: (BigInt(ids[wasm.index] ?? 0) << 32n) | BigInt(tableSize),
        });
        pop(callee.params.length);
        push(callee.results.length);
        return;
      }
      case "index":
        lowerIndexed(opcode, wasm.index);
        return;
      case "zero":
        if (opcode === 0x3f) {
          push();
          emit(Op.PAGES, { d: slot(1) });
        } else {
          emit(Op.GROW, { d: slot(1), a: slot(1), imm: BigInt(module.memory?.maximum ?? MAX_PAGES) });
        }
        return;
      case "none":
        lowerPlain(opcode);
    }
  };

  const lowerIndexed = (opcode: number, n: number): void => {
    switch (opcode) {
      case 0x0c: // br
        branch(label(n));
        dead = 0;
        return;
      case 0x0d: {
        // br_if
        pop();
        const target = label(n);
        if (needsMove(target)) {
          const over = emit(Op.BRZ, { a: base + height });
          branch(target);
          patch(over, code.length);
        } else {
          jumpTo(target, emit(Op.BRNZ, { a: base + height }));
        }
        return;
      }
      case 0x10: {
        // call
        const callee = functionType(module, n);
        pop(callee.params.length);
        emitCall(n, base + height);
        push(callee.results.length);
        return;
      }
      case 0x20: // local.get
        push();
        emit(Op.MOV, { d: slot(1), a: local(n) });
        return;
      case 0x21: // local.set
        emit(Op.MOV, { d: local(n), a: slot(1) });
        pop();
        return;
      case 0x22: // local.tee
        emit(Op.MOV, { d: local(n), a: slot(1) });
        return;
      case 0x23: // global.get
        push();
        emit(Op.GLOBAL_GET, { d: slot(1), imm: BigInt(n) });
        return;
      case 0x24: // global.set
        emit(Op.GLOBAL_SET, { a: slot(1), imm: BigInt(n) });
        pop();
    }
  };

  const lowerPlain = (opcode: number): void => {
    switch (opcode) {
      case 0x00: // unreachable
        emit(Op.TRAP);
        dead = 0;
        return;
      case 0x01: // nop
      case 0xad: // i64.extend_i32_u: an i32 is kept zero-extended
        return;
      case 0x05: {
        // else, reached from above: the values are in place
        const current = label(0);
        jumpTo(current, emit(Op.JMP));
        startElse(current);
        return;
      }
      case 0x0b:
        endBlock();
        return;
      case 0x0f: // return
        branch(label(labels.length - 1));
        dead = 0;
        return;
      case 0x1a: // drop
        pop();
        return;
      case 0x1b: // select
        emit(Op.SELECT, { d: slot(3), a: slot(3), b: slot(2), c: slot(1) });
        pop(2);
        return;
      case 0xa7: // i32.wrap_i64
        emit(Op.ALU32, { fn: Alu.EXT32, d: slot(1), a: slot(1) });
        return;
      case 0xac: // i64.extend_i32_s
        emit(Op.ALU64, { fn: Alu.EXT32, d: slot(1), a: slot(1) });
        return;
      default: {
        const { op, fn, operands } = arithmetic(opcode);
        emit(op, { fn, d: slot(operands), a: slot(operands), b: operands === 2 ? slot(1) : 0 });
        pop(operands - 1);
      }
    }
  };

  const startElse = (current: Label): void => {
    if (current.otherwise !== undefined) patch(current.otherwise, code.length);
    current.otherwise = undefined;
    // The parameters of the block are still where the condition found them.
    height = current.height;
    push(current.parameters);
  };

  const endBlock = (): void => {
    const current = label(0);
    if (current.otherwise !== undefined) current.pending.push(current.otherwise);
    for (const at of current.pending) patch(at, code.length);
    labels.pop();
    height = current.height;
    push(current.results);
  };

  for (let i = 0; i < locals.length; i++) emit(Op.CONST, { d: end + 1 + i, imm: 0n });
  for (const wasm of body) {
    if (dead === undefined) {
      lowerInstruction(wasm);
      continue;
    }
    if (wasm.kind === "block") {
      dead++;
    } else if (dead > 0) {
      if (wasm.opcode === 0x0b) dead--;
    } else if (wasm.opcode === 0x0b) {
      dead = undefined;
      endBlock();
    } else if (wasm.opcode === 0x05) {
      dead = undefined;
      startElse(label(0));
    }
  }
  endBlock();
  for (let i = 0; i < results; i++) emit(Op.MOV, { d: i, a: base + i });
  emit(Op.RET, { a: end });
  return { pc, frame: base + maxHeight };
}

/** ALU operation of a numeric opcode. */
function arithmetic(opcode: number): { op: number; fn: number; operands: number } {
  const ranges = [
    { first: 0x45, last: 0x4f, op: Op.ALU32, fn: Alu.EQZ },
    { first: 0x50, last: 0x5a, op: Op.ALU64, fn: Alu.EQZ },
    { first: 0x67, last: 0x78, op: Op.ALU32, fn: Alu.CLZ },
    { first: 0x79, last: 0x8a, op: Op.ALU64, fn: Alu.CLZ },
    { first: 0xc0, last: 0xc1, op: Op.ALU32, fn: Alu.EXT8 },
    { first: 0xc2, last: 0xc4, op: Op.ALU64, fn: Alu.EXT8 },
  ];
  const range = ranges.find(({ first, last }) => opcode >= first && opcode <= last);
  if (range === undefined) throw new Error(`no lowering for opcode 0x${opcode.toString(16)}`);
  const fn = range.fn + opcode - range.first;
  return { op: range.op, fn, operands: isUnary(fn) ? 1 : 2 };
}

const LOADS: Record<number, number> = {
  0x28: accessFn(2),
  0x29: accessFn(3),
  0x2c: accessFn(0, true),
  0x2d: accessFn(0),
  0x2e: accessFn(1, true),
  0x2f: accessFn(1),
  0x30: accessFn(0, true, true),
  0x31: accessFn(0),
  0x32: accessFn(1, true, true),
  0x33: accessFn(1),
  0x34: accessFn(2, true, true),
  0x35: accessFn(2),
};

const STORES: Record<number, number> = {
  0x36: accessFn(2),
  0x37: accessFn(3),
  0x3a: accessFn(0),
  0x3b: accessFn(1),
  0x3c: accessFn(0),
  0x3d: accessFn(1),
  0x3e: accessFn(2),
};
