// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

library Rules {
    function isSmall(uint256 value) internal pure returns (bool) {
        return value != 1 && value < 7;
    }
}
