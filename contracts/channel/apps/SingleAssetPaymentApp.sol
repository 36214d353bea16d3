// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ChannelParams} from "../ChannelParams.sol";
import {AppState} from "../IForceMoveApp.sol";
import {Allocation, AssetOutcome, OutcomeLib} from "../Outcome.sol";
import {TurnTakingApp} from "./TurnTakingApp.sol";

/// @title SingleAssetPaymentApp
/// @notice Payments of one asset, ETH or an ERC-20: who moves gives to any of the others, or to nobody. The outcome has one
/// asset and an allocation for each participant, in their order; app data are empty.
/// @dev Invariants:
/// 1. A move lowers nobody's amount but the mover's, and keeps the sum: who does not sign never loses.
/// 2. Asset, destinations, and that allocations are simple, never change. Destinations are free: a participant may be paid
///    at another account, or into a channel.
/// 3. What a mover brings has one encoding and a size that the number of participants fixes: nobody can make the answer to
///    its move too dear.
contract SingleAssetPaymentApp is TurnTakingApp {
    /// @notice App data are empty.
    error PaymentAppData(uint256 length);
    /// @notice The outcome has one asset.
    error PaymentAssetCount(uint256 found);
    /// @notice The bytes of the outcome are its one encoding.
    error PaymentEncoding(bytes32 expected, bytes32 found);
    /// @notice The asset stays.
    error PaymentAsset(address expected, address found);
    /// @notice The outcome has one allocation for each participant.
    error PaymentAllocationCount(uint256 expected, uint256 found);
    /// @notice The allocation of each participant is simple.
    error PaymentNotSimple(uint256 participant, uint8 allocationType);
    /// @notice Each participant keeps its destination.
    error PaymentDestination(uint256 participant, bytes32 expected, bytes32 found);
    /// @notice Only the mover gives.
    error PaymentTaken(uint256 participant, uint256 amount, uint256 found);
    /// @notice What the mover gives, others get.
    error PaymentSum(uint256 expected, uint256 found);

    /* INTERNAL */

    /// @inheritdoc TurnTakingApp
    function _requireMove(
        bytes32,
        ChannelParams calldata params,
        AppState calldata last,
        AppState calldata next,
        uint256 mover
    ) internal pure override {
        if (next.appData.length != 0) revert PaymentAppData(next.appData.length);
        uint256 count = params.participants.length;
        AssetOutcome memory from = _singleAsset(OutcomeLib.decode(last.outcome), count);
        AssetOutcome[] memory outcome = OutcomeLib.decode(next.outcome);
        (bytes32 expected, bytes32 encoding) = (OutcomeLib.hash(outcome), keccak256(next.outcome));
        if (expected != encoding) revert PaymentEncoding(expected, encoding);
        AssetOutcome memory to = _singleAsset(outcome, count);
        if (from.asset != to.asset) revert PaymentAsset(from.asset, to.asset);

        uint256 sum = 0;
        uint256 found = 0;
        for (uint256 i = 0; i < count; ++i) {
            (Allocation memory had, Allocation memory has) = (from.allocations[i], to.allocations[i]);
            if (had.destination != has.destination) revert PaymentDestination(i, had.destination, has.destination);
            if (i != mover && has.amount < had.amount) revert PaymentTaken(i, had.amount, has.amount);
            sum += had.amount;
            found += has.amount;
        }
        // INVARIANT: nobody but the mover has less and the sum stays, so the mover has no more than before.
        if (sum != found) revert PaymentSum(sum, found);
    }

    /// @dev Of both states: a state of which not everybody signed may begin a chain.
    function _singleAsset(
        AssetOutcome[] memory outcome,
        uint256 count
    ) private pure returns (AssetOutcome memory asset) {
        if (outcome.length != 1) revert PaymentAssetCount(outcome.length);
        asset = outcome[0];
        if (asset.allocations.length != count) revert PaymentAllocationCount(count, asset.allocations.length);
        for (uint256 i = 0; i < count; ++i) {
            uint8 allocationType = asset.allocations[i].allocationType;
            if (allocationType != OutcomeLib.SIMPLE) revert PaymentNotSimple(i, allocationType);
        }
    }
}
