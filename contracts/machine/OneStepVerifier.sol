// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Instruction} from "./Instruction.sol";
import {IOneStepVerifier} from "./IOneStepVerifier.sol";
import {MachineArithmetic} from "./MachineArithmetic.sol";
import {MachineHost} from "./MachineHost.sol";
import {MachineMemory, StepMemory} from "./MachineMemory.sol";
import {MachineTree} from "./MachineTree.sol";
import {Op} from "./Op.sol";
import {Witness, WitnessReader} from "./WitnessReader.sol";

/// @title OneStepVerifier
/// @notice Executes one instruction of the machine of docs/machine.md from a witness. Stateless.
/// @dev Invariants:
/// 1. The result depends on the program and the state before the step alone: whatever the witness brings is bound by
///    `codeRoot`, by `stateHash`, by a hash in memory or by a precompile.
/// 2. Every state that a machine can reach has an accepted witness: where the machine cannot go on, the step is a trap, and
///    arithmetic here cannot panic (registers are below 2^32, values below 2^64, in words of 256 bits).
/// 3. A trap touches nothing after it, but what was touched before is still held against the memory root.
contract OneStepVerifier is IOneStepVerifier {
    using MachineHost for StepMemory;
    using MachineMemory for StepMemory;
    using WitnessReader for Witness;

    /// @dev What a running machine is besides its memory.
    struct Registers {
        bool isHalted;
        uint256 pc;
        uint256 fp;
        uint256 pages;
        bytes32 inputHash;
        bytes32 outputHash;
    }

    uint256 private constant RUNNING = 0;
    uint256 private constant HALTED = 1;
    uint256 private constant TRAPPED = 2;

    uint256 private constant CODE_DEPTH = 20;
    uint256 private constant MAX_CODE = 1 << CODE_DEPTH;
    uint256 private constant MAX_PAGES = 4096;
    uint256 private constant PAGE = 65_536;

    /* VERIFICATION */

    /// @inheritdoc IOneStepVerifier
    function step(bytes32 codeRoot, bytes32 stateHash, bytes calldata data) external view returns (bytes32 next) {
        StepMemory memory memory_;
        Witness memory witness = WitnessReader.open(data);
        memory_.witness = witness;

        (uint256 status, Registers memory registers, bytes32 memoryRoot) = _readState(witness, stateHash);
        if (status != RUNNING) {
            witness.close();
            return stateHash;
        }

        bytes32 leaf = witness.word();
        bytes32 found = MachineTree.root(leaf, registers.pc, witness.take(32 * CODE_DEPTH));
        if (found != codeRoot) revert OneStepVerifierWrongInstruction(codeRoot, found);

        uint256 pc = _execute(registers, Instruction.wrap(uint256(leaf)), memory_);
        // A machine that halts goes nowhere.
        if (pc >= MAX_CODE && !registers.isHalted) memory_.isTrapped = true;

        bytes32 newRoot = memoryRoot;
        if (memory_.slots.count > 0) {
            (found, newRoot) = memory_.fold();
            // INVARIANT: all that was read was true, also where it led to a trap.
            if (found != memoryRoot) revert OneStepVerifierWrongMemory(memoryRoot, found);
        }
        witness.close();

        if (memory_.isTrapped) return _hashState(TRAPPED << 96, 0, 0, 0);
        if (registers.isHalted) return _hashState(HALTED << 96, 0, 0, registers.outputHash);
        uint256 first = (registers.pages << 64) | (registers.fp << 32) | pc;
        return _hashState(first, newRoot, registers.inputHash, registers.outputHash);
    }

    /// @dev Reads the four words of a state and checks that a machine can have it.
    function _readState(
        Witness memory witness,
        bytes32 stateHash
    ) private pure returns (uint256 status, Registers memory registers, bytes32 memoryRoot) {
        uint256 first = uint256(witness.word());
        memoryRoot = witness.word();
        registers.inputHash = witness.word();
        registers.outputHash = witness.word();
        bytes32 found = _hashState(first, memoryRoot, registers.inputHash, registers.outputHash);
        if (found != stateHash) revert OneStepVerifierWrongState(stateHash, found);

        status = first >> 96;
        registers.pages = (first >> 64) & type(uint32).max;
        registers.fp = (first >> 32) & type(uint32).max;
        registers.pc = first & type(uint32).max;
        // INVARIANT: pc and fp have no bit above what the folds look at.
        if (
            status > TRAPPED ||
            registers.pc >= MAX_CODE ||
            registers.fp >= MachineMemory.END_SLOT ||
            registers.pages > MAX_PAGES
        ) revert OneStepVerifierImpossibleState(first);
    }

    function _hashState(
        uint256 first,
        bytes32 memoryRoot,
        bytes32 inputHash,
        bytes32 outputHash
    ) private pure returns (bytes32) {
        return keccak256(abi.encode(first, memoryRoot, inputHash, outputHash));
    }

    /* INSTRUCTIONS */

    /// @dev Executes an instruction on registers and memory.
    /// @return The next pc.
    function _execute(
        Registers memory registers,
        Instruction i,
        StepMemory memory memory_
    ) private view returns (uint256) {
        uint256 op = i.op();
        uint256 next = registers.pc + 1;
        if (op < Op.ALU32) _move(registers, i, memory_);
        else if (op < Op.LOAD) _compute(registers, i, memory_);
        else if (op < Op.JMP) _access(registers, i, memory_);
        else if (op < Op.CALL) return _branch(registers, i, memory_);
        else if (op < Op.HOST) return _call(registers, i, memory_);
        else if (op == Op.HOST) _host(registers, i, memory_);
        else memory_.isTrapped = true;
        return next;
    }

    /// @dev TRAP, HALT, CONST, MOV, GLOBAL_GET, GLOBAL_SET, SELECT.
    function _move(Registers memory registers, Instruction i, StepMemory memory memory_) private pure {
        uint256 op = i.op();
        uint256 fp = registers.fp;
        if (op == Op.CONST) memory_.setSlot(fp + i.d(), i.imm());
        else if (op == Op.MOV) memory_.setSlot(fp + i.d(), memory_.slot(fp + i.a()));
        else if (op == Op.GLOBAL_GET) {
            memory_.setSlot(fp + i.d(), memory_.slot(MachineMemory.GLOBALS_SLOT + i.imm()));
        } else if (op == Op.GLOBAL_SET) {
            memory_.setSlot(MachineMemory.GLOBALS_SLOT + i.imm(), memory_.slot(fp + i.a()));
        } else if (op == Op.SELECT) {
            uint256 ifTrue = memory_.slot(fp + i.a());
            uint256 ifFalse = memory_.slot(fp + i.b());
            memory_.setSlot(fp + i.d(), _i32(memory_, fp + i.c()) != 0 ? ifTrue : ifFalse);
        } else if (op == Op.HALT) registers.isHalted = true;
        else memory_.isTrapped = true;
    }

    /// @dev ALU32, ALU64.
    function _compute(Registers memory registers, Instruction i, StepMemory memory memory_) private pure {
        uint256 fn = i.fn();
        if (fn >= MachineArithmetic.FUNCTIONS) {
            memory_.isTrapped = true;
            return;
        }
        uint256 x = memory_.slot(registers.fp + i.a());
        uint256 y = MachineArithmetic.isUnary(fn) ? 0 : memory_.slot(registers.fp + i.b());
        (bool isDefined, uint256 result) = MachineArithmetic.evaluate(fn, i.op() == Op.ALU32 ? 32 : 64, x, y);
        if (!isDefined) memory_.isTrapped = true;
        memory_.setSlot(registers.fp + i.d(), result);
    }

    /// @dev LOAD, STORE, PAGES, GROW.
    function _access(Registers memory registers, Instruction i, StepMemory memory memory_) private pure {
        uint256 op = i.op();
        uint256 target = registers.fp + i.d();
        if (op == Op.LOAD) memory_.setSlot(target, _load(registers, i, memory_));
        else if (op == Op.STORE) _store(registers, i, memory_);
        else if (op == Op.PAGES) memory_.setSlot(target, registers.pages);
        else {
            uint256 pages = registers.pages + _i32(memory_, registers.fp + i.a());
            bool fits = pages <= i.imm() && pages <= MAX_PAGES;
            memory_.setSlot(target, fits ? registers.pages : type(uint32).max);
            if (fits) registers.pages = pages;
        }
    }

    function _load(
        Registers memory registers,
        Instruction i,
        StepMemory memory memory_
    ) private pure returns (uint256) {
        uint256 fn = i.fn();
        if (fn > 15) memory_.isTrapped = true;
        uint256 size = 1 << (fn & 3);
        uint256 at = _i32(memory_, registers.fp + i.a()) + i.imm();
        _checkRange(registers, memory_, at, size);
        uint256 value = memory_.load(at, size);
        if (fn & 4 == 0) return value;
        return uint256(MachineArithmetic.signed(value, 8 * size)) & (fn & 8 == 0 ? type(uint32).max : type(uint64).max);
    }

    function _store(Registers memory registers, Instruction i, StepMemory memory memory_) private pure {
        uint256 fn = i.fn();
        if (fn > 3) memory_.isTrapped = true;
        uint256 size = 1 << (fn & 3);
        uint256 at = _i32(memory_, registers.fp + i.a()) + i.imm();
        uint256 value = memory_.slot(registers.fp + i.b());
        _checkRange(registers, memory_, at, size);
        memory_.store(at, size, value);
    }

    /// @dev JMP, BRNZ, BRZ, BRT.
    function _branch(
        Registers memory registers,
        Instruction i,
        StepMemory memory memory_
    ) private pure returns (uint256) {
        uint256 op = i.op();
        uint256 next = registers.pc + 1;
        if (op == Op.JMP) return i.imm();
        uint256 value = _i32(memory_, registers.fp + i.a());
        if (op == Op.BRT) return next + (value < i.imm() ? value : i.imm());
        return (value != 0) == (op == Op.BRNZ) ? i.imm() : next;
    }

    /// @dev CALL, CALLI, RET.
    function _call(
        Registers memory registers,
        Instruction i,
        StepMemory memory memory_
    ) private pure returns (uint256 target) {
        uint256 op = i.op();
        if (op == Op.RET) {
            uint256 word = memory_.slot(registers.fp + i.a());
            if (word >> 32 > registers.fp) memory_.isTrapped = true;
            else registers.fp -= word >> 32;
            return word & type(uint32).max;
        }

        target = i.imm();
        if (op == Op.CALLI) {
            uint256 index = _i32(memory_, registers.fp + i.b());
            if (index >= target & type(uint32).max) memory_.isTrapped = true;
            uint256 entry = memory_.slot(MachineMemory.TABLE_SLOT + index);
            if (entry >> 32 != target >> 32) memory_.isTrapped = true;
            target = entry & type(uint32).max;
        }
        uint256 fp = registers.fp + i.d();
        if (fp >= MachineMemory.END_SLOT) memory_.isTrapped = true;
        memory_.setSlot(fp + i.a(), (i.d() << 32) | (registers.pc + 1));
        registers.fp = fp;
    }

    /// @dev HOST.
    function _host(Registers memory registers, Instruction i, StepMemory memory memory_) private view {
        uint256 fn = i.fn();
        if (fn > MachineHost.BLOB) memory_.isTrapped = true;
        uint256 page = _i32(memory_, registers.fp + i.a());
        uint256 n = MachineHost.isBinary(fn) ? _i32(memory_, registers.fp + i.b()) : 0;
        if (page % MachineMemory.HOST_PAGE != 0) memory_.isTrapped = true;
        _checkRange(registers, memory_, page, MachineMemory.HOST_PAGE);
        bool isHash = fn == MachineHost.KECCAK256 || fn == MachineHost.SHA256;
        if (isHash && n > MachineMemory.HOST_PAGE) memory_.isTrapped = true;
        if (fn == MachineHost.BLOB && n >= MachineHost.BLOB_ELEMENTS) memory_.isTrapped = true;
        if (memory_.isTrapped) return;

        if (isHash) memory_.hashHead(fn, page, n);
        else if (fn == MachineHost.INPUT) {
            memory_.readHead(page, 32);
            memory_.writeHead(registers.inputHash);
        } else if (fn == MachineHost.OUTPUT) registers.outputHash = bytes32(memory_.readHead(page, 32));
        else if (fn == MachineHost.ECRECOVER) memory_.recover(page);
        else if (fn == MachineHost.BLOB) memory_.blob(page, n);
        else memory_.setSlot(registers.fp + i.d(), memory_.preimage(page, n) & type(uint32).max);
    }

    /// @dev The i32 in a slot: what stands in the high half does not count.
    function _i32(StepMemory memory memory_, uint256 slot) private pure returns (uint256) {
        return memory_.slot(slot) & type(uint32).max;
    }

    /// @dev A trap if an access goes beyond linear memory.
    function _checkRange(Registers memory registers, StepMemory memory memory_, uint256 at, uint256 size) private pure {
        if (at + size > registers.pages * PAGE) memory_.isTrapped = true;
    }
}
