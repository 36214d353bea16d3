// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title MachineTree
/// @notice The Merkle trees of docs/machine.md §2.2: raw 32-byte leaves, node = keccak256(left ‖ right), but zero over two
/// zero words.
library MachineTree {
    /// @notice The node over two nodes.
    function node(bytes32 left, bytes32 right) internal pure returns (bytes32 value) {
        assembly ("memory-safe") {
            if or(left, right) {
                mstore(0x00, left)
                mstore(0x20, right)
                value := keccak256(0x00, 0x40)
            }
        }
    }

    /// @notice The root over the node `index`, `siblings` from its height upwards.
    /// @dev The caller has checked that `index` is below 2^levels: higher bits would not be looked at.
    /// @param siblings 32 bytes for each level.
    function root(bytes32 start, uint256 index, bytes calldata siblings) internal pure returns (bytes32 value) {
        // A third of the gas of the loop in Solidity, and half of what a step executes. Only scratch space is written:
        // the node goes to the half that the bit of the index names, its sibling to the other.
        assembly ("memory-safe") {
            value := start
            let end := add(siblings.offset, siblings.length)
            for {
                let at := siblings.offset
            } lt(at, end) {
                at := add(at, 0x20)
            } {
                let sibling := calldataload(at)
                if or(value, sibling) {
                    let half := shl(5, and(index, 1))
                    mstore(half, value)
                    mstore(xor(half, 0x20), sibling)
                    value := keccak256(0x00, 0x40)
                }
                index := shr(1, index)
            }
        }
    }

    /// @notice The root over all leaves of a subtree. The number of leaves is a power of two.
    function subtreeRoot(bytes memory leaves) internal pure returns (bytes32 value) {
        // Levels are made in the free memory, each over the one before: a node never stands after what it is made of.
        assembly ("memory-safe") {
            let from := add(leaves, 0x20)
            let to := mload(0x40)
            for {
                let length := mload(leaves)
            } gt(length, 0x20) {
                length := shr(1, length)
            } {
                for {
                    let at := 0
                } lt(at, length) {
                    at := add(at, 0x40)
                } {
                    let pair := add(from, at)
                    let parent := 0
                    if or(mload(pair), mload(add(pair, 0x20))) {
                        parent := keccak256(pair, 0x40)
                    }
                    mstore(add(to, shr(1, at)), parent)
                }
                from := to
            }
            value := mload(from)
        }
    }
}
