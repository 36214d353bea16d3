// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Bls12381} from "../libraries/Bls12381.sol";
import {StoredCode} from "../libraries/StoredCode.sol";

/// @title KeyList
/// @notice Keys of BLS12-381 kept as the code of a contract: their sum, then the negative of each. So the sum of those who
/// signed, who are most, is the first less those who did not.
/// @dev 192 bytes for each: the four coordinates without the 16 zeros before them.
library KeyList {
    /// @notice Most keys of a list.
    uint256 internal constant MAX = StoredCode.MAX_LENGTH / LENGTH - 1;

    /// @dev Bytes of an entry.
    uint256 private constant LENGTH = 192;

    /// @notice Writes a list of `keys`, points of G2.
    /// @return at The contract that holds it.
    function store(bytes[] memory keys) internal returns (address at) {
        bytes memory list = new bytes(LENGTH * (keys.length + 1));
        bytes memory sum = new bytes(Bls12381.G2_LENGTH);
        for (uint256 i = 0; i < keys.length; ++i) {
            sum = Bls12381.add(sum, keys[i]);
            _pack(Bls12381.negate(keys[i]), list, i + 1);
        }
        _pack(sum, list, 0);
        return StoredCode.store(list);
    }

    /// @notice Number of keys in a list.
    function count(address list) internal view returns (uint256) {
        return list.code.length / LENGTH - 1;
    }

    /// @notice Key `index`, which must be below `count`.
    function get(address list, uint256 index) internal view returns (bytes memory key) {
        key = new bytes(Bls12381.G2_LENGTH);
        _unpack(StoredCode.read(list, LENGTH * (index + 1), LENGTH), key, 0);
        return Bls12381.negate(key);
    }

    /// @notice Sum of the keys that have a bit in `members`, of a list with `size`.
    function sumOf(address list, uint256 size, uint256 members) internal view returns (bytes memory sum) {
        // Two points: the sum, and the next to add, which the additions write over.
        sum = new bytes(2 * Bls12381.G2_LENGTH);
        bytes memory entry = StoredCode.read(list, 0, LENGTH);
        _unpack(entry, sum, 0);
        for (uint256 i = 0; i < size; ++i) {
            if ((members >> i) & 1 == 1) continue;
            StoredCode.readInto(entry, list, LENGTH * (i + 1));
            _unpack(entry, sum, Bls12381.G2_LENGTH);
            Bls12381.addUp(sum);
        }
        assembly ("memory-safe") {
            // Only the sum is left: G2_LENGTH bytes.
            mstore(sum, 256)
        }
    }

    /// @dev Writes the coordinates of `key` without the zeros before them into a list, as its entry `index`.
    function _pack(bytes memory key, bytes memory list, uint256 index) private pure {
        assembly ("memory-safe") {
            let from := add(key, 0x30)
            let to := add(add(list, 0x20), mul(LENGTH, index))
            mcopy(to, from, 48)
            mcopy(add(to, 48), add(from, 64), 48)
            mcopy(add(to, 96), add(from, 128), 48)
            mcopy(add(to, 144), add(from, 192), 48)
        }
    }

    /// @dev The inverse of `_pack` for one entry: writes a point to `offset` of `points`, whose zeros are there.
    function _unpack(bytes memory entry, bytes memory points, uint256 offset) private pure {
        assembly ("memory-safe") {
            let from := add(entry, 0x20)
            let to := add(add(points, 0x30), offset)
            mcopy(to, from, 48)
            mcopy(add(to, 64), add(from, 48), 48)
            mcopy(add(to, 128), add(from, 96), 48)
            mcopy(add(to, 192), add(from, 144), 48)
        }
    }
}
