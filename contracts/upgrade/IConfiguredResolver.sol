// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ValidityProgram} from "../validity/IValidityResolver.sol";

/// @title IConfiguredResolver
/// @notice A judge by proofs that tells what it was made of.
interface IConfiguredResolver {
    /// @notice As `ValidityResolver.Parameters`.
    function parameters()
        external
        view
        returns (address chain, ValidityProgram memory onL1, ValidityProgram memory withCommittee, uint64 proofWindow);
}
