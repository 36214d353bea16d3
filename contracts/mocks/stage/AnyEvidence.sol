// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Takes anything for evidence of a bug.
contract AnyEvidence {
    /// @notice The chain that it is about.
    address public immutable CHAIN;

    constructor(address chain) {
        CHAIN = chain;
    }

    function check(bytes calldata) external view returns (address) {
        return CHAIN;
    }
}
