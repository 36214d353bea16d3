// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IInbox} from "../../bridge/IInbox.sol";

/// @notice Some code, but for functions that are not open as they should be. Stands behind a proxy, or in the code's place.
contract Gated {
    /// @notice When a function is shut.
    enum Shut {
        ForOthers,
        WhilePaused,
        OncePaused,
        Always
    }

    error GateShut(bytes4 selector);

    /// @dev OpenZeppelin's Initializable counts here.
    bytes32 private constant INITIALIZED = 0xf0c57e16840df040f15088dc2f81fe391c3923bec73e23a9662efc9c229c6a00;

    address private immutable CODE;
    bytes4 private immutable FIRST;
    bytes4 private immutable SECOND;
    Shut private immutable SHUT;
    address private immutable FRIEND;

    /// @param code What runs.
    /// @param first, second Functions that are shut.
    /// @param friend For whom they are not.
    constructor(address code, bytes4 first, bytes4 second, Shut shut, address friend) {
        (CODE, FIRST, SECOND, SHUT, FRIEND) = (code, first, second, shut, friend);
        assembly ("memory-safe") {
            sstore(INITIALIZED, 0xffffffffffffffff)
        }
    }

    receive() external payable {}

    fallback() external payable {
        if ((msg.sig == FIRST || msg.sig == SECOND) && _isShut()) revert GateShut(msg.sig);
        address code = CODE;
        assembly ("memory-safe") {
            let pointer := mload(0x40)
            calldatacopy(pointer, 0, calldatasize())
            let success := delegatecall(gas(), code, pointer, calldatasize(), 0, 0)
            returndatacopy(pointer, 0, returndatasize())
            switch success
            case 0 {
                revert(pointer, returndatasize())
            }
            default {
                return(pointer, returndatasize())
            }
        }
    }

    function _isShut() private returns (bool) {
        if (SHUT == Shut.Always) return true;
        if (SHUT == Shut.ForOthers) return msg.sender != FRIEND;
        (, bytes memory answer) = CODE.delegatecall(abi.encodeCall(IInbox.depositsPausedUntil, ()));
        uint256 until = abi.decode(answer, (uint64));
        return SHUT == Shut.OncePaused ? until != 0 : block.timestamp < until;
    }
}
