// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MerkleTree} from "../libraries/MerkleTree.sol";
import {ChannelParams} from "./ChannelParams.sol";
import {ChannelState} from "./ChannelState.sol";

/// @notice A state with what is behind its hashes, as it is shown to an app's judge.
/// @param appData Hash of the state before (32 bytes), then the state as the program has it.
struct ShownState {
    uint64 turnNum;
    bool isFinal;
    bytes appData;
    bytes outcome;
}

using ChannelTransition for ShownState global;

/// @title ChannelTransition
/// @notice A move as a program in the machine reads it: bytes, and what commits to them. See docs/wasm-apps.md §3.
library ChannelTransition {
    /// @dev Those of batch data in calldata (docs/protocol.md §3), so that programs read a move as they read a batch.
    bytes32 private constant DATA_DOMAIN = keccak256("hardhat-rollup.data.v1");
    uint256 private constant CHUNK_SIZE = 4096;

    /// @notice Struct hash of the state.
    function hash(ShownState calldata self, bytes32 channelId) internal pure returns (bytes32) {
        return
            ChannelState(self.turnNum, self.isFinal, keccak256(self.appData), keccak256(self.outcome)).hash(channelId);
    }

    /// @notice The bytes of a move.
    /// @param base The state before it.
    /// @param candidate The state that it leads to.
    function encode(
        bytes32 channelId,
        ChannelParams calldata params,
        ShownState calldata base,
        ShownState calldata candidate
    ) internal pure returns (bytes memory) {
        return
            bytes.concat(
                abi.encode(
                    channelId,
                    params.appParamsHash,
                    candidate.turnNum,
                    candidate.isFinal,
                    params.participants.length
                ),
                abi.encodePacked(params.participants), // a word each
                abi.encodePacked(base.appData.length, base.appData),
                abi.encodePacked(candidate.appData.length, candidate.appData),
                abi.encodePacked(base.outcome.length, base.outcome),
                abi.encodePacked(candidate.outcome.length, candidate.outcome)
            );
    }

    /// @notice What commits to data: docs/protocol.md §3.
    function dataHash(bytes memory data) internal pure returns (bytes32) {
        uint256 length = data.length;
        bytes32[] memory leaves;
        // unchecked: the length of a memory array is far below 2^255.
        unchecked {
            leaves = new bytes32[]((length + CHUNK_SIZE - 1) / CHUNK_SIZE);
            for (uint256 i = 0; i < leaves.length; ++i) {
                uint256 from = i * CHUNK_SIZE;
                uint256 size = length - from < CHUNK_SIZE ? length - from : CHUNK_SIZE;
                bytes32 leaf;
                assembly ("memory-safe") {
                    leaf := keccak256(add(add(data, 0x20), from), size)
                }
                leaves[i] = leaf;
            }
        }
        return keccak256(abi.encode(DATA_DOMAIN, length, MerkleTree.rootOf(leaves)));
    }
}
