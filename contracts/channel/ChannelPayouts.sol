// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ChannelHead} from "./ChannelHead.sol";
import {ChannelHoldings} from "./ChannelHoldings.sol";
import {ChannelMode} from "./IChannelAdjudicator.sol";
import {Allocation, AssetOutcome, OutcomeLib} from "./Outcome.sol";

/// @title ChannelPayouts
/// @notice What the final outcome of a channel makes payable, and its payment.
///
/// Invariants:
/// - What is payable to a destination depends on the outcome, on what the channel got and on how its guarantees were
///   divided; not on what was paid, nor in which order.
/// - A destination never gets more than that in all.
abstract contract ChannelPayouts is ChannelHoldings {
    using OutcomeLib for Allocation;

    /// @dev How a guarantee was divided.
    struct Division {
        uint248 left;
        bool isDivided;
        uint256 right;
    }

    /* STORAGE */

    mapping(bytes32 channelId => mapping(uint256 place => Division division)) private _divisions;

    /* INTERNAL */

    /// @dev Pays allocations of an asset as far as the channel has it and they were not paid.
    /// @param indices Which; all where it is empty.
    /// @return paid What it paid.
    function _payAsset(
        bytes32 channelId,
        AssetOutcome memory part,
        uint256 assetIndex,
        uint256[] memory indices
    ) internal returns (uint256 paid) {
        Allocation[] memory allocations = part.allocations;
        uint256 rounds = indices.length == 0 ? allocations.length : indices.length;
        for (uint256 k = 0; k < rounds; ++k) {
            uint256 index = indices.length == 0 ? k : indices[k];
            if (index >= allocations.length) revert ChannelNoAllocation(assetIndex, index);
            Allocation memory allocation = allocations[index];
            bytes32 destination = allocation.destination;
            if (allocation.allocationType == OutcomeLib.GUARANTEE) {
                // One that was not divided makes nothing payable to its sides.
                bytes32 left;
                (left, destination) = allocation.sidesOf();
                paid += _payPart(channelId, part, assetIndex, left);
            }
            paid += _payPart(channelId, part, assetIndex, destination);
        }
    }

    /// @dev Pays all of the outcome and closes the channel, where every asset was funded exactly, nothing was paid before
    /// and nothing has to wait. Writes no `paid` words: a closed channel pays no more.
    /// @param head Of the channel, as it is to be.
    /// @return isClosed False where it cannot be done; nothing was changed then.
    function _payAndClose(
        bytes32 channelId,
        ChannelHead head,
        AssetOutcome[] memory outcome
    ) internal returns (bool isClosed) {
        if (outcome.length == 0) return false;
        for (uint256 i = 0; i < outcome.length; ++i) {
            if (!_isExact(channelId, outcome[i])) return false;
        }

        for (uint256 i = 0; i < outcome.length; ++i) {
            address asset = outcome[i].asset;
            if (asset == address(0)) head = head.withoutETH();
            else delete _holdings[channelId][asset].deposited;
        }
        (Channel storage channel, ) = _load(channelId);
        channel.head = head.withMode(ChannelMode.Closed, block.timestamp);
        if (channel.stateHash != 0) channel.stateHash = 0;

        for (uint256 i = 0; i < outcome.length; ++i) {
            Allocation[] memory allocations = outcome[i].allocations;
            for (uint256 j = 0; j < allocations.length; ++j) {
                uint256 amount = allocations[j].amount;
                if (amount != 0) _pay(channelId, outcome[i].asset, allocations[j].destination, amount);
            }
        }
        return true;
    }

    /// @dev Divides a guarantee by the outcome of the channel that it is for: left gets what the first allocation says, right
    /// what the second does, as far as it goes.
    function _divide(
        bytes32 channelId,
        AssetOutcome memory part,
        uint256 assetIndex,
        uint256 allocationIndex,
        AssetOutcome[] memory targetOutcome
    ) internal returns (uint256 left, uint256 right) {
        Division storage division = _divisions[channelId][_place(assetIndex, allocationIndex)];
        if (division.isDivided) revert ChannelReclaimed(assetIndex, allocationIndex);

        uint256 amount = part.allocations[allocationIndex].amount;
        for (uint256 i = 0; i < targetOutcome.length; ++i) {
            if (targetOutcome[i].asset != part.asset) continue;
            Allocation[] memory allocations = targetOutcome[i].allocations;
            if (allocations.length != 0) left = Math.min(allocations[0].amount, amount);
            if (allocations.length > 1) right = Math.min(allocations[1].amount, amount - left);
        }

        // Amounts of an outcome are below 2^248.
        (division.left, division.isDivided) = (uint248(left), true);
        if (right != 0) division.right = right;
    }

    /* PRIVATE */

    function _payPart(
        bytes32 channelId,
        AssetOutcome memory part,
        uint256 assetIndex,
        bytes32 destination
    ) private returns (uint256) {
        uint256 total = _payableTo(channelId, part, assetIndex, destination);
        return _payUpTo(channelId, part.asset, destination, total);
    }

    /// @dev All that is payable of an asset to a destination. What the channel got covers the allocations in their order; a
    /// guarantee keeps its place, and once divided it is two allocations there.
    function _payableTo(
        bytes32 channelId,
        AssetOutcome memory part,
        uint256 assetIndex,
        bytes32 destination
    ) private view returns (uint256 total) {
        uint256 uncovered = depositedOf(channelId, part.asset);
        for (uint256 i = 0; i < part.allocations.length; ++i) {
            Allocation memory allocation = part.allocations[i];
            uint256 covered = Math.min(allocation.amount, uncovered);
            uncovered -= covered;
            if (allocation.allocationType == OutcomeLib.SIMPLE) {
                if (allocation.destination == destination) total += covered;
                continue;
            }
            Division storage division = _divisions[channelId][_place(assetIndex, i)];
            (bytes32 left, bytes32 right) = allocation.sidesOf();
            uint256 ofLeft = Math.min(division.left, covered);
            if (left == destination) total += ofLeft;
            if (right == destination) total += Math.min(division.right, covered - ofLeft);
        }
    }

    /// @dev Whether the whole of an asset can be paid at once, with nothing left over or waiting.
    function _isExact(bytes32 channelId, AssetOutcome memory part) private view returns (bool) {
        (uint256 deposited, bool isPartial) = _depositedOf(channelId, part.asset);
        if (deposited == 0 || isPartial) return false;
        uint256 sum = 0;
        for (uint256 i = 0; i < part.allocations.length; ++i) {
            Allocation memory allocation = part.allocations[i];
            if (allocation.allocationType != OutcomeLib.SIMPLE) return false;
            if (!_isPayable(channelId, allocation.destination)) return false;
            sum += allocation.amount;
        }
        return sum == deposited;
    }

    function _place(uint256 assetIndex, uint256 allocationIndex) private pure returns (uint256) {
        return (assetIndex << 128) | allocationIndex;
    }
}
