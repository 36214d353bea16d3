// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @notice The timelock that everybody has: without a minimum.
contract PlainTimelock is TimelockController {
    constructor(uint256 delay) TimelockController(delay, new address[](0), new address[](0), address(0)) {}
}
