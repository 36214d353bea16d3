// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ISequencerRegistry} from "../sequencing/ISequencerRegistry.sol";

/// @title ReentrantSequencer
/// @notice A sequencer that answers every payment with another call to the registry.
contract ReentrantSequencer {
    ISequencerRegistry private immutable REGISTRY;

    bytes private _answer;

    constructor(ISequencerRegistry registry) payable {
        REGISTRY = registry;
    }

    receive() external payable {
        _forward(_answer, 0);
    }

    /// @notice What to call on every payment.
    function answerWith(bytes calldata answer) external {
        _answer = answer;
    }

    /// @notice Calls the registry with `value` wei.
    function call(bytes calldata data, uint256 value) external {
        _forward(data, value);
    }

    function _forward(bytes memory data, uint256 value) private {
        (bool success, bytes memory reason) = address(REGISTRY).call{value: value}(data);
        if (success) return;
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }
}
