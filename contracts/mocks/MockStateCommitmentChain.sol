// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IInbox} from "../bridge/IInbox.sol";
import {BatchHeader} from "../libraries/BatchHeader.sol";

/// @notice Stands for the state-commitment chain where a test wants to say itself what is final.
contract MockStateCommitmentChain {
    mapping(bytes32 headerHash => bool) public finalized;
    bytes32 public frozenAt;

    /// @dev The proxy insists on a call.
    function initialize() external {}

    function setFinalized(BatchHeader calldata header, bool value) external {
        finalized[header.hash()] = value;
    }

    function isFinalized(BatchHeader calldata header) external view returns (bool) {
        return finalized[header.hash()];
    }

    function freeze(IInbox inbox, BatchHeader calldata header) external {
        frozenAt = header.hash();
        inbox.freeze();
    }

    function isFrozenAt(BatchHeader calldata header) external view returns (bool) {
        return frozenAt == header.hash();
    }

    function release(IInbox inbox, uint64 inboxTo) external {
        inbox.release(inboxTo);
    }
}
