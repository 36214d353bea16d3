// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BatchHeader} from "../libraries/BatchHeader.sol";
import {InboxMessage} from "../libraries/InboxMessage.sol";

/// @notice What a batch claims; the rest of its header follows from its parent, the inbox and the data.
struct BatchClaim {
    bytes32 stateRoot;
    bytes32 withdrawalsRoot;
    uint64 inboxTo;
    uint64 l2BlockTo;
}

/// @title IStateCommitmentChain
/// @notice The chain of batches: pending, finalized, reverted. The only judge of what is final.
interface IStateCommitmentChain {
    /// @notice A batch was posted.
    event BatchAppended(uint64 indexed index, bytes32 indexed headerHash, BatchHeader header);
    /// @notice A batch became final.
    event BatchFinalized(uint64 indexed index, bytes32 indexed headerHash);
    /// @notice Batches `fromIndex` to `toIndex` were reverted.
    event BatchesReverted(uint64 indexed fromIndex, uint64 indexed toIndex, bytes32 newHeadHash);

    /// @notice Posts the batch after `parent`.
    /// @param parent Header of the last batch.
    /// @param claim What the batch claims.
    /// @param nextMessage The first inbox message that the batch leaves; ignored when it leaves none. At most one element.
    /// @param daInput Input of the data-availability layer; for calldata, the batch data.
    function appendBatch(
        BatchHeader calldata parent,
        BatchClaim calldata claim,
        InboxMessage[] calldata nextMessage,
        bytes calldata daInput
    ) external returns (bytes32 headerHash);

    /// @notice Finalizes the oldest pending batches, in order. Anyone may call.
    function finalize(BatchHeader[] calldata headers) external;

    /// @notice Reverts the pending batch of `header` and every later one.
    /// @dev Only the resolver of disputes.
    /// @param header The false batch.
    /// @param parent Its parent, the new head.
    function revertBatches(BatchHeader calldata header, BatchHeader calldata parent, address winner) external;

    /// @notice Whether `header` is a batch of this chain and final. The one place where finality is asked.
    function isFinalized(BatchHeader calldata header) external view returns (bool);

    /// @notice Hash of the header at `index`; zero when there is none.
    function headerHash(uint64 index) external view returns (bytes32);

    /// @notice Index of the last batch and of the last final one.
    function heads() external view returns (uint64 head, uint64 finalizedHead);
}
