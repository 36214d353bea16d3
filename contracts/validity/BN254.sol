// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title BN254
/// @notice The curve BN254 through its precompiles (EIP-196, EIP-197), for points that somebody else brings.
/// @dev Invariants:
/// 1. A precompile that fails for want of gas never counts as one that refused a point.
/// 2. A bad point costs at most GAS_MARGIN times what the precompile takes for a good one.
library BN254 {
    /// @notice A coordinate is out of range or a point is not in its group.
    error BN254PointInvalid();
    /// @notice Says nothing about any point: call with more gas.
    error BN254TooLittleGas(uint256 available, uint256 needed);

    /// @notice Order of the groups.
    uint256 internal constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
    /// @notice Modulus of the field of coordinates.
    uint256 internal constant Q = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;

    /// @notice What they take (EIP-1108): a pairing that and so much for each pair.
    uint256 internal constant EC_ADD_GAS = 150;
    uint256 internal constant EC_MUL_GAS = 6_000;
    uint256 internal constant PAIRING_GAS = 45_000;
    uint256 internal constant PAIR_GAS = 34_000;

    /// @notice Bytes of a pair.
    uint256 internal constant PAIR_LENGTH = 0xc0;

    uint256 private constant EC_ADD = 6;
    uint256 private constant EC_MUL = 7;
    uint256 private constant PAIRING = 8;

    /// @dev A precompile that fails burns what it was given: so many times its price, which leaves room for a repricing.
    uint256 private constant GAS_MARGIN = 2;
    /// @dev More than a call costs besides.
    uint256 private constant CALL_GAS = 1_000;

    /// @notice `scalar` times a point.
    function multiply(uint256 x, uint256 y, uint256 scalar) internal view returns (uint256, uint256) {
        uint256 input;
        assembly ("memory-safe") {
            input := mload(0x40)
            mstore(input, x)
            mstore(add(input, 0x20), y)
            mstore(add(input, 0x40), scalar)
        }
        return _call(EC_MUL, EC_MUL_GAS, input, 0x60, 0x40);
    }

    /// @notice The sum of two points.
    function add(uint256 x1, uint256 y1, uint256 x2, uint256 y2) internal view returns (uint256, uint256) {
        uint256 input;
        assembly ("memory-safe") {
            input := mload(0x40)
            mstore(input, x1)
            mstore(add(input, 0x20), y1)
            mstore(add(input, 0x40), x2)
            mstore(add(input, 0x60), y2)
        }
        return _call(EC_ADD, EC_ADD_GAS, input, 0x80, 0x40);
    }

    /// @notice Whether the product of the pairings of `count` pairs, which begin at `pairs` in memory, is one.
    function isPairingOne(uint256 pairs, uint256 count) internal view returns (bool) {
        (uint256 isOne, ) = _call(PAIRING, PAIRING_GAS + PAIR_GAS * count, pairs, PAIR_LENGTH * count, 0x20);
        return isOne == 1;
    }

    /// @dev The answer, of `outputLength` bytes, at most 64.
    function _call(
        uint256 precompile,
        uint256 price,
        uint256 input,
        uint256 inputLength,
        uint256 outputLength
    ) private view returns (uint256 first, uint256 second) {
        uint256 available = gasleft();
        uint256 limit;
        // unchecked: prices are of so many pairs as fit into calldata.
        unchecked {
            limit = GAS_MARGIN * price;
        }
        bool success;
        assembly ("memory-safe") {
            success := staticcall(limit, precompile, input, inputLength, 0x00, outputLength)
            // Where there is no such precompile, the call succeeds with nothing.
            success := and(success, eq(returndatasize(), outputLength))
            first := mload(0x00)
            second := mload(0x20)
        }
        if (success) return (first, second);
        // INVARIANT: what did not get all its gas says nothing about a point (EIP-150 keeps a 64th).
        uint256 needed = limit + limit / 63 + CALL_GAS;
        if (available < needed) revert BN254TooLittleGas(available, needed);
        revert BN254PointInvalid();
    }
}
