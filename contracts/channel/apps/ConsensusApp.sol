// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ChannelParams} from "../ChannelParams.sol";
import {AppState, IForceMoveApp} from "../IForceMoveApp.sol";

/// @title ConsensusApp
/// @notice Nothing follows without everybody's signature: the app of ledger channels.
/// @dev Invariant: the only state that is supported is one that everybody signed. App data are free.
contract ConsensusApp is IForceMoveApp {
    /// @notice Not everybody signed the state.
    error ConsensusAppNotUnanimous(uint256 expected, uint256 signedBy);

    /* VIEWS */

    /// @inheritdoc IForceMoveApp
    function stateIsSupported(
        bytes32,
        ChannelParams calldata params,
        AppState[] calldata support
    ) external pure returns (bool) {
        uint256 everybody = (1 << params.participants.length) - 1;
        uint256 signedBy = support[support.length - 1].signedBy;
        if (signedBy != everybody) revert ConsensusAppNotUnanimous(everybody, signedBy);
        return true;
    }
}
