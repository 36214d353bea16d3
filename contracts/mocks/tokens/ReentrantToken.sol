// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Calls whomever it was told to in the middle of a transfer, as hooks of ERC-777 let the parties do.
contract ReentrantToken is MockERC20 {
    address public callee;
    bytes public callData;
    uint256 public calls;
    bytes public lastAnswer;

    function setCall(address callee_, bytes calldata callData_) external {
        callee = callee_;
        callData = callData_;
    }

    function _move(address from, address to, uint256 amount) internal override {
        if (callee != address(0)) {
            (bool success, bytes memory answer) = callee.call(callData);
            if (success) ++calls;
            lastAnswer = answer;
        }
        super._move(from, to, amount);
    }
}
