// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice All that an enqueue reads and writes beside the accumulator, in one slot. From the least significant bit:
/// - `count` (64): messages ever enqueued; also the index of the newest accumulator.
/// - `released` (64): accumulators below it are gone.
/// - `generationStart` (64): first accumulator index of the current generation; never above `count`.
/// - `generation` (8): number of the current generation, from 0.
/// - `capacityLog2` (8): the current generation has 2^capacityLog2 slots.
/// - `pausedUntil` (40): end of the last pause of deposits, in seconds since 1970.
/// - `frozen` (8): not zero once nothing enters any more.
type InboxHead is uint256;

using InboxHeadLib for InboxHead global;

/// @title InboxHeadLib
/// @notice Fields of InboxHead. Setters trust their arguments to fit.
library InboxHeadLib {
    uint256 private constant RELEASED = 64;
    uint256 private constant GENERATION_START = 128;
    uint256 private constant GENERATION = 192;
    uint256 private constant CAPACITY_LOG2 = 200;
    uint256 private constant PAUSED_UNTIL = 208;
    uint256 private constant FROZEN = 248;

    /// @notice The head of an empty inbox.
    function empty(uint8 capacityLog2_) internal pure returns (InboxHead) {
        return InboxHead.wrap(uint256(capacityLog2_) << CAPACITY_LOG2);
    }

    function count(InboxHead head) internal pure returns (uint64) {
        return uint64(InboxHead.unwrap(head));
    }

    function released(InboxHead head) internal pure returns (uint64) {
        return uint64(InboxHead.unwrap(head) >> RELEASED);
    }

    function generationStart(InboxHead head) internal pure returns (uint64) {
        return uint64(InboxHead.unwrap(head) >> GENERATION_START);
    }

    function generation(InboxHead head) internal pure returns (uint8) {
        return uint8(InboxHead.unwrap(head) >> GENERATION);
    }

    function capacityLog2(InboxHead head) internal pure returns (uint8) {
        return uint8(InboxHead.unwrap(head) >> CAPACITY_LOG2);
    }

    function pausedUntil(InboxHead head) internal pure returns (uint40) {
        return uint40(InboxHead.unwrap(head) >> PAUSED_UNTIL);
    }

    function isFrozen(InboxHead head) internal pure returns (bool) {
        return InboxHead.unwrap(head) >> FROZEN != 0;
    }

    /// @notice Whether one message more would overwrite an accumulator that is not released.
    function isFull(InboxHead head) internal pure returns (bool) {
        // unchecked: neither `released` nor `generationStart` is above `count`.
        unchecked {
            uint256 size = uint256(1) << head.capacityLog2();
            return head.count() - head.released() + 1 >= size && head.count() - head.generationStart() + 1 >= size;
        }
    }

    /// @notice Counts one message more.
    function withNext(InboxHead head) internal pure returns (InboxHead) {
        // unchecked: nobody can pay for 2^64 messages.
        unchecked {
            return InboxHead.wrap(InboxHead.unwrap(head) + 1);
        }
    }

    /// @notice Begins a generation of twice the capacity with the accumulator after the newest.
    function withNextGeneration(InboxHead head) internal pure returns (InboxHead) {
        // unchecked: each generation holds twice as many messages as the last, so there are fewer than 64.
        unchecked {
            uint256 word = InboxHead.unwrap(head) + (1 << GENERATION) + (1 << CAPACITY_LOG2);
            return InboxHead.wrap(_set(word, GENERATION_START, type(uint64).max, uint256(head.count()) + 1));
        }
    }

    function withReleased(InboxHead head, uint64 released_) internal pure returns (InboxHead) {
        return InboxHead.wrap(_set(InboxHead.unwrap(head), RELEASED, type(uint64).max, released_));
    }

    function withPausedUntil(InboxHead head, uint40 until) internal pure returns (InboxHead) {
        return InboxHead.wrap(_set(InboxHead.unwrap(head), PAUSED_UNTIL, type(uint40).max, until));
    }

    function withFrozen(InboxHead head) internal pure returns (InboxHead) {
        return InboxHead.wrap(InboxHead.unwrap(head) | (1 << FROZEN));
    }

    function _set(uint256 word, uint256 shift, uint256 mask, uint256 value) private pure returns (uint256) {
        return (word & ~(mask << shift)) | (value << shift);
    }
}
