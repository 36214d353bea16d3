// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IValidityVerifier} from "./IValidityVerifier.sol";

/// @title IRoutedVerifier
/// @notice A verifier whose proofs say by their first four bytes that they are for it. It refuses all others.
interface IRoutedVerifier is IValidityVerifier {
    /// @notice What its proofs begin with; never changes.
    function selector() external view returns (bytes4);
}
