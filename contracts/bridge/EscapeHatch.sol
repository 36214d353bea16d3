// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {IStateCommitmentChain} from "../chain/IStateCommitmentChain.sol";
import {BatchHeader} from "../libraries/BatchHeader.sol";
import {InboxMessage, MessageKind} from "../libraries/InboxMessage.sol";
import {IEscapeHatch} from "./IEscapeHatch.sol";
import {IStateProof} from "./IStateProof.sol";
import {Inbox} from "./Inbox.sol";

/// @title EscapeHatch
/// @notice The way out of a frozen chain, behind the bridge's proxy.
///
/// Invariants:
/// - Nothing leaves here before the chain is frozen, and then only what its last final state and the inbox say.
/// - A balance leaves once, a deposit goes back once, and no deposit does both: what is refunded is not in the state.
/// - What leaves goes to its owner on L1, paid or credited to the last unit, whoever calls.
abstract contract EscapeHatch is Inbox, IEscapeHatch, ReentrancyGuardTransient {
    /// @custom:storage-location erc7201:hardhat-rollup.storage.EscapeHatch
    /// @param escaped See isEscaped.
    /// @param refunded Bit `index & 255` of word `index >> 8`.
    struct EscapeHatchStorage {
        mapping(address account => mapping(address token => bool)) escaped;
        mapping(uint256 word => uint256 bits) refunded;
    }

    /// @dev keccak256(abi.encode(uint256(keccak256("hardhat-rollup.storage.EscapeHatch")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant ESCAPE_HATCH_STORAGE = 0x2a351c5d9916ba3853586762d76c59f6b20ec9d281570635f35dc6d32ee5e600;

    /* IMMUTABLES */

    IStateProof internal immutable STATE_PROOF;

    /* CONSTRUCTOR */

    constructor(IStateProof stateProof) {
        if (address(stateProof) == address(0)) revert InboxParameter("stateProof", 0);
        STATE_PROOF = stateProof;
    }

    /* USERS */

    /// @inheritdoc IEscapeHatch
    function escape(
        BatchHeader calldata header,
        address account,
        address token,
        bytes calldata proof
    ) external nonReentrant {
        _requireFrozenAt(header);
        uint256 amount = STATE_PROOF.balance(header.stateRoot, account, token, proof);

        // INVARIANT: the nullifier is whose balance it is, and is set before any call.
        mapping(address token => bool) storage escaped = _hatch().escaped[account];
        if (escaped[token]) revert EscapeHatchAlreadyEscaped(account, token);
        escaped[token] = true;

        uint256 credited = _payOrCredit(account, token, amount);
        emit Escaped(account, token, amount, credited);
    }

    /// @inheritdoc IEscapeHatch
    function refundDeposit(BatchHeader calldata header, InboxMessage calldata message) external nonReentrant {
        _requireFrozenAt(header);
        uint64 index = message.index;
        if (message.kind != MessageKind.Deposit) revert EscapeHatchNotDeposit(index);
        // INVARIANT: what the last final batch consumed is in its state, and leaves from there.
        if (index < header.inboxTo) revert EscapeHatchConsumed(index, header.inboxTo);
        (bytes32 acc, bytes32 nextAcc, ) = _position(index);
        if (Hashes.efficientKeccak256(acc, message.hash()) != nextAcc) revert EscapeHatchMessageMismatch(index);

        mapping(uint256 word => uint256 bits) storage refunded = _hatch().refunded;
        uint256 bits = refunded[index >> 8];
        uint256 bit = 1 << (index & 0xff);
        if (bits & bit != 0) revert EscapeHatchAlreadyRefunded(index);
        refunded[index >> 8] = bits | bit;

        (address sender, address token, uint256 amount) = (message.sender, message.token, message.amount);
        uint256 credited = _payOrCredit(sender, token, amount);
        emit DepositRefunded(index, sender, token, amount, credited);
    }

    /* VIEWS */

    /// @inheritdoc IEscapeHatch
    function isEscaped(address account, address token) external view returns (bool) {
        return _hatch().escaped[account][token];
    }

    /// @inheritdoc IEscapeHatch
    function isRefunded(uint64 index) external view returns (bool) {
        return _hatch().refunded[index >> 8] & (1 << (index & 0xff)) != 0;
    }

    /* INTERNAL */

    /// @dev Pays `amount` to `target` with a fixed amount of gas; what cannot be paid becomes its credit.
    /// @return credited What was not paid.
    function _payOrCredit(address target, address token, uint256 amount) internal virtual returns (uint256 credited);

    /* PRIVATE */

    function _requireFrozenAt(BatchHeader calldata header) private view {
        if (!IStateCommitmentChain(CHAIN).isFrozenAt(header)) revert EscapeHatchNotFrozen(header.index);
    }

    function _hatch() private pure returns (EscapeHatchStorage storage $) {
        assembly ("memory-safe") {
            $.slot := ESCAPE_HATCH_STORAGE
        }
    }
}
