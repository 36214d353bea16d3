// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ChannelAdjudicator} from "../../../contracts/channel/ChannelAdjudicator.sol";
import {ChannelParams} from "../../../contracts/channel/ChannelParams.sol";
import {ChannelState, SignedState} from "../../../contracts/channel/ChannelState.sol";
import {Allocation, AssetOutcome} from "../../../contracts/channel/Outcome.sol";
import {ChannelTest} from "./ChannelTest.sol";
import {MockERC20} from "../../../contracts/mocks/tokens/MockERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Test} from "forge-std/Test.sol";

/// @notice Invariant 3 of docs/channels.md §8: what everybody got in the end is the same for every order of deposits,
/// finalisation, reclaims, payouts and withdrawals.
contract ChannelOrdersTest is ChannelTest, Test {
    uint256 private constant OPERATIONS = 11;

    ChannelAdjudicator private adjudicator;
    MockERC20 private token;

    /// @dev A ledger channel of alice and the hub, that funds a channel of alice and bob, and guarantees a virtual one.
    struct Story {
        address asset;
        uint256[3] deposits;
        /// Entitlements of the ledger channel, in its order: alice, the guarantee, the channel, the hub, alice again.
        uint256[5] ledger;
        /// What the virtual channel leaves to alice and bob.
        uint256[2] virtualAmounts;
        /// What the funded channel leaves to bob and alice.
        uint256[2] funded;
        /// What alice may take out of the ledger channel before its end.
        uint256 early;
        ChannelParams ledgerParams;
        ChannelParams virtualParams;
        ChannelParams fundedParams;
        bytes32 ledgerId;
        bytes32 virtualId;
        bytes32 fundedId;
        bytes ledgerOutcome;
        bytes virtualOutcome;
        bytes fundedOutcome;
    }

    function setUp() public {
        adjudicator = new ChannelAdjudicator(1 gwei);
        token = new MockERC20();
        token.mint(address(this), type(uint128).max);
        token.approve(address(adjudicator), type(uint256).max);
    }

    /// forge-config: default.fuzz.runs = 128
    function testFuzz_everyOrderPaysTheSame(uint256 seed, bool isToken) public {
        Story memory story = _story(seed, isToken);
        _play(story, uint256(keccak256(abi.encode(seed, "order"))));

        // The model: what covers each allocation, from what the ledger channel ever got.
        uint256 got = story.deposits[0] + story.deposits[1] + story.deposits[2];
        uint256[5] memory covered;
        for (uint256 i = 0; i < 5; ++i) {
            covered[i] = Math.min(story.ledger[i], got);
            got -= covered[i];
        }
        uint256 left = Math.min(story.virtualAmounts[0], story.ledger[1]);
        uint256 right = Math.min(story.virtualAmounts[1], story.ledger[1] - left);
        left = Math.min(left, covered[1]);
        right = Math.min(right, covered[1] - left);
        uint256 bobs = Math.min(story.funded[0], covered[2]);
        uint256 alices = Math.min(story.funded[1], covered[2] - bobs);

        assertEq(_held(story.asset, ALICE), covered[0] + covered[4] + left + alices, "alice");
        assertEq(_held(story.asset, HUB), covered[3] + right, "the hub");
        assertEq(_held(story.asset, BOB), bobs, "bob");
        uint256 out = _held(story.asset, ALICE) + _held(story.asset, HUB) + _held(story.asset, BOB);
        uint256 put = story.deposits[0] + story.deposits[1] + story.deposits[2];
        uint256 kept =
            adjudicator.holdingsOf(story.ledgerId, story.asset) + adjudicator.holdingsOf(story.fundedId, story.asset);
        uint256 balance = isToken ? token.balanceOf(address(adjudicator)) : address(adjudicator).balance;
        assertEq(out + kept, put, "nothing is lost");
        assertEq(balance, kept, "holdings are there");
    }

    /* PRIVATE */

    /// @dev Operations in a random order, again and again until none does anything more.
    function _play(Story memory story, uint256 random) private {
        bool[OPERATIONS] memory done;
        for (uint256 round = 0; round < 12; ++round) {
            uint256 start = uint256(keccak256(abi.encode(random, round)));
            for (uint256 k = 0; k < OPERATIONS; ++k) {
                // 3 is prime to 11, as every step but a multiple is: each round visits all in another order.
                uint256 step = 1 + ((start >> 16) % (OPERATIONS - 1));
                uint256 operation = (start + k * step) % OPERATIONS;
                // Half of what could be done in the first rounds is put off.
                if (round < 3 && (start >> (32 + k)) & 1 == 0) continue;
                if (done[operation]) continue;
                (bool success, ) = address(this).call(abi.encodeCall(this.operate, (story, operation)));
                // Payouts and conclusions are tried again: there may be more to pay.
                if (success && operation < 9) done[operation] = true;
            }
        }
        for (uint256 i = 0; i < 9; ++i) {
            // The early withdrawal may be overtaken by the payout that pays it; and of two ways to conclude one is taken.
            if (i == 3 || i == 4 || i == 5) continue;
            assertTrue(done[i], "every operation can be done in the end");
        }
    }

    /// @notice One operation; reverts when it cannot be done now.
    function operate(Story memory story, uint256 operation) external {
        if (operation < 3) return _deposit(story, story.deposits[operation]);
        if (operation == 3) return _withdraw(story);
        if (operation == 4 || operation == 5) return _conclude(story, operation == 4);
        if (operation == 6) {
            SignedState memory ended = _final(story.virtualId, _keys(ALICE, HUB, BOB), story.virtualOutcome);
            return adjudicator.concludeAndPay(story.virtualParams, ended);
        }
        if (operation == 7) {
            SignedState memory ended = _final(story.fundedId, _keys(ALICE, BOB), story.fundedOutcome);
            return adjudicator.conclude(story.fundedParams, ended);
        }
        if (operation == 8) return _reclaim(story);
        if (operation == 9) {
            return
                adjudicator.payout(
                    story.ledgerId,
                    _state(story.ledgerOutcome),
                    story.ledgerOutcome,
                    0,
                    new uint256[](0)
                );
        }
        adjudicator.payout(story.fundedId, _state(story.fundedOutcome), story.fundedOutcome, 0, new uint256[](0));
    }

    function _deposit(Story memory story, uint256 amount) private {
        if (amount == 0) return;
        if (story.asset == address(0)) {
            vm.deal(address(this), amount);
            adjudicator.depositETH{value: amount}(story.ledgerId, 0);
        } else {
            adjudicator.depositERC20(story.asset, story.ledgerId, 0, amount);
        }
    }

    function _withdraw(Story memory story) private {
        bytes32 digest = _withdrawalDigest(adjudicator, story.ledgerId, story.asset, _to(ALICE), story.early);
        bytes memory signatures = _signatures(_keys(ALICE, HUB), digest);
        adjudicator.withdraw(story.ledgerParams, story.asset, _to(ALICE), story.early, signatures);
    }

    function _conclude(Story memory story, bool pays) private {
        SignedState memory ended = _final(story.ledgerId, _keys(ALICE, HUB), story.ledgerOutcome);
        if (pays) adjudicator.concludeAndPay(story.ledgerParams, ended);
        else adjudicator.conclude(story.ledgerParams, ended);
    }

    function _reclaim(Story memory story) private {
        SignedState memory ended = _final(story.virtualId, _keys(ALICE, HUB, BOB), story.virtualOutcome);
        adjudicator.reclaim({
            channelId: story.ledgerId,
            state: _state(story.ledgerOutcome),
            outcome: story.ledgerOutcome,
            assetIndex: 0,
            allocationIndex: 1,
            target: story.virtualParams,
            targetState: ended
        });
    }

    function _final(
        bytes32 channelId,
        uint256[] memory keys,
        bytes memory outcome
    ) private view returns (SignedState memory signed) {
        signed = _signed(adjudicator, channelId, keys, _state(outcome));
        signed.outcome = outcome;
    }

    function _state(bytes memory outcome) private pure returns (ChannelState memory) {
        return ChannelState(9, true, 0, keccak256(outcome));
    }

    function _story(uint256 seed, bool isToken) private view returns (Story memory story) {
        uint256 nonce = 0;
        if (isToken) story.asset = address(token);
        for (uint256 i = 0; i < 3; ++i) story.deposits[i] = _pick(seed, nonce++);
        for (uint256 i = 0; i < 5; ++i) story.ledger[i] = _pick(seed, nonce++);
        (story.virtualAmounts[0], story.virtualAmounts[1]) = (_pick(seed, nonce++), _pick(seed, nonce++));
        (story.funded[0], story.funded[1]) = (_pick(seed, nonce++), _pick(seed, nonce++));
        // Less than is payable to her whatever happens, as a client keeps it.
        story.early = Math.min(story.ledger[0], story.deposits[0]);

        story.ledgerParams = _params(_keys(ALICE, HUB), 1, address(0));
        story.virtualParams = _params(_keys(ALICE, HUB, BOB), 2, address(0));
        story.fundedParams = _params(_keys(ALICE, BOB), 3, address(0));
        story.ledgerId = adjudicator.channelIdOf(story.ledgerParams);
        story.virtualId = adjudicator.channelIdOf(story.virtualParams);
        story.fundedId = adjudicator.channelIdOf(story.fundedParams);

        Allocation[] memory allocations = new Allocation[](5);
        allocations[0] = _simple(_to(ALICE), story.ledger[0]);
        allocations[1] = Allocation(story.virtualId, story.ledger[1], 2, abi.encode(_to(ALICE), _to(HUB)));
        allocations[2] = _simple(story.fundedId, story.ledger[2]);
        allocations[3] = _simple(_to(HUB), story.ledger[3]);
        allocations[4] = _simple(_to(ALICE), story.ledger[4]);
        story.ledgerOutcome = _encode(story.asset, allocations);
        story.virtualOutcome = _encode(story.asset, _two(ALICE, story.virtualAmounts[0], BOB, story.virtualAmounts[1]));
        story.fundedOutcome = _encode(story.asset, _two(BOB, story.funded[0], ALICE, story.funded[1]));
    }

    /// @dev Small numbers, zero among them: orders matter where there is too little.
    function _pick(uint256 seed, uint256 nonce) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, nonce))) % 12;
    }

    function _two(uint256 a, uint256 x, uint256 b, uint256 y) private pure returns (Allocation[] memory allocations) {
        allocations = new Allocation[](2);
        (allocations[0], allocations[1]) = (_simple(_to(a), x), _simple(_to(b), y));
    }

    function _encode(address asset, Allocation[] memory allocations) private pure returns (bytes memory) {
        AssetOutcome[] memory outcome = new AssetOutcome[](1);
        outcome[0] = _part(asset, allocations);
        return abi.encode(outcome);
    }

    function _held(address asset, uint256 key) private view returns (uint256) {
        return asset == address(0) ? vm.addr(key).balance : token.balanceOf(vm.addr(key));
    }
}
