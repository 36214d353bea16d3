// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Mints any amount for the length of one call.
contract FlashMintToken is MockERC20 {
    function flash(uint256 amount, address target, bytes calldata data) external {
        balances[msg.sender] += amount;
        totalSupply += amount;
        (bool success, bytes memory answer) = target.call(data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        if (balances[msg.sender] < amount) revert MockBalance(msg.sender, balances[msg.sender], amount);
        balances[msg.sender] -= amount;
        totalSupply -= amount;
    }
}
