// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IStateProof
/// @notice What a state root says about one balance. There is one implementation for each form of state tree.
interface IStateProof {
    /// @notice The proof leads to another state root.
    error StateProofMismatch(bytes32 computed, bytes32 expected);

    /// @notice The balance of `account` in `token` in the state with this root. Reverts when the proof does not hold, also
    /// when the state has no such balance.
    /// @param token ERC-20 on L1; zero is ETH.
    /// @param proof What the implementation says.
    /// @return amount In the token's smallest unit. One (account, token) has one amount in a state.
    function balance(
        bytes32 stateRoot,
        address account,
        address token,
        bytes calldata proof
    ) external view returns (uint256 amount);
}
