// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ChannelParams} from "../channel/ChannelParams.sol";
import {ChannelState} from "../channel/ChannelState.sol";
import {ChannelMode, ChannelStatus} from "../channel/IChannelAdjudicator.sol";

/// @notice Stands for the adjudicator where a test wants to say itself where a channel is.
contract ArbitrationMock {
    struct SessionKey {
        address key;
        uint64 expiry;
    }

    event Opened(bytes32 indexed channelId);
    event Closed(bytes32 indexed channelId, bytes32 stateHash, uint8 loser);

    mapping(bytes32 channelId => ChannelStatus) private _statuses;
    mapping(bytes32 channelId => mapping(address participant => SessionKey)) public sessionKeyOf;

    function set(bytes32 channelId, ChannelMode mode, bytes32 stateHash) external {
        (_statuses[channelId].mode, _statuses[channelId].stateHash) = (mode, stateHash);
    }

    function setSessionKey(bytes32 channelId, address participant, address key, uint64 expiry) external {
        sessionKeyOf[channelId][participant] = SessionKey(key, expiry);
    }

    function openArbitration(ChannelParams calldata params) external {
        bytes32 channelId = params.id(address(this));
        _statuses[channelId].mode = ChannelMode.Arbitration;
        emit Opened(channelId);
    }

    function closeArbitration(ChannelParams calldata params, ChannelState calldata state, uint8 loser) external {
        bytes32 channelId = params.id(address(this));
        (_statuses[channelId].mode, _statuses[channelId].stateHash) = (ChannelMode.Finalized, state.hash(channelId));
        emit Closed(channelId, state.hash(channelId), loser);
    }

    function statusOf(bytes32 channelId) external view returns (ChannelStatus memory) {
        return _statuses[channelId];
    }
}
