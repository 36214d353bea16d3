// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Refuses an allowance that replaces another, one of zero, and one for the zero address.
contract ApprovalToken is MockERC20 {
    error MockApproval(address spender, uint256 amount);

    function approve(address spender, uint256 amount) public override returns (bool) {
        if (amount == 0 || spender == address(0) || allowance[msg.sender][spender] != 0) {
            revert MockApproval(spender, amount);
        }
        return super.approve(spender, amount);
    }
}
