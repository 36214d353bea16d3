// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A token behind a proxy that names its implementation.
contract UpgradableToken {
    /// @dev Out of the way of the implementation's storage.
    bytes32 private constant IMPLEMENTATION = keccak256("implementation of the upgradable token");

    constructor(address implementation_) {
        upgradeTo(implementation_);
    }

    function upgradeTo(address implementation_) public {
        bytes32 slot = IMPLEMENTATION;
        assembly ("memory-safe") {
            sstore(slot, implementation_)
        }
    }

    function implementation() public view returns (address value) {
        bytes32 slot = IMPLEMENTATION;
        assembly ("memory-safe") {
            value := sload(slot)
        }
    }

    fallback() external {
        address target = implementation();
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, 0, calldatasize())
            let success := delegatecall(gas(), target, free, calldatasize(), 0, 0)
            returndatacopy(free, 0, returndatasize())
            if iszero(success) {
                revert(free, returndatasize())
            }
            return(free, returndatasize())
        }
    }
}
