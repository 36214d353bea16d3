// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BatchHeader} from "../libraries/BatchHeader.sol";
import {IStateCommitmentChain} from "./IStateCommitmentChain.sol";

/// @title PendingBatch
/// @notice Which batches can still fall.
library PendingBatch {
    /// @notice Whether a batch is on the chain and not final.
    /// @param headerHash Of `header`.
    function isPending(
        IStateCommitmentChain chain,
        BatchHeader calldata header,
        bytes32 headerHash
    ) internal view returns (bool) {
        if (chain.headerHash(header.index) != headerHash) return false;
        (, uint64 finalizedHead) = chain.heads();
        return header.index > finalizedHead;
    }
}
