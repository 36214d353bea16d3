// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IDisputeGame} from "../dispute/IDisputeGame.sol";
import {BatchHeader} from "../libraries/BatchHeader.sol";
import {ChannelParams} from "./ChannelParams.sol";
import {ChannelState} from "./ChannelState.sol";
import {ShownState} from "./ChannelTransition.sol";
import {IChannelAdjudicator} from "./IChannelAdjudicator.sol";
import {IForceMoveApp} from "./IForceMoveApp.sol";

/// @notice How a dispute about a move ended.
/// @param Valid Nobody showed that the program refuses the move: the channel goes on with it.
/// @param Invalid The program refuses it: the channel goes on with the state before.
/// @param Moot Everybody signed another state meanwhile; nothing was to be decided any more.
enum Verdict {
    Valid,
    Invalid,
    Moot
}

/// @title IWasmForceMoveApp
/// @notice Rules that are a program for the machine. A move is taken on trust of who signed it; the other participant may
/// have it judged by the dispute game, down to one instruction. See docs/wasm-apps.md.
interface IWasmForceMoveApp is IForceMoveApp {
    /// @notice A participant holds the last move of a channel false. It must say so in the game before the header's
    /// `finalizesAt`, or else the move stands.
    /// @param header What the game is about: that the program, on this move, ends with "valid".
    event MoveDisputed(
        uint64 indexed index,
        bytes32 indexed channelId,
        BatchHeader header,
        ChannelParams params,
        ShownState base,
        ShownState candidate
    );
    /// @notice A dispute is over.
    event MoveJudged(uint64 indexed index, bytes32 indexed channelId, Verdict verdict);

    /// @notice The app needs an adjudicator.
    error WasmAppZeroAdjudicator();
    /// @notice Moves must be disputable for at least `least` seconds, the game's extension.
    error WasmAppWindow(uint32 window, uint64 least);
    /// @notice Channels that are played by these rules have two participants.
    error WasmAppNotTwo(uint256 count);
    /// @notice Only who did not make the move disputes it, or its session key.
    error WasmAppNotDisputer(address disputer, address caller);
    /// @notice The two states are not before and after a move: the turns must follow each other, the first must not be
    /// final, and the second must name the hash of the first.
    error WasmAppNotAMove(uint64 before, uint64 turnNum, bytes32 previousStateHash);
    /// @notice No challenge of the channel stands at this state.
    error WasmAppNotChallenged(bytes32 channelId, bytes32 stateHash);
    /// @notice A move has at most `most` bytes of app data and outcomes.
    error WasmAppTooLong(uint256 length, uint256 most);
    /// @notice The app knows of no such dispute, or of none any more.
    error WasmAppUnknownDispute(uint64 index, bytes32 headerHash);
    /// @notice The dispute is under way.
    error WasmAppUndecided(uint64 index, uint64 finalizesAt);
    /// @notice The channel goes on with another state, or has other parameters.
    error WasmAppStateMismatch(bytes32 expected, bytes32 found);
    /// @notice Only the game decides.
    error WasmAppUnauthorized(address caller);

    /// @notice Has the last forced move of a challenged channel judged; the clocks stop. Only the participant who did not make
    /// it, or its session key. Who disputes must also counter in the game: else the move stands.
    /// @param base The state before the move.
    /// @param candidate The state that the challenge stands at.
    /// @return index Of the dispute, from 1.
    function dispute(
        ChannelParams calldata params,
        ShownState calldata base,
        ShownState calldata candidate
    ) external returns (uint64 index);

    /// @notice Ends a dispute that is decided or moot; the channel goes on. Anyone may call.
    /// @param header That of the dispute.
    /// @param state What the channel goes on with: the state before the move if it was invalid, else the one after it. Not
    /// read, as `params`, where the dispute is moot.
    function settle(BatchHeader calldata header, ChannelParams calldata params, ChannelState calldata state) external;

    /// @notice Who holds the channels.
    function adjudicator() external view returns (IChannelAdjudicator);
    /// @notice The judge of all moves.
    function game() external view returns (IDisputeGame);
    /// @notice Time, in seconds, in which a move that is under dispute must be countered in the game.
    function window() external view returns (uint64);
    /// @notice Longest time, in seconds, from a dispute to when it can be settled.
    function maxDuration() external view returns (uint64);
    /// @notice Index of the last dispute about a move of the channel; 0 where that one is over.
    function disputeOf(bytes32 channelId) external view returns (uint64);
}
