// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Takes a tenth of every transfer on top, from the sender.
contract FeeOnSenderToken is MockERC20 {
    bool public charging;

    function setCharging(bool charging_) external {
        charging = charging_;
    }

    function _move(address from, address to, uint256 amount) internal override {
        super._move(from, to, amount);
        if (charging) balances[from] -= amount / 10;
    }
}
