// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BatchClaim, IStateCommitmentChain} from "../../../contracts/chain/IStateCommitmentChain.sol";
import {BatchHeader} from "../../../contracts/libraries/BatchHeader.sol";
import {InboxMessage, MessageKind} from "../../../contracts/libraries/InboxMessage.sol";
import {ISequencerRegistry} from "../../../contracts/sequencing/ISequencerRegistry.sol";
import {SuiteTest} from "./SuiteTest.sol";

/// @notice A queue longer than a batch: nobody can make one that others cannot execute, nor stop the chain with it.
contract LongQueueTest is SuiteTest {
    address private immutable RESOLVER = makeAddr("resolver");
    address private immutable SEQUENCER = makeAddr("sequencer");
    address private immutable SECOND = makeAddr("second");
    address private immutable THIRD = makeAddr("third");

    uint64 private max;
    uint64 private full;
    uint64 private start;
    // Encoded: copying a struct of 15 fields from storage is too deep for the compiler's stack.
    bytes private encodedHead;

    function setUp() public {
        vm.warp(1_800_000_000);
        vm.deal(address(this), 1 ether);
        encodedHead = abi.encode(deploySuite(RESOLVER, SEQUENCER));
        for (uint256 i = 0; i < 2; ++i) {
            address next = i == 0 ? SECOND : THIRD;
            vm.deal(next, 1 ether);
            vm.prank(next);
            registry.register{value: 1 ether}();
        }
        (max, full) = (chain.parameters().maxBatchMessages, chain.parameters().fullBatchMessages);
        start = uint64(block.timestamp);
        for (uint256 i = 0; i < max + full + 2; ++i) bridge.forceWithdrawal(address(0), 1, address(this));
    }

    function test_aBatchConsumesTheMaximumAndNotOneMore() public {
        bytes memory reason = abi.encodeWithSelector(IStateCommitmentChain.ChainTooManyMessages.selector, max + 1, max);
        _refused(SEQUENCER, max + 1, false, reason);
        _posted(SEQUENCER, max, false);
    }

    function test_aFullBatchLeavesMessagesThatAreDue() public {
        vm.warp(start + 30 days);
        _posted(SEQUENCER, full, false);
        _posted(SEQUENCER, full + max, false);
        _posted(SEQUENCER, full + max + 2, false);
    }

    function test_aBatchOneMessageShortOfFullLeavesNoneThatIsDue() public {
        vm.warp(start + 12 hours);
        _refused(
            SEQUENCER,
            full - 1,
            true,
            abi.encodeWithSelector(IStateCommitmentChain.ChainMessageDue.selector, full - 1, start + 12 hours)
        );
        vm.warp(start + 12 hours - 1);
        _posted(SEQUENCER, full - 1, true);
    }

    function test_theLastOfALongQueueIsConsumedOnceItIsDue() public {
        vm.warp(start + 30 days);
        _posted(SEQUENCER, full, false);
        _posted(SEQUENCER, full + max, false);
        _refused(
            SEQUENCER,
            full + max + 1,
            true,
            abi.encodeWithSelector(IStateCommitmentChain.ChainMessageDue.selector, full + max + 1, start + 12 hours)
        );
    }

    function test_consumingALongQueueSlowlyDoesNotHoldTheSeat() public {
        vm.warp(start + 59 minutes);
        _posted(SEQUENCER, full, false);
        (uint64 at, uint64 counted) = chain.lastActivity();
        assertEq(at, start);
        assertEq(counted, 0);

        _refused(
            SECOND,
            2 * full,
            false,
            abi.encodeWithSelector(ISequencerRegistry.RegistryNotYourTurn.selector, SECOND, SEQUENCER, start + 1 hours)
        );
        vm.warp(start + 1 hours);
        _posted(SECOND, 2 * full, false);
        vm.warp(start + 6 hours);
        _posted(THIRD, 3 * full, false);

        // All are consumed: now somebody was active.
        vm.warp(start + 7 hours);
        _posted(THIRD, 3 * full + 2, false);
        (at, counted) = chain.lastActivity();
        assertEq(at, start + 7 hours);
        assertEq(counted, 3 * full + 2);
        _refused(
            SECOND,
            3 * full + 2,
            false,
            abi.encodeWithSelector(ISequencerRegistry.RegistryNotYourTurn.selector, SECOND, SEQUENCER, start + 8 hours)
        );
    }

    function test_freezingCountsFromAFullBatchThatIsNoActivity() public {
        vm.warp(start + 30 days);
        _posted(SEQUENCER, full, false);
        (uint64 at, ) = chain.lastActivity();
        assertEq(at, start, "no activity");

        BatchHeader[] memory posted = new BatchHeader[](1);
        posted[0] = abi.decode(encodedHead, (BatchHeader));
        InboxMessage memory message = _message(full);
        vm.expectRevert(abi.encodeWithSelector(IStateCommitmentChain.ChainPending.selector, 0, 1));
        chain.freeze(posted[0], message);

        // The message waits since `start`, and nobody was active since: the batch alone holds the freeze off.
        vm.warp(posted[0].finalizesAt);
        chain.finalize(posted);
        uint64 from = posted[0].timestamp + chain.parameters().escapeDelay;
        bytes memory notYet = abi.encodeWithSelector(IStateCommitmentChain.ChainNotSilent.selector, from);
        vm.expectRevert(notYet);
        chain.freeze(posted[0], message);
        vm.warp(from - 1);
        vm.expectRevert(notYet);
        chain.freeze(posted[0], message);

        vm.warp(from);
        chain.freeze(posted[0], message);
        assertTrue(chain.isFrozenAt(posted[0]), "frozen at the full batch");
    }

    function _posted(address submitter, uint64 inboxTo, bool show) private {
        (bytes memory call, BatchHeader memory header) = _call(submitter, inboxTo, show);
        vm.prank(submitter, submitter);
        (bool success, ) = address(chain).call(call);
        assertTrue(success, "posted");
        assertEq(chain.headerHash(header.index), header.hash());
        encodedHead = abi.encode(header);
    }

    function _refused(address submitter, uint64 inboxTo, bool show, bytes memory expected) private {
        (bytes memory call, ) = _call(submitter, inboxTo, show);
        vm.prank(submitter, submitter);
        (bool success, bytes memory reason) = address(chain).call(call);
        assertFalse(success, "refused");
        assertEq(reason, expected);
    }

    function _call(
        address submitter,
        uint64 inboxTo,
        bool show
    ) private view returns (bytes memory call, BatchHeader memory header) {
        BatchHeader memory head = abi.decode(encodedHead, (BatchHeader));
        BatchClaim memory claim;
        claim.stateRoot = keccak256(abi.encode(inboxTo, block.timestamp));
        claim.inboxAcc = bridge.accumulator(inboxTo);
        claim.inboxTo = inboxTo;
        claim.l2BlockTo = head.l2BlockTo + 1;
        InboxMessage[] memory next = new InboxMessage[](show ? 1 : 0);
        if (show) next[0] = _message(inboxTo);
        call = abi.encodeCall(chain.appendBatch, (head, claim, next, "\x00data"));

        header.index = head.index + 1;
        header.timestamp = uint64(block.timestamp);
        header.finalizesAt = header.timestamp + 2 days;
        (header.inboxFrom, header.inboxTo) = (head.inboxTo, inboxTo);
        (header.l2BlockFrom, header.l2BlockTo) = (head.l2BlockTo, claim.l2BlockTo);
        header.submitter = submitter;
        header.resolver = RESOLVER;
        header.parentHash = head.hash();
        (header.prevStateRoot, header.stateRoot) = (head.stateRoot, claim.stateRoot);
        header.inboxAcc = claim.inboxAcc;
        header.dataHash = keccak256(abi.encode(keccak256("hardhat-rollup.data.v1"), 4, keccak256("data")));
    }

    function _message(uint64 index) private view returns (InboxMessage memory) {
        return
            InboxMessage({
                kind: MessageKind.Withdrawal,
                index: index,
                timestamp: start,
                sender: address(this),
                target: address(this),
                token: address(0),
                amount: 1,
                data: ""
            });
    }
}
