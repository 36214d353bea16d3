// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BatchHeader} from "../libraries/BatchHeader.sol";
import {InboxMessage} from "../libraries/InboxMessage.sol";
import {IJudgedChain} from "./IJudgedChain.sol";

/// @notice What a batch claims; the rest of its header follows from its parent, the inbox and the data.
/// @param stateRoot State root after the batch; not zero.
/// @param withdrawalsRoot Root of its withdrawals; zero when there is none.
/// @param inboxAcc Accumulator at `inboxTo` as the poster saw it: a reorganised inbox makes the posting revert instead
/// of making an honest claim false.
/// @param inboxTo First inbox message not consumed.
/// @param l2BlockTo Last L2 block of the batch.
struct BatchClaim {
    bytes32 stateRoot;
    bytes32 withdrawalsRoot;
    bytes32 inboxAcc;
    uint64 inboxTo;
    uint64 l2BlockTo;
}

/// @title IStateCommitmentChain
/// @notice The chain of batches: pending, finalized, reverted. The only judge of what is final.
interface IStateCommitmentChain is IJudgedChain {
    /// @notice The chain begins with this header, final at once.
    event GenesisSet(bytes32 indexed headerHash, BatchHeader header);
    /// @notice A batch was posted.
    event BatchAppended(uint64 indexed index, bytes32 indexed headerHash, BatchHeader header);
    /// @notice A batch became final.
    event BatchFinalized(uint64 indexed index, bytes32 indexed headerHash);
    /// @notice Batches `fromIndex` to `toIndex` were reverted.
    event BatchesReverted(uint64 indexed fromIndex, uint64 indexed toIndex, bytes32 newHeadHash);
    /// @notice A batch came under dispute: neither it nor a later one becomes final before the dispute is closed.
    event DisputeOpened(uint64 indexed index, bytes32 indexed headerHash);
    /// @notice A batch is no longer under dispute.
    event DisputeClosed(uint64 indexed index, bytes32 indexed headerHash);
    /// @notice The chain ended, for ever, with this final batch; everybody takes out what its state says.
    event Frozen(uint64 indexed index, bytes32 indexed headerHash);

    /// @notice A constructor parameter that must not be zero is.
    error ChainZeroParameter(string name);
    /// @notice No batch could be full: it would need `full` messages and takes at most `max`.
    error ChainNeverFull(uint64 full, uint64 max);
    /// @notice The shown parent is not the head of the chain: another batch was first, or L1 was reorganised.
    error ChainParentMismatch(bytes32 headHash, bytes32 parentHash);
    /// @notice A batch must leave a state root other than zero.
    error ChainZeroStateRoot();
    /// @notice A batch has at least one L2 block, so `l2BlockTo` must be above its parent's.
    error ChainL2BlockNotAfter(uint64 l2BlockTo, uint64 parentL2BlockTo);
    /// @notice Messages below the parent's `inboxTo` are consumed. (Beyond the last message the inbox itself refuses.)
    error ChainInboxBackwards(uint64 inboxTo, uint64 parentInboxTo);
    /// @notice A batch consumes at most `limit` messages, so that everybody can execute it again.
    error ChainTooManyMessages(uint64 messages, uint64 limit);
    /// @notice The inbox up to `inboxTo` is not the one that the batch was made from.
    error ChainInboxMismatch(bytes32 claimed, bytes32 accumulator);
    /// @notice The batch leaves message `index`, which may be due, and must show it.
    error ChainMessageNotShown(uint64 index);
    /// @notice The shown message is not message `index` of the inbox.
    error ChainMessageMismatch(uint64 index);
    /// @notice Message `index` had to be consumed by every batch posted from `dueAt` on, in seconds, but full ones.
    error ChainMessageDue(uint64 index, uint64 dueAt);
    /// @notice Finalizing needs at least one header.
    error ChainNothingToFinalize();
    /// @notice Batches become final strictly in order; `expected` is next.
    error ChainNotNext(uint64 expected, uint64 given);
    /// @notice The chain holds another header at `index`.
    error ChainHeaderMismatch(uint64 index, bytes32 stored, bytes32 given);
    /// @notice Batch `index` can be disputed until `finalizesAt`, in seconds.
    error ChainWindowOpen(uint64 index, uint64 finalizesAt);
    /// @notice Batch `index` becomes final at `finalizesAt`, in seconds, and not by a proof.
    error ChainProofNotRequired(uint64 index, uint64 finalizesAt);
    /// @notice Batch `index` is not pending: pending ones lie above `finalizedHead` up to `head`.
    error ChainNotPending(uint64 index, uint64 finalizedHead, uint64 head);
    /// @notice Batch `index` could be disputed until `finalizesAt`, in seconds.
    error ChainWindowOver(uint64 index, uint64 finalizesAt);
    /// @notice Batch `index` is under dispute.
    error ChainDisputed(uint64 index, bytes32 headerHash);
    /// @notice Batch `index` is not under dispute.
    error ChainNotDisputed(uint64 index, bytes32 headerHash);
    /// @notice A chain is not frozen before everybody who may post had a turn and every dispute an end.
    error ChainEscapeDelayTooShort(uint64 escapeDelay, uint256 mustExceed);
    /// @notice The chain is frozen: no batch follows.
    error ChainFrozen();
    /// @notice Batches above `finalizedHead` up to `head` are pending: they are finalized or reverted first.
    error ChainPending(uint64 finalizedHead, uint64 head);
    /// @notice The chain can be frozen from `from` on, in seconds, if nothing is posted until then.
    error ChainNotSilent(uint64 from);
    /// @notice Only the resolver that the header names may call.
    error ChainUnauthorized(address caller, address resolver);

