// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EIP712Upgradeable} from "@openzeppelin/contracts-upgradeable/utils/cryptography/EIP712Upgradeable.sol";
import {NoncesUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/NoncesUpgradeable.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IStateCommitmentChain} from "../chain/IStateCommitmentChain.sol";
import {BatchHeader} from "../libraries/BatchHeader.sol";
import {MessageKind} from "../libraries/InboxMessage.sol";
import {MerkleTree} from "../libraries/MerkleTree.sol";
import {TokenTransfer} from "../libraries/TokenTransfer.sol";
import {EscapeHatch} from "./EscapeHatch.sol";
import {IL1EscrowBridge, TokenPolicy, Withdrawal} from "./IL1EscrowBridge.sol";
import {IStateProof} from "./IStateProof.sol";
import {Inbox} from "./Inbox.sol";

/// @title L1EscrowBridge
/// @notice Value enters as an inbox message and leaves by a Merkle proof against a finalized batch.
///
/// Invariants:
/// - For every token the bridge holds at least what entered less what was paid; no function pays without a proof,
///   a credit, or a deposit that never arrived on a frozen chain, and there is no owner.
/// - A leaf of a batch is claimed once, whoever claims it and however the proof is encoded.
/// - A claimed amount is paid or credited, to the last unit, and a failed payment costs nobody but its recipient.
/// - Nothing but finality and the token itself stops a withdrawal or a credit: no pause, no policy, no key.
/// - A message says what arrived, never what was promised.
contract L1EscrowBridge is EscapeHatch, IL1EscrowBridge, EIP712Upgradeable, NoncesUpgradeable {
    using TokenTransfer for address;

    /// @notice What only an upgrade can change. Times in seconds.
    /// @param chain State-commitment chain: says what is final, consumes the inbox.
    /// @param stateProof Reads balances from a state root, when the chain is frozen.
    /// @param guardian May pause deposits and stop those of a token; zero for nobody.
    /// @param upgradeTimelock May accept a stopped or changed token again.
    /// @param l2ChainId Chain id of the L2.
    /// @param pauseDuration Length of a pause.
    /// @param pauseCooldown Time from the end of a pause to the next.
    /// @param inboxCapacity Unreleased messages that fit before the queue first grows; a power of two.
    struct Parameters {
        address chain;
        IStateProof stateProof;
        address guardian;
        address upgradeTimelock;
        uint256 l2ChainId;
        uint256 pauseDuration;
        uint256 pauseCooldown;
        uint256 inboxCapacity;
    }

    /// @custom:storage-location erc7201:hardhat-rollup.storage.L1EscrowBridge
    /// @param claimed Bit `leafIndex & 255` of word `leafIndex >> 8` of a batch.
    /// @param credits What could not be paid.
    /// @param policies See TokenPolicy.
    struct BridgeStorage {
        mapping(uint64 batchIndex => mapping(uint256 word => uint256 bits)) claimed;
        mapping(address account => mapping(address token => uint256 amount)) credits;
        mapping(address token => TokenPolicy) policies;
    }

    /// @dev keccak256(abi.encode(uint256(keccak256("hardhat-rollup.storage.L1EscrowBridge")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant BRIDGE_STORAGE = 0x8a51595470d994a9bd7d14e54c40bebc37fc3f603cc8a38fcf24166b02355e00;

    /// @dev Tells a leaf from every other hash of the protocol, inner nodes included.
    bytes32 private constant WITHDRAWAL_DOMAIN = keccak256("hardhat-rollup.withdrawal.v1");
    bytes32 private constant CLAIM_CREDIT_TYPEHASH = keccak256(
        "ClaimCredit(address account,address token,address to,uint256 nonce,uint256 deadline)"
    );

    /* IMMUTABLES */

    address private immutable UPGRADE_TIMELOCK;

    /* CONSTRUCTOR */

    constructor(
        Parameters memory p
    )
        EscapeHatch(p.stateProof)
        Inbox(p.chain, p.guardian, p.l2ChainId, p.pauseDuration, p.pauseCooldown, p.inboxCapacity)
    {
        if (p.upgradeTimelock == address(0)) revert InboxParameter("upgradeTimelock", 0);
        UPGRADE_TIMELOCK = p.upgradeTimelock;
        _disableInitializers();
    }

    /// @notice Sets up a new proxy. Once, in the transaction that creates it.
    function initialize() external initializer {
        __EIP712_init("hardhat-rollup bridge", "1");
        __Nonces_init();
        __Inbox_init();
    }

    /* DEPOSITS */

    /// @inheritdoc IL1EscrowBridge
    function depositETH(address target) external payable returns (uint64 index) {
        _checkAmount(msg.value);
        return _enqueue(MessageKind.Deposit, _checkTarget(target), address(0), msg.value, "");
    }

    /// @inheritdoc IL1EscrowBridge
    function depositERC20(address token, address target, uint256 amount) external nonReentrant returns (uint64 index) {
        return _depositERC20(token, target, amount);
    }

    /// @inheritdoc IL1EscrowBridge
    function depositERC20WithPermit(
        address token,
        address target,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant returns (uint64 index) {
        // The owner is the caller, so a permit that did nothing gives nobody access to another's allowance.
        token.tryPermit(msg.sender, amount, deadline, v, r, s);
        return _depositERC20(token, target, amount);
    }

    /* WITHDRAWALS */

    /// @inheritdoc IL1EscrowBridge
    function withdraw(
        BatchHeader calldata header,
        uint256 leafIndex,
        Withdrawal calldata withdrawal,
        bytes32[] calldata proof
    ) external nonReentrant {
        if (!IStateCommitmentChain(CHAIN).isFinalized(header)) revert L1EscrowBridgeNotFinalized(header.index);
        bytes32 root = MerkleTree.processProof(_leafOf(withdrawal), leafIndex, proof);
        if (root != header.withdrawalsRoot) revert L1EscrowBridgeProof(root, header.withdrawalsRoot);

        // INVARIANT: the nullifier is the leaf's place in a final tree, and is set before any call.
        mapping(uint256 word => uint256 bits) storage claimed = _bridge().claimed[header.index];
        uint256 bits = claimed[leafIndex >> 8];
        uint256 bit = 1 << (leafIndex & 0xff);
        if (bits & bit != 0) revert L1EscrowBridgeAlreadyClaimed(header.index, leafIndex);
        claimed[leafIndex >> 8] = bits | bit;

        (address token, address target, uint256 amount) = (withdrawal.token, withdrawal.target, withdrawal.amount);
        uint256 credited = _payOrCredit(target, token, amount);
        emit WithdrawalClaimed(header.index, leafIndex, target, token, amount, credited);
    }

    /// @inheritdoc IL1EscrowBridge
    function claimCredit(address account, address token) external nonReentrant {
        _payCredit(account, token, account);
    }

    /// @inheritdoc IL1EscrowBridge
    function claimCreditTo(address token, address to) external nonReentrant {
        _payCredit(msg.sender, token, _checkTarget(to));
    }

    /// @inheritdoc IL1EscrowBridge
    function claimCreditBySig(
        address account,
        address token,
        address to,
        uint256 deadline,
        bytes calldata signature
    ) external nonReentrant {
        if (block.timestamp > deadline) revert L1EscrowBridgeExpired(deadline);
        bytes32 order = keccak256(
            abi.encode(CLAIM_CREDIT_TYPEHASH, account, token, _checkTarget(to), _useNonce(account), deadline)
        );
        if (!SignatureChecker.isValidSignatureNowCalldata(account, _hashTypedDataV4(order), signature)) {
            revert L1EscrowBridgeSignature(account);
        }
        _payCredit(account, token, to);
    }

    /* TOKEN POLICY */

    /// @inheritdoc IL1EscrowBridge
    function stopToken(address token) external onlyGuardian {
        _bridge().policies[token].stopped = true;
        emit TokenStopped(token);
    }

    /// @inheritdoc IL1EscrowBridge
    function acceptToken(address token, bytes29 fingerprint, bool exactOnly) external {
        if (msg.sender != UPGRADE_TIMELOCK) revert InboxUnauthorized(msg.sender);
        // INVARIANT: code that changed since the announcement is not accepted in the place of what was reviewed.
        bytes29 accepted = _accept(token, exactOnly);
        if (accepted != fingerprint) revert L1EscrowBridgeTokenChanged(token, fingerprint, accepted);
    }

    /* VIEWS */

    /// @inheritdoc IL1EscrowBridge
    function credit(address account, address token) external view returns (uint256) {
        return _bridge().credits[account][token];
    }

    /// @inheritdoc IL1EscrowBridge
    function isClaimed(uint64 batchIndex, uint256 leafIndex) external view returns (bool) {
        return _bridge().claimed[batchIndex][leafIndex >> 8] & (1 << (leafIndex & 0xff)) != 0;
    }

    /// @inheritdoc IL1EscrowBridge
    function fingerprintOf(address token) external view returns (bytes29) {
        return _fingerprint(token, _probe(token));
    }

    /// @inheritdoc IL1EscrowBridge
    function tokenPolicy(address token) external view returns (TokenPolicy memory) {
        return _bridge().policies[token];
    }

    /// @notice The immutables of this implementation.
    function parameters() external view returns (Parameters memory) {
        return
            Parameters({
                chain: CHAIN,
                stateProof: STATE_PROOF,
                guardian: GUARDIAN,
                upgradeTimelock: UPGRADE_TIMELOCK,
                l2ChainId: L2_CHAIN_ID,
                pauseDuration: PAUSE_DURATION,
                pauseCooldown: PAUSE_COOLDOWN,
                inboxCapacity: INITIAL_CAPACITY
            });
    }

    /* INTERNAL */

    /// @inheritdoc EscapeHatch
    function _payOrCredit(address target, address token, uint256 amount) internal override returns (uint256 credited) {
        if (amount == 0) return 0;
        // Cannot underflow: a payment never exceeds its amount.
        credited = amount - token.payCapped(target, amount);
        if (credited != 0) _bridge().credits[target][token] += credited;
    }

    /* PRIVATE */

    /// @dev Must run inside the lock: a reentrant deposit would count the same arrival twice.
    function _depositERC20(address token, address target, uint256 amount) private returns (uint64) {
        _checkAmount(amount);
        bool exactOnly = _checkToken(token);
        uint256 received = token.pull(msg.sender, amount);
        if (exactOnly && received != amount) revert L1EscrowBridgeInexact(token, amount, received);
        _checkAmount(received);
        return _enqueue(MessageKind.Deposit, _checkTarget(target), token, received, "");
    }

    /// @dev Reverts unless deposits of `token` are open; the first deposit opens them for the code it met.
    function _checkToken(address token) private returns (bool exactOnly) {
        TokenPolicy memory policy = _bridge().policies[token];
        if (policy.stopped) revert L1EscrowBridgeTokenStopped(token);
        if (policy.fingerprint == 0) {
            _accept(token, false);
            return false;
        }
        bytes29 current = _fingerprint(token, policy.hasImplementation ? token.implementationOf() : address(0));
        if (current != policy.fingerprint) revert L1EscrowBridgeTokenChanged(token, policy.fingerprint, current);
        return policy.exactOnly;
    }

    /// @dev Accepts the code that the token has now.
    function _accept(address token, bool exactOnly) private returns (bytes29 fingerprint) {
        address implementation = _probe(token);
        fingerprint = _fingerprint(token, implementation);
        _bridge().policies[token] = TokenPolicy(fingerprint, false, exactOnly, implementation != address(0));
        emit TokenAccepted(token, fingerprint, exactOnly);
    }

    function _payCredit(address account, address token, address to) private {
        mapping(address => uint256) storage credits = _bridge().credits[account];
        uint256 amount = credits[token];
        if (amount == 0) revert L1EscrowBridgeNoCredit(account, token);
        credits[token] = 0;
        uint256 paid = token.pay(to, amount);
        if (paid == 0) revert L1EscrowBridgeNotPaid(token, to, amount);
        // A payment never exceeds its amount; the lock kept the credit at zero meanwhile.
        if (paid != amount) credits[token] = amount - paid;
        emit CreditPaid(account, token, to, paid);
    }

    /// @dev What the token answers to `implementation()`; zero when it gives no answer.
    function _probe(address token) private view returns (address) {
        if (token == address(this) || token.code.length == 0) revert L1EscrowBridgeToken(token);
        // Without this, a first depositor could starve the question and hide that the token is a proxy.
        TokenTransfer.requireProbeGas();
        return token.implementationOf();
    }

    function _fingerprint(address token, address implementation) private view returns (bytes29) {
        return bytes29(keccak256(abi.encode(token.codehash, implementation)));
    }

    function _leafOf(Withdrawal calldata withdrawal) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    WITHDRAWAL_DOMAIN,
                    withdrawal.nonce,
                    withdrawal.sender,
                    withdrawal.target,
                    withdrawal.token,
                    withdrawal.amount,
                    keccak256(withdrawal.data)
                )
            );
    }

    function _bridge() private pure returns (BridgeStorage storage $) {
        assembly ("memory-safe") {
            $.slot := BRIDGE_STORAGE
        }
    }
}
