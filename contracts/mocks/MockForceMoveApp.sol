// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ChannelParams} from "../channel/ChannelParams.sol";
import {ChannelState} from "../channel/ChannelState.sol";
import {IChannelAdjudicator} from "../channel/IChannelAdjudicator.sol";
import {AppState, IForceMoveApp} from "../channel/IForceMoveApp.sol";

/// @notice What an app does when it is asked.
enum Verdict {
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
    Verdict public verdict;
    bytes32 public expected;

    error MockRefused();

    function setVerdict(Verdict verdict_) external {
        verdict = verdict_;
    }

    /// @notice Says yes to this very question alone.
    function expectQuestion(bytes calldata question) external {
        (verdict, expected) = (Verdict.Expected, keccak256(question));
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
        if (verdict == Verdict.Revert) revert MockRefused();
        if (verdict == Verdict.Expected) return keccak256(msg.data) == expected;
        bytes32 burnt;
        while (verdict == Verdict.BurnGas) burnt = keccak256(abi.encode(burnt));
        (Verdict answer, uint256 word, uint256 size) = (verdict, 1, 0x20);
        if (answer == Verdict.No) word = 0;
        if (answer == Verdict.Two) word = 2;
        if (answer == Verdict.Short) size = 0x1f;
        if (answer == Verdict.AnswerBomb || answer == Verdict.RevertBomb) size = 500000;
        bool refuses = answer == Verdict.RevertBomb;
        assembly ("memory-safe") {
            mstore(0x00, word)
            if refuses {
                revert(0x00, size)
            }
            return(0x00, size)
        }
    }
}
