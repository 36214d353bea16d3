// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IConfiguredRegistry
/// @notice A sequencer registry that tells what it was made of. Later versions may append to it, never insert.
interface IConfiguredRegistry {
    /// @notice As `SequencerRegistry.Parameters`.
    function parameters()
        external
        view
        returns (
            uint256 minimumBond,
            address chain,
            uint64 withdrawalDelay,
            uint64 challengeWindow,
            uint64 disputeDuration,
            uint64 sequencerGrace,
            uint64 permissionlessDelay
        );
}
