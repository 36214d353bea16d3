// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ChannelAdjudicator} from "../../../contracts/channel/ChannelAdjudicator.sol";
import {ChannelParams} from "../../../contracts/channel/ChannelParams.sol";
import {ChannelState, SignedState} from "../../../contracts/channel/ChannelState.sol";
import {Allocation, AssetMetadata, AssetOutcome} from "../../../contracts/channel/Outcome.sol";
import {CommonBase} from "forge-std/Base.sol";
import {StdUtils} from "forge-std/StdUtils.sol";

/// @notice Channels whose participants sign what a test wants.
abstract contract ChannelTest is CommonBase, StdUtils {
    uint256 internal constant ALICE = 0xa11ce;
    uint256 internal constant BOB = 0xb0b;
    uint256 internal constant HUB = 0x4b;
    uint32 internal constant DURATION = 1 days;

    function _params(
        uint256[] memory keys,
        uint64 nonce,
        address app
    ) internal pure returns (ChannelParams memory params) {
        params.participants = new address[](keys.length);
        for (uint256 i = 0; i < keys.length; ++i) params.participants[i] = vm.addr(keys[i]);
        (params.channelNonce, params.appDefinition, params.challengeDuration) = (nonce, app, DURATION);
    }

    function _keys(uint256 a, uint256 b) internal pure returns (uint256[] memory keys) {
        keys = new uint256[](2);
        (keys[0], keys[1]) = (a, b);
    }

    function _keys(uint256 a, uint256 b, uint256 c) internal pure returns (uint256[] memory keys) {
        keys = new uint256[](3);
        (keys[0], keys[1], keys[2]) = (a, b, c);
    }

    /// @dev A state that everybody signed.
    function _signed(
        ChannelAdjudicator adjudicator,
        bytes32 channelId,
        uint256[] memory keys,
        ChannelState memory state
    ) internal view returns (SignedState memory signed) {
        signed.state = state;
        signed.signedBy = (1 << keys.length) - 1;
        signed.signatures = _signatures(keys, adjudicator.stateDigest(channelId, state));
    }

    function _signatures(uint256[] memory keys, bytes32 digest) internal pure returns (bytes memory signatures) {
        for (uint256 i = 0; i < keys.length; ++i) signatures = bytes.concat(signatures, _sign(keys[i], digest));
    }

    /// @dev 64 bytes (EIP-2098).
    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, bytes32(uint256(s) | (uint256(v - 27) << 255)));
    }

    function _withdrawalDigest(
        ChannelAdjudicator adjudicator,
        bytes32 channelId,
        address asset,
        bytes32 destination,
        uint256 total
    ) internal view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("hardhat-rollup channels"),
                keccak256("1"),
                block.chainid,
                address(adjudicator)
            )
        );
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Withdrawal(bytes32 channelId,address asset,bytes32 destination,uint256 total)"),
                channelId,
                asset,
                destination,
                total
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function _to(uint256 key) internal pure returns (bytes32) {
        return _to(vm.addr(key));
    }

    function _to(address account) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }

    function _simple(bytes32 destination, uint256 amount) internal pure returns (Allocation memory) {
        return Allocation(destination, amount, 0, "");
    }

    function _part(address asset, Allocation[] memory allocations) internal pure returns (AssetOutcome memory) {
        return AssetOutcome(asset, AssetMetadata(0, ""), allocations);
    }
}
