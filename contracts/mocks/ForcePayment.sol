// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Pays an account that does not ask to be paid.
contract ForcePayment {
    constructor(address payable to) payable {
        selfdestruct(to);
    }
}
