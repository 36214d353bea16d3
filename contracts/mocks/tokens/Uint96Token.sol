// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Refuses amounts above 96 bits.
contract Uint96Token is MockERC20 {
    error MockUint96(uint256 amount);

    function approve(address spender, uint256 amount) public override returns (bool) {
        return super.approve(spender, amount == type(uint256).max ? type(uint96).max : amount);
    }

    function _move(address from, address to, uint256 amount) internal override {
        if (amount > type(uint96).max) revert MockUint96(amount);
        super._move(from, to, amount);
    }
}
