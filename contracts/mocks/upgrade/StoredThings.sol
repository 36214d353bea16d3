// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {StoredBase} from "./StoredBase.sol";

/// @notice Keeps one of everything.
contract StoredThings is StoredBase {
    type Amount is uint96;

    enum Mood {
        Good,
        Bad
    }

    struct Node {
        Amount amount;
        Mood mood;
        mapping(uint256 key => Node child) children;
    }

    uint256 public constant LIMIT = 7;
    uint256 public immutable MADE_AT = block.timestamp;

    Node internal _root;
    StoredBase[] internal _others;
    uint8[2][3] internal _grid;
    mapping(bytes32 key => mapping(address account => string)) internal _names;
    uint256 internal transient _passing;
}
