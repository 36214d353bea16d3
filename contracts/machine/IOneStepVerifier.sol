// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IOneStepVerifier
/// @notice Executes one instruction of the machine of docs/machine.md.
interface IOneStepVerifier {
    /// @notice The witness is of another state than `expected`.
    error OneStepVerifierWrongState(bytes32 expected, bytes32 found);
    /// @notice No machine has such a first word: an unknown status, or pc, fp or pages out of range.
    error OneStepVerifierImpossibleState(uint256 registers);
    /// @notice The instruction is not at pc in the program `expected`.
    error OneStepVerifierWrongInstruction(bytes32 expected, bytes32 found);
    /// @notice What the instruction touched is not in the memory `expected`.
    error OneStepVerifierWrongMemory(bytes32 expected, bytes32 found);

    /// @notice The state after the one that `stateHash` stands for. A machine that stopped stays as it is.
    /// @dev Reverts for a malformed witness, and for nothing else but too little gas. Every state that a machine can
    /// reach has a witness: docs/machine.md §6.
    /// @param codeRoot Root of the program's code tree.
    /// @param stateHash Hash of the state before the step.
    /// @param witness The state, the instruction and what it touches.
    /// @return Hash of the state after the step.
    function step(bytes32 codeRoot, bytes32 stateHash, bytes calldata witness) external view returns (bytes32);
}
