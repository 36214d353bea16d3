// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ChainParameters} from "../chain/ChainParameters.sol";

/// @title IConfiguredChain
/// @notice A state-commitment chain that tells what it was made of. Later versions may append to the parameters, never
/// insert: the timelock and the evidence are older than they.
interface IConfiguredChain {
    /// @notice Neighbours and parameters.
    function parameters() external view returns (ChainParameters memory);
}
