// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BatchHeader} from "../libraries/BatchHeader.sol";

/// @title IDataAvailability
/// @notice Where batch data lives and what stands for it on L1. See docs/data-availability.md.
interface IDataAvailability {
    /// @notice Commits to the data of a batch, or reverts when it is not available.
    /// @param header That of the batch, as far as it is known: its `dataHash` is zero. Its `finalizesAt` is `timestamp +
    /// challengeWindow` in every suite, also in one where only a proof makes a batch final: until then the batch is judged.
    /// @param daInput The form (one byte) and what belongs to it: the data, where they stand, or a certificate.
    /// @return dataHash What the header binds.
    function commit(BatchHeader calldata header, bytes calldata daInput) external returns (bytes32 dataHash);
}
