// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {VerifyingKey} from "../validity/Groth16Key.sol";
import {Groth16Verifier} from "../validity/Groth16Verifier.sol";

/// @title EmbeddedVerifier
/// @notice Goes on after a verification by code of its own: nothing in it ends the call, or touches memory that is in use.
contract EmbeddedVerifier is Groth16Verifier {
    /// @notice Memory from before changed.
    error EmbeddedMemoryTouched();

    /// @notice Proofs that held.
    uint256 public verified;

    constructor(VerifyingKey memory key, uint256 inputs) Groth16Verifier(key, inputs, false) {}

    /// @notice Verifies each proof by an internal call, then all in one, and counts.
    function count(bytes32 programId, bytes[] calldata publicValues, bytes[] calldata proofs) external {
        bytes memory before = abi.encode(publicValues, proofs);
        bytes32 hash = keccak256(before);
        for (uint256 i = 0; i < proofs.length; ++i) {
            verify(programId, publicValues[i], proofs[i]);
            bytes memory fresh = new bytes(1024);
            if (keccak256(fresh) != keccak256(new bytes(1024))) revert EmbeddedMemoryTouched();
            ++verified;
        }
        verifyMany(programId, publicValues, proofs);
        if (keccak256(before) != hash) revert EmbeddedMemoryTouched();
        ++verified;
    }
}
