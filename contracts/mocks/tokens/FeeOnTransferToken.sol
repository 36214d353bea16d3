// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Takes a tenth of every transfer from what arrives.
contract FeeOnTransferToken is MockERC20 {
    function _move(address from, address to, uint256 amount) internal override {
        super._move(from, to, amount);
        balances[to] -= amount / 10;
        totalSupply -= amount / 10;
    }
}
