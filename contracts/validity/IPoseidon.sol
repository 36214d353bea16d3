// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IPoseidon
/// @notice The Poseidon hash of four numbers over the BN254 scalar field, with circomlib's constants.
interface IPoseidon {
    /// @notice The hash. Inputs count modulo the field's order: whoever asks refuses those that are not below it.
    function hash(uint256[4] memory inputs) external pure returns (uint256);
}
