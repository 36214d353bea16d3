// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BN254} from "./BN254.sol";
import {VerifyingKey} from "./Groth16Key.sol";
import {Groth16Points} from "./Groth16Points.sol";
import {IValidityVerifier} from "./IValidityVerifier.sol";

/// @title Groth16
/// @notice Checks Groth16 proofs over BN254 against one key. What its public inputs are, contracts that inherit it say.
/// See docs/verifiers.md.
/// @dev A proof (A, B, C) of inputs x holds when e(A, B) · e(alpha, -beta) · e(S, -gamma) · e(C, -delta) = 1, with
/// S = ic₀ + Σ xᵢ · icᵢ. Several hold when the product of their equations does, each to the power of a weight that depends
/// on all of them: a false one among them passes with a chance of 1 in R, for which nobody can try often enough. In that
/// product the last three pairings stand once.
///
/// Invariants:
/// 1. `verify` and `verifyMany` return only when a pairing said that all proofs hold. All else reverts, too little gas with
///    errors of its own.
/// 2. A false proof costs at most twice what the precompiles take for a true one (BN254).
/// 3. An input has one encoding, below R; so has a point: coordinates go into the precompiles as they came, which refuse
///    those that are not below the field's modulus, and points that are not in the group (EIP-196, EIP-197).
abstract contract Groth16 is IValidityVerifier, Groth16Points {
    /// @notice The proof does not hold for this statement.
    error Groth16ProofInvalid();
    /// @notice The proof has `length` bytes instead of `expected`.
    error Groth16ProofLength(uint256 length, uint256 expected);

    /* IMMUTABLES AND CONSTANTS */

    /// @dev A, B and C in words and in bytes.
    uint256 private constant PROOF_WORDS = 8;
    uint256 private constant PROOF_LENGTH = 256;

    /// @dev As in BN254; assembly takes literals only.
    uint256 private constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;

    /* CONSTRUCTOR */

    /// @param inputs Number of public inputs that the statement has.
    constructor(VerifyingKey memory key, uint256 inputs) Groth16Points(key, inputs) {}

    /* VERIFICATION */

    /// @inheritdoc IValidityVerifier
    function verify(bytes32 programId, bytes calldata publicValues, bytes calldata proof) public view {
        uint256 available = gasleft();
        if (available < PRICE) revert Groth16TooLittleGas(available, PRICE);
        uint256 start = _pointsOf(proof);
        uint256[] memory inputs = _inputsOf(programId, publicValues, proof);

        uint256 pairs;
        assembly ("memory-safe") {
            pairs := mload(0x40)
            calldatacopy(add(pairs, A), start, 0xc0)
            calldatacopy(add(pairs, C), add(start, 0xc0), 0x40)
        }
        _putStatement(pairs, inputs);
        _putKey(pairs);
        if (!BN254.isPairingOne(pairs, 4)) revert Groth16ProofInvalid();
    }

    /// @inheritdoc IValidityVerifier
    function verifyMany(bytes32 programId, bytes[] calldata publicValues, bytes[] calldata proofs) public view {
        uint256 count = proofs.length;
        if (count == 0 || count != publicValues.length) revert ValidityCounts(publicValues.length, count);
        if (count == 1) return verify(programId, publicValues[0], proofs[0]);

        // For each proof a row: its inputs, then A, B and C.
        uint256 n = INPUTS;
        uint256[] memory rows = new uint256[](count * (n + PROOF_WORDS));
        for (uint256 i = 0; i < count; ++i) {
            bytes calldata proof = proofs[i];
            uint256 start = _pointsOf(proof);
            uint256[] memory inputs = _inputsOf(programId, publicValues[i], proof);
            // INVARIANT: below R, so that no other inputs have the same sum.
            for (uint256 j = 0; j < n; ++j) {
                if (inputs[j] >= R) revert Groth16InputOutOfField(inputs[j]);
            }
            assembly ("memory-safe") {
                let row := add(add(rows, 0x20), mul(i, shl(5, add(n, PROOF_WORDS))))
                mcopy(row, add(inputs, 0x20), shl(5, n))
                calldatacopy(add(row, shl(5, n)), start, PROOF_LENGTH)
            }
        }
        _requireRows(rows, count);
    }

    /// @notice The public inputs of a proof, INPUTS of them, each of any size. Reverts where there are none.
    /// @param proof Has the right length. Its first `_prefixLength` bytes may belong to the statement, the others do not.
    function _inputsOf(
        bytes32 programId,
        bytes calldata publicValues,
        bytes calldata proof
    ) internal view virtual returns (uint256[] memory inputs);

    /// @notice What stands in a proof before A, in bytes.
    function _prefixLength() internal view virtual returns (uint256);

    /* PRIVATE */

    /// @dev Where A begins in calldata.
    function _pointsOf(bytes calldata proof) private view returns (uint256 start) {
        uint256 prefix = _prefixLength();
        if (proof.length != prefix + PROOF_LENGTH) revert Groth16ProofLength(proof.length, prefix + PROOF_LENGTH);
        assembly ("memory-safe") {
            start := add(proof.offset, prefix)
        }
    }

    function _requireRows(uint256[] memory rows, uint256 count) private view {
        uint256 n = INPUTS;
        // Those of the key and of the first proof as in `verify`; those of the other proofs follow.
        uint256 pairs;
        assembly ("memory-safe") {
            pairs := mload(0x40)
            mstore(0x40, add(pairs, mul(0xc0, add(count, 3))))
        }
        uint256 total = _fold(rows, count, pairs);
        assembly ("memory-safe") {
            let first := add(add(rows, 0x20), shl(5, n))
            mcopy(add(pairs, A), first, 0xc0)
            mcopy(add(pairs, C), add(first, 0xc0), 0x40)
        }
        _putStatements(pairs, total, rows);
        _putKey(pairs);
        if (!BN254.isPairingOne(pairs, count + 3)) revert Groth16ProofInvalid();
    }

    /// @dev Makes one row of all: their sum, each times its weight, in place of the first, whose weight is one. Of the
    /// other proofs, the pairs A times the weight and B go behind `pairs`.
    /// @return total Sum of the weights.
    function _fold(uint256[] memory rows, uint256 count, uint256 pairs) private view returns (uint256 total) {
        uint256 n = INPUTS;
        // INVARIANT: weights depend on the key and on all of every row. Whoever changes anything gets other weights.
        bytes32 seed = keccak256(abi.encodePacked(KEY_ID, rows));
        total = 1;
        (uint256 cx, uint256 cy) = (rows[n + 6], rows[n + 7]);
        // unchecked: indices into memory.
        unchecked {
            uint256 row = n + PROOF_WORDS;
            for (uint256 i = 1; i < count; ++i) {
                // INVARIANT: not zero: a proof with that weight would not count.
                uint256 weight = 1 + (uint256(keccak256(abi.encode(seed, i))) % (R - 1));
                total = addmod(total, weight, R);
                _addInputs(rows, row, weight);
                row += n;
                (uint256 x, uint256 y) = BN254.multiply(rows[row], rows[row + 1], weight);
                assembly ("memory-safe") {
                    let pair := add(pairs, add(A, mul(0xc0, i)))
                    mstore(pair, x)
                    mstore(add(pair, 0x20), y)
                    mcopy(add(pair, 0x40), add(add(rows, 0x60), shl(5, row)), 0x80)
                }
                (x, y) = BN254.multiply(rows[row + 6], rows[row + 7], weight);
                (cx, cy) = BN254.add(cx, cy, x, y);
                row += PROOF_WORDS;
            }
        }
        (rows[n + 6], rows[n + 7]) = (cx, cy);
    }

    /// @dev To the inputs of the first row come those of the row that begins at word `row`, so many times.
    function _addInputs(uint256[] memory rows, uint256 row, uint256 weight) private view {
        uint256 n = INPUTS;
        assembly ("memory-safe") {
            let sum := add(rows, 0x20)
            let input := add(sum, shl(5, row))
            for {
                let end := add(sum, shl(5, n))
            } lt(sum, end) {
                sum := add(sum, 0x20)
                input := add(input, 0x20)
            } {
                mstore(sum, addmod(mload(sum), mulmod(mload(input), weight, R), R))
            }
        }
    }
}
