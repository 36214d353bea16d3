// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {HashTimeLockApp} from "../../../contracts/channel/apps/HashTimeLockApp.sol";
import {AppState} from "../../../contracts/channel/IForceMoveApp.sol";
import {AssetOutcome} from "../../../contracts/channel/Outcome.sol";
import {AppBench} from "./AppBench.sol";

/// @notice At any time the one thing that may follow is the claim with the preimage, or the refund.
contract HashTimeLockAppTest is AppBench {
    uint256 private constant COUNT = 3;
    uint256 private constant PAYER = 1;
    uint256 private constant PAYEE = 1 << (COUNT - 1);

    HashTimeLockApp private _app;

    function setUp() public {
        _app = new HashTimeLockApp();
    }

    function testFuzz_claimOrRefundNeverBoth(
        uint64 time,
        uint64 deadline,
        bytes32 preimage,
        bool isSha256,
        uint128[2] memory available,
        uint128[2] memory locked
    ) public {
        vm.warp(time);
        for (uint256 i = 0; i < 2; ++i) locked[i] = uint128(bound(locked[i], 0, available[i]));
        bytes32 hash = isSha256 ? sha256(abi.encode(preimage)) : keccak256(abi.encode(preimage));
        bytes memory terms = abi.encode(isSha256 ? 1 : 0, hash, deadline, locked[0], locked[1]);
        AppState memory base = _state(8, _everybody(COUNT), terms, _outcome(available, [uint128(0), 0]));
        AppState memory claim = _state(9, PAYEE, abi.encode(preimage), _outcome(available, locked));
        AppState memory refund = _state(9, PAYER, "", _outcome(available, [uint128(0), 0]));
        (claim.isFinal, refund.isFinal) = (true, true);

        assertEq(_ask(base, claim), time < deadline);
        assertEq(_ask(base, refund), time >= deadline);
        // Nobody ends it for another.
        (claim.signedBy, refund.signedBy) = (_everybody(COUNT) ^ PAYEE, _everybody(COUNT) ^ PAYER);
        assertFalse(_ask(base, claim));
        assertFalse(_ask(base, refund));
    }

    function testFuzz_noOtherPreimage(bytes32 preimage, bytes memory other, bool isSha256) public view {
        bytes32 hash = isSha256 ? sha256(abi.encode(preimage)) : keccak256(abi.encode(preimage));
        bytes memory terms = abi.encode(isSha256 ? 1 : 0, hash, type(uint64).max, 1, 1);
        AppState memory base = _state(8, _everybody(COUNT), terms, _outcome([uint128(2), 2], [uint128(0), 0]));
        AppState memory claim = _state(9, PAYEE, other, _outcome([uint128(2), 2], [uint128(1), 1]));
        claim.isFinal = true;
        assertEq(_ask(base, claim), keccak256(other) == keccak256(abi.encode(preimage)));
        claim.appData = abi.encode(preimage);
        assertTrue(_ask(base, claim));
    }

    function testFuzz_noByteMayDiffer(uint256 index, bytes1 mask, bool isRefund) public {
        vm.assume(mask != 0);
        bytes32 preimage = keccak256("preimage");
        bytes memory terms = abi.encode(0, keccak256(abi.encode(preimage)), 100, 1, 1);
        AppState memory base = _state(8, _everybody(COUNT), terms, _outcome([uint128(2), 2], [uint128(0), 0]));
        AppState memory next =
            isRefund
                ? _state(9, PAYER, "", _outcome([uint128(2), 2], [uint128(0), 0]))
                : _state(9, PAYEE, abi.encode(preimage), _outcome([uint128(2), 2], [uint128(1), 1]));
        next.isFinal = true;
        vm.warp(isRefund ? 100 : 99);
        assertTrue(_ask(base, next));
        next.outcome[bound(index, 0, next.outcome.length - 1)] ^= mask;
        assertFalse(_ask(base, next));
    }

    function _ask(AppState memory base, AppState memory next) private view returns (bool) {
        return _supports(_app, _params(COUNT), base, next);
    }

    /// @dev Two assets, of which the payer had `available`, after `paid` of it.
    function _outcome(
        uint128[2] memory available,
        uint128[2] memory paid
    ) private pure returns (AssetOutcome[] memory outcome) {
        outcome = new AssetOutcome[](2);
        for (uint256 i = 0; i < 2; ++i) {
            uint256[] memory amounts = new uint256[](2);
            (amounts[0], amounts[1]) = (available[i] - paid[i], paid[i]);
            outcome[i] = _asset(address(uint160(i)), amounts);
        }
    }
}
