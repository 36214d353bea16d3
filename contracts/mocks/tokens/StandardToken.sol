// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @notice A well-behaved token with ERC-2612.
contract StandardToken is ERC20, ERC20Permit {
    constructor() ERC20("Standard", "STD") ERC20Permit("Standard") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
