// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Refuses transfers from and to listed accounts.
contract BlocklistToken is MockERC20 {
    mapping(address account => bool) public blocked;

    error MockBlocked(address account);

    function setBlocked(address account, bool blocked_) external {
        blocked[account] = blocked_;
    }

    function _move(address from, address to, uint256 amount) internal override {
        if (blocked[from]) revert MockBlocked(from);
        if (blocked[to]) revert MockBlocked(to);
        super._move(from, to, amount);
    }
}
