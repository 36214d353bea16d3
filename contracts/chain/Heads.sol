// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Where a chain stands: one slot with what changes with every batch. Times in seconds.
/// @param head Index of the last batch.
/// @param finalizedHead Index of the last final one.
/// @param activeAt See IStateCommitmentChain.lastActivity, as for `messageCount`.
/// @param openDisputes How many batches are under dispute.
/// @param frozen For ever.
struct Heads {
    uint48 head;
    uint48 finalizedHead;
    uint48 activeAt;
    uint64 messageCount;
    uint40 openDisputes;
    bool frozen;
}

/// @title HeadsLib
/// @notice Writes Heads.
library HeadsLib {
    /// @notice Writes the slot at once: field by field it costs 700 gas more. The first field has the lowest bits.
    function store(Heads storage target, Heads memory heads) internal {
        uint256 word =
            uint256(heads.head) |
                (uint256(heads.finalizedHead) << 48) |
                (uint256(heads.activeAt) << 96) |
                (uint256(heads.messageCount) << 144) |
                (uint256(heads.openDisputes) << 208) |
                (uint256(heads.frozen ? 1 : 0) << 248);
        assembly ("memory-safe") {
            sstore(target.slot, word)
        }
    }
}
