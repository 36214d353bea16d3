// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {ChannelParams} from "../../../contracts/channel/ChannelParams.sol";
import {AppState, IForceMoveApp} from "../../../contracts/channel/IForceMoveApp.sol";
import {Allocation, AssetMetadata, AssetOutcome} from "../../../contracts/channel/Outcome.sol";

/// @notice Makes states, and asks apps about them as the adjudicator does.
abstract contract AppBench is Test {
    bytes32 internal constant CHANNEL = keccak256("channel");

    function _params(uint256 count) internal pure returns (ChannelParams memory params) {
        params.participants = new address[](count);
        for (uint256 i = 0; i < count; ++i) params.participants[i] = vm.addr(i + 1);
        params.challengeDuration = 1 hours;
    }

    function _everybody(uint256 count) internal pure returns (uint256) {
        return (1 << count) - 1;
    }

    function _asset(address asset, uint256[] memory amounts) internal pure returns (AssetOutcome memory) {
        Allocation[] memory allocations = new Allocation[](amounts.length);
        for (uint256 i = 0; i < amounts.length; ++i) {
            allocations[i] = Allocation(bytes32(uint256(uint160(vm.addr(i + 1)))), amounts[i], 0, "");
        }
        return AssetOutcome(asset, AssetMetadata(0, ""), allocations);
    }

    function _state(
        uint64 turnNum,
        uint256 signedBy,
        bytes memory appData,
        AssetOutcome[] memory outcome
    ) internal pure returns (AppState memory) {
        return AppState(bytes32(0), turnNum, false, signedBy, appData, abi.encode(outcome));
    }

    /// @notice Whether the app says yes; a revert is a no.
    function _supports(
        IForceMoveApp app,
        ChannelParams memory params,
        AppState[] memory support
    ) internal view returns (bool) {
        try app.stateIsSupported(CHANNEL, params, support) returns (bool supported) {
            return supported;
        } catch {
            return false;
        }
    }

    function _supports(
        IForceMoveApp app,
        ChannelParams memory params,
        AppState memory base,
        AppState memory next
    ) internal view returns (bool) {
        AppState[] memory support = new AppState[](2);
        (support[0], support[1]) = (base, next);
        return _supports(app, params, support);
    }
}
