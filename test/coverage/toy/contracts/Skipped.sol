// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

contract Skipped {
    function get(uint256 value) external pure returns (uint256) {
        return value == 1 ? 2 : 3;
    }
}
