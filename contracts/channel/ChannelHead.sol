// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ChannelMode} from "./IChannelAdjudicator.sol";

/// @notice What the adjudicator knows of a channel, in the order of its storage word.
/// @param ethDeposited All the ETH that the channel ever got; 0 once closed.
/// @param turnNum Of the last state that was shown.
/// @param finalizesAt L1 time in seconds.
/// @param challenger Index of the participant who challenged.
/// @param flags Of ChannelHeadLib.
/// @param mode As it was written; see currentMode.
struct ChannelHead {
    uint96 ethDeposited;
    uint64 turnNum;
    uint40 finalizesAt;
    uint8 challenger;
    uint8 flags;
    ChannelMode mode;
}

using ChannelHeadLib for ChannelHead global;

/// @title ChannelHeadLib
/// @notice A channel's head as one word of storage, which is read and written at once.
library ChannelHeadLib {
    /// @notice Something of the ETH was paid, and who got it is written.
    uint8 internal constant ETH_PARTIAL = 1;
    /// @notice The challenge's bond is held.
    uint8 internal constant BOND_HELD = 2;
    /// @notice A clock ran in this dispute.
    uint8 internal constant CLOCK_USED = 4;
    /// @notice Not everybody signed the challenge's state; the app allowed it.
    uint8 internal constant BY_MOVE = 8;

    /// @notice The word of a head.
    function pack(ChannelHead memory head) internal pure returns (uint256 word) {
        word = uint256(head.ethDeposited) | (uint256(head.turnNum) << 96) | (uint256(head.finalizesAt) << 160);
        word |= (uint256(head.challenger) << 200) | (uint256(head.flags) << 208) | (uint256(head.mode) << 216);
    }

    /// @notice The head of a word.
    function unpack(uint256 word) internal pure returns (ChannelHead memory head) {
        head.ethDeposited = uint96(word);
        head.turnNum = uint64(word >> 96);
        head.finalizesAt = uint40(word >> 160);
        head.challenger = uint8(word >> 200);
        head.flags = uint8(word >> 208);
        head.mode = ChannelMode(uint8(word >> 216));
    }

    /// @notice The mode at this time: a challenge that timed out is final.
    function currentMode(ChannelHead memory head) internal view returns (ChannelMode) {
        bool timedOut = head.mode == ChannelMode.Challenge && block.timestamp >= head.finalizesAt;
        return timedOut ? ChannelMode.Finalized : head.mode;
    }

    /// @notice Whether the flag is set.
    function has(ChannelHead memory head, uint8 flag) internal pure returns (bool) {
        return head.flags & flag != 0;
    }
}
