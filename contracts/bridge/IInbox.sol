// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MessageKind} from "../libraries/InboxMessage.sol";

/// @title IInbox
/// @notice FIFO of messages from L1 to L2, committed to by a rolling hash. See docs/protocol.md §2.
interface IInbox {
    /// @notice A deposit entered the queue: `amount` is in escrow for `target` on L2. Off-chain nodes follow this event.
    /// @dev One topic and no `data`: cheaper by 1,006 gas than MessageEnqueued would be.
    /// @param sender Who paid it.
    /// @param index Position in the queue, assigned by the contract.
    /// @param target Recipient on L2.
    /// @param l2ChainId The chain it is for.
    /// @param token ERC-20 on L1, zero for ETH.
    /// @param amount What arrived, in the token's smallest unit.
    /// @param timestamp Of the message, in seconds.
    event DepositEnqueued(
        address indexed sender,
        uint64 index,
        address target,
        uint256 l2ChainId,
        address token,
        uint256 amount,
        uint64 timestamp
    );
    /// @notice A message other than a deposit entered the queue; off-chain nodes follow this event.
    /// @param index Position in the queue, assigned by the contract.
    /// @param sender Who sent it.
    /// @param target See InboxMessage.
    /// @param l2ChainId The chain it is for.
    event MessageEnqueued(
        uint64 indexed index,
        address indexed sender,
        address indexed target,
        uint256 l2ChainId,
        MessageKind kind,
        address token,
        uint256 amount,
        uint64 timestamp,
        bytes data
    );
    /// @notice Deposits are refused until `until`, in seconds since 1970.
    event DepositsPaused(uint64 until);
    /// @notice The guardian ended a pause before its time.
    event DepositsResumed();

    /// @notice The caller may not do this.
    error InboxUnauthorized(address caller);
    /// @notice `index` is not among the accumulators still kept, `from` to `to` inclusive.
    error InboxIndexOutOfRange(uint64 index, uint64 from, uint64 to);
    /// @notice A forced transaction must have between 1 and `max` bytes.
    error InboxTransactionSize(uint256 size, uint256 max);
    /// @notice The target must not be zero.
    error InboxZeroTarget();
    /// @notice An amount must be above zero and below 2^192 (a forced withdrawal may also name 2^256-1 for all).
    error InboxAmount(uint256 amount);
    /// @notice Deposits are paused until `until`; forced messages and withdrawals are not.
    error InboxDepositsPaused(uint64 until);
    /// @notice The chain is frozen: no batch will ever consume a message more.
    error InboxFrozen();
    /// @notice The next pause may begin at `from`.
    error InboxPauseCooldown(uint64 from);
    /// @notice Deposits are not paused.
    error InboxNotPaused();
    /// @notice A constructor parameter is out of its range.
    error InboxParameter(string name, uint256 value);

    /// @notice Enqueues a raw signed EIP-1559 transaction of the L2, past the sequencer. Never pausable.
    function forceTransaction(bytes calldata rawTransaction) external returns (uint64 index);

    /// @notice Enqueues a withdrawal from the caller's L2 account. Never pausable.
    /// @param token ERC-20 on L1, zero for ETH.
    /// @param amount In the token's smallest unit; 2^256-1 for the whole balance.
    /// @param target L1 recipient.
    function forceWithdrawal(address token, uint256 amount, address target) external returns (uint64 index);

    /// @notice Messages below `inboxTo` are final: their storage may be used again.
    /// @dev Only the state-commitment chain.
    function release(uint64 inboxTo) external;

    /// @notice Refuses every message from now on, for ever.
    /// @dev Only the state-commitment chain, when it freezes.
    function freeze() external;

    /// @notice Refuses deposits for the pause duration. Only the guardian; not again before the cooldown is over.
    function pauseDeposits() external;

    /// @notice Ends a pause before its time. Only the guardian; the cooldown starts now.
    function resumeDeposits() external;

    /// @notice Number of messages ever enqueued.
    function messageCount() external view returns (uint64);

    /// @notice Number of messages whose storage may be used again; accumulators below this index are gone.
    function releasedCount() external view returns (uint64);

    /// @notice Slots of the current ring. It is followed by one of twice the size when a message would need a slot more.
    function capacity() external view returns (uint64);

    /// @notice The accumulator at `index` (0 ≤ releasedCount ≤ index ≤ messageCount).
    function accumulator(uint64 index) external view returns (bytes32);

    /// @notice What a batch that ends at `index` needs, in one call.
    /// @return acc Accumulator at `index`.
    /// @return nextAcc Accumulator at `index + 1`; zero when `index == count`.
    /// @return count Number of messages enqueued.
    function position(uint64 index) external view returns (bytes32 acc, bytes32 nextAcc, uint64 count);

    /// @notice End of the last pause of deposits, in seconds since 1970; zero when there was none.
    function depositsPausedUntil() external view returns (uint64);
}
