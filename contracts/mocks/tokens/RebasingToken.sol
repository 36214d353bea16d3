// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Its owner changes anybody's balance without a transfer.
contract RebasingToken is MockERC20 {
    function rebase(address account, uint256 balance) external {
        totalSupply = totalSupply - balances[account] + balance;
        balances[account] = balance;
    }
}
