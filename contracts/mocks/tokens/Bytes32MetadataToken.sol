// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Its name and symbol are bytes32.
contract Bytes32MetadataToken is MockERC20 {
    function name() external pure returns (bytes32) {
        return "Bytes32";
    }

    function symbol() external pure returns (bytes32) {
        return "B32";
    }
}
