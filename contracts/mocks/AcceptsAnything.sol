// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title AcceptsAnything
/// @notice Takes every call, as a contract with a fallback function does. It is no verifier, though it has a selector.
contract AcceptsAnything {
    /// @notice As a verifier's.
    function selector() external pure returns (bytes4) {
        return 0xacce9700;
    }

    // solhint-disable-next-line payable-fallback
    fallback() external {}
}
