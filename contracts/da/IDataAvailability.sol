// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IDataAvailability
/// @notice Where batch data lives and what stands for it on L1. See docs/protocol.md §3.
interface IDataAvailability {
    /// @notice Commits to the data of a batch, or reverts when it is not available.
    /// @param submitter Who posts the batch.
    /// @param daInput For calldata: the data. For other layers: their certificate.
    /// @return dataHash What the header binds.
    function commit(address submitter, bytes calldata daInput) external returns (bytes32 dataHash);
}
