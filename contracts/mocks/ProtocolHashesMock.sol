// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Withdrawal} from "../bridge/IL1EscrowBridge.sol";
import {BatchHeader} from "../libraries/BatchHeader.sol";
import {InboxMessage} from "../libraries/InboxMessage.sol";
import {MerkleTree} from "../libraries/MerkleTree.sol";

/// @title ProtocolHashesMock
/// @notice Shows tests what L1 hashes, so that the off-chain side can be held against it.
contract ProtocolHashesMock {
    /// @notice Hash of a batch header.
    function headerHash(BatchHeader memory header) external pure returns (bytes32) {
        return header.hash();
    }

    /// @notice Inbox accumulator after `messages`.
    function inboxAcc(bytes32 acc, InboxMessage[] memory messages) external pure returns (bytes32) {
        for (uint256 i = 0; i < messages.length; ++i) {
            acc = keccak256(abi.encodePacked(acc, messages[i].hash()));
        }
        return acc;
    }

    /// @notice Root that a withdrawal's proof leads to.
    function withdrawalsRoot(
        Withdrawal calldata withdrawal,
        uint256 leafIndex,
        bytes32[] calldata proof
    ) external pure returns (bytes32) {
        bytes32 leaf = keccak256(
            abi.encode(
                keccak256("hardhat-rollup.withdrawal.v1"),
                withdrawal.nonce,
                withdrawal.sender,
                withdrawal.target,
                withdrawal.token,
                withdrawal.amount,
                keccak256(withdrawal.data)
            )
        );
        return MerkleTree.processProof(leaf, leafIndex, proof);
    }
}
