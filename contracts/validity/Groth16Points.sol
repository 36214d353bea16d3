// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BN254} from "./BN254.sol";
import {G1Point, G2Point, Groth16KeyLib, VerifyingKey} from "./Groth16Key.sol";

/// @title Groth16Points
/// @notice Holds a verifying key in its code, where reading it costs next to nothing, and makes pairs of points with it.
/// @dev The pairs of a proof are (alpha, -beta), (S, -gamma), (C, -delta) and (A, B), with S = ic₀ + Σ xᵢ · icᵢ.
///
/// Invariant: the key is sound as far as a key tells (Groth16KeyLib), and each of its points is in its group.
abstract contract Groth16Points {
    using Groth16KeyLib for VerifyingKey;
    using Groth16KeyLib for G2Point;

    /// @notice A public input is not below the order of the groups.
    error Groth16InputOutOfField(uint256 input);
    /// @notice Says nothing about the proof: call with more gas.
    error Groth16TooLittleGas(uint256 available, uint256 needed);

    /* IMMUTABLES AND CONSTANTS */

    /// @dev Where points of G1 are among the pairs, in bytes.
    uint256 internal constant ALPHA = 0x000;
    uint256 internal constant S = 0x0c0;
    uint256 internal constant C = 0x180;
    uint256 internal constant A = 0x240;

    /// @dev As in BN254; assembly takes literals only.
    uint256 private constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
    uint256 private constant EC_ADD = 6;
    uint256 private constant EC_MUL = 7;

    /// @notice Id of the key: keccak256 of its ABI encoding.
    bytes32 public immutable KEY_ID;
    /// @notice Number of public inputs.
    uint256 public immutable INPUTS;
    /// @dev What the precompiles take for one proof.
    uint256 internal immutable PRICE;

    uint256 private immutable ALPHA_X;
    uint256 private immutable ALPHA_Y;
    // Of the points of G2 the negatives, imaginary parts first.
    uint256 private immutable BETA_X1;
    uint256 private immutable BETA_X0;
    uint256 private immutable BETA_Y1;
    uint256 private immutable BETA_Y0;
    uint256 private immutable GAMMA_X1;
    uint256 private immutable GAMMA_X0;
    uint256 private immutable GAMMA_Y1;
    uint256 private immutable GAMMA_Y0;
    uint256 private immutable DELTA_X1;
    uint256 private immutable DELTA_X0;
    uint256 private immutable DELTA_Y1;
    uint256 private immutable DELTA_Y0;
    // Zero where there are fewer inputs.
    uint256 private immutable IC_0_X;
    uint256 private immutable IC_0_Y;
    uint256 private immutable IC_1_X;
    uint256 private immutable IC_1_Y;
    uint256 private immutable IC_2_X;
    uint256 private immutable IC_2_Y;
    uint256 private immutable IC_3_X;
    uint256 private immutable IC_3_Y;
    uint256 private immutable IC_4_X;
    uint256 private immutable IC_4_Y;
    uint256 private immutable IC_5_X;
    uint256 private immutable IC_5_Y;
    uint256 private immutable IC_6_X;
    uint256 private immutable IC_6_Y;
    uint256 private immutable IC_7_X;
    uint256 private immutable IC_7_Y;
    uint256 private immutable IC_8_X;
    uint256 private immutable IC_8_Y;
    uint256 private immutable IC_9_X;
    uint256 private immutable IC_9_Y;
    uint256 private immutable IC_10_X;
    uint256 private immutable IC_10_Y;
    uint256 private immutable IC_11_X;
    uint256 private immutable IC_11_Y;
    uint256 private immutable IC_12_X;
    uint256 private immutable IC_12_Y;
    uint256 private immutable IC_13_X;
    uint256 private immutable IC_13_Y;
    uint256 private immutable IC_14_X;
    uint256 private immutable IC_14_Y;
    uint256 private immutable IC_15_X;
    uint256 private immutable IC_15_Y;
    uint256 private immutable IC_16_X;
    uint256 private immutable IC_16_Y;

    /* CONSTRUCTOR */

    /// @param inputs Number of public inputs that the statement has.
    constructor(VerifyingKey memory key, uint256 inputs) {
        key.requireSound(inputs);
        KEY_ID = key.id();
        INPUTS = inputs;
        PRICE = BN254.PAIRING_GAS + 4 * BN254.PAIR_GAS + inputs * (BN254.EC_MUL_GAS + BN254.EC_ADD_GAS);
        (ALPHA_X, ALPHA_Y) = (key.alpha.x, key.alpha.y);
        (BETA_X1, BETA_X0, BETA_Y1, BETA_Y0) = _negative(key.beta);
        (GAMMA_X1, GAMMA_X0, GAMMA_Y1, GAMMA_Y0) = _negative(key.gamma);
        (DELTA_X1, DELTA_X0, DELTA_Y1, DELTA_Y0) = _negative(key.delta);
        (IC_0_X, IC_0_Y) = _point(key.ic, 0);
        (IC_1_X, IC_1_Y) = _point(key.ic, 1);
        (IC_2_X, IC_2_Y) = _point(key.ic, 2);
        (IC_3_X, IC_3_Y) = _point(key.ic, 3);
        (IC_4_X, IC_4_Y) = _point(key.ic, 4);
        (IC_5_X, IC_5_Y) = _point(key.ic, 5);
        (IC_6_X, IC_6_Y) = _point(key.ic, 6);
        (IC_7_X, IC_7_Y) = _point(key.ic, 7);
        (IC_8_X, IC_8_Y) = _point(key.ic, 8);
        (IC_9_X, IC_9_Y) = _point(key.ic, 9);
        (IC_10_X, IC_10_Y) = _point(key.ic, 10);
        (IC_11_X, IC_11_Y) = _point(key.ic, 11);
        (IC_12_X, IC_12_Y) = _point(key.ic, 12);
        (IC_13_X, IC_13_Y) = _point(key.ic, 13);
        (IC_14_X, IC_14_Y) = _point(key.ic, 14);
        (IC_15_X, IC_15_Y) = _point(key.ic, 15);
        (IC_16_X, IC_16_Y) = _point(key.ic, 16);
    }

    /* INTERNAL */

    /// @notice Writes alpha and S. Pairs are given by where they begin in memory.
    function _putStatement(uint256 pairs, uint256[] memory inputs) internal view {
        // unchecked: offsets into memory, here and below.
        unchecked {
            _put(pairs + ALPHA, ALPHA_X, ALPHA_Y);
            _put(pairs + S, IC_0_X, IC_0_Y);
            _addPoints(pairs + S, inputs);
        }
    }

    /// @notice Writes alpha and S of a sum of statements, whose constant ones sum up to `total`.
    function _putStatements(uint256 pairs, uint256 total, uint256[] memory inputs) internal view {
        unchecked {
            (uint256 x, uint256 y) = BN254.multiply(ALPHA_X, ALPHA_Y, total);
            _put(pairs + ALPHA, x, y);
            (x, y) = BN254.multiply(IC_0_X, IC_0_Y, total);
            _put(pairs + S, x, y);
            _addPoints(pairs + S, inputs);
        }
    }

    /// @notice Writes beta, gamma and delta; after S, which takes the room of gamma.
    function _putKey(uint256 pairs) internal view {
        unchecked {
            _put(pairs + 0x40, BETA_X1, BETA_X0);
            _put(pairs + 0x80, BETA_Y1, BETA_Y0);
            _put(pairs + 0x100, GAMMA_X1, GAMMA_X0);
            _put(pairs + 0x140, GAMMA_Y1, GAMMA_Y0);
            _put(pairs + 0x1c0, DELTA_X1, DELTA_X0);
            _put(pairs + 0x200, DELTA_Y1, DELTA_Y0);
        }
    }

    /* PRIVATE: STATEMENT */

    /// @dev To the sum come the points of all inputs, as many times as each says. Uses three words behind the sum.
    // Immutables cannot be indexed; a row of equal steps is no maze.
    // solhint-disable-next-line code-complexity
    function _addPoints(uint256 sum, uint256[] memory inputs) private view {
        uint256 n = INPUTS;
        bool success = _addPoint(sum, IC_1_X, IC_1_Y, inputs, 0x20, true);
        if (n == 1) return _requireAdded(success, inputs);
        success = _addPoint(sum, IC_2_X, IC_2_Y, inputs, 0x40, success);
        if (n == 2) return _requireAdded(success, inputs);
        success = _addPoint(sum, IC_3_X, IC_3_Y, inputs, 0x60, success);
        if (n == 3) return _requireAdded(success, inputs);
        success = _addPoint(sum, IC_4_X, IC_4_Y, inputs, 0x80, success);
        if (n == 4) return _requireAdded(success, inputs);
        success = _addPoint(sum, IC_5_X, IC_5_Y, inputs, 0xa0, success);
        if (n == 5) return _requireAdded(success, inputs);
        success = _addPoint(sum, IC_6_X, IC_6_Y, inputs, 0xc0, success);
        if (n == 6) return _requireAdded(success, inputs);
        success = _addPoint(sum, IC_7_X, IC_7_Y, inputs, 0xe0, success);
        if (n == 7) return _requireAdded(success, inputs);
        success = _addPoint(sum, IC_8_X, IC_8_Y, inputs, 0x100, success);
        if (n == 8) return _requireAdded(success, inputs);
        success = _addPoint(sum, IC_9_X, IC_9_Y, inputs, 0x120, success);
        if (n == 9) return _requireAdded(success, inputs);
        success = _addPoint(sum, IC_10_X, IC_10_Y, inputs, 0x140, success);
        if (n == 10) return _requireAdded(success, inputs);
        success = _addPoint(sum, IC_11_X, IC_11_Y, inputs, 0x160, success);
        if (n == 11) return _requireAdded(success, inputs);
        success = _addPoint(sum, IC_12_X, IC_12_Y, inputs, 0x180, success);
        if (n == 12) return _requireAdded(success, inputs);
        success = _addPoint(sum, IC_13_X, IC_13_Y, inputs, 0x1a0, success);
        if (n == 13) return _requireAdded(success, inputs);
        success = _addPoint(sum, IC_14_X, IC_14_Y, inputs, 0x1c0, success);
        if (n == 14) return _requireAdded(success, inputs);
        success = _addPoint(sum, IC_15_X, IC_15_Y, inputs, 0x1e0, success);
        if (n == 15) return _requireAdded(success, inputs);
        success = _addPoint(sum, IC_16_X, IC_16_Y, inputs, 0x200, success);
        _requireAdded(success, inputs);
    }

    /// @dev To the sum comes a point of the key, as many times as the input at `offset` says.
    function _addPoint(
        uint256 sum,
        uint256 x,
        uint256 y,
        uint256[] memory inputs,
        uint256 offset,
        bool before
    ) private view returns (bool success) {
        assembly ("memory-safe") {
            let input := mload(add(inputs, offset))
            let point := add(sum, 0x40)
            mstore(point, x)
            mstore(add(sum, 0x60), y)
            mstore(add(sum, 0x80), input)
            success := staticcall(gas(), EC_MUL, point, 0x60, point, 0x40)
            success := and(staticcall(gas(), EC_ADD, sum, 0x80, sum, 0x40), success)
            success := and(lt(input, R), and(success, before))
        }
    }

    /// @dev Reverts unless all inputs were added, which the points of the key never keep from it.
    function _requireAdded(bool success, uint256[] memory inputs) private view {
        if (success) return;
        // INVARIANT: below R, so that no other input has the same multiple.
        for (uint256 i = 0; i < INPUTS; ++i) {
            if (inputs[i] >= R) revert Groth16InputOutOfField(inputs[i]);
        }
        revert Groth16TooLittleGas(gasleft(), PRICE);
    }

    function _put(uint256 at, uint256 first, uint256 second) private pure {
        assembly ("memory-safe") {
            mstore(at, first)
            mstore(add(at, 0x20), second)
        }
    }

    /* PRIVATE: KEY */

    function _negative(G2Point memory point) private pure returns (uint256 x1, uint256 x0, uint256 y1, uint256 y0) {
        G2Point memory negative = point.negate();
        return (negative.x[0], negative.x[1], negative.y[0], negative.y[1]);
    }

    /// @dev Zero where there is none.
    function _point(G1Point[] memory points, uint256 index) private pure returns (uint256 x, uint256 y) {
        if (index < points.length) return (points[index].x, points[index].y);
    }
}
