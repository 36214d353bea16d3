// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ChainParameters} from "../chain/ChainParameters.sol";
import {IConfiguredChain} from "./IConfiguredChain.sol";
import {IConfiguredRegistry} from "./IConfiguredRegistry.sol";

/// @title ExitTime
/// @notice How long leaving takes, at most: docs/decisions/0008.
library ExitTime {
    /// @notice In seconds, by what a chain and its registry say of themselves.
    function read(IConfiguredChain chain) internal view returns (uint256) {
        ChainParameters memory p = chain.parameters();
        (, , , , , , uint64 permissionlessDelay) = IConfiguredRegistry(address(p.registry)).parameters();
        if (permissionlessDelay < p.permissionlessDelay) permissionlessDelay = p.permissionlessDelay;
        return uint256(p.forceInclusionDelay) + permissionlessDelay + p.challengeWindow + p.disputeDuration;
    }
}
