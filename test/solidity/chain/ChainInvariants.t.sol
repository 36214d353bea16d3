// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {L1EscrowBridge} from "../../../contracts/bridge/L1EscrowBridge.sol";
import {ChainParameters} from "../../../contracts/chain/ChainParameters.sol";
import {BatchClaim} from "../../../contracts/chain/IStateCommitmentChain.sol";
import {StateCommitmentChain} from "../../../contracts/chain/StateCommitmentChain.sol";
import {BatchHeader} from "../../../contracts/libraries/BatchHeader.sol";
import {IProxyAdmin} from "../../../contracts/mocks/IProxyAdmin.sol";
import {InboxMessage, MessageKind} from "../../../contracts/libraries/InboxMessage.sol";
import {SequencerRegistry} from "../../../contracts/sequencing/SequencerRegistry.sol";
import {SuiteTest} from "./SuiteTest.sol";
import {Test} from "forge-std/Test.sol";

/// @notice Random life of a chain, beside a naive model that says which actions must succeed.
contract ChainHandler is Test {
    L1EscrowBridge public immutable bridge;
    StateCommitmentChain public immutable chain;
    SequencerRegistry public immutable registry;
    address public immutable resolver;

    /// @dev ERC-1967.
    bytes32 private constant ADMIN_SLOT = 0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103;

    address[] public actors;

    /* MODEL */

    // Headers are kept encoded: copying a struct of 15 fields from storage is too deep for the compiler's stack.
    bytes[] internal _headers; // the chain as it stands, by index
    bytes[] internal _reverted; // every batch that ever fell
    bytes[] internal _disputes; // batches under dispute, also those that fell
    InboxMessage[] internal _messages;
    address[] internal _ranks; // the set of sequencers in order
    uint256 public finalizedHead;
    uint256 public activeAt;
    uint256 public messagesAtActivity;
    bytes32[] public finalHashes; // as recorded when each became final
    uint256 public burnt;

    /// @notice Whether the chain's code makes batches that only a proof finalizes.
    bool public proofRequired;
    StateCommitmentChain[2] private _implementations;
    address private immutable ADMIN;
    address private immutable ADMIN_OWNER;

    /// @notice How often each action went through; an invariant that nothing happened under says nothing.
    mapping(bytes32 action => uint256) public done;

    constructor(
        L1EscrowBridge bridge_,
        StateCommitmentChain chain_,
        SequencerRegistry registry_,
        address resolver_,
        BatchHeader memory genesis,
        StateCommitmentChain[2] memory implementations
    ) {
        _implementations = implementations;
        ADMIN = address(uint160(uint256(vm.load(address(chain_), ADMIN_SLOT))));
        ADMIN_OWNER = msg.sender;
        (bridge, chain, registry, resolver) = (bridge_, chain_, registry_, resolver_);
        _headers.push(abi.encode(genesis));
        finalHashes.push(genesis.hash());
        activeAt = genesis.timestamp;
        for (uint256 i = 0; i < 5; ++i) {
            address actor = makeAddr(string.concat("actor", vm.toString(i)));
            vm.deal(actor, 1_000 ether);
            actors.push(actor);
        }
        burnt = address(0).balance;
    }

    /* ACTIONS */

    /// @notice Anyone posts, consuming any part of the inbox: mostly refused.
    function post(uint256 actorSeed, uint256 inboxSeed, bool show) external {
        uint64 consumed = header(_headers.length - 1).inboxTo;
        _post(_actor(actorSeed), uint64(bound(inboxSeed, consumed, _messages.length)), show);
    }

    /// @notice Who is first posts, consuming the whole inbox: never refused.
    function postInTurn() external {
        if (_ranks.length > 0) _post(_ranks[0], uint64(_messages.length), false);
    }

    /// @notice Who is first posts, leaving what came after the last activity.
    function postLeavingNew(bool show) external {
        if (_ranks.length > 0) _post(_ranks[0], uint64(messagesAtActivity), show);
    }

    function enqueue(uint256 actorSeed) external {
        address actor = _actor(actorSeed);
        vm.prank(actor);
        uint64 index = bridge.forceWithdrawal(address(0), 1, actor);
        assertEq(index, _messages.length);
        _messages.push(
            InboxMessage(MessageKind.Withdrawal, index, uint64(block.timestamp), actor, actor, address(0), 1, "")
        );
        ++done["enqueue"];
    }

    function finalize(uint256 countSeed) external {
        uint256 pending = _headers.length - 1 - finalizedHead;
        if (pending == 0) return;
        BatchHeader[] memory oldest = new BatchHeader[](bound(countSeed, 1, pending));
        for (uint256 i = 0; i < oldest.length; ++i) oldest[i] = header(finalizedHead + 1 + i);

        bool expected = true;
        for (uint256 i = 0; i < oldest.length; ++i) {
            if (block.timestamp < oldest[i].finalizesAt || _isDisputed(oldest[i].hash())) expected = false;
        }
        try chain.finalize(oldest) {
            assertTrue(expected, "final before its time");
            for (uint256 i = 0; i < oldest.length; ++i) finalHashes.push(oldest[i].hash());
            finalizedHead += oldest.length;
            ++done["finalize"];
        } catch {
            assertFalse(expected, "not final although it is time");
        }
    }

    /// @notice The resolver has seen a proof of any pending batch: refused but for the next, if that needs one.
    function finalizeProven(uint256 indexSeed, bool next) external {
        uint256 pending = _headers.length - 1 - finalizedHead;
        if (pending == 0) return;
        uint256 index = finalizedHead + (next ? 1 : bound(indexSeed, 1, pending));
        BatchHeader memory proven = header(index);
        bool expected =
            index == finalizedHead + 1 && proven.finalizesAt == chain.NEVER() && !_isDisputed(proven.hash());
        vm.prank(resolver);
        try chain.finalizeProven(proven) {
            assertTrue(expected, "final out of turn, or instead of its window");
            finalHashes.push(proven.hash());
            ++finalizedHead;
            ++done["finalizeProven"];
        } catch {
            assertFalse(expected, "not final although it is proven");
        }
    }

    /// @notice From now on batches are of the other kind; those pending stay what they are.
    function upgrade() external {
        proofRequired = !proofRequired;
        vm.prank(ADMIN_OWNER);
        IProxyAdmin(ADMIN).upgradeAndCall(address(chain), address(_implementations[proofRequired ? 1 : 0]), "");
        ++done["upgrade"];
    }

    function openDispute(uint256 indexSeed) external {
        uint256 pending = _headers.length - 1 - finalizedHead;
        if (pending == 0) return;
        BatchHeader memory judged = header(finalizedHead + bound(indexSeed, 1, pending));

        bool expected = block.timestamp < judged.finalizesAt && !_isDisputed(judged.hash());
        vm.prank(resolver);
        try chain.openDispute(judged) {
            assertTrue(expected, "disputed too late, or twice");
            _disputes.push(abi.encode(judged));
            ++done["openDispute"];
        } catch {
            assertFalse(expected, "no dispute although it is time");
        }
    }

    /// @notice The resolver ends a dispute: the batch is defended, or fell with an earlier one.
    function closeDispute(uint256 seed) external {
        if (_disputes.length == 0) return;
        uint256 position = bound(seed, 0, _disputes.length - 1);
        vm.prank(resolver);
        chain.closeDispute(disputed(position));
        _removeDispute(position);
        ++done["closeDispute"];
    }

    /// @notice A dispute is lost: refused only for a batch that fell already.
    function revertDisputed(uint256 seed, uint256 winnerSeed) external {
        if (_disputes.length == 0) return;
        uint256 position = bound(seed, 0, _disputes.length - 1);
        BatchHeader memory fallen = disputed(position);
        address submitter = fallen.submitter;
        uint256 bond = registry.bondOf(submitter);

        bool expected = fallen.index < _headers.length && header(fallen.index).hash() == fallen.hash();
        vm.prank(resolver);
        try chain.revertBatches(fallen, _actor(winnerSeed)) {
            assertTrue(expected, "fell twice");
        } catch {
            assertFalse(expected, "did not fall");
            return;
        }
        _removeDispute(position);
        while (_headers.length > fallen.index) {
            _reverted.push(_headers[_headers.length - 1]);
            _headers.pop();
        }
        burnt += bond - bond / 2;
        _removeRank(submitter);
        (activeAt, messagesAtActivity) = (block.timestamp, _messages.length);
        ++done["revert"];
    }

    /// @notice What nobody disputes does not fall.
    function revertUndisputed(uint256 indexSeed) external {
        uint256 pending = _headers.length - 1 - finalizedHead;
        if (pending == 0) return;
        BatchHeader memory target = header(finalizedHead + bound(indexSeed, 1, pending));
        if (_isDisputed(target.hash())) return;
        vm.expectRevert();
        vm.prank(resolver);
        chain.revertBatches(target, resolver);
    }

    function register(uint256 actorSeed, uint256 bondSeed) external {
        address actor = _actor(actorSeed);
        if (registry.bondOf(actor) != 0) return;
        uint256 bond = bound(bondSeed, 1 ether, 3 ether);
        vm.prank(actor);
        registry.register{value: bond}();
        _ranks.push(actor);
        ++done["register"];
    }

    function exit(uint256 actorSeed) external {
        address actor = _actor(actorSeed);
        if (!registry.isSequencer(actor)) return;
        vm.prank(actor);
        registry.exit();
        _removeRank(actor);
        ++done["exit"];
    }

    function withdrawBond(uint256 actorSeed) external {
        address actor = _actor(actorSeed);
        uint64 at = registry.withdrawableAt(actor);
        if (at == 0 || block.timestamp < at) return;
        uint256 due = actor.balance + registry.bondOf(actor);
        vm.prank(actor);
        registry.withdrawBond(payable(actor));
        assertEq(actor.balance, due);
        ++done["withdrawBond"];
    }

    function claimReward(uint256 actorSeed) external {
        address actor = _actor(actorSeed);
        uint256 reward = registry.rewardOf(actor);
        if (reward == 0) return;
        uint256 due = actor.balance + reward;
        vm.prank(actor);
        registry.claimReward(payable(actor));
        assertEq(actor.balance, due);
        ++done["claimReward"];
    }

    function pass(uint256 seed) external {
        vm.warp(block.timestamp + bound(seed, 1, 2 hours));
    }

    function passLong(uint256 seed) external {
        vm.warp(block.timestamp + bound(seed, 2 hours, 3 days));
    }

    /// @notice Time jumps to a second at which something changes, or to the one before.
    function passToDeadline(uint256 seed, bool before) external {
        ChainParameters memory p = chain.parameters();
        SequencerRegistry.Parameters memory r = registry.parameters();
        uint64 consumed = header(_headers.length - 1).inboxTo;
        uint256[5] memory deadlines = [
            activeAt + r.sequencerGrace,
            activeAt + r.permissionlessDelay,
            activeAt + p.forceInclusionDelay,
            consumed < _messages.length ? _messages[consumed].timestamp + p.forceInclusionDelay : 0,
            finalizedHead + 1 < _headers.length ? header(finalizedHead + 1).finalizesAt : 0
        ];
        uint256 deadline = deadlines[bound(seed, 0, 4)];
        if (deadline == chain.NEVER()) return;
        if (before && deadline > 0) --deadline;
        if (deadline > block.timestamp) vm.warp(deadline);
    }

    /* MODEL VIEWS */

    function header(uint256 index) public view returns (BatchHeader memory) {
        return abi.decode(_headers[index], (BatchHeader));
    }

    function headerCount() external view returns (uint256) {
        return _headers.length;
    }

    function reverted(uint256 index) external view returns (BatchHeader memory) {
        return abi.decode(_reverted[index], (BatchHeader));
    }

    function revertedCount() external view returns (uint256) {
        return _reverted.length;
    }

    function disputed(uint256 position) public view returns (BatchHeader memory) {
        return abi.decode(_disputes[position], (BatchHeader));
    }

    function disputeCount() external view returns (uint256) {
        return _disputes.length;
    }

    function ranks() external view returns (address[] memory) {
        return _ranks;
    }

    function allActors() external view returns (address[] memory) {
        return actors;
    }

    function messageCount() external view returns (uint256) {
        return _messages.length;
    }

    /* INTERNAL */

    function _post(address actor, uint64 inboxTo, bool show) internal {
        BatchHeader memory parent = header(_headers.length - 1);
        BatchClaim memory claim = _claimAfter(parent, inboxTo);
        show = show && inboxTo < _messages.length;

        bool expected = _mayPost(actor) && _mayLeave(inboxTo, show);
        bytes memory call = _appendCall(parent, claim, show);
        vm.prank(actor, actor);
        (bool success, bytes memory result) = address(chain).call(call);
        assertEq(success, expected, "whether a batch is posted");
        if (!success) return;

        BatchHeader memory posted = _headerOf(parent, claim, actor);
        assertEq(abi.decode(result, (bytes32)), posted.hash(), "header");
        _headers.push(abi.encode(posted));
        (activeAt, messagesAtActivity) = (block.timestamp, _messages.length);
        ++done["post"];
    }

    function _actor(uint256 seed) internal view returns (address) {
        return actors[bound(seed, 0, actors.length - 1)];
    }

    /// @dev A claim whose state root no other has, so that no two batches ever have the same header.
    function _claimAfter(BatchHeader memory parent, uint64 inboxTo) internal view returns (BatchClaim memory claim) {
        claim.stateRoot = keccak256(abi.encode(_headers.length, _reverted.length, block.timestamp));
        claim.inboxAcc = bridge.accumulator(inboxTo);
        claim.inboxTo = inboxTo;
        claim.l2BlockTo = parent.l2BlockTo + 1;
    }

    function _appendCall(
        BatchHeader memory parent,
        BatchClaim memory claim,
        bool show
    ) internal view returns (bytes memory) {
        InboxMessage[] memory next = new InboxMessage[](show ? 1 : 0);
        if (show) next[0] = _messages[claim.inboxTo];
        return abi.encodeCall(chain.appendBatch, (parent, claim, next, "\x00data"));
    }

    function _headerOf(
        BatchHeader memory parent,
        BatchClaim memory claim,
        address submitter
    ) internal view returns (BatchHeader memory made) {
        made.index = parent.index + 1;
        made.timestamp = uint64(block.timestamp);
        made.finalizesAt = proofRequired ? chain.NEVER() : made.timestamp + chain.parameters().challengeWindow;
        (made.inboxFrom, made.inboxTo) = (parent.inboxTo, claim.inboxTo);
        (made.l2BlockFrom, made.l2BlockTo) = (parent.l2BlockTo, claim.l2BlockTo);
        (made.submitter, made.resolver) = (submitter, resolver);
        made.parentHash = parent.hash();
        (made.prevStateRoot, made.stateRoot) = (parent.stateRoot, claim.stateRoot);
        made.inboxAcc = claim.inboxAcc;
        made.dataHash = keccak256(abi.encode(keccak256("hardhat-rollup.data.v1"), 4, keccak256("data")));
    }

    function _mayPost(address account) internal view returns (bool) {
        SequencerRegistry.Parameters memory p = registry.parameters();
        uint256 silence = block.timestamp - activeAt;
        for (uint256 rank = 0; rank < _ranks.length; ++rank) {
            if (_ranks[rank] != account) continue;
            if (rank == 0) return true;
            return silence >= (rank == 1 ? p.sequencerGrace : p.permissionlessDelay);
        }
        return false;
    }

    /// @dev No message that is left is due; and one that the last activity counted, or that it is too old to speak
    /// for, is shown.
    function _mayLeave(uint64 inboxTo, bool shown) internal view returns (bool) {
        if (inboxTo == _messages.length) return true;
        uint256 delay = chain.parameters().forceInclusionDelay;
        if (shown) return block.timestamp < _messages[inboxTo].timestamp + delay;
        return inboxTo >= messagesAtActivity && block.timestamp < activeAt + delay;
    }

    function _isDisputed(bytes32 hash) internal view returns (bool) {
        for (uint256 i = 0; i < _disputes.length; ++i) {
            if (disputed(i).hash() == hash) return true;
        }
        return false;
    }

    function _removeDispute(uint256 position) internal {
        _disputes[position] = _disputes[_disputes.length - 1];
        _disputes.pop();
    }

    function _removeRank(address account) internal {
        for (uint256 rank = 0; rank < _ranks.length; ++rank) {
            if (_ranks[rank] != account) continue;
            for (; rank + 1 < _ranks.length; ++rank) _ranks[rank] = _ranks[rank + 1];
            _ranks.pop();
        }
    }
}

