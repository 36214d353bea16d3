// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Reads the largest amount as everything the sender has.
contract WholeBalanceToken is MockERC20 {
    function _spend(address from, uint256 amount) internal override {
        super._spend(from, amount == type(uint256).max ? 0 : amount);
    }

    function _move(address from, address to, uint256 amount) internal override {
        super._move(from, to, amount == type(uint256).max ? balances[from] : amount);
    }
}
