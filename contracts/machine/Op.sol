// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

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
