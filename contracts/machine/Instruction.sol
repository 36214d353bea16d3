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