    /// @notice Posts the batch after `parent`. Only whom the sequencer registry allows.
    /// @param parent Header of the last batch.
    /// @param claim What the batch claims.
    /// @param nextMessage The first inbox message that the batch leaves; only the first element is read. May be empty
    /// when the batch leaves none, or when it consumes all that `lastActivity` counted and that activity is younger
    /// than the force-inclusion delay: then the first message left must be young. A full batch, with
    /// `fullBatchMessages` or more, may leave any and shows none.
    /// @param daInput Input of the data-availability layer: its form (one byte), then for calldata the batch data.
    /// @return newHeaderHash Hash of the batch's header, which the event shows in full.
    function appendBatch(
        BatchHeader calldata parent,
        BatchClaim calldata claim,
        InboxMessage[] calldata nextMessage,
        bytes calldata daInput
    ) external returns (bytes32 newHeaderHash);

    /// @notice Finalizes the oldest pending batches whose `finalizesAt` has come, in order. Anyone may call.
    /// @param headers Their headers, the first one at `finalizedHead + 1`.
    function finalize(BatchHeader[] calldata headers) external;

    /// @notice Finalizes the oldest pending batch, whose proof its judge has seen, at once. Only one that was posted where
    /// a proof is required; time never finalizes such a batch.
    /// @dev Only the resolver of the header.
    /// @param header Its header, at `finalizedHead + 1`.
    function finalizeProven(BatchHeader calldata header) external;

    /// @notice Ends the chain for ever with its last batch, so that everybody leaves with what its state says
    /// (docs/escape.md). Anyone may call, once nothing is pending, nothing was posted and the first message left has
    /// waited for `escapeDelay`.
    /// @param head The last batch; final.
    /// @param message The first inbox message that no batch consumed.
    function freeze(BatchHeader calldata head, InboxMessage calldata message) external;

    /// @notice Whether the chain ended.
    function isFrozen() external view returns (bool);

    /// @notice Whether the chain ended with `header` as its last batch. The one place where the bridge asks before
    /// balances leave.
    function isFrozenAt(BatchHeader calldata header) external view returns (bool);

    /// @notice Whether `header` is a batch of this chain and final. The one place where finality is asked.
    function isFinalized(BatchHeader calldata header) external view returns (bool);

    /// @notice Whether the batch with this header hash is under dispute.
    function isDisputed(bytes32 headerHash_) external view returns (bool);

    /// @notice Number of disputes that are open.
    function openDisputes() external view returns (uint64);

    /// @notice When the chain last moved by a posting or a revert, and how many inbox messages there were then. A full
    /// batch that leaves messages does not count: whoever consumes a long queue slowly is silent all the same.
    /// @return at In seconds; the registry counts a sequencer's silence from here.
    /// @return messageCount Every message from this index on was enqueued at or after `at`.
    function lastActivity() external view returns (uint64 at, uint64 messageCount);
}
