// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {StoredCode} from "../libraries/StoredCode.sol";

/// @title MemberList
/// @notice A list of accounts kept as the code of a contract, 20 bytes for each.
library MemberList {
    /// @notice Writes a list.
    /// @return at The contract that holds it.
    function store(address[] memory accounts) internal returns (address at) {
        uint256 length = 20 * accounts.length;
        // The last account is written as a whole word.
        bytes memory data = new bytes(length + 12);
        assembly ("memory-safe") {
            let to := add(data, 0x20)
            let from := add(accounts, 0x20)
            for {
                let end := add(from, shl(5, mload(accounts)))
            } lt(from, end) {
                from := add(from, 0x20)
                to := add(to, 20)
            } {
                mstore(to, shl(96, mload(from)))
            }
            mstore(data, length)
        }
        return StoredCode.store(data);
    }

    /// @notice Reads a list.
    /// @return list As it is kept: for `count` and `get`.
    function load(address at) internal view returns (bytes memory list) {
        return at.code;
    }

    /// @notice Number of accounts in a list that `load` gave.
    function count(bytes memory list) internal pure returns (uint256) {
        return list.length / 20;
    }

    /// @notice Account `index`, which must be below `count`.
    function get(bytes memory list, uint256 index) internal pure returns (address account) {
        assembly ("memory-safe") {
            // 32 bytes of length, the zero byte, 20 bytes for each account before.
            account := shr(96, mload(add(add(list, 0x21), mul(index, 20))))
        }
    }
}
