// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ClaimWord} from "./ClaimWord.sol";

/// @notice The best of the claims that stand against one: one word, zero where there is none.
/// @dev From the highest bits: index 8, postedAt 32, first bytes of the id 56, claimant 160. So the smaller word wins, in
/// whatever order the claims are resolved.
type WinnerWord is uint256;

using WinnerWordLib for WinnerWord global;

/// @title WinnerWordLib
/// @notice The order of standing claims: lowest index, then earliest posted, then smallest id.
library WinnerWordLib {
    uint256 private constant ID = 160;
    uint256 private constant POSTED_AT = 216;
    uint256 private constant INDEX = 248;

    /// @param index Below 2^8.
    function create(bytes32 id, uint256 index, ClaimWord claim) internal pure returns (WinnerWord) {
        return
            WinnerWord.wrap(
                (index << INDEX) |
                    (uint256(claim.postedAt()) << POSTED_AT) |
                    ((uint256(id) >> 200) << ID) |
                    uint160(claim.claimant())
            );
    }

    function exists(WinnerWord self) internal pure returns (bool) {
        return WinnerWord.unwrap(self) != 0;
    }

    function claimant(WinnerWord self) internal pure returns (address) {
        return address(uint160(WinnerWord.unwrap(self)));
    }

    /// @notice Whether this claim wins against `other`, or there is no other.
    function isBefore(WinnerWord self, WinnerWord other) internal pure returns (bool) {
        return !other.exists() || WinnerWord.unwrap(self) < WinnerWord.unwrap(other);
    }
}
