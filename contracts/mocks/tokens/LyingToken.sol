// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Says about balances what it was told to, or nothing at all.
contract LyingToken is MockERC20 {
    bool public lying;
    uint256 public lie;
    bool public silent;

    error MockSilent();

    function setLie(uint256 lie_) external {
        (lying, lie) = (true, lie_);
    }

    function setSilent(bool silent_) external {
        silent = silent_;
    }

    function balanceOf(address account) public view override returns (uint256) {
        if (silent) revert MockSilent();
        return lying ? lie : super.balanceOf(account);
    }
}
