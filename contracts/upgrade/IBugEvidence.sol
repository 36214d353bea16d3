// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IBugEvidence
/// @notice Tells whether the judge of a chain's batches contradicts itself. See docs/decisions/0011.
/// @dev What who calls it relies on:
/// 1. A call that returns means that the judge has a bug: nobody can make evidence against one without, whatever they own.
/// 2. A call that reverts means nothing.
interface IBugEvidence {
    /// @notice A constructor parameter that must not be zero is.
    error EvidenceZeroParameter(string name);
    /// @notice Both sides of the evidence say the same: nothing contradicts itself.
    error EvidenceAgrees(bytes32 result);

    /// @notice Reverts unless `evidence` shows a bug of the judge of the batches to come.
    /// @return judge That judge.
    function check(bytes calldata evidence) external view returns (address judge);
}
