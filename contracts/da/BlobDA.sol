// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BatchHeader} from "../libraries/BatchHeader.sol";
import {CalldataForm} from "./CalldataForm.sol";
import {IDataAvailability} from "./IDataAvailability.sol";

/// @title BlobDA
/// @notice Batch data in blobs (EIP-4844) of the transaction that posts the batch, or in its calldata. See
/// docs/data-availability.md §2.
/// @dev Stateless. Invariant: the versioned hashes behind a data hash are those of the transaction that committed to it,
/// so whoever accepted its block had the blobs.
contract BlobDA is CalldataForm, IDataAvailability {
    /// @notice The transaction has no blob at `index`.
    error BlobDAMissingBlob(uint256 index);
    /// @notice Form 1 is followed by 5 bytes, not by `length`.
    error BlobDAMalformedInput(uint256 length);
    /// @notice Blobs carry 1 to 2^20 bytes, not `length`.
    error BlobDALengthOutOfRange(uint256 length);

    /// @notice Tells the hash of data in blobs from every other hash of the protocol.
    bytes32 public constant BLOB_DOMAIN = keccak256("hardhat-rollup.blob.v1");
    /// @notice `daInput` is this byte, the length of the data (4 bytes) and the index of their first blob (1 byte).
    uint8 public constant FORM_BLOBS = 1;
    /// @notice Bytes of data in a blob: 4,096 field elements of 254 bits.
    uint256 public constant BLOB_CAPACITY = 130_048;
    /// @notice Longer data is malformed anyway (docs/protocol.md §6).
    uint256 public constant MAX_LENGTH = 1 << 20;

    /// @inheritdoc IDataAvailability
    function commit(BatchHeader calldata header, bytes calldata daInput) external view returns (bytes32 dataHash) {
        _requireDirect(header.submitter);
        uint8 form = _formOf(daInput);
        if (form == FORM_CALLDATA) return _hashOf(daInput[1:]);
        if (form != FORM_BLOBS) revert DataUnknownForm(form);
        if (daInput.length != 6) revert BlobDAMalformedInput(daInput.length - 1);
        return _hashOfBlobs(uint32(bytes4(daInput[1:5])), uint8(daInput[5]));
    }

    /// @notice Hash of `length` bytes in the blobs from `first` on.
    function _hashOfBlobs(uint256 length, uint256 first) private view returns (bytes32) {
        if (length == 0 || length > MAX_LENGTH) revert BlobDALengthOutOfRange(length);
        uint256 count = (length + BLOB_CAPACITY - 1) / BLOB_CAPACITY;
        bytes32[] memory words = new bytes32[](count + 2);
        words[0] = BLOB_DOMAIN;
        words[1] = bytes32(length);
        for (uint256 i = 0; i < count; ++i) {
            bytes32 versionedHash = blobhash(first + i);
            if (versionedHash == 0) revert BlobDAMissingBlob(first + i);
            words[i + 2] = versionedHash;
        }
        return keccak256(abi.encodePacked(words));
    }
}
