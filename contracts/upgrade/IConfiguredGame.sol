// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DisputeParameters} from "../dispute/DisputeParameters.sol";

/// @title IConfiguredGame
/// @notice A dispute game that tells what it was made of.
interface IConfiguredGame {
    /// @notice Neighbours, program and parameters.
    function parameters() external view returns (DisputeParameters memory);
}
