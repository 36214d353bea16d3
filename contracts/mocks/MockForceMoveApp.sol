// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ChannelParams} from "../channel/ChannelParams.sol";
import {ChannelState} from "../channel/ChannelState.sol";
import {IChannelAdjudicator} from "../channel/IChannelAdjudicator.sol";
import {AppState, IForceMoveApp} from "../channel/IForceMoveApp.sol";

/// @notice What an app does when it is asked.
enum Answer {
    No,
    Yes,
    Two,
    Revert,
    BurnGas,
    AnswerBomb,
    RevertBomb,
    Short,
    Expected
}

/// @notice An app whose answer a test chooses, and its judge.
contract MockForceMoveApp is IForceMoveApp {
    Answer public answer;
    bytes32 public expected;

    error MockRefused();

    function setAnswer(Answer answer_) external {
        answer = answer_;
    }

    /// @notice Says yes to this very question alone.
    function expectQuestion(bytes calldata question) external {
        (answer, expected) = (Answer.Expected, keccak256(question));
    }

    function openArbitration(IChannelAdjudicator adjudicator, ChannelParams calldata params) external {
        adjudicator.openArbitration(params);
    }

    function closeArbitration(
        IChannelAdjudicator adjudicator,
        ChannelParams calldata params,
        ChannelState calldata state,
        uint8 loser
    ) external {
        adjudicator.closeArbitration(params, state, loser);
    }

    /// @inheritdoc IForceMoveApp
    function stateIsSupported(bytes32, ChannelParams calldata, AppState[] calldata) external view returns (bool) {
        if (answer == Answer.Revert) revert MockRefused();
        if (answer == Answer.Expected) return keccak256(msg.data) == expected;
        bytes32 burnt;
        while (answer == Answer.BurnGas) burnt = keccak256(abi.encode(burnt));
        (Answer chosen, uint256 word, uint256 size) = (answer, 1, 0x20);
        if (chosen == Answer.No) word = 0;
        if (chosen == Answer.Two) word = 2;
        if (chosen == Answer.Short) size = 0x1f;
        if (chosen == Answer.AnswerBomb || chosen == Answer.RevertBomb) size = 500000;
        bool refuses = chosen == Answer.RevertBomb;
        assembly ("memory-safe") {
            mstore(0x00, word)
            if refuses {
                revert(0x00, size)
            }
            return(0x00, size)
        }
    }
}
