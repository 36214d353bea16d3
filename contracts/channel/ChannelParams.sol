// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What is fixed for the life of a channel. Its id binds it, the chain and the adjudicator. See docs/channels.md §1.
/// @param participants 2 to 32 distinct accounts; participant `turnNum % n` moves at a turn.
/// @param channelNonce Tells channels of the same participants apart; never used twice by them.
/// @param appDefinition The IForceMoveApp whose rules allow moves that not everybody signed.
/// @param challengeDuration Time, in seconds, that each participant has in one dispute; not zero.
/// @param appParamsHash keccak256 of what the app is set up with; zero where there is nothing.
struct ChannelParams {
    address[] participants;
    uint64 channelNonce;
    address appDefinition;
    uint32 challengeDuration;
    bytes32 appParamsHash;
}

using ChannelParamsLib for ChannelParams global;

/// @title ChannelParamsLib
/// @notice The id of a channel, and what its parameters must hold.
library ChannelParamsLib {
    uint256 private constant MIN_PARTICIPANTS = 2;
    uint256 private constant MAX_PARTICIPANTS = 32;

    /// @notice A channel has 2 to 32 participants.
    error ChannelParticipantCount(uint256 count);
    /// @notice No participant is the zero address, and none stands twice.
    error ChannelParticipant(address participant);
    /// @notice Nobody could answer in no time.
    error ChannelZeroDuration();
    /// @notice The first 12 bytes of a channel id are never all zero, so that it is no address.
    error ChannelIdIsAddress(bytes32 channelId);

    /// @notice Id of the channel at `adjudicator` on this chain. Reverts unless the parameters are well-formed.
    function id(ChannelParams calldata params, address adjudicator) internal view returns (bytes32 channelId) {
        uint256 count = params.participants.length;
        if (count < MIN_PARTICIPANTS || count > MAX_PARTICIPANTS) revert ChannelParticipantCount(count);
        if (params.challengeDuration == 0) revert ChannelZeroDuration();
        for (uint256 i = 0; i < count; ++i) {
            address participant = params.participants[i];
            if (participant == address(0)) revert ChannelParticipant(participant);
            for (uint256 j = 0; j < i; ++j) {
                if (params.participants[j] == participant) revert ChannelParticipant(participant);
            }
        }
        channelId = keccak256(abi.encode(block.chainid, adjudicator, params));
        requireChannel(channelId);
    }

    /// @notice Reverts when `channelId` looks like an address.
    function requireChannel(bytes32 channelId) internal pure {
        if (isAddress(channelId)) revert ChannelIdIsAddress(channelId);
    }

    /// @notice Whether a destination is an account, and not a channel.
    function isAddress(bytes32 destination) internal pure returns (bool) {
        return uint256(destination) >> 160 == 0;
    }
}
