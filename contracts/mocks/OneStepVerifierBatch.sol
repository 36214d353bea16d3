// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IOneStepVerifier} from "../machine/IOneStepVerifier.sol";

/// @title OneStepVerifierBatch
/// @notice Lets tests put many steps into one call.
contract OneStepVerifierBatch {
    /// @param codeRoot, stateHash, witness Arguments of the step.
    /// @param gasLimit Gas for it.
    struct Step {
        bytes32 codeRoot;
        bytes32 stateHash;
        bytes witness;
        uint256 gasLimit;
    }

    /// @param data What the step returned, or its error.
    struct Result {
        bool isAccepted;
        bytes data;
    }

    IOneStepVerifier private immutable VERIFIER;

    constructor(IOneStepVerifier verifier) {
        VERIFIER = verifier;
    }

    /// @notice The result of each step.
    function tryAll(Step[] calldata steps) external view returns (Result[] memory results) {
        results = new Result[](steps.length);
        for (uint256 i = 0; i < steps.length; ++i) results[i] = _try(steps[i], steps[i].gasLimit);
    }

    /// @notice The results of one step with gas from `from` on, `stride` more each time.
    function tryWithGas(
        Step calldata step,
        uint256 from,
        uint256 stride,
        uint256 count
    ) external view returns (Result[] memory results) {
        results = new Result[](count);
        for (uint256 i = 0; i < count; ++i) results[i] = _try(step, from + i * stride);
    }

    function _try(Step calldata step, uint256 gasLimit) private view returns (Result memory result) {
        (result.isAccepted, result.data) = address(VERIFIER).staticcall{gas: gasLimit}(
            abi.encodeCall(IOneStepVerifier.step, (step.codeRoot, step.stateHash, step.witness))
        );
    }
}
