// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Groth16} from "./Groth16.sol";
import {VerifyingKey} from "./Groth16Key.sol";
import {IRoutedVerifier} from "./IRoutedVerifier.sol";

/// @title SP1Adapter
/// @notice Groth16 proofs of one version of SP1. The program's id is its verification key there; public values are the bytes
/// that the program committed; a proof is what SP1 calls proof bytes.
/// @dev Up to version 5 a proof has two public inputs: the program and the hash of its values. Since version 6 there are
/// three more, which stand before A: how the program ended, the root of the keys of the recursion, a nonce.
///
/// Invariant: only of a program that ended well, by keys of this version, a proof holds.
contract SP1Adapter is IRoutedVerifier, Groth16 {
    /// @notice The program ended with an error.
    error SP1ExitCode(uint256 exitCode);
    /// @notice The proof was made with keys of another version.
    error SP1KeyRoot(bytes32 root, bytes32 expected);

    /* IMMUTABLES AND CONSTANTS */

    uint256 private constant SELECTOR_LENGTH = 4;
    uint256 private constant INPUTS_OF_TWO = 2;
    uint256 private constant INPUTS_OF_FIVE = 5;
    /// @dev The hash is cut to what fits into the field.
    bytes32 private constant HASH_MASK = bytes32(type(uint256).max >> 3);

    /// @notice What SP1 calls the hash of the verifier: its first four bytes are the selector.
    bytes32 public immutable VERIFIER_HASH;
    /// @notice Root of the keys of the recursion; zero up to version 5.
    bytes32 public immutable KEY_ROOT;

    /* CONSTRUCTOR */

    /// @param key The verifying key of the version: of two inputs where `keyRoot` is zero, else of five.
    constructor(
        VerifyingKey memory key,
        bytes32 verifierHash,
        bytes32 keyRoot
    ) Groth16(key, keyRoot == 0 ? INPUTS_OF_TWO : INPUTS_OF_FIVE) {
        VERIFIER_HASH = verifierHash;
        KEY_ROOT = keyRoot;
    }

    /* VIEWS */

    /// @inheritdoc IRoutedVerifier
    function selector() public view returns (bytes4) {
        return bytes4(VERIFIER_HASH);
    }

    /* INTERNAL */

    /// @inheritdoc Groth16
    function _inputsOf(
        bytes32 programId,
        bytes calldata publicValues,
        bytes calldata proof
    ) internal view override returns (uint256[] memory inputs) {
        if (bytes4(proof) != selector()) revert ValidityWrongSelector(bytes4(proof), selector());
        inputs = new uint256[](INPUTS);
        inputs[0] = uint256(programId);
        inputs[1] = uint256(sha256(publicValues) & HASH_MASK);
        if (INPUTS == INPUTS_OF_TWO) return inputs;

        (uint256 exitCode, bytes32 root, uint256 nonce) = abi.decode(
            proof[SELECTOR_LENGTH:],
            (uint256, bytes32, uint256)
        );
        if (exitCode != 0) revert SP1ExitCode(exitCode);
        if (root != KEY_ROOT) revert SP1KeyRoot(root, KEY_ROOT);
        (inputs[2], inputs[3], inputs[4]) = (exitCode, uint256(root), nonce);
    }

    /// @inheritdoc Groth16
    function _prefixLength() internal view override returns (uint256) {
        return SELECTOR_LENGTH + 32 * (INPUTS - INPUTS_OF_TWO);
    }
}
