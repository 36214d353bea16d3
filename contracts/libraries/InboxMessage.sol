// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What an inbox message asks of L2. See docs/protocol.md §2.
enum MessageKind {
    Deposit,
    Transaction,
    Withdrawal
}

/// @notice One message from L1 to L2.
/// @param kind What it asks.
/// @param index Position in the inbox, assigned by the contract.
/// @param timestamp L1 time, in seconds, when it was enqueued.
/// @param sender Who enqueued it.
/// @param target L2 recipient of a deposit, L1 recipient of a withdrawal, zero for a transaction.
/// @param token ERC-20 on L1; zero is ETH.
/// @param amount Amount in the token's smallest unit.
/// @param data Raw signed transaction, or empty.
struct InboxMessage {
    MessageKind kind;
    uint64 index;
    uint64 timestamp;
    address sender;
    address target;
    address token;
    uint256 amount;
    bytes data;
}

using InboxMessageLib for InboxMessage global;

/// @title InboxMessageLib
/// @notice Hashing of inbox messages into the rolling accumulator.
library InboxMessageLib {
    /// @dev Tells a message hash from every other hash of the protocol.
    bytes32 internal constant MESSAGE_DOMAIN = keccak256("hardhat-rollup.message.v1");

    /// @notice Hash of one message.
    function hash(InboxMessage memory message) internal pure returns (bytes32) {
        return
            hash({
                kind: message.kind,
                index: message.index,
                timestamp: message.timestamp,
                sender: message.sender,
                target: message.target,
                token: message.token,
                amount: message.amount,
                dataHash: keccak256(message.data)
            });
    }

    /// @notice Hash of a message that was never put together in memory.
    function hash(
        MessageKind kind,
        uint64 index,
        uint64 timestamp,
        address sender,
        address target,
        address token,
        uint256 amount,
        bytes32 dataHash
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(MESSAGE_DOMAIN, kind, index, timestamp, sender, target, token, amount, dataHash));
    }
}
