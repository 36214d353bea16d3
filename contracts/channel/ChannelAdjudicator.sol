// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ChannelDisputes} from "./ChannelDisputes.sol";
import {ChannelHead, ChannelHeadLib} from "./ChannelHead.sol";
import {ChannelParams} from "./ChannelParams.sol";
import {ChannelPayouts} from "./ChannelPayouts.sol";
import {ChannelState, ChannelStateLib, SignedState} from "./ChannelState.sol";
import {ChannelMode, ChannelStatus, IChannelAdjudicator} from "./IChannelAdjudicator.sol";
import {Allocation, AssetOutcome, OutcomeLib} from "./Outcome.sol";

/// @title ChannelAdjudicator
/// @notice Locks what participants play for, and pays it out by the latest state that binds them. No owner, no pause and no
/// proxy: what a signature meant when it was given, it means for ever. See docs/channels.md.
///
/// Invariants, beside those of its parts:
/// - A final state never changes, and a closed channel pays no more.
/// - A guarantee is divided once, by a final outcome of the channel that it is for.
contract ChannelAdjudicator is ChannelPayouts, ChannelDisputes {
    using OutcomeLib for bytes;
    using OutcomeLib for Allocation;

    /* CONSTRUCTOR */

    /// @param bond Of a challenge, in wei.
    constructor(uint256 bond) ChannelDisputes(bond) {}

    /* ENDING */

    /// @inheritdoc IChannelAdjudicator
    function conclude(ChannelParams calldata params, SignedState calldata signed) external {
        (, Channel storage channel, ChannelHead head, bytes32 stateHash) = _requireConclusion(params, signed);
        channel.head = head.withMode(ChannelMode.Finalized, block.timestamp);
        channel.stateHash = stateHash;
    }

    /// @inheritdoc IChannelAdjudicator
    function concludeAndPay(ChannelParams calldata params, SignedState calldata signed) external nonReentrant {
        (bytes32 channelId, Channel storage channel, ChannelHead head, bytes32 stateHash) = _requireConclusion(
            params,
            signed
        );
        AssetOutcome[] memory outcome = signed.outcome.decode(signed.state.outcomeHash);
        if (_payAndClose(channelId, head, outcome)) return;

        channel.head = head.withMode(ChannelMode.Finalized, block.timestamp);
        channel.stateHash = stateHash;
        for (uint256 i = 0; i < outcome.length; ++i) _payAsset(channelId, outcome[i], i, new uint256[](0));
    }

    /// @inheritdoc IChannelAdjudicator
    function payout(
        bytes32 channelId,
        ChannelState calldata state,
        bytes calldata outcome,
        uint256 assetIndex,
        uint256[] calldata allocationIndices
    ) external nonReentrant {
        AssetOutcome memory part = _requireFinal(channelId, state, outcome, assetIndex);
        if (_payAsset(channelId, part, assetIndex, allocationIndices) == 0) revert ChannelNothingToPay(channelId);
    }

    /// @inheritdoc IChannelAdjudicator
    function reclaim(
        bytes32 channelId,
        ChannelState calldata state,
        bytes calldata outcome,
        uint256 assetIndex,
        uint256 allocationIndex,
        ChannelParams calldata target,
        SignedState calldata targetState
    ) external nonReentrant {
        AssetOutcome memory part = _requireFinal(channelId, state, outcome, assetIndex);
        if (allocationIndex >= part.allocations.length) revert ChannelNoAllocation(assetIndex, allocationIndex);
        bytes32 targetId = target.id(address(this));
        Allocation memory allocation = part.allocations[allocationIndex];
        if (allocation.allocationType != OutcomeLib.GUARANTEE || allocation.destination != targetId) {
            revert ChannelNotGuarantee(allocationIndex, targetId);
        }

        _requireEnded(targetId, target, targetState);
        AssetOutcome[] memory targetOutcome = targetState.outcome.decode(targetState.state.outcomeHash);
        (uint256 left, uint256 right) = _divide(channelId, part, assetIndex, allocationIndex, targetOutcome);
        emit Reclaimed(channelId, targetId, assetIndex, allocationIndex, left, right);
    }

    /// @inheritdoc IChannelAdjudicator
    function withdraw(
        ChannelParams calldata params,
        address asset,
        bytes32 destination,
        uint256 total,
        bytes calldata signatures
    ) external nonReentrant {
        bytes32 channelId = params.id(address(this));
        bytes32 structHash = keccak256(
            abi.encode(ChannelStateLib.WITHDRAWAL_TYPEHASH, channelId, asset, destination, total)
        );
        _requireSignatures(channelId, params, structHash, _everybody(params), signatures);

        if (_payUpTo(channelId, asset, destination, total) == 0) revert ChannelNothingToPay(channelId);
    }

    /* VIEWS */

    /// @inheritdoc IChannelAdjudicator
    function channelIdOf(ChannelParams calldata params) external view returns (bytes32) {
        return params.id(address(this));
    }

    /// @inheritdoc IChannelAdjudicator
    function statusOf(bytes32 channelId) external view returns (ChannelStatus memory) {
        (Channel storage channel, ChannelHead head) = _load(channelId);
        return
            ChannelStatus({
                mode: head.currentMode(),
                turnNum: head.turnNum(),
                agreedTurnNum: head.agreedTurnNum(),
                finalizesAt: head.finalizesAt(),
                challenger: head.challenger(),
                bondHeld: head.has(ChannelHeadLib.BOND_HELD),
                stateHash: channel.stateHash
            });
    }

    /* PRIVATE */

    /// @dev Reverts unless everybody signed that the channel ends with this state. `head` is of its turn.
    function _requireConclusion(
        ChannelParams calldata params,
        SignedState calldata signed
    ) private returns (bytes32 channelId, Channel storage channel, ChannelHead head, bytes32 stateHash) {
        (channelId, channel, head) = _channelOf(params);
        _requireMode(channelId, head, ChannelMode.Open, ChannelMode.Arbitration);
        if (!signed.state.isFinal) revert ChannelNotFinal();
        uint64 turnNum = signed.state.turnNum;
        _requireTurn(turnNum, head.agreedTurnNum(), false);
        stateHash = _requireUnanimous(channelId, params, signed);
        head = head.withTurn(turnNum, turnNum);
        emit Concluded(channelId, turnNum, stateHash);
    }

    /// @dev Reverts unless `state` is the final one of the channel, and `outcome` is its outcome.
    function _requireFinal(
        bytes32 channelId,
        ChannelState calldata state,
        bytes calldata outcome,
        uint256 assetIndex
    ) private view returns (AssetOutcome memory) {
        (Channel storage channel, ChannelHead head) = _load(channelId);
        _requireMode(channelId, head, ChannelMode.Finalized, ChannelMode.Finalized);
        _requireState(channel, state.hash(channelId));
        AssetOutcome[] memory parts = outcome.decode(state.outcomeHash);
        if (assetIndex >= parts.length) revert ChannelNoAllocation(assetIndex, 0);
        return parts[assetIndex];
    }

    /// @dev Reverts unless a channel ended with the state. One that was closed keeps no hash: the signatures stand for it.
    function _requireEnded(bytes32 channelId, ChannelParams calldata params, SignedState calldata signed) private view {
        (Channel storage channel, ChannelHead head) = _load(channelId);
        if (!head.isIn(ChannelMode.Closed)) {
            _requireMode(channelId, head, ChannelMode.Finalized, ChannelMode.Finalized);
            _requireState(channel, signed.state.hash(channelId));
            return;
        }
        // INVARIANT: nobody signs two states of one turn, so this is the state that closed the channel.
        if (signed.state.turnNum != head.turnNum()) revert ChannelStaleTurn(head.turnNum(), signed.state.turnNum);
        _requireUnanimous(channelId, params, signed);
    }

    function _requireState(Channel storage channel, bytes32 stateHash) private view {
        if (channel.stateHash != stateHash) revert ChannelStateMismatch(channel.stateHash, stateHash);
    }
}
