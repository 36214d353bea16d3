// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Calls whomever it was told to in the middle of a transfer, as hooks of ERC-777 let the parties do.
contract ReentrantToken is MockERC20 {
    address public callee;
    bytes public callData;
    uint256 public remaining;
    uint256 public successes;
    bytes public lastAnswer;

    /// @notice Calls `callee_` before each of the next `times` transfers.
    function setCall(address callee_, bytes calldata callData_, uint256 times) external {
        (callee, callData, remaining) = (callee_, callData_, times);
    }

    function _move(address from, address to, uint256 amount) internal override {
        if (remaining != 0) {
            --remaining;
            (bool success, bytes memory answer) = callee.call(callData);
            if (success) ++successes;
            lastAnswer = answer;
        }
        super._move(from, to, amount);
    }
}
