// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ChannelParams} from "../ChannelParams.sol";
import {IChannelAdjudicator} from "../IChannelAdjudicator.sol";
import {AppState} from "../IForceMoveApp.sol";
import {AssetOutcome} from "../Outcome.sol";
import {ConditionalPaymentApp} from "./ConditionalPaymentApp.sol";

/// @title VirtualPaymentApp
/// @notice Payments in one direction by vouchers, of any number of assets, ETH and ERC-20. The payer signs vouchers of growing
/// amounts, each of which counts all that it paid of the asset in this channel; the payee redeems the last ones by a state that
/// it alone signs. Hubs between the two sign the opening, and are not asked again.
/// @dev App data of a state say which amounts its outcome has settled: 96 bytes for each asset of the outcome, in its order,
/// which are the amount and the signature of its voucher (EIP-2098). Empty app data settle nothing; of an amount that does not
/// rise the signature is not read.
///
/// Invariants:
/// 1. From a state to the next, payer to payee moves exactly what the settled amounts grow by: a voucher is never paid twice,
///    and a higher one pays the difference. What everybody signs anew must carry the amounts that its outcome includes.
/// 2. No settled amount falls, and one at least grows: the payee cannot undo, nor move for nothing.
/// 3. A voucher holds for one channel (which binds chain and adjudicator), one asset and this app. Only the payer signs it, or
///    its session key until the key expires; never a contract by ERC-1271, which could take it back.
/// 4. The payee can only hurt itself by an old voucher: the payer keeps more, and the higher one can still be redeemed.
/// 5. Redemptions take no turn that is a multiple of AGREED_TURNS: a state of such a turn that everybody signed is later than
///    all that was redeemable before it, so the payee cannot pass it by with redemptions of an earlier one.
contract VirtualPaymentApp is ConditionalPaymentApp, EIP712 {
    /* IMMUTABLES AND CONSTANTS */

    bytes32 private constant VOUCHER_TYPEHASH = keccak256("Voucher(bytes32 channelId,address asset,uint256 amount)");
    /// @dev Bytes of an amount, and of it with its signature.
    uint256 private constant AMOUNT_LENGTH = 32;
    uint256 private constant ENTRY_LENGTH = 96;
    /// @notice Turns that are multiples of this are for states that everybody signs.
    uint64 public constant AGREED_TURNS = 256;

    /// @notice Knows the session keys of payers.
    IChannelAdjudicator public immutable ADJUDICATOR;

    /// @notice The adjudicator is a contract.
    error VirtualPaymentNoAdjudicator(address adjudicator);
    /// @notice App data are `expected` bytes long; those of the base may be empty.
    error VirtualPaymentAppData(uint256 expected, uint256 found);
    /// @notice What was settled of the asset stays settled.
    error VirtualPaymentOldVoucher(address asset, uint256 settled, uint256 amount);
    /// @notice No voucher is above what was settled.
    error VirtualPaymentNothingRedeemed();
    /// @notice The voucher is not signed by the payer, nor by its session key.
    error VirtualPaymentVoucher(address asset, uint256 amount, address recovered);
    /// @notice Everybody signs the state of this turn.
    error VirtualPaymentAgreedTurn(uint64 turnNum);
    /// @notice The payee's move does not end the channel: that takes everybody's signature.
    error VirtualPaymentFinal();

    /* CONSTRUCTOR */

    constructor(IChannelAdjudicator adjudicator) EIP712("hardhat-rollup virtual payment", "1") {
        if (address(adjudicator).code.length == 0) revert VirtualPaymentNoAdjudicator(address(adjudicator));
        ADJUDICATOR = adjudicator;
    }

    /* VIEWS */

    /// @notice EIP-712 digest that the payer signs, for having paid `amount` of the asset in all.
    function voucherDigest(bytes32 channelId, address asset, uint256 amount) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(VOUCHER_TYPEHASH, channelId, asset, amount)));
    }

    /* INTERNAL */

    /// @inheritdoc ConditionalPaymentApp
    function _settle(
        bytes32 channelId,
        ChannelParams calldata params,
        AppState calldata base,
        AppState calldata next,
        AssetOutcome[] memory outcome
    ) internal view override returns (uint256 signer) {
        if (next.isFinal) revert VirtualPaymentFinal();
        if (next.turnNum % AGREED_TURNS == 0) revert VirtualPaymentAgreedTurn(next.turnNum);
        uint256 length = ENTRY_LENGTH * outcome.length;
        if (base.appData.length != 0) _requireLength(length, base.appData);
        _requireLength(length, next.appData);

        bool redeemed = false;
        for (uint256 i = 0; i < outcome.length; ++i) {
            AssetOutcome memory asset = outcome[i];
            bytes calldata entry = next.appData[ENTRY_LENGTH * i:ENTRY_LENGTH * (i + 1)];
            uint256 amount = uint256(bytes32(entry));
            uint256 settled = base.appData.length == 0 ? 0 : uint256(bytes32(base.appData[ENTRY_LENGTH * i:]));
            if (amount < settled) revert VirtualPaymentOldVoucher(asset.asset, settled, amount);
            if (amount == settled) continue;

            _requireVoucher(channelId, params.participants[PAYER], asset.asset, amount, entry[AMOUNT_LENGTH:]);
            _pay(asset, amount - settled);
            redeemed = true;
        }
        if (!redeemed) revert VirtualPaymentNothingRedeemed();
        return _payee(params);
    }

    function _requireLength(uint256 expected, bytes calldata appData) private pure {
        if (appData.length != expected) revert VirtualPaymentAppData(expected, appData.length);
    }

    /// @dev OpenZeppelin's recovery refuses a high s and a signature of nobody.
    function _requireVoucher(
        bytes32 channelId,
        address payer,
        address asset,
        uint256 amount,
        bytes calldata signature
    ) private view {
        bytes32 digest = voucherDigest(channelId, asset, amount);
        address recovered = ECDSA.recover(digest, bytes32(signature), bytes32(signature[AMOUNT_LENGTH:]));
        if (recovered == payer) return;
        (address key, uint64 expiry) = ADJUDICATOR.sessionKeyOf(channelId, payer);
        if (recovered != key || block.timestamp > expiry) revert VirtualPaymentVoucher(asset, amount, recovered);
    }
}
