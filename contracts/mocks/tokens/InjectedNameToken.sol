// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Its name and symbol are somebody else's code.
contract InjectedNameToken is MockERC20 {
    function name() external pure returns (string memory) {
        return "<script>alert(1)</script>";
    }

    function symbol() external pure returns (string memory) {
        return "\x1b[2J$(reboot)";
    }
}
