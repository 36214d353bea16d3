// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A state of a channel, which is known where it stands. What is signed is its hash, which binds the channel's id.
/// @param turnNum Its number; a later one overrides it.
/// @param isFinal Nothing follows it.
/// @param appDataHash keccak256 of the app's data.
/// @param outcomeHash keccak256 of the encoded outcome (Outcome.sol).
struct ChannelState {
    uint64 turnNum;
    bool isFinal;
    bytes32 appDataHash;
    bytes32 outcomeHash;
}

/// @notice A state with signatures, and what is behind its hashes where an app has to look at it.
/// @param signedBy Bit `i`: participant `i` signed.
/// @param signatures Of the State's EIP-712 digest, 64 bytes each (EIP-2098), in the order of the bits.
/// @param appData Empty where everybody signed: the app is not asked then.
/// @param outcome The same.
struct SignedState {
    ChannelState state;
    uint256 signedBy;
    bytes signatures;
    bytes appData;
    bytes outcome;
}

using ChannelStateLib for ChannelState global;

/// @title ChannelStateLib
/// @notice EIP-712 struct hashes of what participants sign.
library ChannelStateLib {
    bytes32 internal constant STATE_TYPEHASH = keccak256(
        "State(bytes32 channelId,uint64 turnNum,bool isFinal,bytes32 appDataHash,bytes32 outcomeHash)"
    );
    bytes32 internal constant CHALLENGE_TYPEHASH = keccak256(
        "Challenge(bytes32 channelId,uint64 turnNum,bytes32 stateHash)"
    );
    bytes32 internal constant WITHDRAWAL_TYPEHASH = keccak256(
        "Withdrawal(bytes32 channelId,address asset,bytes32 destination,uint256 total)"
    );
    bytes32 internal constant SESSION_KEY_TYPEHASH = keccak256(
        "SessionKey(bytes32 channelId,address participant,address key,uint64 expiry)"
    );

    /// @notice Struct hash of a state: what stands for it everywhere.
    function hash(ChannelState memory state, bytes32 channelId) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    STATE_TYPEHASH,
                    channelId,
                    state.turnNum,
                    state.isFinal,
                    state.appDataHash,
                    state.outcomeHash
                )
            );
    }
}
