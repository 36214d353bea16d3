// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ChannelParams} from "./ChannelParams.sol";

/// @notice A state as an app sees it.
/// @param stateHash Struct hash of the state.
/// @param signedBy Bit `i`: participant `i` signed it. All bits where the adjudicator holds it as the state of a challenge:
/// everybody is bound by that one.
struct AppState {
    bytes32 stateHash;
    uint64 turnNum;
    bool isFinal;
    uint256 signedBy;
    bytes appData;
    bytes outcome;
}

/// @title IForceMoveApp
/// @notice The rules of a channel: which state follows without everybody's signature. What everybody signed needs no rule.
interface IForceMoveApp {
    /// @notice Whether the last of `support` binds everybody, given those before it. Called by the adjudicator with a gas
    /// limit; a revert is a no.
    /// @param channelId The channel.
    /// @param params Its parameters.
    /// @param support At least one state, in ascending turns. Signatures are checked, and hashes are those of the bytes.
    function stateIsSupported(
        bytes32 channelId,
        ChannelParams calldata params,
        AppState[] calldata support
    ) external view returns (bool);
}
