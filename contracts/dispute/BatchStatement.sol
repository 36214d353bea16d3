// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BatchHeader} from "../libraries/BatchHeader.sol";

/// @title BatchStatement
/// @notice What a batch says about the machine: from which state to which. See docs/dispute.md §1.
library BatchStatement {
    bytes32 private constant INPUT_DOMAIN = keccak256("hardhat-rollup.input.v1");
    bytes32 private constant OUTPUT_DOMAIN = keccak256("hardhat-rollup.output.v1");

    /// @dev Where the first frame begins (docs/machine.md §4).
    uint256 private constant FRAMES_SLOT = 0x2200000;
    uint256 private constant HALTED = 1;

    /// @notice First word of the state in which a program starts.
    function registers(uint256 entryPc, uint256 pages) internal pure returns (uint256) {
        return (pages << 64) | (FRAMES_SLOT << 32) | entryPc;
    }

    /// @notice Hash of the state before the first instruction.
    /// @param registers_ Of the program.
    /// @param memoryRoot0 Of the program.
    function start(
        BatchHeader calldata header,
        uint256 l2ChainId,
        address bridge,
        uint256 registers_,
        bytes32 memoryRoot0
    ) internal pure returns (bytes32) {
        bytes32 inputHash = keccak256(
            abi.encode(
                INPUT_DOMAIN,
                l2ChainId,
                bridge,
                header.index,
                header.timestamp,
                header.inboxFrom,
                header.inboxTo,
                header.l2BlockFrom,
                header.prevStateRoot,
                header.inboxAcc,
                header.dataHash
            )
        );
        return keccak256(abi.encode(registers_, memoryRoot0, inputHash, 0));
    }

    /// @notice Hash of the halted state that the batch claims.
    function end(BatchHeader calldata header) internal pure returns (bytes32) {
        bytes32 outputHash = keccak256(
            abi.encode(OUTPUT_DOMAIN, header.stateRoot, header.withdrawalsRoot, header.l2BlockTo)
        );
        return keccak256(abi.encode(HALTED << 96, 0, 0, outputHash));
    }
}
