// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Changes an allowance only from or to zero.
contract ResetAllowanceToken is MockERC20 {
    error MockAllowanceNotReset(address spender, uint256 allowed);

    function approve(address spender, uint256 amount) public override returns (bool) {
        uint256 allowed = allowance[msg.sender][spender];
        if (amount != 0 && allowed != 0) revert MockAllowanceNotReset(spender, allowed);
        return super.approve(spender, amount);
    }
}
