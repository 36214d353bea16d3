// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IDataAvailability
/// @notice Where batch data lives and what stands for it on L1. See docs/data-availability.md.
interface IDataAvailability {
    /// @notice Commits to the data of a batch, or reverts when it is not available.
    /// @param submitter Who posts the batch.
    /// @param batchIndex Index of the batch.
    /// @param finalizesAt When the batch becomes final, unless it is disputed.
    /// @param daInput The form (one byte) and what belongs to it: the data, where they stand, or a certificate.
    /// @return dataHash What the header binds.
    function commit(
        address submitter,
        uint64 batchIndex,
        uint64 finalizesAt,
        bytes calldata daInput
    ) external returns (bytes32 dataHash);
}
