// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {TokenTransfer} from "../libraries/TokenTransfer.sol";
import {ChannelHead, ChannelHeadLib} from "./ChannelHead.sol";
import {ChannelParamsLib} from "./ChannelParams.sol";
import {ChannelMode, IChannelAdjudicator} from "./IChannelAdjudicator.sol";

/// @title ChannelHoldings
/// @notice What channels are funded with, what they paid, and what could not be paid.
///
/// Invariants:
/// - For every asset the contract holds at least the sum of all holdings and credits, plus bonds for ETH.
/// - A channel's holdings are what it got less what it paid; no payment is above them.
/// - A failed payment costs nobody but its recipient, for whom it waits as a credit.
/// - What counts is what arrived, and every change of a holding is written before anybody is called.
abstract contract ChannelHoldings is IChannelAdjudicator, ReentrancyGuardTransient {
    using TokenTransfer for address;

    /// @param stateHash Of the challenge's state or the final one.
    /// @param usedTime Seconds that participants used of their clocks in this dispute, eight to a word; read only with the
    /// flag CLOCK_USED.
    struct Channel {
        ChannelHead head;
        bytes32 stateHash;
        uint256[4] usedTime;
    }

    /// @dev Of ETH only `paidTotal` and `paid` are used: the rest stands in the head.
    /// @param deposited All that the channel ever got; 0 once closed.
    /// @param isPartial Whether something was paid and is written in `paid`.
    struct Holding {
        uint248 deposited;
        bool isPartial;
        uint256 paidTotal;
        mapping(bytes32 destination => uint256 amount) paid;
    }

    /* STORAGE */

    mapping(bytes32 channelId => Channel channel) private _channels;
    mapping(bytes32 channelId => mapping(address asset => Holding holding)) internal _holdings;
    mapping(address account => mapping(address asset => uint256 amount)) private _credits;

    /* FUNDING */

    /// @inheritdoc IChannelAdjudicator
    function depositETH(bytes32 channelId, uint256 expectedDeposited) external payable {
        // No lock: it calls nobody, and in the midst of another function all that it changes has been written by that one.
        ChannelParamsLib.requireChannel(channelId);
        _requireExpected(_fundETH(channelId, msg.value), expectedDeposited);
    }

    /// @inheritdoc IChannelAdjudicator
    function depositERC20(
        address asset,
        bytes32 channelId,
        uint256 expectedDeposited,
        uint256 amount
    ) external nonReentrant {
        ChannelParamsLib.requireChannel(channelId);
        if (asset.code.length == 0) revert ChannelAsset(asset);
        // INVARIANT: what arrives during the pull belongs to this deposit alone, for everything that moves value is locked.
        _requireExpected(_fundERC20(channelId, asset, asset.pull(msg.sender, amount)), expectedDeposited);
    }

    /* CREDITS */

    /// @inheritdoc IChannelAdjudicator
    function claimCredit(address account, address asset) external nonReentrant {
        _payCredit(account, asset, account);
    }

    /// @inheritdoc IChannelAdjudicator
    function claimCreditTo(address asset, address to) external nonReentrant {
        if (to == address(0)) revert ChannelZeroRecipient();
        _payCredit(msg.sender, asset, to);
    }

    /* VIEWS */

    /// @inheritdoc IChannelAdjudicator
    function depositedOf(bytes32 channelId, address asset) public view returns (uint256 deposited) {
        (deposited, ) = _depositedOf(channelId, asset);
    }

    /// @inheritdoc IChannelAdjudicator
    function holdingsOf(bytes32 channelId, address asset) external view returns (uint256) {
        return depositedOf(channelId, asset) - _holdings[channelId][asset].paidTotal;
    }

    /// @inheritdoc IChannelAdjudicator
    function paidOf(bytes32 channelId, address asset, bytes32 destination) external view returns (uint256) {
        return _holdings[channelId][asset].paid[destination];
    }

    /// @inheritdoc IChannelAdjudicator
    function credit(address account, address asset) external view returns (uint256) {
        return _credits[account][asset];
    }

    /* INTERNAL */

    /// @dev A channel and its head.
    function _load(bytes32 channelId) internal view returns (Channel storage channel, ChannelHead head) {
        channel = _channels[channelId];
        head = channel.head;
    }

    /// @dev Reverts unless the channel is in one of the modes from `first` to `last`.
    function _requireMode(bytes32 channelId, ChannelHead head, ChannelMode first, ChannelMode last) internal view {
        ChannelMode mode = head.currentMode();
        if (mode < first || mode > last) revert ChannelWrongMode(channelId, mode);
    }

    /// @dev All that a channel got of an asset, and whether some of it was paid.
    function _depositedOf(bytes32 channelId, address asset) internal view returns (uint256 deposited, bool isPartial) {
        if (asset == address(0)) {
            (, ChannelHead head) = _load(channelId);
            return (head.ethDeposited(), head.has(ChannelHeadLib.ETH_PARTIAL));
        }
        Holding storage holding = _holdings[channelId][asset];
        return (holding.deposited, holding.isPartial);
    }

    /// @dev Whether a destination can be paid: a channel that is closed, or the one that pays, cannot be funded.
    function _isPayable(bytes32 channelId, bytes32 destination) internal view returns (bool) {
        if (ChannelParamsLib.isAddress(destination)) return true;
        return destination != channelId && !_channels[destination].head.isIn(ChannelMode.Closed);
    }

    /// @dev Pays a destination what it lacks to `total` of the asset in all, as far as the channel has it.
    /// @return amount What it paid.
    function _payUpTo(
        bytes32 channelId,
        address asset,
        bytes32 destination,
        uint256 total
    ) internal returns (uint256 amount) {
        Holding storage holding = _holdings[channelId][asset];
        (uint256 deposited, bool isPartial) = _depositedOf(channelId, asset);
        (uint256 paid, uint256 paidTotal) = (holding.paid[destination], holding.paidTotal);
        amount = Math.min(Math.saturatingSub(total, paid), deposited - paidTotal);
        if (amount == 0 || !_isPayable(channelId, destination)) return 0;

        // INVARIANT: what is paid is noted before the call.
        (holding.paid[destination], holding.paidTotal) = (paid + amount, paidTotal + amount);
        if (!isPartial) {
            if (asset == address(0)) {
                (Channel storage channel, ChannelHead head) = _load(channelId);
                channel.head = head.withFlag(ChannelHeadLib.ETH_PARTIAL, true);
            } else {
                holding.isPartial = true;
            }
        }
        _pay(channelId, asset, destination, amount);
    }

    /// @dev Pays what was noted before. A destination that cannot be paid must not be given.
    function _pay(bytes32 channelId, address asset, bytes32 destination, uint256 amount) internal {
        uint256 credited;
        if (ChannelParamsLib.isAddress(destination)) {
            credited = _payOrCredit(address(uint160(uint256(destination))), asset, amount);
        } else if (asset == address(0)) {
            _fundETH(destination, amount);
        } else {
            _fundERC20(destination, asset, amount);
        }
        emit PaidOut(channelId, asset, destination, amount, credited);
    }

    /// @dev `amount` is not zero.
    function _payOrCredit(address to, address asset, uint256 amount) internal returns (uint256 credited) {
        // Cannot underflow: a payment never exceeds its amount.
        credited = amount - asset.payCapped(to, amount);
        if (credited != 0) _credits[to][asset] += credited;
    }

    /* PRIVATE */

    /// @dev Counts what the channel got.
    /// @return before What it had got.
    function _fundETH(bytes32 channelId, uint256 amount) private returns (uint256 before) {
        (Channel storage channel, ChannelHead head) = _load(channelId);
        _requireNotClosed(channelId, head);
        before = head.ethDeposited();
        // unchecked: the limit bounds both sides.
        unchecked {
            if (amount == 0 || amount > type(uint96).max - before) revert ChannelAmount(amount);
            channel.head = head.plusETH(amount);
            emit Deposited(channelId, address(0), amount, before + amount);
        }
    }

    /// @dev The same of an ERC-20.
    function _fundERC20(bytes32 channelId, address asset, uint256 amount) private returns (uint256 before) {
        (, ChannelHead head) = _load(channelId);
        _requireNotClosed(channelId, head);
        Holding storage holding = _holdings[channelId][asset];
        before = holding.deposited;
        // unchecked: the limit bounds both sides.
        unchecked {
            if (amount == 0 || amount > type(uint248).max - before) revert ChannelAmount(amount);
            holding.deposited = uint248(before + amount);
            emit Deposited(channelId, asset, amount, before + amount);
        }
    }

    function _requireNotClosed(bytes32 channelId, ChannelHead head) private pure {
        // INVARIANT: a closed channel pays no more, so nothing may enter it.
        if (head.isIn(ChannelMode.Closed)) revert ChannelWrongMode(channelId, ChannelMode.Closed);
    }

    function _requireExpected(uint256 deposited, uint256 expected) private pure {
        if (deposited < expected) revert ChannelUnderfunded(expected, deposited);
    }

    function _payCredit(address account, address asset, address to) private {
        mapping(address => uint256) storage credits = _credits[account];
        uint256 amount = credits[asset];
        if (amount == 0) revert ChannelNoCredit(account, asset);
        credits[asset] = 0;
        uint256 paid = asset.pay(to, amount);
        if (paid == 0) revert ChannelNotPaid(asset, to, amount);
        // A payment never exceeds its amount; the lock kept the credit at zero meanwhile.
        if (paid != amount) credits[asset] = amount - paid;
        emit CreditPaid(account, asset, to, paid);
    }
}
