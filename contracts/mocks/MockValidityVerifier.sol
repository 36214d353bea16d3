// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IValidityVerifier} from "../validity/IValidityVerifier.sol";

/// @notice Accepts exactly what the test says.
contract MockValidityVerifier is IValidityVerifier {
    /// @notice The test did not say that this holds.
    error MockProofRejected(bytes32 programId, bytes publicValues, bytes proof);

    mapping(bytes32 claim => bool) private _accepted;

    function accept(bytes32 programId, bytes calldata publicValues, bytes calldata proof) external {
        _accepted[keccak256(abi.encode(programId, publicValues, proof))] = true;
    }

    /// @inheritdoc IValidityVerifier
    function verify(bytes32 programId, bytes calldata publicValues, bytes calldata proof) public view {
        if (!_accepted[keccak256(abi.encode(programId, publicValues, proof))]) {
            revert MockProofRejected(programId, publicValues, proof);
        }
    }

    /// @inheritdoc IValidityVerifier
    function verifyMany(bytes32 programId, bytes[] calldata publicValues, bytes[] calldata proofs) external view {
        if (publicValues.length == 0 || publicValues.length != proofs.length) {
            revert ValidityCounts(publicValues.length, proofs.length);
        }
        for (uint256 i = 0; i < proofs.length; ++i) verify(programId, publicValues[i], proofs[i]);
    }
}
