// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @dev Fits into a contract, and no longer does when it is instrumented: the test fills the padding.
contract Large {
    bytes private constant PADDING = hex"";

    function isPadded(uint256 a, uint256 b) external pure returns (bool) {
        if (a == b || a == 2 * b || b == 2 * a) return PADDING.length == a;
        return a < b && PADDING.length > b;
    }
}
