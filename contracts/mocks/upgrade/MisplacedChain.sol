// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice Keeps a chain's batches where the chain keeps its heads, and what it counts where it keeps its disputes.
contract MisplacedChain {
    /// @custom:storage-location erc7201:openzeppelin.storage.Initializable
    struct InitializableStorage {
        uint64 _initialized;
        bool _initializing;
    }

    /// @custom:storage-location erc7201:hardhat-rollup.storage.StateCommitmentChain
    struct ChainStorage {
        mapping(uint64 index => bytes32 hash) headerHashes;
        mapping(uint64 index => bytes32 hash) heads;
        uint256 disputed;
    }
}
