// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ChannelMode} from "./IChannelAdjudicator.sol";

/// @notice What the adjudicator knows of a channel, in one word that is read and written at once. From its lowest bits:
/// uint96 all the ETH that the channel ever got, 0 once closed; uint64 turn of the last state that was shown; uint40 L1 time
/// when it is final; uint8 index of the challenger; uint8 flags; uint32 turns that moves went beyond what everybody agreed to;
/// uint8 mode, as it was written.
type ChannelHead is uint256;

using ChannelHeadLib for ChannelHead global;

/// @title ChannelHeadLib
/// @notice Parts of a channel's head.
library ChannelHeadLib {
    /// @notice Flag: something of the ETH was paid, and who got it is written.
    uint256 internal constant ETH_PARTIAL = 1;
    /// @notice Flag: the challenge's bond is held.
    uint256 internal constant BOND_HELD = 2;
    /// @notice Flag: a clock ran in this dispute.
    uint256 internal constant CLOCK_USED = 4;

    uint256 private constant TURN = 96;
    uint256 private constant TIME = 160;
    uint256 private constant CHALLENGER = 200;
    uint256 private constant FLAGS = 208;
    uint256 private constant MOVED = 216;
    uint256 private constant MODE = 248;
    /// @dev Bits above what is below the mode.
    uint256 private constant ABOVE = 8;

    function ethDeposited(ChannelHead head) internal pure returns (uint256) {
        return uint96(ChannelHead.unwrap(head));
    }

    function turnNum(ChannelHead head) internal pure returns (uint64) {
        return uint64(ChannelHead.unwrap(head) >> TURN);
    }

    /// @notice Turn of the last state that binds without any move: everybody signed it, or a judge's verdict is it.
    function agreedTurnNum(ChannelHead head) internal pure returns (uint64) {
        // unchecked: moves go beyond it.
        unchecked {
            return head.turnNum() - uint32(ChannelHead.unwrap(head) >> MOVED);
        }
    }

    /// @notice Whether moves went beyond what everybody agreed to.
    function isMoved(ChannelHead head) internal pure returns (bool) {
        return uint32(ChannelHead.unwrap(head) >> MOVED) != 0;
    }

    function finalizesAt(ChannelHead head) internal pure returns (uint40) {
        return uint40(ChannelHead.unwrap(head) >> TIME);
    }

    function challenger(ChannelHead head) internal pure returns (uint8) {
        return uint8(ChannelHead.unwrap(head) >> CHALLENGER);
    }

    function has(ChannelHead head, uint256 flag) internal pure returns (bool) {
        return (ChannelHead.unwrap(head) >> FLAGS) & flag != 0;
    }

    /// @notice Whether this mode was written; a challenge that timed out has no mode of its own.
    function isIn(ChannelHead head, ChannelMode mode) internal pure returns (bool) {
        return ChannelHead.unwrap(head) >> MODE == uint256(mode);
    }

    /// @notice The mode at this time: a challenge that timed out is final.
    function currentMode(ChannelHead head) internal view returns (ChannelMode) {
        if (head.isIn(ChannelMode.Challenge) && block.timestamp >= head.finalizesAt()) return ChannelMode.Finalized;
        return ChannelMode(ChannelHead.unwrap(head) >> MODE);
    }

    /// @notice The head of an open channel of this turn; of the old one stays what it says of ETH.
    function opened(ChannelHead head, uint64 turn) internal pure returns (ChannelHead) {
        ChannelHead empty = ChannelHead.wrap(head.ethDeposited() | (uint256(turn) << TURN));
        return empty.withFlag(ETH_PARTIAL, head.has(ETH_PARTIAL));
    }

    /// @param amount At most what is missing to 2^96 - 1.
    function plusETH(ChannelHead head, uint256 amount) internal pure returns (ChannelHead) {
        // unchecked: it stays in the lowest bits.
        unchecked {
            return ChannelHead.wrap(ChannelHead.unwrap(head) + amount);
        }
    }

    function withoutETH(ChannelHead head) internal pure returns (ChannelHead) {
        return ChannelHead.wrap(ChannelHead.unwrap(head) ^ head.ethDeposited());
    }

    /// @param agreed At most `turn`. Where an app lets moves go 2^32 turns beyond it and more, a later one is remembered.
    function withTurn(ChannelHead head, uint64 turn, uint64 agreed) internal pure returns (ChannelHead) {
        uint256 word = ChannelHead.unwrap(head);
        uint256 moved = uint32(word >> MOVED);
        word ^= uint256(head.turnNum() ^ turn) << TURN;
        // unchecked: see above.
        unchecked {
            return ChannelHead.wrap(word ^ ((moved ^ uint32(turn - agreed)) << MOVED));
        }
    }

    function withChallenger(ChannelHead head, uint8 index) internal pure returns (ChannelHead) {
        return ChannelHead.wrap(ChannelHead.unwrap(head) ^ (uint256(head.challenger() ^ index) << CHALLENGER));
    }

    function withFlag(ChannelHead head, uint256 flag, bool isSet) internal pure returns (ChannelHead) {
        return head.has(flag) == isSet ? head : ChannelHead.wrap(ChannelHead.unwrap(head) ^ (flag << FLAGS));
    }

    /// @param time L1 time, in seconds, below 2^40.
    function withMode(ChannelHead head, ChannelMode mode, uint256 time) internal pure returns (ChannelHead) {
        uint256 word = ChannelHead.unwrap(head);
        word ^= uint256(head.finalizesAt() ^ uint40(time)) << TIME;
        return ChannelHead.wrap(((word << ABOVE) >> ABOVE) | (uint256(mode) << MODE));
    }
}