/// @notice What holds for chain and registry whatever anybody does, on the suite as it is deployed.
/// forge-config: default.invariant.runs = 20
/// forge-config: default.invariant.depth = 150
/// forge-config: default.invariant.fail-on-revert = true
contract ChainInvariants is SuiteTest {
    ChainHandler internal handler;

    function setUp() public {
        vm.warp(1_800_000_000);
        address resolver = makeAddr("resolver");
        BatchHeader memory genesis = deploySuite(resolver, address(0));
        StateCommitmentChain[2] memory implementations = [
            chainImplementation(resolver, false),
            chainImplementation(resolver, true)
        ];
        handler = new ChainHandler(bridge, chain, registry, resolver, genesis, implementations);
        targetContract(address(handler));
    }

    /// @notice finalizedHead ≤ head, both where the model has them.
    function invariant_headsAreWhereTheModelHasThem() public view {
        (uint64 head, uint64 finalizedHead) = chain.heads();
        assertLe(finalizedHead, head);
        assertEq(head, handler.headerCount() - 1);
        assertEq(finalizedHead, handler.finalizedHead());
        (uint64 at, uint64 messageCount) = chain.lastActivity();
        assertEq(at, handler.activeAt());
        assertEq(messageCount, handler.messagesAtActivity());
    }

    /// @notice What once was final is so forever, with the same content.
    function invariant_finalNeverChanges() public view {
        for (uint64 i = 0; i < handler.headerCount(); ++i) {
            bool finalized = i <= handler.finalizedHead();
            assertEq(chain.isFinalized(handler.header(i)), finalized);
            if (finalized) assertEq(chain.headerHash(i), handler.finalHashes(i));
        }
    }

    /// @notice Every header continues its parent: hash, state, inbox and L2 blocks; and nothing lies above the head.
    function invariant_headersFormOneChain() public view {
        uint64 count = uint64(handler.headerCount());
        for (uint64 i = 1; i < count; ++i) {
            (BatchHeader memory parent, BatchHeader memory header) = (handler.header(i - 1), handler.header(i));
            assertEq(chain.headerHash(i), header.hash());
            assertEq(header.parentHash, parent.hash());
            assertEq(header.prevStateRoot, parent.stateRoot);
            assertEq(header.inboxFrom, parent.inboxTo);
            assertGe(header.inboxTo, parent.inboxTo);
            assertGt(header.l2BlockTo, parent.l2BlockTo);
            assertGe(header.timestamp, parent.timestamp);
        }
        for (uint64 i = 0; i < 3; ++i) assertEq(chain.headerHash(count + i), 0);
    }

    /// @notice A batch that fell is neither final nor can it be finalized or reverted again.
    function invariant_revertedIsGone() public {
        uint256 count = handler.revertedCount();
        BatchHeader[] memory one = new BatchHeader[](1);
        for (uint256 i = count > 5 ? count - 5 : 0; i < count; ++i) {
            one[0] = handler.reverted(i);
            assertFalse(chain.isFinalized(one[0]));
            vm.expectRevert();
            chain.finalize(one);
            vm.prank(handler.resolver());
            vm.expectRevert();
            chain.finalizeProven(one[0]);
            vm.prank(handler.resolver());
            vm.expectRevert();
            chain.revertBatches(one[0], address(this));
        }
    }

    /// @notice The counter counts the flags, which stand where the model has them; none is on what is final.
    function invariant_disputesAreCounted() public view {
        uint256 count = handler.disputeCount();
        assertEq(chain.openDisputes(), count);
        for (uint256 i = 0; i < count; ++i) {
            BatchHeader memory disputed = handler.disputed(i);
            assertTrue(chain.isDisputed(disputed.hash()));
            assertFalse(chain.isFinalized(disputed), "final under dispute");
        }
        uint256 flags;
        for (uint256 i = 0; i < handler.headerCount(); ++i) if (chain.isDisputed(handler.header(i).hash())) ++flags;
        for (uint256 i = 0; i < handler.revertedCount(); ++i) {
            if (chain.isDisputed(handler.reverted(i).hash())) ++flags;
        }
        assertEq(flags, count);
    }

    /// @notice The inbox released exactly what final batches consumed; all else is still there.
    function invariant_inboxIsReleasedUpToFinality() public view {
        assertEq(bridge.releasedCount(), handler.header(handler.finalizedHead()).inboxTo);
        assertEq(bridge.messageCount(), handler.messageCount());
    }

    /// @notice The registry holds every bond and every reward, to the wei; what it does not hold is burnt.
    function invariant_registryIsSolvent() public view {
        address[] memory actors = handler.allActors();
        uint256 owed;
        for (uint256 i = 0; i < actors.length; ++i) owed += registry.bondOf(actors[i]) + registry.rewardOf(actors[i]);
        assertEq(address(registry).balance, owed);
        assertEq(address(0).balance, handler.burnt());
    }

    /// @notice The set is linked in order of registration, and holds only who is bonded and has not exited.
    function invariant_ranksAreInOrder() public view {
        address[] memory ranks = handler.ranks();
        address account;
        for (uint256 i = 0; i < ranks.length; ++i) {
            account = registry.sequencerAfter(account);
            assertEq(account, ranks[i]);
            assertTrue(registry.isSequencer(account));
            assertGe(registry.bondOf(account), 1 ether);
            assertEq(registry.withdrawableAt(account), 0);
        }
        assertEq(registry.sequencerAfter(account), address(0));
    }
}
