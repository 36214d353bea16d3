// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What tests call on the admin that a transparent proxy creates for itself.
interface IProxyAdmin {
    function upgradeAndCall(address proxy, address implementation, bytes calldata data) external payable;
}
