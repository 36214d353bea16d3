// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Enough members hold the data of a batch. See docs/data-availability.md §3.
/// @param length Of the data, in bytes.
/// @param epoch The epoch whose members signed.
/// @param expiry L1 time in seconds until which they serve the data.
/// @param root Of the data's chunks (docs/protocol.md §3).
/// @param signers Bit i for member i.
/// @param signatures By ECDSA one for each signer, in ascending order of members, 64 bytes each; by BLS one of 128 bytes.
struct Certificate {
    uint64 length;
    uint64 epoch;
    uint64 expiry;
    bytes32 root;
    uint256 signers;
    bytes signatures;
}
