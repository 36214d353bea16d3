// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {InboxMessageLib, MessageKind} from "../libraries/InboxMessage.sol";
import {IInbox} from "./IInbox.sol";
import {InboxHead, InboxHeadLib} from "./InboxHead.sol";

/// @title Inbox
/// @notice The queue of messages from L1 to L2, behind the bridge's proxy (docs/decisions/0001).
///
/// Accumulators live in a ring: the slot of a released accumulator is used again, which turns a new slot per message
/// into an update. A full ring is followed by one of twice the capacity, in storage of its own, a new *generation*.
///
/// Invariants:
/// - `accumulator(i)` can be read for every `releasedCount <= i <= messageCount`, in whichever generation it lies.
/// - A message is never refused because the queue is long, and never changes once it is in.
/// - Once frozen, for ever, nothing enters.
/// - A pause touches deposits only, ends by itself, and leaves `PAUSE_COOLDOWN` before the next.
abstract contract Inbox is IInbox, Initializable {
    /// @custom:storage-location erc7201:hardhat-rollup.storage.Inbox
    /// @param head See InboxHead.
    /// @param generationStarts First accumulator index of each earlier generation.
    /// @param accumulators By `generation << 64 | position in its ring`.
    struct InboxStorage {
        InboxHead head;
        mapping(uint256 generation => uint64 start) generationStarts;
        mapping(uint256 key => bytes32 accumulator) accumulators;
    }

    /// @dev keccak256(abi.encode(uint256(keccak256("hardhat-rollup.storage.Inbox")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant INBOX_STORAGE = 0x1499708ca07049974687095de4a5ea996e84c8cff399e514876488cb3d519f00;

    /// @dev Longest forced transaction, in bytes.
    uint256 private constant MAX_TRANSACTION_SIZE = 2_048;
    /// @dev Longest pause that a suite may be built with.
    uint256 private constant MAX_PAUSE_DURATION = 30 days;
    /// @dev Amounts stay below, so L2 balances cannot overflow.
    uint256 internal constant AMOUNT_LIMIT = 1 << 192;

    /* IMMUTABLES */

    address internal immutable CHAIN;
    uint256 internal immutable L2_CHAIN_ID;
    address internal immutable GUARDIAN;
    uint256 internal immutable PAUSE_DURATION;
    uint256 internal immutable PAUSE_COOLDOWN;
    /// @dev Of the first generation; later ones follow from storage, so an upgrade cannot misplace them.
    uint256 internal immutable INITIAL_CAPACITY;

    /* CONSTRUCTOR */

    constructor(
        address chain,
        address guardian,
        uint256 l2ChainId,
        uint256 pauseDuration,
        uint256 pauseCooldown,
        uint256 inboxCapacity
    ) {
        if (chain == address(0)) revert InboxParameter("chain", 0);
        if (l2ChainId == 0) revert InboxParameter("l2ChainId", 0);
        if (pauseDuration > MAX_PAUSE_DURATION) revert InboxParameter("pauseDuration", pauseDuration);
        // INVARIANT: deposits are open at least half of the time, whatever the guardian does.
        if (pauseCooldown < pauseDuration || pauseCooldown > type(uint32).max) {
            revert InboxParameter("pauseCooldown", pauseCooldown);
        }
        if (inboxCapacity < 2 || inboxCapacity > type(uint32).max || inboxCapacity & (inboxCapacity - 1) != 0) {
            revert InboxParameter("inboxCapacity", inboxCapacity);
        }
        CHAIN = chain;
        GUARDIAN = guardian;
        L2_CHAIN_ID = l2ChainId;
        PAUSE_DURATION = pauseDuration;
        PAUSE_COOLDOWN = pauseCooldown;
        INITIAL_CAPACITY = inboxCapacity;
    }

    // solhint-disable-next-line func-name-mixedcase
    function __Inbox_init() internal onlyInitializing {
        _inbox().head = InboxHeadLib.empty(uint8(Math.log2(INITIAL_CAPACITY)));
    }

    /* MODIFIERS */

    modifier onlyGuardian() {
        if (msg.sender != GUARDIAN) revert InboxUnauthorized(msg.sender);
        _;
    }

    /* USERS */

    /// @inheritdoc IInbox
    function forceTransaction(bytes calldata rawTransaction) external returns (uint64 index) {
        uint256 size = rawTransaction.length;
        if (size == 0 || size > MAX_TRANSACTION_SIZE) revert InboxTransactionSize(size, MAX_TRANSACTION_SIZE);
        return _enqueue(MessageKind.Transaction, address(0), address(0), 0, rawTransaction);
    }

    /// @inheritdoc IInbox
    function forceWithdrawal(address token, uint256 amount, address target) external returns (uint64 index) {
        if (amount != type(uint256).max) _checkAmount(amount);
        return _enqueue(MessageKind.Withdrawal, _checkTarget(target), token, amount, "");
    }

    /* STATE-COMMITMENT CHAIN */

    /// @inheritdoc IInbox
    function release(uint64 inboxTo) external {
        if (msg.sender != CHAIN) revert InboxUnauthorized(msg.sender);
        InboxHead head = _inbox().head;
        _checkIndex(head, inboxTo);
        _inbox().head = head.withReleased(inboxTo);
    }

    /// @inheritdoc IInbox
    function freeze() external {
        if (msg.sender != CHAIN) revert InboxUnauthorized(msg.sender);
        _inbox().head = _inbox().head.withFrozen();
    }

    /* GUARDIAN */

    /// @inheritdoc IInbox
    function pauseDeposits() external onlyGuardian {
        InboxHead head = _inbox().head;
        uint256 last = head.pausedUntil();
        // INVARIANT: between two pauses deposits are open for PAUSE_COOLDOWN.
        if (last != 0 && block.timestamp < last + PAUSE_COOLDOWN) {
            revert InboxPauseCooldown(uint64(last + PAUSE_COOLDOWN));
        }
        uint40 until = uint40(block.timestamp + PAUSE_DURATION);
        _inbox().head = head.withPausedUntil(until);
        emit DepositsPaused(until);
    }

    /// @inheritdoc IInbox
    function resumeDeposits() external onlyGuardian {
        InboxHead head = _inbox().head;
        if (block.timestamp >= head.pausedUntil()) revert InboxNotPaused();
        _inbox().head = head.withPausedUntil(uint40(block.timestamp));
        emit DepositsResumed();
    }

    /* VIEWS */

    /// @inheritdoc IInbox
    function messageCount() external view returns (uint64) {
        return _inbox().head.count();
    }

    /// @inheritdoc IInbox
    function releasedCount() external view returns (uint64) {
        return _inbox().head.released();
    }

    /// @inheritdoc IInbox
    function capacity() external view returns (uint64) {
        return uint64(1) << _inbox().head.capacityLog2();
    }

    /// @inheritdoc IInbox
    function accumulator(uint64 index) external view returns (bytes32) {
        InboxHead head = _inbox().head;
        _checkIndex(head, index);
        return _accumulatorAt(head, index);
    }

    /// @inheritdoc IInbox
    function position(uint64 index) external view returns (bytes32 acc, bytes32 nextAcc, uint64 count) {
        return _position(index);
    }

    /// @inheritdoc IInbox
    function depositsPausedUntil() external view returns (uint64) {
        return _inbox().head.pausedUntil();
    }

    /* INTERNAL */

    /// @dev Appends one message of the caller; the only writer of accumulators.
    function _enqueue(
        MessageKind kind,
        address target,
        address token,
        uint256 amount,
        bytes memory data
    ) internal returns (uint64 index) {
        InboxStorage storage $ = _inbox();
        InboxHead head = $.head;
        if (head.isFrozen()) revert InboxFrozen();
        if (kind == MessageKind.Deposit && block.timestamp < head.pausedUntil()) {
            revert InboxDepositsPaused(head.pausedUntil());
        }

        index = head.count();
        uint64 timestamp = uint64(block.timestamp);
        bytes32 messageHash = InboxMessageLib.hash({
            kind: kind,
            index: index,
            timestamp: timestamp,
            sender: msg.sender,
            target: target,
            token: token,
            amount: amount,
            dataHash: keccak256(data)
        });
        // The newest accumulator is always in the current generation.
        bytes32 acc = $.accumulators[_key(head.generation(), head.capacityLog2(), index)];

        // INVARIANT: what is overwritten below is released, or was never written.
        if (head.isFull()) {
            $.generationStarts[head.generation()] = head.generationStart();
            head = head.withNextGeneration();
        }
        head = head.withNext();
        $.accumulators[_key(head.generation(), head.capacityLog2(), head.count())] = Hashes.efficientKeccak256(
            acc,
            messageHash
        );
        $.head = head;

        if (kind == MessageKind.Deposit) {
            emit DepositEnqueued(msg.sender, index, target, L2_CHAIN_ID, token, amount, timestamp);
        } else {
            emit MessageEnqueued({
                index: index,
                sender: msg.sender,
                target: target,
                l2ChainId: L2_CHAIN_ID,
                kind: kind,
                token: token,
                amount: amount,
                timestamp: timestamp,
                data: data
            });
        }
    }

    /// @dev See IInbox.position.
    function _position(uint64 index) internal view returns (bytes32 acc, bytes32 nextAcc, uint64 count) {
        InboxHead head = _inbox().head;
        _checkIndex(head, index);
        acc = _accumulatorAt(head, index);
        count = head.count();
        if (index < count) nextAcc = _accumulatorAt(head, index + 1);
    }

    function _checkTarget(address target) internal pure returns (address) {
        if (target == address(0)) revert InboxZeroTarget();
        return target;
    }

    function _checkAmount(uint256 amount) internal pure {
        if (amount == 0 || amount >= AMOUNT_LIMIT) revert InboxAmount(amount);
    }

    /* PRIVATE */

    function _checkIndex(InboxHead head, uint64 index) private pure {
        if (index < head.released() || index > head.count()) {
            revert InboxIndexOutOfRange(index, head.released(), head.count());
        }
    }

    /// @dev An index belongs to the last generation that starts at or before it. `index` must be in range.
    function _accumulatorAt(InboxHead head, uint64 index) private view returns (bytes32) {
        InboxStorage storage $ = _inbox();
        uint8 generation = head.generation();
        uint8 capacityLog2 = head.capacityLog2();
        uint64 start = head.generationStart();
        while (index < start) {
            --generation;
            --capacityLog2;
            start = $.generationStarts[generation];
        }
        return $.accumulators[_key(generation, capacityLog2, index)];
    }

    function _key(uint8 generation, uint8 capacityLog2, uint64 index) private pure returns (uint256) {
        // unchecked: a power of two has a predecessor.
        unchecked {
            return (uint256(generation) << 64) | (index & ((uint256(1) << capacityLog2) - 1));
        }
    }

    function _inbox() private pure returns (InboxStorage storage $) {
        assembly ("memory-safe") {
            $.slot := INBOX_STORAGE
        }
    }
}
