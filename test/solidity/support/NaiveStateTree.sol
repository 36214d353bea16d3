// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A leaf with its key.
struct KeyedLeaf {
    bytes32 key;
    uint256 word0;
    uint256 word1;
}

/// @title NaiveStateTree
/// @notice The tree of docs/protocol.md §5 straight from its definition: everything is hashed anew.
library NaiveStateTree {
    error NaiveStateTreeNoLeaf(bytes32 key);

    /// @notice Root of the tree over `leaves`, whose keys differ.
    function root(KeyedLeaf[] memory leaves) internal pure returns (bytes32) {
        return _subtree(leaves, 0);
    }

    /// @notice Siblings of the leaf at `key`, from the leaf's height up to the root.
    function siblings(KeyedLeaf[] memory leaves, bytes32 key) internal pure returns (bytes32[] memory path) {
        bytes32[256] memory down;
        uint256 depth;
        while (leaves.length > 1) {
            bool right = _bit(key, depth);
            down[depth] = _subtree(_half(leaves, depth, !right), depth + 1);
            leaves = _half(leaves, depth, right);
            ++depth;
        }
        if (leaves.length == 0 || leaves[0].key != key) revert NaiveStateTreeNoLeaf(key);
        path = new bytes32[](depth);
        for (uint256 i = 0; i < depth; ++i) path[i] = down[depth - 1 - i];
    }

    function _subtree(KeyedLeaf[] memory leaves, uint256 depth) private pure returns (bytes32) {
        if (leaves.length == 0) return 0;
        if (leaves.length == 1) {
            bytes32 domain = keccak256("hardhat-rollup.leaf.v1");
            return keccak256(abi.encodePacked(domain, leaves[0].key, leaves[0].word0, leaves[0].word1));
        }
        bytes32 left = _subtree(_half(leaves, depth, false), depth + 1);
        return keccak256(abi.encodePacked(left, _subtree(_half(leaves, depth, true), depth + 1)));
    }

    function _half(
        KeyedLeaf[] memory leaves,
        uint256 depth,
        bool right
    ) private pure returns (KeyedLeaf[] memory chosen) {
        uint256 count;
        for (uint256 i = 0; i < leaves.length; ++i) if (_bit(leaves[i].key, depth) == right) ++count;
        chosen = new KeyedLeaf[](count);
        for (uint256 i = leaves.length; i > 0; --i) {
            if (_bit(leaves[i - 1].key, depth) == right) chosen[--count] = leaves[i - 1];
        }
    }

    function _bit(bytes32 key, uint256 depth) private pure returns (bool) {
        return (uint256(key) >> (255 - depth)) & 1 == 1;
    }
}
