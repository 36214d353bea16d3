// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BN254} from "./BN254.sol";

/// @notice A point of G1 of BN254, below the field's modulus. (0, 0) is infinity.
struct G1Point {
    uint256 x;
    uint256 y;
}

/// @notice A point of G2 of BN254. Each coordinate is in F_q²: its imaginary part, then its real part, as in EIP-197.
struct G2Point {
    uint256[2] x;
    uint256[2] y;
}

/// @notice A verifying key of Groth16 (J. Groth, "On the Size of Pairing-based Non-interactive Arguments", 2016, §3.2).
/// Its id is `keccak256(abi.encode(key))`.
/// @param alpha, beta, gamma, delta As in the paper.
/// @param ic Of the constant one, then of each public input.
struct VerifyingKey {
    G1Point alpha;
    G2Point beta;
    G2Point gamma;
    G2Point delta;
    G1Point[] ic;
}

/// @title Groth16KeyLib
/// @notice Which keys are keys: with others, anybody makes proofs without a witness.
library Groth16KeyLib {
    /// @notice The key is for `found` public inputs, the statement has `expected`; 1 to 16 are possible.
    error Groth16KeyInputs(uint256 found, uint256 expected);
    /// @notice The point is infinity, not on its curve, or not of the right order. `index` counts points of that name.
    error Groth16KeyPoint(string name, uint256 index);
    /// @notice Two of beta, gamma and delta are the same but for the sign: anybody could prove anything.
    error Groth16KeyForgeable(string first, string second);
    /// @notice The chain has no precompiles for the curve.
    error Groth16KeyPrecompiles();

    /// @dev Groth16Points has room for so many.
    uint256 private constant MAX_INPUTS = 16;
    uint256 private constant Q = BN254.Q;

    /// @notice Reverts unless the key is sound as far as anybody can see from the key alone.
    /// @dev That its secrets were destroyed, and that it belongs to a circuit, nobody can.
    /// @param inputs Number of public inputs of the statement.
    function requireSound(VerifyingKey memory key, uint256 inputs) internal view {
        uint256 found = key.ic.length == 0 ? 0 : key.ic.length - 1;
        if (found != inputs || found == 0 || found > MAX_INPUTS) revert Groth16KeyInputs(found, inputs);

        _requireG1(key.alpha, "alpha", 0);
        // INVARIANT: each input counts. One whose point is infinity is in no equation.
        for (uint256 i = 0; i < key.ic.length; ++i) _requireG1(key.ic[i], "ic", i);
        _requireG2(key.beta, "beta");
        _requireG2(key.gamma, "gamma");
        _requireG2(key.delta, "delta");
        _requirePrecompiles(key);

        // INVARIANT: no two of the three have a ratio that everybody knows. What a proof lacks in one pairing would be made
        // up for in another: delta = gamma takes (alpha, beta, -S), beta = gamma (alpha + S, beta, 0), beta = delta
        // (S, gamma, -alpha), for S of any statement.
        _requireUnrelated(key.gamma, key.delta, "gamma", "delta");
        _requireUnrelated(key.beta, key.gamma, "beta", "gamma");
        _requireUnrelated(key.beta, key.delta, "beta", "delta");
    }

    /// @notice What stands for the key: a program's id.
    function id(VerifyingKey memory key) internal pure returns (bytes32) {
        return keccak256(abi.encode(key));
    }

    /// @notice The same point on the other side of zero.
    function negate(G2Point memory point) internal pure returns (G2Point memory) {
        return G2Point(point.x, [_negate(point.y[0]), _negate(point.y[1])]);
    }

    function _negate(uint256 value) private pure returns (uint256) {
        return value == 0 ? 0 : Q - value;
    }

    function _requireG1(G1Point memory point, string memory name, uint256 index) private pure {
        (uint256 x, uint256 y) = (point.x, point.y);
        // Infinity is not on y² = x³ + 3 either.
        if (x >= Q || y >= Q || mulmod(y, y, Q) != addmod(mulmod(mulmod(x, x, Q), x, Q), 3, Q)) {
            revert Groth16KeyPoint(name, index);
        }
    }

    /// @dev e(G, P) · e(-G, P) is one, which the precompile says of points of G2 only.
    function _requireG2(G2Point memory point, string memory name) private view {
        if (point.x[0] | point.x[1] | point.y[0] | point.y[1] == 0) revert Groth16KeyPoint(name, 0);
        bytes memory pairs = abi.encode(1, 2, point, 1, Q - 2, point);
        uint256 at;
        assembly ("memory-safe") {
            at := add(pairs, 0x20)
        }
        if (!BN254.isPairingOne(at, 2)) revert Groth16KeyPoint(name, 0);
    }

    /// @dev What answers as EIP-196 and EIP-197 say in one case that nothing answers by chance.
    function _requirePrecompiles(VerifyingKey memory key) private view {
        (uint256 x, uint256 y) = (key.alpha.x, key.alpha.y);
        (uint256 doubleX, uint256 doubleY) = BN254.multiply(x, y, 2);
        (x, y) = BN254.add(x, y, x, y);
        bytes memory pair = abi.encode(key.alpha, key.beta);
        uint256 at;
        assembly ("memory-safe") {
            at := add(pair, 0x20)
        }
        if (x != doubleX || y != doubleY || x == key.alpha.x || BN254.isPairingOne(at, 1))
            revert Groth16KeyPrecompiles();
    }

    function _requireUnrelated(
        G2Point memory a,
        G2Point memory b,
        string memory first,
        string memory second
    ) private pure {
        // Points with one x are the same but for the sign.
        if (a.x[0] == b.x[0] && a.x[1] == b.x[1]) revert Groth16KeyForgeable(first, second);
    }
}
