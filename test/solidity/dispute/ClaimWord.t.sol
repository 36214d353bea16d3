// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {ClaimState, ClaimStatus, ClaimWord, ClaimWordLib} from "../../../contracts/dispute/ClaimWord.sol";
import {DisputeClaim, DisputeClaimLib} from "../../../contracts/dispute/DisputeClaim.sol";
import {WinnerWord, WinnerWordLib} from "../../../contracts/dispute/WinnerWord.sol";

/// @notice The words that a game stores and the hashes that stand for its claims, held against plain Solidity.
contract ClaimWordTest is Test {
    function make(address claimant, uint32 postedAt, uint24 used, uint8 depth) internal pure returns (ClaimWord) {
        return ClaimWordLib.create(claimant, postedAt, used, bound(depth, 0, 63));
    }

    function assertState(ClaimWord word, ClaimState memory expected) internal pure {
        assertEq(abi.encode(word.unpack()), abi.encode(expected));
    }

    function testFuzz_fieldsStandApart(address claimant, uint256 postedAt, uint24 used, uint8 depth) public pure {
        depth = uint8(bound(depth, 0, 63));
        ClaimWord word = ClaimWordLib.create(claimant, postedAt, used, depth);
        assertState(word, ClaimState(claimant, uint32(postedAt), used, depth, 0, ClaimStatus.Open, false));
    }

    function testFuzz_childrenAndStatusTouchNoOtherField(
        address claimant,
        uint32 postedAt,
        uint24 used,
        uint8 depth,
        uint8 children,
        bool isRefuted
    ) public pure {
        depth = uint8(bound(depth, 0, 63));
        ClaimState memory expected = ClaimState(claimant, postedAt, used, depth, children, ClaimStatus.Open, false);
        ClaimWord word = make(claimant, postedAt, used, depth);
        for (uint256 i = 0; i < children; ++i) word = word.addChild();
        assertState(word, expected);

        expected.status = isRefuted ? ClaimStatus.Refuted : ClaimStatus.Standing;
        assertState(word.resolved(isRefuted), expected);
        for (; expected.openChildren > 0; --expected.openChildren) word = word.removeChild();
        expected.status = ClaimStatus.Open;
        assertState(word, expected);
        expected.holdsTip = true;
        assertState(word.holdTip(), expected);
        assertState(word.holdTip().holdTip(), expected);
    }

    function addTo(ClaimWord word) external pure returns (ClaimWord) {
        return word.addChild();
    }

    function removeFrom(ClaimWord word) external pure returns (ClaimWord) {
        return word.removeChild();
    }

    function testFuzz_theNumberOfChildrenNeverWraps(address claimant, uint32 at, uint24 used, uint8 depth) public {
        ClaimWord none = make(claimant, at, used, depth);
        vm.expectRevert();
        this.removeFrom(none);
        ClaimWord full = ClaimWord.wrap(ClaimWord.unwrap(none) | (uint256(type(uint32).max >> 1) << 225));
        assertEq(full.openChildren(), type(uint32).max >> 1);
        vm.expectRevert();
        this.addTo(full);
    }

    function testFuzz_ageIsRightWhenTimePasses32Bits(uint64 postedAt, uint32 passed) public {
        ClaimWord word = ClaimWordLib.create(address(1), postedAt, 0, 1);
        vm.warp(uint256(postedAt) + passed);
        assertEq(word.age(), passed);
    }

    /// @notice The order of words is that of index, time, first bytes of the id, claimant.
    function testFuzz_winnersAreOrdered(
        bytes32[2] memory ids,
        uint8[2] memory indices,
        uint32[2] memory times,
        address[2] memory claimants
    ) public pure {
        // Ties are what the order is about.
        if (times[0] % 2 == 0) indices[1] = indices[0];
        if (times[0] % 4 == 0) times[1] = times[0];
        if (times[0] % 8 == 0) ids[1] = (ids[1] & bytes32(type(uint256).max >> 56)) | (bytes32(bytes7(ids[0])));
        vm.assume(claimants[0] != address(0) && claimants[1] != address(0));
        WinnerWord[2] memory words;
        for (uint256 i = 0; i < 2; ++i) {
            words[i] = WinnerWordLib.create(ids[i], indices[i], ClaimWordLib.create(claimants[i], times[i], 0, 1));
            assertEq(words[i].claimant(), claimants[i]);
            assertTrue(words[i].exists());
            assertTrue(words[i].isBefore(WinnerWord.wrap(0)));
        }
        (uint56 a, uint56 b) = (uint56(bytes7(ids[0])), uint56(bytes7(ids[1])));
        bool isFirst;
        if (indices[0] != indices[1]) isFirst = indices[0] < indices[1];
        else if (times[0] != times[1]) isFirst = times[0] < times[1];
        else if (a != b) isFirst = a < b;
        else isFirst = claimants[0] < claimants[1];
        assertEq(words[0].isBefore(words[1]), isFirst);
    }

    /* HASHES */

    function hashes(
        DisputeClaim calldata claim,
        bytes32[] calldata list
    ) external pure returns (bytes32 id, bytes32 inMemory, bytes32 listHash, bool isMemoryClean) {
        bytes32[] memory before = new bytes32[](1);
        before[0] = claim.start;
        id = claim.id();
        listHash = DisputeClaimLib.hashList(list);
        bytes32[] memory afterwards = new bytes32[](1);
        isMemoryClean = before[0] == claim.start && afterwards[0] == 0;
        DisputeClaim memory copy = claim;
        inMemory = copy.idInMemory();
    }

    function testFuzz_hashesAreThoseOfTheAbi(DisputeClaim memory claim, bytes32[] memory list) public view {
        (bytes32 id, bytes32 inMemory, bytes32 listHash, bool isMemoryClean) = this.hashes(claim, list);
        assertEq(id, keccak256(abi.encode(claim.parent, claim.index, claim.start, claim.listHash)));
        assertEq(inMemory, id);
        assertEq(listHash, keccak256(abi.encodePacked(list)));
        assertTrue(isMemoryClean);
    }
}
