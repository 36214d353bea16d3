// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Burns all the gas a transfer is given, when told to.
contract GasBurnerToken is MockERC20 {
    bool public burning;

    function setBurning(bool burning_) external {
        burning = burning_;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        while (burning) ++totalSupply;
        return super.transfer(to, amount);
    }
}
