// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {InboxHead, InboxHeadLib} from "../../../contracts/bridge/InboxHead.sol";

/// @notice The packed head against a struct: a setter sets its field, whatever the others hold, and only that.
contract InboxHeadTest is Test {
    struct Fields {
        uint64 count;
        uint64 released;
        uint64 generationStart;
        uint8 generation;
        uint8 capacityLog2;
        uint40 pausedUntil;
    }

    function headOf(Fields memory f) internal pure returns (InboxHead) {
        return
            InboxHead.wrap(
                uint256(f.count) |
                    (uint256(f.released) << 64) |
                    (uint256(f.generationStart) << 128) |
                    (uint256(f.generation) << 192) |
                    (uint256(f.capacityLog2) << 200) |
                    (uint256(f.pausedUntil) << 208)
            );
    }

    function check(InboxHead head, Fields memory f) internal pure {
        assertEq(head.count(), f.count);
        assertEq(head.released(), f.released);
        assertEq(head.generationStart(), f.generationStart);
        assertEq(head.generation(), f.generation);
        assertEq(head.capacityLog2(), f.capacityLog2);
        assertEq(head.pausedUntil(), f.pausedUntil);
        assertEq(InboxHead.unwrap(head), InboxHead.unwrap(headOf(f)), "nothing outside the fields");
    }

    /// @dev What the inbox can reach: fewer than 2^64 messages, fewer than 64 generations.
    function reachable(Fields memory f) internal pure returns (Fields memory) {
        f.count = uint64(bound(f.count, 0, type(uint64).max - 1));
        f.released = uint64(bound(f.released, 0, f.count));
        f.generationStart = uint64(bound(f.generationStart, 0, f.count));
        f.generation = uint8(bound(f.generation, 0, 63));
        f.capacityLog2 = uint8(bound(f.capacityLog2, 1, 95));
        return f;
    }

    function testFuzz_fields(Fields memory f) public pure {
        check(headOf(f), f);
    }

    function testFuzz_empty(uint8 capacityLog2) public pure {
        check(InboxHeadLib.empty(capacityLog2), Fields(0, 0, 0, 0, capacityLog2, 0));
    }

    function testFuzz_withReleased(Fields memory f, uint64 value) public pure {
        InboxHead head = headOf(f).withReleased(value);
        f.released = value;
        check(head, f);
    }

    function testFuzz_withPausedUntil(Fields memory f, uint40 value) public pure {
        InboxHead head = headOf(f).withPausedUntil(value);
        f.pausedUntil = value;
        check(head, f);
    }

    function testFuzz_withNext(Fields memory f) public pure {
        f = reachable(f);
        InboxHead head = headOf(f).withNext();
        ++f.count;
        check(head, f);
    }

    function testFuzz_withNextGeneration(Fields memory f) public pure {
        f = reachable(f);
        InboxHead head = headOf(f).withNextGeneration();
        f.generationStart = f.count + 1;
        ++f.generation;
        ++f.capacityLog2;
        check(head, f);
    }

    /// @notice Full is when the next accumulator's place is that of one still needed in this generation.
    function testFuzz_isFull(Fields memory f) public pure {
        f = reachable(f);
        f.capacityLog2 = uint8(bound(f.capacityLog2, 1, 62));
        uint256 next = uint256(f.count) + 1;
        uint256 oldest = f.released > f.generationStart ? f.released : f.generationStart;
        assertEq(headOf(f).isFull(), next >= oldest + (uint256(1) << f.capacityLog2));
    }
}
