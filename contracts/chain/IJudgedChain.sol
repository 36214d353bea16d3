// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BatchHeader} from "../libraries/BatchHeader.sol";

/// @title IJudgedChain
/// @notice What a dispute game needs of whatever holds the statements that it judges: a state-commitment chain, or an app
/// whose moves are judged (docs/wasm-apps.md).
interface IJudgedChain {
    /// @notice Puts the pending batch of `header` under dispute, before its `finalizesAt`: neither it nor a later one
    /// becomes final before the dispute is closed.
    /// @dev Only the resolver of the header.
    function openDispute(BatchHeader calldata header) external;

    /// @notice Ends the dispute about the batch of `header`, which stays as it is; also when it fell with an earlier one.
    /// @dev Only the resolver of the header.
    function closeDispute(BatchHeader calldata header) external;

    /// @notice Reverts the disputed batch of `header` and every later one, slashes the bond of its submitter, and ends
    /// the dispute about it. Disputes about later batches stay open until their resolver closes them.
    /// @dev Only the resolver of the header. Submitters of later batches are not slashed: that theirs are false was not
    /// shown. Messages that reverted batches consumed wait in the inbox again, for consumption is read from the head's header.
    /// @param header The false batch; its parent becomes the head.
    /// @param winner Who gets the winner's part of the bond.
    function revertBatches(BatchHeader calldata header, address winner) external;

    /// @notice Hash of the header at `index`; zero when there is none.
    function headerHash(uint64 index) external view returns (bytes32);

    /// @notice Index of the last batch and of the last final one.
    function heads() external view returns (uint64 head, uint64 finalizedHead);
}
