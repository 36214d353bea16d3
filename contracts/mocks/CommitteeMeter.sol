// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title CommitteeMeter
/// @notice Passes a call on to the committee, as a data-availability layer does: what a transaction with it costs.
contract CommitteeMeter {
    address private immutable COMMITTEE;

    constructor(address committee) {
        COMMITTEE = committee;
    }

    /// @notice Reverts where the committee does.
    fallback(bytes calldata call) external returns (bytes memory answer) {
        bool success;
        (success, answer) = COMMITTEE.staticcall(call);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }
}
