// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What L1 believes about one batch. Only its hash is stored. See docs/protocol.md §1.
/// @param index Position in the chain; genesis is 0.
/// @param timestamp L1 time, in seconds, when the batch was posted.
/// @param finalizesAt L1 time from which it may be finalized; fixed when posted, so no later parameter change shortens it;
/// the greatest there is where only a proof makes a batch final.
/// @param inboxFrom First inbox message consumed.
/// @param inboxTo First inbox message not consumed.
/// @param l2BlockFrom Last L2 block of the parent batch.
/// @param l2BlockTo Last L2 block of this batch.
/// @param submitter Who posted it, and whose bond answers for it.
/// @param resolver The judge of this batch: who may open a dispute about it and revert it. Fixed when posted, so no upgrade
/// changes the judge of what is under way.
/// @param parentHash Header hash of batch `index - 1`.
/// @param prevStateRoot State root before the batch.
/// @param stateRoot State root after the batch.
/// @param withdrawalsRoot Root of the batch's withdrawals; zero when there is none.
/// @param inboxAcc Inbox accumulator at `inboxTo`.
/// @param dataHash Commitment to the batch data, from the data-availability layer.
struct BatchHeader {
    uint64 index;
    uint64 timestamp;
    uint64 finalizesAt;
    uint64 inboxFrom;
    uint64 inboxTo;
    uint64 l2BlockFrom;
    uint64 l2BlockTo;
    address submitter;
    address resolver;
    bytes32 parentHash;
    bytes32 prevStateRoot;
    bytes32 stateRoot;
    bytes32 withdrawalsRoot;
    bytes32 inboxAcc;
    bytes32 dataHash;
}

using BatchHeaderLib for BatchHeader global;

/// @title BatchHeaderLib
/// @notice The hash that stands for a header.
library BatchHeaderLib {
    /// @notice The same of a header in calldata, where its 15 words already stand as they are hashed.
    /// @dev Upper bits are not cleaned: a header with dirty ones has another hash, which no chain holds.
    function hashCalldata(BatchHeader calldata header) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            let pointer := mload(0x40)
            calldatacopy(pointer, header, 480)
            result := keccak256(pointer, 480)
        }
    }

    /// @notice keccak256 of the 15 ABI words of the header.
    /// @dev Its fields are values of a word each, which stand in memory as the ABI encodes them. Every batch pays for this.
    function hash(BatchHeader memory header) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            result := keccak256(header, 480)
        }
    }
}
