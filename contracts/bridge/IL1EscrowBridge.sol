// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BatchHeader} from "../libraries/BatchHeader.sol";
import {IEscapeHatch} from "./IEscapeHatch.sol";
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

/// @notice What the bridge knows about a token; one storage slot.
/// @param fingerprint Of the code that deposits were accepted for; zero before the first deposit.
/// @param stopped Deposits wait for the upgrade timelock.
/// @param exactOnly Deposits must bring exactly the amount named.
/// @param hasImplementation The token answers `implementation()`, and the fingerprint covers the answer.
struct TokenPolicy {
    bytes29 fingerprint;
    bool stopped;
    bool exactOnly;
    bool hasImplementation;
}

/// @title IL1EscrowBridge
/// @notice Holds what is on L2. Value enters as an inbox message and leaves by a Merkle proof against a finalized batch;
/// out of a frozen chain, by one against its last final state.
interface IL1EscrowBridge is IInbox, IEscapeHatch {
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
    /// @notice Deposits of `token` are open for the code with this fingerprint.
    event TokenAccepted(address indexed token, bytes29 fingerprint, bool exactOnly);
    /// @notice The guardian stopped deposits of `token`.
    event TokenStopped(address indexed token);

    /// @notice The token is the bridge itself or has no code.
    error L1EscrowBridgeToken(address token);
    /// @notice The guardian stopped deposits of `token`; the upgrade timelock may open them again. Exits stay open.
    error L1EscrowBridgeTokenStopped(address token);
    /// @notice The code of `token` is not the one deposits were (or are to be) accepted for. Exits stay open.
    error L1EscrowBridgeTokenChanged(address token, bytes29 accepted, bytes29 current);
    /// @notice Of `amount` only `received` arrived, and this token is accepted for exact amounts only.
    error L1EscrowBridgeInexact(address token, uint256 amount, uint256 received);
    /// @notice Batch `batchIndex` with this header is not final (or not of this chain).
    error L1EscrowBridgeNotFinalized(uint64 batchIndex);
    /// @notice The path does not lead from the withdrawal to the root in the header.
    error L1EscrowBridgeProof(bytes32 computed, bytes32 expected);
    /// @notice This leaf was claimed before.
    error L1EscrowBridgeAlreadyClaimed(uint64 batchIndex, uint256 leafIndex);
    /// @notice `account` has no credit in `token`.
    error L1EscrowBridgeNoCredit(address account, address token);
    /// @notice Nothing of the credit could be paid to `to`; the credit stays.
    error L1EscrowBridgeNotPaid(address token, address to, uint256 amount);
    /// @notice The signed order was valid until `deadline`.
    error L1EscrowBridgeExpired(uint256 deadline);
    /// @notice The order is not signed by `account` with its current nonce.
    error L1EscrowBridgeSignature(address account);

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
    /// What cannot be paid becomes a credit of the target.
    /// @dev The payment gets a fixed amount of gas; the call reverts unless it carries enough for that.
    /// @param header The batch.
    /// @param leafIndex Position of the withdrawal in the batch.
    /// @param withdrawal The withdrawal.
    /// @param proof Siblings from the leaf upwards.
    function withdraw(
        BatchHeader calldata header,
        uint256 leafIndex,
        Withdrawal calldata withdrawal,
        bytes32[] calldata proof
    ) external;

    /// @notice Pays `account` its credit in `token`, as far as the token allows. Anyone may call. Never pausable.
    function claimCredit(address account, address token) external;

    /// @notice Pays the caller's credit in `token` to `to`.
    function claimCreditTo(address token, address to) external;

    /// @notice Pays `account`'s credit in `token` to `to`, by its EIP-712 (or ERC-1271) signature over
    /// `ClaimCredit(address account,address token,address to,uint256 nonce,uint256 deadline)`. Anyone may call.
    /// @param deadline Last second in which the order is valid.
    function claimCreditBySig(
        address account,
        address token,
        address to,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Stops deposits of `token`. Only the guardian.
    function stopToken(address token) external;

    /// @notice Opens deposits of `token` for the code that was reviewed. Only the upgrade timelock.
    /// @param fingerprint Of that code; another one found on execution makes the call revert.
    /// @param exactOnly Refuse deposits of which less than the amount arrives.
    function acceptToken(address token, bytes29 fingerprint, bool exactOnly) external;

    /// @notice What `account` may still take of `token`.
    function credit(address account, address token) external view returns (uint256);

    /// @notice Whether the withdrawal at `leafIndex` of batch `batchIndex` was claimed.
    function isClaimed(uint64 batchIndex, uint256 leafIndex) external view returns (bool);

    /// @notice Fingerprint of the code that `token` has now: of its code hash and what it answers to `implementation()`.
    function fingerprintOf(address token) external view returns (bytes29);

    /// @notice What the bridge knows about `token`.
    function tokenPolicy(address token) external view returns (TokenPolicy memory);
}
