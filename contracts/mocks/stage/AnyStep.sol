// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Takes anything for a proof of one step.
contract AnyStep {
    function step(bytes32, bytes32 state, bytes calldata) external pure returns (bytes32) {
        return keccak256(abi.encode(state));
    }
}
