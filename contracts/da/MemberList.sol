// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title MemberList
/// @notice A list of accounts kept as the code of a contract: one access reads all of it, where storage takes one for each.
/// @dev The code is a zero byte, which stops whoever calls it, and 20 bytes for each account.
library MemberList {
    /// @notice The contract with the list could not be created.
    error MemberListNotStored();

    /// @dev Returns what follows these 11 bytes as the code: codecopy(0, 11, codesize - 11), return.
    bytes11 private constant CREATION = 0x600b5981380380925939f3;

    /// @notice Writes a list.
    /// @return at The contract that holds it.
    function store(address[] memory accounts) internal returns (address at) {
        uint256 length = 12 + 20 * accounts.length;
        // The last account is written as a whole word.
        bytes memory code = new bytes(length + 12);
        bytes32 creation = CREATION;
        assembly ("memory-safe") {
            let to := add(code, 0x20)
            mstore(to, creation)
            to := add(to, 12)
            let from := add(accounts, 0x20)
            for {
                let end := add(from, shl(5, mload(accounts)))
            } lt(from, end) {
                from := add(from, 0x20)
                to := add(to, 20)
            } {
                mstore(to, shl(96, mload(from)))
            }
            at := create(0, add(code, 0x20), length)
        }
        if (at == address(0)) revert MemberListNotStored();
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
