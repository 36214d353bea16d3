// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {MerkleTree} from "../../../contracts/libraries/MerkleTree.sol";

/// @notice MerkleTree against a reference that builds every level of the padded tree.
contract MerkleTreeTest is Test {
    function processProof(bytes32 leaf, uint256 index, bytes32[] calldata proof) external pure returns (bytes32) {
        return MerkleTree.processProof(leaf, index, proof);
    }

    function referenceLevels(bytes32[] memory leaves) internal pure returns (bytes32[][] memory levels) {
        uint256 depth;
        while (1 << depth < leaves.length) ++depth;
        levels = new bytes32[][](depth + 1);
        levels[0] = new bytes32[](1 << depth);
        for (uint256 i = 0; i < leaves.length; ++i) levels[0][i] = leaves[i];
        for (uint256 h = 1; h <= depth; ++h) {
            levels[h] = new bytes32[](levels[h - 1].length / 2);
            for (uint256 i = 0; i < levels[h].length; ++i) {
                levels[h][i] = keccak256(abi.encodePacked(levels[h - 1][2 * i], levels[h - 1][2 * i + 1]));
            }
        }
    }

    function leavesFrom(bytes32 seed, uint256 count) internal pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) leaves[i] = keccak256(abi.encode(seed, i));
    }

    function proofFor(bytes32[][] memory levels, uint256 index) internal pure returns (bytes32[] memory proof) {
        proof = new bytes32[](levels.length - 1);
        for (uint256 h = 0; h < proof.length; ++h) proof[h] = levels[h][(index >> h) ^ 1];
    }

    function test_emptyTreeHasZeroRoot() public pure {
        assertEq(MerkleTree.rootOf(new bytes32[](0)), bytes32(0));
    }

    function test_singleLeafIsTheRoot() public view {
        bytes32[] memory leaves = leavesFrom("one", 1);
        bytes32 leaf = leaves[0];
        assertEq(MerkleTree.rootOf(leaves), leaf);
        assertEq(this.processProof(leaf, 0, new bytes32[](0)), leaf);
    }

    function testFuzz_rootAgreesWithReference(bytes32 seed, uint256 count) public pure {
        count = bound(count, 1, 70);
        bytes32[] memory leaves = leavesFrom(seed, count);
        bytes32[][] memory levels = referenceLevels(leaves);
        assertEq(MerkleTree.rootOf(leaves), levels[levels.length - 1][0]);
    }

    function testFuzz_everyLeafHasAProof(bytes32 seed, uint256 count, uint256 index) public view {
        count = bound(count, 1, 70);
        index = bound(index, 0, count - 1);
        bytes32[][] memory levels = referenceLevels(leavesFrom(seed, count));
        bytes32[] memory proof = proofFor(levels, index);
        assertEq(this.processProof(levels[0][index], index, proof), levels[levels.length - 1][0]);
    }

    function testFuzz_changedSiblingChangesTheRoot(bytes32 seed, uint256 count, uint256 index, uint256 at) public view {
        count = bound(count, 2, 70);
        index = bound(index, 0, count - 1);
        bytes32[][] memory levels = referenceLevels(leavesFrom(seed, count));
        bytes32[] memory proof = proofFor(levels, index);
        at = bound(at, 0, proof.length - 1);
        proof[at] = ~proof[at];
        assertNotEq(this.processProof(levels[0][index], index, proof), levels[levels.length - 1][0]);
    }

    /// @notice The same leaf and siblings under another index: out of range, or another root.
    function testFuzz_indexHasNoAlias(bytes32 seed, uint256 count, uint256 index, uint256 other) public {
        count = bound(count, 1, 70);
        index = bound(index, 0, count - 1);
        vm.assume(other != index);
        bytes32[][] memory levels = referenceLevels(leavesFrom(seed, count));
        bytes32[] memory proof = proofFor(levels, index);
        if (other >> proof.length != 0) {
            vm.expectRevert(abi.encodeWithSelector(MerkleTree.MerkleTreeIndexOutOfRange.selector, other, proof.length));
            this.processProof(levels[0][index], other, proof);
        } else {
            assertNotEq(this.processProof(levels[0][index], other, proof), levels[levels.length - 1][0]);
        }
    }
}
