// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

/// @title MerkleTree
/// @notice The Merkle tree of docs/protocol.md §3 and §4: leaves padded with zero words to a power of two,
/// node = keccak256(left ‖ right), positions kept (children are not sorted).
/// @dev Leaves must be hashes of something that is not 64 bytes long; then no inner node can be shown as a leaf.
library MerkleTree {
    /// @notice `index` is not below 2^`depth`.
    error MerkleTreeIndexOutOfRange(uint256 index, uint256 depth);

    /// @notice Root of `leaves`; zero when there is none, the leaf itself when there is one.
    /// @dev Works in place: the content of `leaves` is lost.
    function rootOf(bytes32[] memory leaves) internal pure returns (bytes32) {
        uint256 count = leaves.length;
        if (count == 0) return 0;

        bytes32 padding; // root of an all-zero subtree as high as the current level
        // unchecked: count is a memory array's length, far below 2^255.
        unchecked {
            while (count > 1) {
                uint256 pairs = count >> 1;
                for (uint256 i = 0; i < pairs; ++i) {
                    leaves[i] = Hashes.efficientKeccak256(leaves[2 * i], leaves[2 * i + 1]);
                }
                if (count & 1 != 0) leaves[pairs] = Hashes.efficientKeccak256(leaves[count - 1], padding);
                padding = Hashes.efficientKeccak256(padding, padding);
                count = (count + 1) >> 1;
            }
        }
        return leaves[0];
    }

    /// @notice Root of a tree of depth `proof.length` whose leaf at `index` is `leaf`.
    /// @param proof Siblings from the leaf upwards.
    function processProof(bytes32 leaf, uint256 index, bytes32[] calldata proof) internal pure returns (bytes32 root) {
        // INVARIANT: one leaf has one index, so an index can be its nullifier.
        if (index >> proof.length != 0) revert MerkleTreeIndexOutOfRange(index, proof.length);

        // Half the gas of the loop in Solidity (test/solidity/bridge/MerkleTree.t.sol holds it against one). Only scratch
        // space is written: the node goes to the half that the bit of the index names, its sibling to the other.
        assembly ("memory-safe") {
            root := leaf
            let path := index
            let end := add(proof.offset, shl(5, proof.length))
            for {
                let at := proof.offset
            } lt(at, end) {
                at := add(at, 0x20)
            } {
                let half := shl(5, and(path, 1))
                mstore(half, root)
                mstore(xor(half, 0x20), calldataload(at))
                root := keccak256(0x00, 0x40)
                path := shr(1, path)
            }
        }
    }
}
