// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

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
