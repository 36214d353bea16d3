// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {MerkleTree} from "../libraries/MerkleTree.sol";
import {IDataAvailability} from "./IDataAvailability.sol";

/// @title CalldataDA
/// @notice Batch data in the calldata of the transaction that posts the batch. See docs/protocol.md §3.
/// @dev Stateless. The batch must be posted straight by an account without code, so that the data is the input of that
/// very transaction and anybody finds it with nothing but a block; a contract in between (or an account that delegates
/// to code, EIP-7702) could bring it from where only traces show it.
contract CalldataDA is IDataAvailability {
    /// @notice `submitter` is not the code-less account that signed this transaction.
    error CalldataDAIndirectSubmitter(address submitter, address origin);

    /// @notice Tells a data hash from every other hash of the protocol.
    bytes32 public constant DATA_DOMAIN = keccak256("hardhat-rollup.data.v1");
    /// @notice Bytes per leaf of the data's Merkle tree.
    uint256 public constant CHUNK_SIZE = 4096;

    /// @inheritdoc IDataAvailability
    function commit(address submitter, bytes calldata daInput) external view returns (bytes32 dataHash) {
        // The point is where the data stands, not who may act.
        address origin = tx.origin; // solhint-disable-line avoid-tx-origin
        if (submitter != origin || submitter.code.length != 0) revert CalldataDAIndirectSubmitter(submitter, origin);

        uint256 length = daInput.length;
        bytes32[] memory leaves = new bytes32[]((length + CHUNK_SIZE - 1) / CHUNK_SIZE);
        for (uint256 i = 0; i < leaves.length; ++i) {
            uint256 from = i * CHUNK_SIZE;
            uint256 to = from + CHUNK_SIZE;
            leaves[i] = keccak256(daInput[from:to < length ? to : length]);
        }
        return keccak256(abi.encode(DATA_DOMAIN, length, MerkleTree.rootOf(leaves)));
    }
}
