// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {StateLeaf, StateTree} from "../../../contracts/libraries/StateTree.sol";
import {KeyedLeaf, NaiveStateTree} from "../support/NaiveStateTree.sol";
import {Test} from "forge-std/Test.sol";

contract StateTreeTest is Test {
    /// @dev A call, so that a revert can be seen.
    function rootOf(bytes32 key, StateLeaf memory leaf, bytes32[] memory siblings) external pure returns (bytes32) {
        return StateTree.rootOf(key, leaf, siblings);
    }

    /// @notice Every leaf of a tree is proven, however crowded one corner of it is.
    function testFuzz_everyLeafLeadsToTheRoot(uint256 seed, uint8 count, uint8 shared) public view {
        KeyedLeaf[] memory leaves = _leaves(seed, bound(count, 1, 24), bound(shared, 0, 240));
        bytes32 root = NaiveStateTree.root(leaves);
        for (uint256 i = 0; i < leaves.length; ++i) {
            bytes32[] memory siblings = NaiveStateTree.siblings(leaves, leaves[i].key);
            StateLeaf memory leaf = StateLeaf(leaves[i].word0, leaves[i].word1);
            assertEq(this.rootOf(leaves[i].key, leaf, siblings), root);
        }
    }

    /// @notice No other key, content or path leads there.
    function testFuzz_nothingElseLeadsToTheRoot(uint256 seed, uint8 count, uint256 which, bytes32 noise) public view {
        KeyedLeaf[] memory leaves = _leaves(seed, bound(count, 2, 24), 0);
        bytes32 root = NaiveStateTree.root(leaves);
        KeyedLeaf memory chosen = leaves[bound(which, 0, leaves.length - 1)];
        StateLeaf memory leaf = StateLeaf(chosen.word0, chosen.word1);
        bytes32[] memory siblings = NaiveStateTree.siblings(leaves, chosen.key);
        if (noise == 0) noise = bytes32(uint256(1));

        assertNotEq(this.rootOf(chosen.key ^ noise, leaf, siblings), root, "another key");
        leaf.word0 ^= uint256(noise);
        assertNotEq(this.rootOf(chosen.key, leaf, siblings), root, "another first word");
        (leaf.word0, leaf.word1) = (chosen.word0, chosen.word1 ^ uint256(noise));
        assertNotEq(this.rootOf(chosen.key, leaf, siblings), root, "another second word");
        leaf.word1 = chosen.word1;
        for (uint256 i = 0; i < siblings.length; ++i) {
            siblings[i] ^= noise;
            assertNotEq(this.rootOf(chosen.key, leaf, siblings), root, "another sibling");
            siblings[i] ^= noise;
        }
    }

    function test_keysAreThoseOfTheProtocol() public pure {
        address account = address(0xA11CE);
        address token = address(0x70CE);
        assertEq(StateTree.accountKey(account), keccak256(abi.encode(1, account)));
        assertEq(StateTree.tokenBalanceKey(account, token), keccak256(abi.encode(3, account, token)));
    }

    /// @notice Dirty upper bits of an address in memory change no key.
    function testFuzz_keysCleanTheirAddresses(uint256 dirty) public pure {
        address account;
        assembly ("memory-safe") {
            account := dirty
        }
        assertEq(StateTree.accountKey(account), keccak256(abi.encode(1, uint256(uint160(dirty)))));
    }

    /// @dev Keys that share their first `shared` bits.
    function _leaves(uint256 seed, uint256 count, uint256 shared) private pure returns (KeyedLeaf[] memory leaves) {
        leaves = new KeyedLeaf[](count);
        uint256 own = shared == 0 ? type(uint256).max : type(uint256).max >> shared;
        for (uint256 i = 0; i < count; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            // The lowest bits count, so that keys differ.
            uint256 key = ((seed & ~own) | (random & own)) & ~uint256(0xff);
            leaves[i] = KeyedLeaf(bytes32(key | i), uint256(keccak256(abi.encode(random))), random >> 1);
        }
    }
}
