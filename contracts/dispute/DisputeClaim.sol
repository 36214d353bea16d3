// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IDisputeGame} from "./IDisputeGame.sol";

/// @notice A claim without its list of states. See docs/dispute.md §2.
/// @param parent Id of the claim that it counters; the header hash where it counters the batch.
/// @param index Which state of the parent's list it holds false; 0 where it counters the batch.
/// @param start State before the segment, taken as given.
/// @param listHash keccak256 of its states, one after the other.
struct DisputeClaim {
    bytes32 parent;
    uint256 index;
    bytes32 start;
    bytes32 listHash;
}

using DisputeClaimLib for DisputeClaim global;

/// @title DisputeClaimLib
/// @notice The segments of a claim, and the hashes that stand for it and for its list. Neither drops a bit of what it is given.
library DisputeClaimLib {
    /// @notice keccak256 of the four words of a claim, which stand in calldata as they are hashed.
    function id(DisputeClaim calldata claim) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            let pointer := mload(0x40)
            calldatacopy(pointer, claim, 128)
            result := keccak256(pointer, 128)
        }
    }

    /// @notice The same of a claim in memory, whose four words stand there one after the other too.
    function idInMemory(DisputeClaim memory claim) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            result := keccak256(claim, 128)
        }
    }

    /// @notice The segment of a claim that ends in state `index` of its list: the state before it, and that one.
    function segment(
        DisputeClaim calldata claim,
        bytes32[] calldata list,
        uint256 index
    ) internal pure returns (bytes32 start, bytes32 end) {
        bytes32 listHash = hashList(list);
        // INVARIANT: with the hash the list has as many states as it had when the claim was made.
        if (listHash != claim.listHash) revert IDisputeGame.DisputeListMismatch(claim.listHash, listHash);
        if (index >= list.length) revert IDisputeGame.DisputeIndexOutOfRange(index, list.length);
        return (index == 0 ? claim.start : list[index - 1], list[index]);
    }

    /// @notice keccak256 of the states, one after the other. It stands for their number as well.
    function hashList(bytes32[] calldata list) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            let pointer := mload(0x40)
            let size := shl(5, list.length)
            calldatacopy(pointer, list.offset, size)
            result := keccak256(pointer, size)
        }
    }
}
