// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Refuses every transfer while it is paused.
contract PausableToken is MockERC20 {
    bool public paused;

    error MockPaused();

    function setPaused(bool paused_) external {
        paused = paused_;
    }

    function _move(address from, address to, uint256 amount) internal override {
        if (paused) revert MockPaused();
        super._move(from, to, amount);
    }
}
