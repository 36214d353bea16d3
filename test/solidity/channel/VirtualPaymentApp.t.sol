// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {VirtualPaymentApp} from "../../../contracts/channel/apps/VirtualPaymentApp.sol";
import {ChannelParams} from "../../../contracts/channel/ChannelParams.sol";
import {IChannelAdjudicator} from "../../../contracts/channel/IChannelAdjudicator.sol";
import {AppState} from "../../../contracts/channel/IForceMoveApp.sol";
import {AssetOutcome} from "../../../contracts/channel/Outcome.sol";
import {AppBench} from "./AppBench.sol";

/// @notice The payer never pays more than its vouchers say, once. This contract is the adjudicator that knows session keys.
contract VirtualPaymentAppTest is AppBench {
    uint256 private constant COUNT = 3;
    uint256 private constant ASSETS = 3;
    uint256 private constant PAYER_KEY = 1;
    uint256 private constant SESSION = 77;
    uint256 private constant PAYEE = 1 << (COUNT - 1);

    VirtualPaymentApp private _app;
    uint64 private _expiry;

    /// @notice As the adjudicator's.
    function sessionKeyOf(bytes32 channelId, address participant) external view returns (address key, uint64 expiry) {
        if (channelId != CHANNEL || participant != vm.addr(PAYER_KEY) || _expiry == 0) return (address(0), 0);
        return (vm.addr(SESSION), _expiry);
    }

    function setUp() public {
        _app = new VirtualPaymentApp(IChannelAdjudicator(address(this)));
    }

    /// @notice Vouchers in any number of rounds: each moves what it is above the last one, and all in all the last amounts.
    function testFuzz_roundsMoveWhatTheLastVouchersSay(uint96[ASSETS][4] memory amounts) public view {
        AssetOutcome[] memory outcome = _opening();
        AppState memory base = _state(0, _everybody(COUNT), "", outcome);
        uint256[ASSETS] memory settled;
        for (uint256 round = 0; round < amounts.length; ++round) {
            bytes memory appData = "";
            bool grows = false;
            for (uint256 i = 0; i < ASSETS; ++i) {
                uint256 amount = amounts[round][i] > settled[i] ? amounts[round][i] : settled[i];
                if (amount != settled[i]) grows = true;
                outcome[i].allocations[0].amount -= amount - settled[i];
                outcome[i].allocations[1].amount += amount - settled[i];
                settled[i] = amount;
                appData = bytes.concat(appData, _entry(PAYER_KEY, i, amount));
            }
            AppState memory next = _state(base.turnNum + 1, PAYEE, appData, outcome);
            assertEq(_ask(base, next), grows);
            if (!grows) continue;
            // The adjudicator holds it.
            next.signedBy = _everybody(COUNT);
            base = next;
        }
        for (uint256 i = 0; i < ASSETS; ++i) {
            assertEq(outcome[i].allocations[0].amount, type(uint96).max - settled[i]);
            assertEq(outcome[i].allocations[1].amount, i + settled[i]);
        }
    }

    /// @notice Whatever outcome the payee brings: it is taken just where it moves the difference.
    function testFuzz_noOtherOutcome(uint256 settled, uint256 amount, uint256 payer, uint256 payee) public view {
        settled = bound(settled, 0, 4);
        amount = bound(amount, 0, 8);
        (payer, payee) = (bound(payer, 0, 8), bound(payee, 0, 8));
        AssetOutcome[] memory outcome = _one(6, 0);
        AppState memory base = _state(0, _everybody(COUNT), abi.encode(settled, 0, 0), outcome);
        AppState memory next = _state(1, PAYEE, _entry(PAYER_KEY, 0, amount), _one(payer, payee));

        bool allowed = amount > settled && amount - settled <= 6;
        if (allowed) allowed = payer == 6 - (amount - settled) && payee == amount - settled;
        assertEq(_ask(base, next), allowed);
    }

    /// @notice No other bytes than the outcome's own, and no other voucher than the signed one, are taken.
    function testFuzz_noByteMayDiffer(uint256 index, bytes1 mask, bool ofOutcome) public view {
        vm.assume(mask != 0);
        AppState memory base = _state(0, _everybody(COUNT), "", _one(6, 0));
        AppState memory next = _state(1, PAYEE, _entry(PAYER_KEY, 0, 4), _one(2, 4));
        assertTrue(_ask(base, next));
        bytes memory changed = ofOutcome ? next.outcome : next.appData;
        changed[bound(index, 0, changed.length - 1)] ^= mask;
        assertFalse(_ask(base, next));
    }

    function testFuzz_onlyThePayersKeysPay(uint256 key) public view {
        key = bound(key, 1, type(uint128).max);
        AppState memory base = _state(0, _everybody(COUNT), "", _one(6, 0));
        AppState memory next = _state(1, PAYEE, _entry(key, 0, 4), _one(2, 4));
        assertEq(_ask(base, next), key == PAYER_KEY);
    }

    function test_refusesASignerByName() public {
        AppState[] memory support = new AppState[](2);
        support[0] = _state(0, _everybody(COUNT), "", _one(6, 0));
        support[1] = _state(1, PAYEE, _entry(9, 0, 4), _one(2, 4));
        vm.expectRevert(
            abi.encodeWithSelector(VirtualPaymentApp.VirtualPaymentVoucher.selector, address(0), 4, vm.addr(9))
        );
        _app.stateIsSupported(CHANNEL, _params(COUNT), support);
    }

    /// @notice A session key pays until it expires, and the payer's own key beside it and after it.
    function testFuzz_sessionKeyPaysUntilItExpires(uint64 expiry, uint64 time) public {
        _expiry = uint64(bound(expiry, 1, type(uint64).max));
        vm.warp(bound(time, 1, type(uint64).max));
        AppState memory base = _state(0, _everybody(COUNT), "", _one(6, 0));
        AppState memory bySession = _state(1, PAYEE, _entry(SESSION, 0, 4), _one(2, 4));
        AppState memory byPayer = _state(1, PAYEE, _entry(PAYER_KEY, 0, 4), _one(2, 4));
        assertEq(_ask(base, bySession), block.timestamp <= _expiry);
        assertTrue(_ask(base, byPayer));
    }

    /// @notice As many assets as the client's longest outcome has are redeemed within what the adjudicator gives an app.
    function test_gasOfManyAssets() public view {
        uint256 count = 100;
        AssetOutcome[] memory outcome = new AssetOutcome[](count);
        bytes memory appData = "";
        for (uint256 i = 0; i < count; ++i) {
            outcome[i] = _sides(i, 6, 0);
            appData = bytes.concat(appData, _entry(PAYER_KEY, i, 4));
        }
        AppState[] memory support = new AppState[](2);
        support[0] = _state(0, _everybody(COUNT), "", outcome);
        for (uint256 i = 0; i < count; ++i) outcome[i] = _sides(i, 2, 4);
        support[1] = _state(1, PAYEE, appData, outcome);
        bytes memory question = abi.encodeCall(_app.stateIsSupported, (CHANNEL, _params(COUNT), support));
        (bool success, ) = address(_app).staticcall{gas: 3_000_000}(question);
        assertTrue(success);
    }

    function _ask(AppState memory base, AppState memory next) private view returns (bool) {
        return _supports(_app, _params(COUNT), base, next);
    }

    function _opening() private pure returns (AssetOutcome[] memory outcome) {
        outcome = new AssetOutcome[](ASSETS);
        for (uint256 i = 0; i < ASSETS; ++i) outcome[i] = _sides(i, type(uint96).max, i);
    }

    function _one(uint256 payer, uint256 payee) private pure returns (AssetOutcome[] memory outcome) {
        outcome = new AssetOutcome[](1);
        outcome[0] = _sides(0, payer, payee);
    }

    function _sides(uint256 index, uint256 payer, uint256 payee) private pure returns (AssetOutcome memory) {
        uint256[] memory amounts = new uint256[](2);
        (amounts[0], amounts[1]) = (payer, payee);
        return _asset(address(uint160(index)), amounts);
    }

    /// @dev What app data say of the asset: the amount with its signature.
    function _entry(uint256 key, uint256 index, uint256 amount) private view returns (bytes memory) {
        bytes32 digest = _app.voucherDigest(CHANNEL, address(uint160(index)), amount);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encode(amount, r, uint256(s) | (uint256(v - 27) << 255));
    }
}
