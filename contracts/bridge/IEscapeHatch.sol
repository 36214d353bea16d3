// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BatchHeader} from "../libraries/BatchHeader.sol";
import {InboxMessage} from "../libraries/InboxMessage.sol";

/// @title IEscapeHatch
/// @notice What everybody takes out of a frozen chain, without anybody: balances of its last final state, and deposits
/// that never arrived. See docs/escape.md §2. None of it can be paused.
interface IEscapeHatch {
    /// @notice The balance of `account` left; `credited` of it could not be paid and waits as a credit.
    event Escaped(address indexed account, address indexed token, uint256 amount, uint256 credited);
    /// @notice A deposit that never arrived went back; `credited` of it could not be paid and waits as a credit.
    event DepositRefunded(
        uint64 indexed index,
        address indexed sender,
        address indexed token,
        uint256 amount,
        uint256 credited
    );

    /// @notice The chain is not frozen with this header as its last final batch.
    error EscapeHatchNotFrozen(uint64 batchIndex);
    /// @notice This balance left before.
    error EscapeHatchAlreadyEscaped(address account, address token);
    /// @notice Message `index` is no deposit, so nothing was paid in with it.
    error EscapeHatchNotDeposit(uint64 index);
    /// @notice Message `index` is below `inboxTo`: it was consumed, what it brought is in the state.
    error EscapeHatchConsumed(uint64 index, uint64 inboxTo);
    /// @notice The shown message is not message `index` of the inbox.
    error EscapeHatchMessageMismatch(uint64 index);
    /// @notice This deposit was refunded before.
    error EscapeHatchAlreadyRefunded(uint64 index);

    /// @notice Pays `account` its whole balance in `token`, once. Anyone may call; what cannot be paid becomes its credit.
    /// @dev The payment gets a fixed amount of gas; the call reverts unless it carries enough for that.
    /// @param header The last final batch.
    /// @param token ERC-20 on L1; zero is ETH.
    /// @param proof What the suite's IStateProof asks for; it reverts unless the proof holds.
    function escape(BatchHeader calldata header, address account, address token, bytes calldata proof) external;

    /// @notice Pays a deposit that no batch consumed back to its sender, once. Anyone may call; what cannot be paid
    /// becomes the sender's credit.
    /// @param header The last final batch.
    /// @param message The deposit.
    function refundDeposit(BatchHeader calldata header, InboxMessage calldata message) external;

    /// @notice Whether the balance of `account` in `token` left by `escape`.
    function isEscaped(address account, address token) external view returns (bool);

    /// @notice Whether the deposit with message `index` was refunded.
    function isRefunded(uint64 index) external view returns (bool);
}
