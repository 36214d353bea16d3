// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BatchHeader} from "../libraries/BatchHeader.sol";
import {IInbox} from "./IInbox.sol";

/// @notice A message from L2 to L1. See docs/protocol.md §4.
/// @param nonce Counts withdrawals over the life of the L2.
/// @param sender L2 account that was debited.
/// @param target L1 recipient.
/// @param token ERC-20 on L1; zero is ETH.
/// @param amount In the token's smallest unit.
/// @param data Empty on the ledger.
struct Withdrawal {
    uint64 nonce;
    address sender;
    address target;
    address token;
    uint256 amount;
    bytes data;
}

/// @title IL1EscrowBridge
/// @notice Holds what is on L2. Value enters as an inbox message and leaves by a Merkle proof against a finalized batch.
interface IL1EscrowBridge is IInbox {
    /// @notice A withdrawal was proven; `credited` of its amount could not be paid and waits as a credit.
    event WithdrawalClaimed(
        uint64 indexed batchIndex,
        uint256 indexed leafIndex,
        address indexed target,
        address token,
        uint256 amount,
        uint256 credited
    );
    /// @notice A credit was paid.
    event CreditPaid(address indexed account, address indexed token, address indexed to, uint256 amount);

    /// @notice Escrows `msg.value` for `target` on L2.
    function depositETH(address target) external payable returns (uint64 index);

    /// @notice Escrows what really arrives of `amount` of `token` for `target` on L2.
    function depositERC20(address token, address target, uint256 amount) external returns (uint64 index);

    /// @notice The same with an ERC-2612 permit. A permit that fails is ignored if the allowance suffices (it may have been front-run).
    function depositERC20WithPermit(
        address token,
        address target,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (uint64 index);

    /// @notice Pays a withdrawal proven against a finalized batch, once. Anyone may call. Never pausable.
    function withdraw(
        BatchHeader calldata header,
        uint256 leafIndex,
        Withdrawal calldata withdrawal,
        bytes32[] calldata proof
    ) external;

    /// @notice Pays `account` its credit in `token`, as far as the token allows. Anyone may call.
    function claimCredit(address account, address token) external;

    /// @notice Pays the caller's credit in `token` to `to`.
    function claimCreditTo(address token, address to) external;

    /// @notice What `account` may still take of `token`.
    function credit(address account, address token) external view returns (uint256);

    /// @notice Whether the withdrawal at `leafIndex` of batch `batchIndex` was claimed.
    function isClaimed(uint64 batchIndex, uint256 leafIndex) external view returns (bool);
}
