// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Refuses a transfer to the zero address.
contract RevertToZeroToken is MockERC20 {
    error MockZeroAddress();

    function _move(address from, address to, uint256 amount) internal override {
        if (to == address(0)) revert MockZeroAddress();
        super._move(from, to, amount);
    }
}
