// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title StandardToken
/// @notice A well-behaved token with ERC-2612, for demos and tests: anyone mints.
contract StandardToken is ERC20, ERC20Permit {
    constructor() ERC20("Standard", "STD") ERC20Permit("Standard") {}

    /// @notice Makes `amount` out of nothing for `to`.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
