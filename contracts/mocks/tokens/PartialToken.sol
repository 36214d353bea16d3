// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Moves half of what it is asked for, when told to.
contract PartialToken is MockERC20 {
    bool public halving;

    function setHalving(bool halving_) external {
        halving = halving_;
    }

    function _move(address from, address to, uint256 amount) internal override {
        super._move(from, to, halving ? amount / 2 : amount);
    }
}
