// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Bls12381} from "../libraries/Bls12381.sol";

/// @title Bls12381Mock
/// @notice Bls12381, to be held against another implementation.
contract Bls12381Mock {
    /// @notice As Bls12381.hashToG1.
    function hashToG1(bytes calldata message, bytes calldata dst) external view returns (bytes memory) {
        return Bls12381.hashToG1(message, dst);
    }

    /// @notice As Bls12381.verify.
    function verify(
        bytes calldata key,
        bytes calldata message,
        bytes calldata dst,
        bytes calldata signature
    ) external view returns (bool) {
        return Bls12381.verify(key, message, dst, signature);
    }

    /// @notice As Bls12381.add.
    function add(bytes calldata a, bytes calldata b) external view returns (bytes memory) {
        return Bls12381.add(a, b);
    }

    /// @notice As Bls12381.negate.
    function negate(bytes calldata point) external pure returns (bytes memory) {
        return Bls12381.negate(point);
    }

    /// @notice As Bls12381.compress.
    function compress(bytes calldata point) external pure returns (bytes memory) {
        return Bls12381.compress(point);
    }
}
