// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IBlsKeys
/// @notice Keys of BLS12-381 whose owners proved that they have the secret. See docs/data-availability.md §3.
interface IBlsKeys {
    /// @notice A key was proven.
    /// @param member The contract whose code is a zero byte and the key.
    event KeyProven(address indexed member, bytes key);

    /// @notice Key and proof have 256 and 128 bytes.
    error BlsKeysLength(uint256 key, uint256 proof);
    /// @notice The proof does not show that somebody has the key's secret.
    error BlsKeysWrongProof();

    /// @notice Checks a proof of possession and keeps the key. Anybody may show it, and show it again.
    /// @param key A point of G2 other than infinity, as in EIP-2537.
    /// @param proof A point of G1, as in EIP-2537: the key's own signature of itself.
    /// @return member What stands for the key in an epoch of a committee.
    function prove(bytes calldata key, bytes calldata proof) external returns (address member);
}
