// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice One ledger with two addresses: this one and a SecondAddress.
contract TwoAddressToken is MockERC20 {
    function approveAs(address caller, address spender, uint256 amount) external returns (bool) {
        allowance[caller][spender] = amount;
        return true;
    }

    function transferAs(address caller, address to, uint256 amount) external returns (bool) {
        _move(caller, to, amount);
        return true;
    }

    function transferFromAs(address caller, address from, address to, uint256 amount) external returns (bool) {
        allowance[from][caller] -= amount;
        _move(from, to, amount);
        return true;
    }
}
