// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Refuses a transfer of nothing.
contract RevertZeroToken is MockERC20 {
    error MockZeroAmount();

    function _move(address from, address to, uint256 amount) internal override {
        if (amount == 0) revert MockZeroAmount();
        super._move(from, to, amount);
    }
}
