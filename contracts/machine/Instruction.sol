// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A leaf of the code tree: `op u8 | fn u8 | - u16 | d u32 | a u32 | b u32 | c u32 | - u32 | imm u64`.
type Instruction is uint256;

using InstructionFields for Instruction global;

/// @title InstructionFields
/// @notice The fields of an instruction, docs/machine.md §3.
library InstructionFields {
    function op(Instruction self) internal pure returns (uint256) {
        return Instruction.unwrap(self) >> 248;
    }

    function fn(Instruction self) internal pure returns (uint256) {
        return (Instruction.unwrap(self) >> 240) & 0xff;
    }

    function d(Instruction self) internal pure returns (uint256) {
        return (Instruction.unwrap(self) >> 192) & 0xffffffff;
    }

    function a(Instruction self) internal pure returns (uint256) {
        return (Instruction.unwrap(self) >> 160) & 0xffffffff;
    }

    function b(Instruction self) internal pure returns (uint256) {
        return (Instruction.unwrap(self) >> 128) & 0xffffffff;
    }

    function c(Instruction self) internal pure returns (uint256) {
        return (Instruction.unwrap(self) >> 96) & 0xffffffff;
    }

    function imm(Instruction self) internal pure returns (uint256) {
        return Instruction.unwrap(self) & 0xffffffffffffffff;
    }
}

/// @title Op
/// @notice Operation codes.
library Op {
    uint256 internal constant HALT = 0x01;
    uint256 internal constant CONST = 0x02;
    uint256 internal constant MOV = 0x03;
    uint256 internal constant GLOBAL_GET = 0x04;
    uint256 internal constant GLOBAL_SET = 0x05;
    uint256 internal constant SELECT = 0x06;
    uint256 internal constant ALU32 = 0x07;
    uint256 internal constant ALU64 = 0x08;
    uint256 internal constant LOAD = 0x09;
    uint256 internal constant STORE = 0x0a;
    uint256 internal constant PAGES = 0x0b;
    uint256 internal constant GROW = 0x0c;
    uint256 internal constant JMP = 0x0d;
    uint256 internal constant BRNZ = 0x0e;
    uint256 internal constant BRZ = 0x0f;
    uint256 internal constant BRT = 0x10;
    uint256 internal constant CALL = 0x11;
    uint256 internal constant CALLI = 0x12;
    uint256 internal constant RET = 0x13;
    uint256 internal constant HOST = 0x14;
}
