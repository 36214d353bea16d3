// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MerkleTree} from "../libraries/MerkleTree.sol";

/// @title CalldataForm
/// @notice Batch data in the calldata of the transaction that posts the batch: form 0 of every data-availability layer.
/// See docs/data-availability.md §1.
/// @dev A batch must be posted straight by an account without code, so that its `daInput` is the input of that very
/// transaction and anybody finds it with nothing but a block; a contract in between (or an account that delegates to
/// code, EIP-7702) could bring it from where only traces show it.
abstract contract CalldataForm {
    /// @notice `submitter` is not the code-less account that signed this transaction.
    error DataIndirectSubmitter(address submitter, address origin);
    /// @notice The layer has no such form.
    error DataUnknownForm(uint8 form);
    /// @notice `daInput` lacks its first byte, the form.
    error DataWithoutForm();

    /// @notice Tells a data hash from every other hash of the protocol.
    bytes32 public constant DATA_DOMAIN = keccak256("hardhat-rollup.data.v1");
    /// @notice Bytes per leaf of the data's Merkle tree.
    uint256 public constant CHUNK_SIZE = 4096;
    /// @notice `daInput` is this byte and the data.
    uint8 public constant FORM_CALLDATA = 0;

    /// @notice Form of `daInput`.
    function _formOf(bytes calldata daInput) internal pure returns (uint8) {
        if (daInput.length == 0) revert DataWithoutForm();
        return uint8(bytes1(daInput));
    }

    /// @notice Reverts unless `submitter` signed this transaction and has no code.
    function _requireDirect(address submitter) internal view {
        // The point is where the data stands, not who may act.
        address origin = tx.origin; // solhint-disable-line avoid-tx-origin
        if (submitter != origin || submitter.code.length != 0) revert DataIndirectSubmitter(submitter, origin);
    }

    /// @notice Hash of data in calldata. See docs/protocol.md §3.
    function _hashOf(bytes calldata data) internal pure returns (bytes32) {
        uint256 length = data.length;
        bytes32[] memory leaves;
        // unchecked: a calldata length is far below 2^255.
        unchecked {
            leaves = new bytes32[]((length + CHUNK_SIZE - 1) / CHUNK_SIZE);
            for (uint256 i = 0; i < leaves.length; ++i) {
                uint256 from = i * CHUNK_SIZE;
                uint256 to = from + CHUNK_SIZE;
                leaves[i] = keccak256(data[from:to < length ? to : length]);
            }
        }
        return keccak256(abi.encode(DATA_DOMAIN, length, MerkleTree.rootOf(leaves)));
    }
}
