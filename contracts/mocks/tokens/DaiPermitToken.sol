// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Its permit has the arguments that DAI has: another function than the one of ERC-2612.
contract DaiPermitToken is MockERC20 {
    function permit(address holder, address spender, uint256, uint256, bool allowed, uint8, bytes32, bytes32) external {
        allowance[holder][spender] = allowed ? type(uint256).max : 0;
    }
}
