// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title MachineArithmetic
/// @notice The 32 functions of ALU32 and ALU64, docs/machine.md §3.1: WebAssembly's, in the order of its opcodes.
/// @dev Operands and results are unsigned and below 2^bits; bits is 32 or 64.
library MachineArithmetic {
    uint256 internal constant FUNCTIONS = 32;

    uint256 private constant EQZ = 0;
    uint256 private constant CLZ = 11;
    uint256 private constant CTZ = 12;
    uint256 private constant POPCNT = 13;
    uint256 private constant ADD = 14;
    uint256 private constant SUB = 15;
    uint256 private constant MUL = 16;
    uint256 private constant DIV_S = 17;
    uint256 private constant DIV_U = 18;
    uint256 private constant REM_S = 19;
    uint256 private constant AND = 21;
    uint256 private constant OR = 22;
    uint256 private constant XOR = 23;
    uint256 private constant SHL = 24;
    uint256 private constant SHR_S = 25;
    uint256 private constant SHR_U = 26;
    uint256 private constant ROTL = 27;
    uint256 private constant EXT8 = 29;

    /// @notice Whether `fn` takes one operand.
    function isUnary(uint256 fn) internal pure returns (bool) {
        return fn == EQZ || (fn >= CLZ && fn <= POPCNT) || fn >= EXT8;
    }

    /// @notice fn(x, y), both cut to `bits` first. `isDefined` is false where WebAssembly traps.
    /// @param fn Below FUNCTIONS.
    function evaluate(
        uint256 fn,
        uint256 bits,
        uint256 x,
        uint256 y
    ) internal pure returns (bool isDefined, uint256 result) {
        uint256 mask = (1 << bits) - 1;
        x &= mask;
        y &= mask;
        if (fn < CLZ) return (true, _compare(fn, bits, x, y) ? 1 : 0);
        if (fn < ADD) return (true, _count(fn, bits, x));
        if (fn < AND) {
            (isDefined, result) = _arithmetic(fn, bits, x, y);
            return (isDefined, result & mask);
        }
        if (fn < EXT8) return (true, _bitwise(fn, bits, x, y) & mask);
        return (true, uint256(signed(x, 8 << (fn - EXT8))) & mask);
    }

    /// @notice The number that the low `bits` of `x` stand for in two's complement.
    function signed(uint256 x, uint256 bits) internal pure returns (int256) {
        return int256(x << (256 - bits)) >> (256 - bits);
    }

    function _compare(uint256 fn, uint256 bits, uint256 x, uint256 y) private pure returns (bool) {
        if (fn == EQZ) return x == 0;
        if (fn < 3) return (x == y) == (fn == 1);
        // lt, gt, le, ge, each signed, then unsigned. The signed order is the unsigned one with the sign bit flipped.
        if (fn & 1 == 1) {
            uint256 sign = 1 << (bits - 1);
            x ^= sign;
            y ^= sign;
        }
        if (fn < 5) return x < y;
        if (fn < 7) return x > y;
        if (fn < 9) return x <= y;
        return x >= y;
    }

    function _count(uint256 fn, uint256 bits, uint256 x) private pure returns (uint256) {
        if (fn == POPCNT) {
            // Sums of 2, 4 and 8 bits side by side, then of the bytes.
            x -= (x >> 1) & 0x5555555555555555;
            x = (x & 0x3333333333333333) + ((x >> 2) & 0x3333333333333333);
            x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
            return ((x * 0x0101010101010101) >> 56) & 0xff;
        }
        if (x == 0) return bits;
        return fn == CLZ ? bits - 1 - Math.log2(x) : Math.log2(x & (~x + 1));
    }

    function _arithmetic(uint256 fn, uint256 bits, uint256 x, uint256 y) private pure returns (bool, uint256) {
        // unchecked: what goes beyond the width is cut off, and products of 64 bits fit 128.
        unchecked {
            if (fn == ADD) return (true, x + y);
            if (fn == SUB) return (true, x - y);
            if (fn == MUL) return (true, x * y);
            if (y == 0) return (false, 0);
            if (fn == DIV_S) {
                int256 quotient = signed(x, bits) / signed(y, bits);
                // Only the least number divided by -1 has a quotient that does not fit.
                return (quotient != int256(1 << (bits - 1)), uint256(quotient));
            }
            if (fn == DIV_U) return (true, x / y);
            if (fn == REM_S) return (true, uint256(signed(x, bits) % signed(y, bits)));
            return (true, x % y);
        }
    }

    function _bitwise(uint256 fn, uint256 bits, uint256 x, uint256 y) private pure returns (uint256) {
        if (fn == AND) return x & y;
        if (fn == OR) return x | y;
        if (fn == XOR) return x ^ y;
        uint256 shift = y & (bits - 1);
        if (fn == SHL) return x << shift;
        if (fn == SHR_S) return uint256(signed(x, bits) >> shift);
        if (fn == SHR_U) return x >> shift;
        // A rotation to the right is one to the left by the rest of the width.
        if (fn != ROTL) shift = bits - shift;
        return (x << shift) | (x >> (bits - shift));
    }
}
