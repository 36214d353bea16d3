// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SingleAssetPaymentApp} from "../../../contracts/channel/apps/SingleAssetPaymentApp.sol";
import {ChannelParams} from "../../../contracts/channel/ChannelParams.sol";
import {AppState} from "../../../contracts/channel/IForceMoveApp.sol";
import {AssetOutcome} from "../../../contracts/channel/Outcome.sol";
import {AppBench} from "./AppBench.sol";

/// @notice Who does not move never loses, and nothing is made or burnt.
contract SingleAssetPaymentAppTest is AppBench {
    uint256 private constant COUNT = 4;
    /// @dev What the adjudicator gives an app.
    uint256 private constant APP_GAS = 3_000_000;

    SingleAssetPaymentApp private _app;

    function setUp() public {
        _app = new SingleAssetPaymentApp();
    }

    /// @notice Any shift of an amount from one to another is allowed just where the mover gives it.
    function testFuzz_onlyTheMoverGives(
        uint64 turnNum,
        uint128[COUNT] memory amounts,
        uint256 from,
        uint256 to,
        uint256 shift
    ) public view {
        turnNum = uint64(bound(turnNum, 0, type(uint64).max - 1));
        (from, to) = (bound(from, 0, COUNT - 1), bound(to, 0, COUNT - 1));
        shift = bound(shift, 0, amounts[from]);
        uint256[] memory moved = _wide(amounts);
        moved[from] -= shift;
        moved[to] += shift;

        bool allowed = from == (turnNum + 1) % COUNT || from == to || shift == 0;
        assertEq(_ask(turnNum, _wide(amounts), moved), allowed);
    }

    /// @notice Any two outcomes: what is allowed keeps the sum and lowers nobody but the mover, and nothing else is refused.
    function testFuzz_anyOutcome(uint64 turnNum, uint8[COUNT] memory had, uint8[COUNT] memory has) public view {
        turnNum = uint64(bound(turnNum, 0, type(uint64).max - 1));
        (uint256[] memory before, uint256[] memory moved) = (new uint256[](COUNT), new uint256[](COUNT));
        uint256 sum = 0;
        uint256 found = 0;
        bool taken = false;
        // Small amounts, so that sums meet.
        for (uint256 i = 0; i < COUNT; ++i) {
            (before[i], moved[i]) = (had[i] % 4, has[i] % 4);
            sum += before[i];
            found += moved[i];
            if (i != (turnNum + 1) % COUNT && moved[i] < before[i]) taken = true;
        }
        assertEq(_ask(turnNum, before, moved), sum == found && !taken);
    }

    /// @notice No other bytes than the outcome's own pass for a move.
    function testFuzz_noByteMayDiffer(uint256 index, bytes1 mask) public view {
        vm.assume(mask != 0);
        ChannelParams memory params = _params(COUNT);
        AppState memory base = _state(0, _everybody(COUNT), "", _outcome(_wide([uint128(5), 6, 7, 8])));
        AppState memory next = _state(1, 1 << 1, "", _outcome(_wide([uint128(6), 5, 7, 8])));
        assertTrue(_supports(_app, params, base, next));
        next.outcome[bound(index, 0, next.outcome.length - 1)] ^= mask;
        assertFalse(_supports(_app, params, base, next));
    }

    function test_gasOfALongChain() public view {
        uint256 move = _gasOfChain(32, 2);
        uint256 chain = _gasOfChain(20, 20);
        assertLt(move, 150_000);
        // Beyond 20 participants a chain needs a state that everybody signed.
        assertLt(chain, (APP_GAS * 3) / 4);
    }

    function _gasOfChain(uint256 count, uint256 length) private view returns (uint256 used) {
        uint256[] memory amounts = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) amounts[i] = 1 ether;
        AppState[] memory support = new AppState[](length);
        for (uint256 i = 0; i < length; ++i) {
            support[i] = _state(
                uint64(i),
                i == 0 && length < count ? _everybody(count) : 1 << i,
                "",
                _outcome(amounts)
            );
        }
        bytes memory question = abi.encodeCall(_app.stateIsSupported, (CHANNEL, _params(count), support));
        used = gasleft();
        (bool success, ) = address(_app).staticcall(question);
        used -= gasleft();
        assertTrue(success);
    }

    function _ask(uint64 turnNum, uint256[] memory before, uint256[] memory moved) private view returns (bool) {
        AppState memory base = _state(turnNum, _everybody(COUNT), "", _outcome(before));
        AppState memory next = _state(turnNum + 1, 1 << ((turnNum + 1) % COUNT), "", _outcome(moved));
        return _supports(_app, _params(COUNT), base, next);
    }

    function _outcome(uint256[] memory amounts) private pure returns (AssetOutcome[] memory outcome) {
        outcome = new AssetOutcome[](1);
        outcome[0] = _asset(address(0), amounts);
    }

    function _wide(uint128[COUNT] memory amounts) private pure returns (uint256[] memory wide) {
        wide = new uint256[](COUNT);
        for (uint256 i = 0; i < COUNT; ++i) wide[i] = amounts[i];
    }
}
