// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice Keeps something first.
contract StoredBase {
    address payable internal _first;
}
