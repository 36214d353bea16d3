// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ChannelParams} from "../ChannelParams.sol";
import {AppState, IForceMoveApp} from "../IForceMoveApp.sol";

/// @title TurnTakingApp
/// @notice Participants move in turn: participant `turnNum % n` makes the move to the state of that turn and signs it. A state
/// is supported by a chain of moves that ends with it, in which everybody signed at least one state: who signed a state agrees
/// to it and to the moves that the rules allow after it. So behind a state that everybody signed, or that the adjudicator
/// holds, one move is enough; without such a state it takes n moves in a row.
/// @dev Invariants:
/// 1. Every state of a chain is signed by its mover, and is of the turn after the one before it.
/// 2. Nothing follows a final state.
/// 3. Every step of a chain obeys the rule of the app.
/// 4. Everybody signed a state of the chain.
abstract contract TurnTakingApp is IForceMoveApp {
    /// @notice A chain goes from turn to turn.
    error TurnTakingSkipped(uint64 expected, uint64 turnNum);
    /// @notice The state of this turn needs the signature of participant `mover`.
    error TurnTakingNotMover(uint64 turnNum, uint256 mover, uint256 signedBy);
    /// @notice The channel ended with the state of this turn.
    error TurnTakingAfterFinal(uint64 turnNum);
    /// @notice Not everybody signed a state of the chain.
    error TurnTakingUnbound(uint256 expected, uint256 signedBy);

    /* VIEWS */

    /// @inheritdoc IForceMoveApp
    function stateIsSupported(
        bytes32 channelId,
        ChannelParams calldata params,
        AppState[] calldata support
    ) external view returns (bool) {
        uint256 count = params.participants.length;
        uint256 signedBy = 0;
        for (uint256 i = 0; i < support.length; ++i) {
            AppState calldata state = support[i];
            uint256 mover = state.turnNum % count;
            if ((state.signedBy >> mover) & 1 == 0) revert TurnTakingNotMover(state.turnNum, mover, state.signedBy);
            signedBy |= state.signedBy;
            if (i == 0) continue;

            AppState calldata last = support[i - 1];
            if (last.isFinal) revert TurnTakingAfterFinal(last.turnNum);
            if (state.turnNum != last.turnNum + 1) revert TurnTakingSkipped(last.turnNum + 1, state.turnNum);
            _requireMove(channelId, params, last, state, mover);
        }
        uint256 everybody = (1 << count) - 1;
        if (signedBy != everybody) revert TurnTakingUnbound(everybody, signedBy);
        return true;
    }

    /* INTERNAL */

    /// @notice The rule of the app: reverts unless participant `mover` may go from `last` to `next`.
    function _requireMove(
        bytes32 channelId,
        ChannelParams calldata params,
        AppState calldata last,
        AppState calldata next,
        uint256 mover
    ) internal view virtual;
}
