// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TransparentUpgradeableProxy} from "@openzeppelin/contracts/proxy/transparent/TransparentUpgradeableProxy.sol";

/// @notice The proxy that the suite uses, as an artifact that tests can deploy one by one.
contract TestProxy is TransparentUpgradeableProxy {
    constructor(
        address implementation,
        address owner,
        bytes memory initData
    ) payable TransparentUpgradeableProxy(implementation, owner, initData) {}
}
