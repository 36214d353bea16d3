// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IStateProof} from "../bridge/IStateProof.sol";
import {IPoseidon} from "./IPoseidon.sol";
import {LedgerStatement} from "./LedgerStatement.sol";

/// @title PoseidonStateProof
/// @notice Balances in the state of docs/validity.md §1. `proof` is `abi.encode(BalanceProof)`, without the offset before
/// it: the fields as arguments.
/// @dev Stateless. Invariants:
/// - A number below the field's order stands in one form only: any other is refused, for it has the hash of the right one.
/// - Every leaf lies at the same depth, so no node is shown as a leaf; and a state holds one leaf for each (owner, token).
contract PoseidonStateProof is IStateProof {
    /// @notice A constructor parameter that must not be zero is.
    error PoseidonProofZeroParameter(string name);
    /// @notice What is called Poseidon at `poseidon` answers `hash` for zeros.
    error PoseidonProofWrongHash(address poseidon, uint256 hash);
    /// @notice A number of the proof is not below the order of the field.
    error PoseidonProofNumber(uint256 value);
    /// @notice The tree has `leaves` leaves.
    error PoseidonProofIndex(uint256 index, uint256 leaves);
    /// @notice A path has `expected` siblings.
    error PoseidonProofSiblings(uint256 siblings, uint256 expected);
    /// @notice The leaf is of another token.
    error PoseidonProofToken(address shown, address token);

    /// @dev The hash of four zeros.
    uint256 private constant HASH_OF_ZEROS =
        2351654555892372227640888372176282444150254868378439619268573230312091195718;

    IPoseidon private immutable POSEIDON;
    uint256 private immutable LEVELS;

    /// @param poseidon PoseidonT5 of poseidon-solidity, deployed by itself: anybody can compare its code.
    /// @param levels Depth of the tree.
    constructor(IPoseidon poseidon, uint256 levels) {
        if (address(poseidon) == address(0)) revert PoseidonProofZeroParameter("poseidon");
        if (levels == 0) revert PoseidonProofZeroParameter("levels");
        uint256[4] memory zeros;
        uint256 found = poseidon.hash(zeros);
        if (found != HASH_OF_ZEROS) revert PoseidonProofWrongHash(address(poseidon), found);
        POSEIDON = poseidon;
        LEVELS = levels;
    }

    /// @inheritdoc IStateProof
    /// @param proof `abi.encode(uint256 word, uint256 balance, uint256 aux, uint64 index, uint256[] siblings, uint256
    /// leafCount, uint256 withdrawalNonce)`: the leaf, where it lies, the three nodes beside each step of its path from the
    /// leaf up, and the numbers beside the tree.
    function balance(
        bytes32 stateRoot,
        address account,
        address token,
        bytes calldata proof
    ) external view returns (uint256 amount) {
        uint256 word;
        uint256 aux;
        uint64 index;
        uint256[] memory siblings;
        uint256 leafCount;
        uint256 withdrawalNonce;
        (word, amount, aux, index, siblings, leafCount, withdrawalNonce) = abi.decode(
            proof,
            (uint256, uint256, uint256, uint64, uint256[], uint256, uint256)
        );
        if (address(uint160(word)) != token) revert PoseidonProofToken(address(uint160(word)), token);
        uint256 node = _treeRoot(_hash(uint160(account), word, amount, aux), index, siblings);
        bytes32 root = bytes32(_hash(node, leafCount, withdrawalNonce, 0));
        if (root != stateRoot) revert StateProofMismatch(root, stateRoot);
    }

    /// @notice The immutables.
    function parameters() external view returns (IPoseidon poseidon, uint256 levels) {
        return (POSEIDON, LEVELS);
    }

    /// @dev Root of the tree that has `node` as its leaf at `index`.
    function _treeRoot(uint256 node, uint256 index, uint256[] memory siblings) private view returns (uint256) {
        // INVARIANT: one leaf, one index, one path.
        if (siblings.length != 3 * LEVELS) revert PoseidonProofSiblings(siblings.length, 3 * LEVELS);
        if (index >> (2 * LEVELS) != 0) revert PoseidonProofIndex(index, 1 << (2 * LEVELS));
        for (uint256 i = 0; i < siblings.length; i += 3) {
            uint256[4] memory children;
            uint256 place = index & 3;
            children[place] = node;
            for (uint256 j = 0; j < 3; ++j) children[j < place ? j : j + 1] = siblings[i + j];
            node = _hash(children[0], children[1], children[2], children[3]);
            index >>= 2;
        }
        return node;
    }

    function _hash(uint256 a, uint256 b, uint256 c, uint256 d) private view returns (uint256) {
        uint256[4] memory inputs = [a, b, c, d];
        for (uint256 i = 0; i < 4; ++i) {
            if (inputs[i] >= LedgerStatement.FIELD_ORDER) revert PoseidonProofNumber(inputs[i]);
        }
        return POSEIDON.hash(inputs);
    }
}
