// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title ReentrantClaimant
/// @notice A participant of the dispute game that answers every payment with calls of its own.
contract ReentrantClaimant {
    address private immutable GAME;

    bytes[] private _answers;
    /// @notice What the game said to each answer.
    bytes[] public results;

    constructor(address game) payable {
        GAME = game;
    }

    receive() external payable {
        for (uint256 i = 0; i < _answers.length; ++i) {
            (bool success, bytes memory result) = GAME.call{value: 0}(_answers[i]);
            results.push(success ? bytes("") : result);
        }
    }

    /// @notice What to call on every payment.
    function answerWith(bytes[] calldata answers) external {
        _answers = answers;
    }

    /// @notice Calls the game with `value` wei.
    function call(bytes calldata data, uint256 value) external {
        (bool success, bytes memory reason) = GAME.call{value: value}(data);
        if (success) return;
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }
}
