// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IValidityVerifier
/// @notice The hook behind which a proof system stands. See docs/verifiers.md.
/// @dev What who calls it relies on:
/// 1. A call that returns means that the proofs hold, for these programs and these values. There is no other answer.
/// 2. A call that reverts means nothing: the proof may be false, or the gas too little. INVARIANT: nobody may punish,
///    refuse or delete anything because of a revert.
/// 3. Proofs are malleable: whoever sees one makes others of the same statement. No hash of a proof identifies anything.
/// 4. Call it through this interface, never with a low-level call: of an account without code such a call succeeds.
interface IValidityVerifier {
    /// @notice The verifier knows no such program.
    error ValidityUnknownProgram(bytes32 programId, bytes32 known);
    /// @notice There must be at least one proof, and as many public values as proofs.
    error ValidityCounts(uint256 publicValues, uint256 proofs);
    /// @notice The proof is for another verifier: its first four bytes are `selector`.
    error ValidityWrongSelector(bytes4 selector, bytes4 expected);
    /// @notice The proof ends within its selector.
    error ValidityNoSelector(uint256 length);

    /// @notice Reverts unless the program has a run that ends with these values.
    /// @param programId The program, as the proof system names it.
    /// @param publicValues What the program made public.
    /// @param proof As the proof system encodes it.
    function verify(bytes32 programId, bytes calldata publicValues, bytes calldata proof) external view;

    /// @notice Reverts unless `verify` holds for each of several runs of one program: cheaper together than alone.
    /// @param programId The program of all.
    /// @param publicValues Of each run; at least one.
    /// @param proofs Of each run, in the same order.
    function verifyMany(bytes32 programId, bytes[] calldata publicValues, bytes[] calldata proofs) external view;
}
