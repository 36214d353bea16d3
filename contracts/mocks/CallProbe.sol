// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title CallProbe
/// @notice Makes calls with a given amount of gas and tells what became of them.
contract CallProbe {
    /// @param success Whether the call returned.
    /// @param data What it returned, or its error.
    /// @param gasUsed By the call, and a little more.
    struct Outcome {
        bool success;
        bytes data;
        uint256 gasUsed;
    }

    /// @notice What becomes of several calls.
    function tryAll(
        address target,
        bytes[] calldata calls,
        uint256 gasLimit
    ) external view returns (Outcome[] memory outcomes) {
        outcomes = new Outcome[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) outcomes[i] = _try(target, calls[i], gasLimit);
    }

    /// @notice What becomes of one call with gas from `from` on, `stride` more each time.
    function tryWithGas(
        address target,
        bytes calldata data,
        uint256 from,
        uint256 stride,
        uint256 count
    ) external view returns (Outcome[] memory outcomes) {
        outcomes = new Outcome[](count);
        for (uint256 i = 0; i < count; ++i) outcomes[i] = _try(target, data, from + i * stride);
    }

    function _try(address target, bytes calldata data, uint256 gasLimit) private view returns (Outcome memory outcome) {
        uint256 before = gasleft();
        (outcome.success, outcome.data) = target.staticcall{gas: gasLimit}(data);
        outcome.gasUsed = before - gasleft();
    }
}
