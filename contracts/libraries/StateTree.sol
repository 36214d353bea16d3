// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

/// @notice Content of a leaf of the L2's state. See docs/protocol.md §5.
struct StateLeaf {
    uint256 word0;
    uint256 word1;
}

/// @title StateTree
/// @notice The sparse Merkle tree of docs/protocol.md §5: a subtree with one leaf is that leaf's hash, an empty one is zero.
/// @dev A leaf hashes 128 bytes and an inner node 64, so neither is ever shown as the other; and a leaf's hash covers its
/// key, so no leaf is shown in another's place.
library StateTree {
    /// @dev Tells a leaf from every other hash of the protocol.
    bytes32 internal constant LEAF_DOMAIN = keccak256("hardhat-rollup.leaf.v1");
    /// @dev A path longer than this would need two keys that share 255 bits.
    uint256 private constant MAX_SIBLINGS = 255;

    /// @notice A path has at most 255 siblings.
    error StateTreeTooDeep(uint256 siblings);

    /// @notice Key of the leaf with nonce, index and ETH balance of `account`.
    function accountKey(address account) internal pure returns (bytes32) {
        return keccak256(abi.encode(uint256(1), account));
    }

    /// @notice Key of the leaf with the balance of `account` in `token`.
    function tokenBalanceKey(address account, address token) internal pure returns (bytes32) {
        return keccak256(abi.encode(uint256(3), account, token));
    }

    /// @notice Root of a tree that has this leaf at this key.
    /// @param siblings Nodes beside the path, from the leaf's height up to the root.
    function rootOf(
        bytes32 key,
        StateLeaf memory leaf,
        bytes32[] memory siblings
    ) internal pure returns (bytes32 root) {
        uint256 depth = siblings.length;
        if (depth > MAX_SIBLINGS) revert StateTreeTooDeep(depth);

        root = keccak256(abi.encode(LEAF_DOMAIN, key, leaf.word0, leaf.word1));
        // Bit 255 chooses at the root, whose children have depth 1; what remains of the path has its lowest bit in front.
        uint256 path = uint256(key) >> (256 - depth);
        for (uint256 i = 0; i < depth; ++i) {
            root =
                path & 1 == 0
                    ? Hashes.efficientKeccak256(root, siblings[i])
                    : Hashes.efficientKeccak256(siblings[i], root);
            path >>= 1;
        }
    }
}
