// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IChannelAdjudicator} from "./IChannelAdjudicator.sol";

/// @notice How much of an asset a destination is entitled to, in all, since the channel was opened.
/// @param destination An account (12 zero bytes, then its address) or the id of a channel.
/// @param amount In the asset's smallest unit.
/// @param allocationType 0 simple, 2 guarantee.
/// @param metadata Empty; of a guarantee abi.encode(bytes32 left, bytes32 right).
struct Allocation {
    bytes32 destination;
    uint256 amount;
    uint8 allocationType;
    bytes metadata;
}

/// @notice What an asset is beyond its address.
/// @param assetType 0: the native currency or an ERC-20; others are refused.
/// @param metadata Empty.
struct AssetMetadata {
    uint8 assetType;
    bytes metadata;
}

/// @notice What one asset is divided into. An outcome is abi.encode(AssetOutcome[]), which is the format of
/// @statechannels/exit-format 0.2.0.
/// @param asset An ERC-20; zero for ETH. Strictly ascending over an outcome.
/// @param allocations In the order in which they are served where there is too little.
struct AssetOutcome {
    address asset;
    AssetMetadata assetMetadata;
    Allocation[] allocations;
}

/// @title OutcomeLib
/// @notice Reads outcomes.
library OutcomeLib {
    uint8 internal constant SIMPLE = 0;
    uint8 internal constant GUARANTEE = 2;
    /// @dev Two words: left and right.
    uint256 private constant GUARANTEE_METADATA = 64;

    /// @notice The outcome behind `outcomeHash`. Reverts unless `outcome` is it, and well-formed.
    function decode(bytes calldata outcome, bytes32 outcomeHash) internal pure returns (AssetOutcome[] memory parts) {
        requirePreimage(outcomeHash, outcome);
        return decode(outcome);
    }

    /// @notice The outcome that the bytes are. Reverts unless it is well-formed.
    function decode(bytes calldata outcome) internal pure returns (AssetOutcome[] memory parts) {
        // In memory, because structs inside of calldata bytes would not be held to their end.
        parts = abi.decode(outcome, (AssetOutcome[]));
        address before;
        for (uint256 i = 0; i < parts.length; ++i) {
            AssetOutcome memory part = parts[i];
            address asset = part.asset;
            if (i != 0 && asset <= before) revert IChannelAdjudicator.ChannelAssetOrder(before, asset);
            before = asset;
            AssetMetadata memory metadata = part.assetMetadata;
            if (metadata.assetType != 0 || metadata.metadata.length != 0) {
                revert IChannelAdjudicator.ChannelOutcomeType(i, metadata.assetType);
            }
            _requireAllocations(i, part.allocations);
        }
    }

    /// @notice Reverts unless the bytes are those behind a hash.
    function requirePreimage(bytes32 expected, bytes calldata preimage) internal pure {
        bytes32 found = keccak256(preimage);
        if (found != expected) revert IChannelAdjudicator.ChannelPreimage(expected, found);
    }

    /// @notice keccak256 of its encoding. Bytes of another hash that decode to it are another encoding of it.
    function hash(AssetOutcome[] memory outcome) internal pure returns (bytes32) {
        return keccak256(abi.encode(outcome));
    }

    /// @notice Who gets what the channel of a guarantee leaves.
    function sidesOf(Allocation memory guarantee) internal pure returns (bytes32 left, bytes32 right) {
        return abi.decode(guarantee.metadata, (bytes32, bytes32));
    }

    /// @dev Sums below 2^248 let nothing overflow that is computed of them.
    function _requireAllocations(uint256 assetIndex, Allocation[] memory allocations) private pure {
        uint256 sum = 0;
        for (uint256 i = 0; i < allocations.length; ++i) {
            Allocation memory allocation = allocations[i];
            (uint8 kind, uint256 length) = (allocation.allocationType, allocation.metadata.length);
            if (!(kind == SIMPLE && length == 0) && !(kind == GUARANTEE && length == GUARANTEE_METADATA)) {
                revert IChannelAdjudicator.ChannelOutcomeType(assetIndex, kind);
            }
            uint256 amount = allocation.amount;
            if (amount > type(uint248).max - sum) revert IChannelAdjudicator.ChannelOutcomeSum(assetIndex);
            // unchecked: compared in the line above.
            unchecked {
                sum += amount;
            }
        }
    }
}
