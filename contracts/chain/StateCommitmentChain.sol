// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Initializable} from "@openzeppelin/contracts-upgradeable/proxy/utils/Initializable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {BatchHeader} from "../libraries/BatchHeader.sol";
import {InboxMessage} from "../libraries/InboxMessage.sol";
import {ChainConfiguration} from "./ChainConfiguration.sol";
import {ChainParameters} from "./ChainParameters.sol";
import {Heads, HeadsLib} from "./Heads.sol";
import {IJudgedChain} from "./IJudgedChain.sol";
import {BatchClaim, IStateCommitmentChain} from "./IStateCommitmentChain.sol";

/// @title StateCommitmentChain
/// @notice What L1 believes about L2: one header hash per batch and where the chain of them stands.
/// @dev Lives behind a proxy; neighbours and parameters are immutables of the implementation.
///
/// Invariants:
/// 1. `finalizedHead ≤ head`; both only grow, but for `head` falling back to no less than `finalizedHead` in a revert.
/// 2. For 0 < i ≤ head the header behind hash i names hash i-1 as its parent, so one hash stands for the whole chain below.
/// 3. A hash at an index ≤ `finalizedHead` never changes. One above `head` is left over from a revert and is never read.
/// 4. Along the chain `inboxTo` never falls and `l2BlockTo` grows; a batch starts in both where its parent ended.
/// 5. No batch was posted while it left a message of age ≥ `forceInclusionDelay`, unless it consumed `fullBatchMessages`.
/// 6. Batch i becomes final only after batch i-1, and in the way that was fixed when it was posted: from its `finalizesAt`
/// on, or, where that is `NEVER`, when the resolver that its header names has seen a proof. An upgrade changes neither, so
/// batches of both kinds may be pending at once.
/// 7. A batch under dispute does not become final. Disputes are opened before `finalizesAt`, and opened, closed and won
/// only by the resolver that the header names. `openDisputes` is the number of hashes in `disputed`.
/// 8. Once frozen, for ever: `head == finalizedHead`, and no batch follows. Nothing freezes before everybody who may post
/// had a turn, and every dispute an end, while a message waited.
contract StateCommitmentChain is IStateCommitmentChain, ChainConfiguration, Initializable, ReentrancyGuardTransient {
    using HeadsLib for Heads;

    /* CONSTANTS */

    /// @notice `finalizesAt` of a batch that only a proof makes final.
    uint64 public constant NEVER = type(uint64).max;

    /* STORAGE */

    /// @custom:storage-location erc7201:hardhat-rollup.storage.StateCommitmentChain
    /// @param heads See Heads.
    /// @param headerHashes One per batch; above `heads.head` left over from reverts.
    /// @param disputed By header hash; `heads.openDisputes` are set. May be of a batch that fell with an earlier one.
    struct ChainStorage {
        Heads heads;
        mapping(uint64 index => bytes32 headerHash) headerHashes;
        mapping(bytes32 headerHash => bool) disputed;
    }

    /// @dev keccak256(abi.encode(uint256(keccak256("hardhat-rollup.storage.StateCommitmentChain")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant CHAIN_STORAGE = 0xe88a45d81295dbd1afce42b2577fbf5abc29e2b1b47f4ab0fa85687acef75800;

    /* CONSTRUCTOR */

    constructor(ChainParameters memory p) ChainConfiguration(p) {
        _disableInitializers();
    }

    /// @notice Writes the genesis header. Called once, by the proxy's constructor.
    function initialize() external initializer {
        BatchHeader memory genesis;
        genesis.timestamp = uint64(block.timestamp);
        genesis.finalizesAt = genesis.timestamp;
        genesis.stateRoot = GENESIS_STATE_ROOT;

        bytes32 genesisHash = genesis.hash();
        ChainStorage storage $ = _storage();
        $.headerHashes[0] = genesisHash;
        $.heads.activeAt = uint48(genesis.timestamp);
        emit GenesisSet(genesisHash, genesis);
    }

    /* POSTING */

    /// @inheritdoc IStateCommitmentChain
    function appendBatch(
        BatchHeader calldata parent,
        BatchClaim calldata claim,
        InboxMessage[] calldata nextMessage,
        bytes calldata daInput
    ) external nonReentrant returns (bytes32 newHeaderHash) {
        ChainStorage storage $ = _storage();
        Heads memory last = $.heads;
        if (last.frozen) revert ChainFrozen();

        // INVARIANT: a batch extends the head that its submitter saw, so an L1 reorganisation cannot put it elsewhere.
        bytes32 parentHash = parent.hashCalldata();
        bytes32 headHash = $.headerHashes[last.head];
        if (parentHash != headHash) revert ChainParentMismatch(headHash, parentHash);

        REGISTRY.checkMayPost(msg.sender, last.activeAt);
        if (claim.stateRoot == 0) revert ChainZeroStateRoot();
        if (claim.l2BlockTo <= parent.l2BlockTo) revert ChainL2BlockNotAfter(claim.l2BlockTo, parent.l2BlockTo);
        (uint48 activeAt, uint64 messageCount) = _checkInbox(parent.inboxTo, claim, nextMessage, last);

        BatchHeader memory header = BatchHeader({
            index: last.head + 1,
            timestamp: uint64(block.timestamp),
            finalizesAt: uint64(block.timestamp) + CHALLENGE_WINDOW,
            inboxFrom: parent.inboxTo,
            inboxTo: claim.inboxTo,
            l2BlockFrom: parent.l2BlockTo,
            l2BlockTo: claim.l2BlockTo,
            submitter: msg.sender,
            resolver: RESOLVER,
            parentHash: parentHash,
            prevStateRoot: parent.stateRoot,
            stateRoot: claim.stateRoot,
            withdrawalsRoot: claim.withdrawalsRoot,
            inboxAcc: claim.inboxAcc,
            dataHash: 0
        });
        header.dataHash = DATA_AVAILABILITY.commit(header, daInput);
        if (PROOF_REQUIRED) header.finalizesAt = NEVER;

        newHeaderHash = header.hash();
        $.headerHashes[header.index] = newHeaderHash;
        (last.head, last.activeAt, last.messageCount) = (uint48(header.index), activeAt, messageCount);
        _storage().heads.store(last);
        emit BatchAppended(header.index, newHeaderHash, header);
    }

    /* FINALITY */

    /// @inheritdoc IStateCommitmentChain
    function finalize(BatchHeader[] calldata headers) external nonReentrant {
        if (headers.length == 0) revert ChainNothingToFinalize();

        ChainStorage storage $ = _storage();
        Heads memory last = $.heads;
        uint48 next = last.finalizedHead;
        for (uint256 i = 0; i < headers.length; ++i) {
            BatchHeader calldata header = headers[i];
            ++next;
            // INVARIANT: strictly in order, and nothing above the head, where reverted hashes may lie.
            if (header.index != next) revert ChainNotNext(next, header.index);
            if (next > last.head) revert ChainNotPending(next, next - 1, last.head);
            bytes32 hash = _requireStored(header);
            // INVARIANT: the window that was fixed when the batch was posted is over.
            if (block.timestamp < header.finalizesAt) revert ChainWindowOpen(next, header.finalizesAt);
            _requireUndisputed(next, hash, last);
            emit BatchFinalized(next, hash);
        }
        last.finalizedHead = next;
        _storage().heads.store(last);
        INBOX.release(headers[headers.length - 1].inboxTo);
    }

    /// @inheritdoc IStateCommitmentChain
    function finalizeProven(BatchHeader calldata header) external nonReentrant {
        Heads memory last = _storage().heads;
        // On a frozen chain nothing is pending.
        bytes32 hash = _requireJudgedPending(header, last);
        // INVARIANT: strictly in order, and never in place of the window of a batch that has one.
        uint48 next = last.finalizedHead + 1;
        if (header.index != next) revert ChainNotNext(next, header.index);
        if (header.finalizesAt != NEVER) revert ChainProofNotRequired(next, header.finalizesAt);
        _requireUndisputed(next, hash, last);

        last.finalizedHead = next;
        _storage().heads.store(last);
        emit BatchFinalized(next, hash);
        INBOX.release(header.inboxTo);
    }

    /* DISPUTES */

    /// @inheritdoc IJudgedChain
    function openDispute(BatchHeader calldata header) external nonReentrant {
        ChainStorage storage $ = _storage();
        Heads memory last = $.heads;
        bytes32 hash = _requireJudgedPending(header, last);
        // INVARIANT: at `finalizesAt` it is known whether a batch is disputed: nobody holds back what is final by right.
        if (block.timestamp >= header.finalizesAt) revert ChainWindowOver(header.index, header.finalizesAt);
        if ($.disputed[hash]) revert ChainDisputed(header.index, hash);

        $.disputed[hash] = true;
        ++last.openDisputes;
        _storage().heads.store(last);
        emit DisputeOpened(header.index, hash);
    }

    /// @inheritdoc IJudgedChain
    function closeDispute(BatchHeader calldata header) external nonReentrant {
        Heads memory last = _storage().heads;
        // A disputed hash was once on the chain, so the resolver in the header behind it is the one that was posted.
        _requireResolver(header);
        _closeDispute(header.index, header.hashCalldata(), last);
        _storage().heads.store(last);
    }

    /// @inheritdoc IJudgedChain
    function revertBatches(BatchHeader calldata header, address winner) external nonReentrant {
        Heads memory last = _storage().heads;
        // INVARIANT: what is final stays, for it is not pending.
        bytes32 hash = _requireJudgedPending(header, last);
        _closeDispute(header.index, hash, last);

        // The hashes from `index` on stay in storage, unread until new batches overwrite them: no loop, bounded gas.
        emit BatchesReverted(header.index, last.head, header.parentHash);
        (last.head, last.activeAt, last.messageCount) = (
            uint48(header.index - 1),
            uint48(block.timestamp),
            INBOX.messageCount()
        );
        _storage().heads.store(last);
        REGISTRY.slash(header.submitter, winner);
    }

    /* ESCAPE */

    /// @inheritdoc IStateCommitmentChain
    function freeze(BatchHeader calldata head, InboxMessage calldata message) external nonReentrant {
        ChainStorage storage $ = _storage();
        Heads memory last = $.heads;
        if (last.frozen) revert ChainFrozen();
        // INVARIANT: what everybody takes out of is final, and no batch above it could become so.
        if (last.head != last.finalizedHead) revert ChainPending(last.finalizedHead, last.head);
        if (head.index != last.head) revert ChainNotNext(last.head, head.index);
        bytes32 hash = _requireStored(head);

        (bytes32 acc, bytes32 nextAcc, ) = INBOX.position(head.inboxTo);
        if (keccak256(abi.encodePacked(acc, message.hash())) != nextAcc) revert ChainMessageMismatch(head.inboxTo);
        // A full batch does not count in `activeAt`, but here: who consumes a long queue slowly is no reason to freeze.
        uint256 since = Math.max(Math.max(message.timestamp, head.timestamp), last.activeAt);
        if (block.timestamp < since + ESCAPE_DELAY) revert ChainNotSilent(uint64(since + ESCAPE_DELAY));

        last.frozen = true;
        $.heads.store(last);
        emit Frozen(last.head, hash);
        INBOX.freeze();
    }

    /* VIEWS */

    /// @inheritdoc IStateCommitmentChain
    function isFrozen() external view returns (bool) {
        return _storage().heads.frozen;
    }

    /// @inheritdoc IStateCommitmentChain
    function isFrozenAt(BatchHeader calldata header) external view returns (bool) {
        ChainStorage storage $ = _storage();
        uint64 head = $.heads.head;
        return $.heads.frozen && header.index == head && $.headerHashes[head] == header.hashCalldata();
    }

    /// @inheritdoc IStateCommitmentChain
    function isFinalized(BatchHeader calldata header) external view returns (bool) {
        ChainStorage storage $ = _storage();
        return header.index <= $.heads.finalizedHead && $.headerHashes[header.index] == header.hashCalldata();
    }

    /// @inheritdoc IStateCommitmentChain
    function isDisputed(bytes32 headerHash_) external view returns (bool) {
        return _storage().disputed[headerHash_];
    }

    /// @inheritdoc IStateCommitmentChain
    function openDisputes() external view returns (uint64) {
        return _storage().heads.openDisputes;
    }

    /// @inheritdoc IJudgedChain
    function headerHash(uint64 index) external view returns (bytes32) {
        ChainStorage storage $ = _storage();
        return index <= $.heads.head ? $.headerHashes[index] : bytes32(0);
    }

    /// @inheritdoc IJudgedChain
    function heads() external view returns (uint64 head, uint64 finalizedHead) {
        Heads storage heads_ = _storage().heads;
        return (heads_.head, heads_.finalizedHead);
    }

    /// @inheritdoc IStateCommitmentChain
    function lastActivity() external view returns (uint64 at, uint64 messageCount) {
        Heads storage heads_ = _storage().heads;
        return (heads_.activeAt, heads_.messageCount);
    }

    /* INTERNAL */

    /// @dev Reverts unless the claim consumes a range that continues the parent's, was made from this very inbox, and
    /// leaves no message that is due.
    /// @return activeAt See `lastActivity`, as does `messageCount`.
    function _checkInbox(
        uint64 parentInboxTo,
        BatchClaim calldata claim,
        InboxMessage[] calldata nextMessage,
        Heads memory last
    ) private view returns (uint48 activeAt, uint64 messageCount) {
        uint64 inboxTo = claim.inboxTo;
        // INVARIANT: no message is applied twice.
        if (inboxTo < parentInboxTo) revert ChainInboxBackwards(inboxTo, parentInboxTo);
        uint64 messages = inboxTo - parentInboxTo;
        if (messages > MAX_BATCH_MESSAGES) revert ChainTooManyMessages(messages, MAX_BATCH_MESSAGES);
        bytes32 acc;
        bytes32 nextAcc;
        (acc, nextAcc, messageCount) = INBOX.position(inboxTo);
        if (acc != claim.inboxAcc) revert ChainInboxMismatch(claim.inboxAcc, acc);
        activeAt = uint48(block.timestamp);
        if (inboxTo == messageCount) return (activeAt, messageCount);
        if (messages >= FULL_BATCH_MESSAGES) return (last.activeAt, last.messageCount);

        // INVARIANT: the first message left is younger than the delay; those behind it are no older.
        if (nextMessage.length == 0) {
            // Without this way out, a message sent just ahead of it would make any batch revert that consumes all.
            bool young =
                inboxTo >= last.messageCount && block.timestamp < uint256(last.activeAt) + FORCE_INCLUSION_DELAY;
            if (!young) revert ChainMessageNotShown(inboxTo);
        } else {
            InboxMessage calldata message = nextMessage[0];
            if (keccak256(abi.encodePacked(acc, message.hash())) != nextAcc) revert ChainMessageMismatch(inboxTo);
            uint64 dueAt = message.timestamp + FORCE_INCLUSION_DELAY;
            if (block.timestamp >= dueAt) revert ChainMessageDue(inboxTo, dueAt);
        }
    }

    /// @dev Reverts unless the caller is the judge of `header`, and `header` a pending batch.
    function _requireJudgedPending(BatchHeader calldata header, Heads memory last) private view returns (bytes32 hash) {
        _requireResolver(header);
        uint64 index = header.index;
        if (index <= last.finalizedHead || index > last.head) {
            revert ChainNotPending(index, last.finalizedHead, last.head);
        }
        return _requireStored(header);
    }

    /// @dev Says nothing about a header that is not stored: anybody can write his name into one.
    function _requireResolver(BatchHeader calldata header) private view {
        if (msg.sender != header.resolver) revert ChainUnauthorized(msg.sender, header.resolver);
    }

    /// @dev INVARIANT: no batch whose dispute is open. Where none is, which is nearly always, the flag is not read.
    function _requireUndisputed(uint64 index, bytes32 hash, Heads memory last) private view {
        if (last.openDisputes != 0 && _storage().disputed[hash]) revert ChainDisputed(index, hash);
    }

    /// @dev Takes the flag away and counts it in `last`, which the caller writes.
    function _closeDispute(uint64 index, bytes32 hash, Heads memory last) private {
        ChainStorage storage $ = _storage();
        if (!$.disputed[hash]) revert ChainNotDisputed(index, hash);
        delete $.disputed[hash];
        --last.openDisputes;
        emit DisputeClosed(index, hash);
    }

    /// @dev Reverts unless `header` is the one stored at its index.
    function _requireStored(BatchHeader calldata header) private view returns (bytes32 hash) {
        hash = header.hashCalldata();
        bytes32 stored = _storage().headerHashes[header.index];
        if (stored != hash) revert ChainHeaderMismatch(header.index, stored, hash);
    }

    function _storage() private pure returns (ChainStorage storage $) {
        assembly ("memory-safe") {
            $.slot := CHAIN_STORAGE
        }
    }
}
