// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TwoAddressToken} from "./TwoAddressToken.sol";

/// @notice A second address of the same token.
contract SecondAddress {
    TwoAddressToken private immutable TOKEN;

    constructor(TwoAddressToken token) {
        TOKEN = token;
    }

    function mint(address to, uint256 amount) external {
        TOKEN.mint(to, amount);
    }

    function balanceOf(address account) external view returns (uint256) {
        return TOKEN.balanceOf(account);
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        return TOKEN.approveAs(msg.sender, spender, amount);
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return TOKEN.transferAs(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        return TOKEN.transferFromAs(msg.sender, from, to, amount);
    }
}
