// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {StateLeaf, StateTree} from "../libraries/StateTree.sol";
import {IStateProof} from "./IStateProof.sol";

/// @title KeccakStateProof
/// @notice Balances in the sparse Merkle tree of docs/protocol.md §5. `proof` is `abi.encode(StateLeaf leaf,
/// bytes32[] siblings)`: the account's leaf for ETH, its token-balance leaf for a token, and the nodes beside the leaf's
/// path, from its height up to the root.
/// @dev Stateless. Invariant: a leaf's hash covers its key, which covers account and token, so a root holds for each
/// (account, token) at most one amount.
contract KeccakStateProof is IStateProof {
    /// @inheritdoc IStateProof
    function balance(
        bytes32 stateRoot,
        address account,
        address token,
        bytes calldata proof
    ) external pure returns (uint256 amount) {
        (StateLeaf memory leaf, bytes32[] memory siblings) = abi.decode(proof, (StateLeaf, bytes32[]));
        bool isETH = token == address(0);
        bytes32 key = isETH ? StateTree.accountKey(account) : StateTree.tokenBalanceKey(account, token);
        bytes32 root = StateTree.rootOf(key, leaf, siblings);
        if (root != stateRoot) revert StateProofMismatch(root, stateRoot);
        return isETH ? leaf.word1 : leaf.word0;
    }
}
