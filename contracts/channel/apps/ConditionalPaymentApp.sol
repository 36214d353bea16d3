// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ChannelParams} from "../ChannelParams.sol";
import {AppState, IForceMoveApp} from "../IForceMoveApp.sol";
import {Allocation, AssetOutcome, OutcomeLib} from "../Outcome.sol";

/// @title ConditionalPaymentApp
/// @notice The first participant (payer) pays the last one (payee) where the app's condition holds; participants between them,
/// hubs, only sign what everybody signs. The outcome has for each asset two simple allocations, the payer's and the payee's.
/// Behind a base that everybody signed, or that the adjudicator holds, one state follows, signed by whoever gains by it.
/// @dev Invariants:
/// 1. A state that follows is of the turn after its base, and has the base's outcome but for what moved from payer to payee:
///    assets, destinations and sums stay, and nobody else is touched.
/// 2. Nothing follows a final state.
/// 3. The outcome that follows has one encoding.
abstract contract ConditionalPaymentApp is IForceMoveApp {
    uint256 internal constant PAYER = 0;
    uint256 private constant SUPPORT_LENGTH = 2;
    uint256 private constant SIDES = 2;

    /// @notice A support is the base and the state that follows.
    error ConditionalPaymentSupport(uint256 found);
    /// @notice Not everybody signed the base.
    error ConditionalPaymentBase(uint256 expected, uint256 signedBy);
    /// @notice The channel ended with the state of this turn.
    error ConditionalPaymentAfterFinal(uint64 turnNum);
    /// @notice The turn after the base's must follow.
    error ConditionalPaymentTurn(uint64 expected, uint64 turnNum);
    /// @notice Participant `signer` must sign the state.
    error ConditionalPaymentSigner(uint256 signer, uint256 signedBy);
    /// @notice The outcome has two simple allocations of each asset.
    error ConditionalPaymentSides(address asset);
    /// @notice The payer has only `available` of the asset.
    error ConditionalPaymentAmount(address asset, uint256 available, uint256 amount);

    /// @notice The outcome is the base's, but for what is paid, in its one encoding.
    error ConditionalPaymentOutcome(bytes32 expected, bytes32 found);

    /* VIEWS */

    /// @inheritdoc IForceMoveApp
    function stateIsSupported(
        bytes32 channelId,
        ChannelParams calldata params,
        AppState[] calldata support
    ) external view returns (bool) {
        if (support.length != SUPPORT_LENGTH) revert ConditionalPaymentSupport(support.length);
        (AppState calldata base, AppState calldata next) = (support[0], support[1]);
        uint256 everybody = (1 << params.participants.length) - 1;
        if (base.signedBy != everybody) revert ConditionalPaymentBase(everybody, base.signedBy);
        if (base.isFinal) revert ConditionalPaymentAfterFinal(base.turnNum);
        if (next.turnNum != base.turnNum + 1) revert ConditionalPaymentTurn(base.turnNum + 1, next.turnNum);

        AssetOutcome[] memory outcome = OutcomeLib.decode(base.outcome);
        for (uint256 i = 0; i < outcome.length; ++i) _requireSides(outcome[i]);
        uint256 signer = _settle(channelId, params, base, next, outcome);
        if ((next.signedBy >> signer) & 1 == 0) revert ConditionalPaymentSigner(signer, next.signedBy);
        (bytes32 expected, bytes32 found) = (OutcomeLib.hash(outcome), keccak256(next.outcome));
        if (expected != found) revert ConditionalPaymentOutcome(expected, found);
        return true;
    }

    /* INTERNAL */

    /// @notice The condition of the app: reverts unless `next` may follow. Moves in `outcome`, which is the base's, what is
    /// paid by it.
    /// @return signer Index of the participant who gains by it.
    function _settle(
        bytes32 channelId,
        ChannelParams calldata params,
        AppState calldata base,
        AppState calldata next,
        AssetOutcome[] memory outcome
    ) internal view virtual returns (uint256 signer);

    /// @dev Index of the participant who is paid.
    function _payee(ChannelParams calldata params) internal pure returns (uint256) {
        return params.participants.length - 1;
    }

    /// @dev Moves `amount` from the payer's allocation to the payee's. INVARIANT: never more than the payer has.
    function _pay(AssetOutcome memory asset, uint256 amount) internal pure {
        (Allocation memory payer, Allocation memory payee) = (asset.allocations[0], asset.allocations[1]);
        if (amount > payer.amount) revert ConditionalPaymentAmount(asset.asset, payer.amount, amount);
        payer.amount -= amount;
        payee.amount += amount;
    }

    function _requireSides(AssetOutcome memory asset) private pure {
        Allocation[] memory sides = asset.allocations;
        if (
            sides.length != SIDES ||
            sides[0].allocationType != OutcomeLib.SIMPLE ||
            sides[1].allocationType != OutcomeLib.SIMPLE
        ) revert ConditionalPaymentSides(asset.asset);
    }
}
