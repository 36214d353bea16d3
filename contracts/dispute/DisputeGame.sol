// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IStateCommitmentChain} from "../chain/IStateCommitmentChain.sol";
import {PendingBatch} from "../chain/PendingBatch.sol";
import {BatchHeader} from "../libraries/BatchHeader.sol";
import {IOneStepVerifier} from "../machine/IOneStepVerifier.sol";
import {BatchStatement} from "./BatchStatement.sol";
import {ClaimState, ClaimStatus, ClaimWord, ClaimWordLib} from "./ClaimWord.sol";
import {DisputeClaim, DisputeClaimLib} from "./DisputeClaim.sol";
import {DisputeParameters} from "./DisputeParameters.sol";
import {IDisputeGame} from "./IDisputeGame.sol";
import {WinnerWord, WinnerWordLib} from "./WinnerWord.sol";

/// @title DisputeGame
/// @notice Judges the batches of one program, for ever by the same rules: nobody owns it, nothing in it can be changed.
/// @dev Invariants:
/// 1. Balance ≥ sum of the bonds of unresolved claims + tips held for open batches + sum of credits; equal unless somebody
///    forces ether in. A bond becomes credits, once, when its claim is resolved: the tips, and what is left of it.
/// 2. The id of a claim binds all of its content, so a move is about that content on any fork of L1, or reverts.
/// 3. `openChildren` of a claim or batch is the number of unresolved claims that counter it. A resolved one has none,
///    and gets none: it closed before, or was refuted by a step, and then its depth allows no children.
/// 4. Depth of a claim is its parent's plus 1, from 1 to LEVELS; `used` ≤ CLOCK < 2^24.
/// 5. Every claim about a batch is closed MAX_DURATION after the batch's `finalizesAt`.
/// 6. The winner against a claim is the least of the standing claims that counter it, in whatever order they resolve.
/// 7. A batch whose data were withheld has a child that stands, against which nothing can be said: AVAILABILITY made it.
/// 8. A batch with a claim is under dispute on the chain, until `resolveBatch`, which succeeds once.
contract DisputeGame is IDisputeGame, ReentrancyGuardTransient {
    using PendingBatch for IStateCommitmentChain;

    /* IMMUTABLES AND CONSTANTS */

    /// @dev A game is about 2^40 instructions at least.
    uint256 private constant MIN_HEIGHT = 40;
    /// @dev Tips per base bond: see docs/dispute.md §5.
    uint256 private constant TIPS_PER_BOND = 2;

    IStateCommitmentChain private immutable CHAIN;
    IOneStepVerifier private immutable VERIFIER;
    address private immutable AVAILABILITY;
    uint256 private immutable L2_CHAIN_ID;
    address private immutable BRIDGE;
    bytes32 private immutable MACHINE_HASH;
    bytes32 private immutable CODE_ROOT;
    bytes32 private immutable MEMORY_ROOT_0;
    uint32 private immutable ENTRY_PC;
    uint32 private immutable PAGES;
    uint32 private immutable MACHINE_MAX_PAGES;
    uint32 private immutable VERSION;
    uint8 private immutable DISSECTION_BITS;
    uint256 private immutable CLOCK;
    uint256 private immutable EXTENSION;
    uint256 private immutable BASE_BOND;
    /// @dev What resolving a claim, or a batch, is paid with.
    uint256 private immutable TIP;
    /// @dev States per list, and greatest depth.
    uint256 private immutable K;
    uint256 private immutable LEVELS;

    /* STORAGE */

    mapping(bytes32 id => ClaimWord claim) private _claims;
    /// @dev By the id of what the winner counters.
    mapping(bytes32 id => WinnerWord winner) private _winners;
    mapping(address account => uint256 amount) private _credits;

    /* CONSTRUCTOR */

    constructor(DisputeParameters memory p) {
        p.check();
        CHAIN = p.chain;
        VERIFIER = p.verifier;
        AVAILABILITY = p.availability;
        L2_CHAIN_ID = p.l2ChainId;
        BRIDGE = p.bridge;
        MACHINE_HASH = p.machineHash;
        CODE_ROOT = p.codeRoot;
        MEMORY_ROOT_0 = p.memoryRoot0;
        ENTRY_PC = p.entryPc;
        PAGES = p.pages;
        MACHINE_MAX_PAGES = p.maxPages;
        VERSION = p.version;
        DISSECTION_BITS = p.dissectionBits;
        CLOCK = p.clock;
        EXTENSION = p.extension;
        BASE_BOND = p.baseBond;
        TIP = p.baseBond / TIPS_PER_BOND;
        K = 1 << p.dissectionBits;
        LEVELS = (MIN_HEIGHT + p.dissectionBits - 1) / p.dissectionBits;
    }

    /* MOVES */

    /// @inheritdoc IDisputeGame
    function counterBatch(
        BatchHeader calldata header,
        bytes32[] calldata list
    ) external payable nonReentrant returns (bytes32 id) {
        (bytes32 headerHash, ClaimWord batch) = _requireCounterable(header);
        bool isFirst = !batch.exists();
        if (isFirst) batch = ClaimWordLib.create(header.submitter, header.timestamp, 0, 0);

        bytes32 start = BatchStatement.start(
            header,
            L2_CHAIN_ID,
            BRIDGE,
            BatchStatement.registers(ENTRY_PC, PAGES),
            MEMORY_ROOT_0
        );
        DisputeClaim memory claim = DisputeClaim(headerHash, 0, start, DisputeClaimLib.hashList(list));
        id = _post(claim, list, batch, BatchStatement.end(header), 0);

        if (isFirst) _open(header, headerHash);
    }

    /// @inheritdoc IDisputeGame
    function counter(
        DisputeClaim calldata claim,
        bytes32[] calldata list,
        uint256 index,
        bytes32[] calldata newList
    ) external payable nonReentrant returns (bytes32 id) {
        (bytes32 parentId, ClaimWord parent, uint256 parentUsed) = _requireOpen(claim);
        if (parent.depth() == LEVELS) revert DisputeClaimIsStep(parentId);
        (bytes32 start, bytes32 denied) = claim.segment(list, index);

        // The new claim is of the line of the one that its parent counters, and has thought since its parent was posted.
        uint256 used = parentUsed + parent.age();
        if (used > CLOCK) used = CLOCK;
        DisputeClaim memory newClaim = DisputeClaim(parentId, index, start, DisputeClaimLib.hashList(newList));
        return _post(newClaim, newList, parent, denied, used);
    }

    /// @inheritdoc IDisputeGame
    function step(
        DisputeClaim calldata claim,
        bytes32[] calldata list,
        uint256 index,
        bytes calldata witness
    ) external nonReentrant {
        (bytes32 id, ClaimWord word, ) = _requireOpen(claim);
        if (word.depth() != LEVELS) revert DisputeClaimIsNotStep(id, word.depth());
        (bytes32 start, bytes32 denied) = claim.segment(list, index);
        bytes32 state = VERIFIER.step(CODE_ROOT, start, witness);
        if (state == denied) revert DisputeStepAgrees(state);

        emit ClaimStepped(id, index, state, msg.sender);
        _claims[claim.parent] = _claims[claim.parent].removeChild();
        _settle(id, word, true, msg.sender, 0);
    }

    /// @inheritdoc IDisputeGame
    function counterUnavailable(
        BatchHeader calldata header,
        bytes32 demandId,
        address claimant,
        uint256 demandedAt
    ) external nonReentrant {
        if (msg.sender != AVAILABILITY) revert DisputeUnauthorized(msg.sender);
        (bytes32 headerHash, ClaimWord batch) = _requireCounterable(header);
        if (!batch.exists()) {
            _claims[headerHash] = ClaimWordLib.create(header.submitter, header.timestamp, 0, 0);
            _open(header, headerHash);
        }
        WinnerWord own = WinnerWordLib.create(demandId, 0, ClaimWordLib.create(claimant, demandedAt, 0, 1));
        if (own.isBefore(_winners[headerHash])) _winners[headerHash] = own;
        emit BatchUnavailable(headerHash, demandId, claimant);
    }

    /* RESOLUTION */

    /// @inheritdoc IDisputeGame
    function resolve(DisputeClaim[] calldata claims) external nonReentrant {
        uint256 tips;
        for (uint256 i = 0; i < claims.length; ++i) tips += _resolve(claims[i]);
        if (tips != 0) _tip(tips);
    }

    /// @inheritdoc IDisputeGame
    function resolveBatch(BatchHeader calldata header) external nonReentrant {
        bytes32 headerHash = header.hashCalldata();
        ClaimWord batch = _claims[headerHash];
        if (!batch.exists()) revert DisputeUnknownClaim(headerHash);
        if (batch.status() != ClaimStatus.Open) revert DisputeClaimIsResolved(headerHash);
        if (block.timestamp < header.finalizesAt) revert DisputeClaimOpen(headerHash, header.finalizesAt);
        if (batch.openChildren() != 0) revert DisputeChildrenOpen(headerHash, batch.openChildren());

        address winner = _winners[headerHash].claimant();
        bool isRefuted = winner != address(0);
        _claims[headerHash] = batch.resolved(isRefuted);
        emit GameResolved(headerHash, header.index, winner);
        if (batch.holdsTip()) _tip(TIP);
        if (isRefuted && CHAIN.isPending(header, headerHash)) CHAIN.revertBatches(header, winner);
        else CHAIN.closeDispute(header);
    }

    /// @inheritdoc IDisputeGame
    function claimCredit(address payable to) external nonReentrant {
        if (to == address(0)) revert DisputeZeroRecipient();
        uint256 amount = _credits[msg.sender];
        if (amount == 0) revert DisputeNoCredit(msg.sender);

        delete _credits[msg.sender];
        emit CreditPaid(msg.sender, to, amount);
        (bool success, ) = to.call{value: amount}("");
        if (!success) revert DisputePaymentFailed(to, amount);
    }

    /* VIEWS */

    /// @inheritdoc IDisputeGame
    function bond(uint256 depth) public view returns (uint256) {
        return depth == 0 || depth > LEVELS ? 0 : BASE_BOND * (LEVELS + 1 - depth);
    }

    /// @inheritdoc IDisputeGame
    function tip() external view returns (uint256) {
        return TIP;
    }

    /// @inheritdoc IDisputeGame
    function maxDuration() external view returns (uint64) {
        return uint64(2 * CLOCK + LEVELS * EXTENSION);
    }

    /// @inheritdoc IDisputeGame
    function claimId(DisputeClaim calldata claim) external pure returns (bytes32) {
        return claim.id();
    }

    /// @inheritdoc IDisputeGame
    function claimState(bytes32 id) external view returns (ClaimState memory) {
        return _claims[id].unpack();
    }

    /// @inheritdoc IDisputeGame
    function closesAt(DisputeClaim calldata claim) external view returns (uint256) {
        ClaimWord word = _claims[claim.id()];
        if (!word.exists()) revert DisputeUnknownClaim(claim.id());
        return block.timestamp - word.age() + _allowance(_claims[claim.parent].used());
    }

    /// @inheritdoc IDisputeGame
    function winnerOf(bytes32 id) external view returns (address) {
        return _winners[id].claimant();
    }

    /// @inheritdoc IDisputeGame
    function creditOf(address account) external view returns (uint256) {
        return _credits[account];
    }

    /// @inheritdoc IDisputeGame
    function availability() external view returns (address) {
        return AVAILABILITY;
    }

    /// @inheritdoc IDisputeGame
    function machineHash() external view returns (bytes32) {
        return MACHINE_HASH;
    }

    /// @notice What the game was made of.
    function parameters() external view returns (DisputeParameters memory) {
        return
            DisputeParameters({
                chain: CHAIN,
                verifier: VERIFIER,
                availability: AVAILABILITY,
                l2ChainId: L2_CHAIN_ID,
                bridge: BRIDGE,
                machineHash: MACHINE_HASH,
                codeRoot: CODE_ROOT,
                memoryRoot0: MEMORY_ROOT_0,
                entryPc: ENTRY_PC,
                pages: PAGES,
                maxPages: MACHINE_MAX_PAGES,
                version: VERSION,
                dissectionBits: DISSECTION_BITS,
                clock: uint64(CLOCK),
                extension: uint64(EXTENSION),
                baseBond: uint128(BASE_BOND)
            });
    }

    /* INTERNAL */

    /// @dev Reverts unless claims can be made against a batch. `batch` is empty before the first one, which the chain checks.
    function _requireCounterable(
        BatchHeader calldata header
    ) private view returns (bytes32 headerHash, ClaimWord batch) {
        if (header.resolver != address(this)) revert DisputeNotResolver(header.resolver);
        headerHash = header.hashCalldata();
        // INVARIANT: at `finalizesAt` all claims against the batch are known. It cannot be resolved before.
        if (block.timestamp >= header.finalizesAt) revert DisputeClaimClosed(headerHash, header.finalizesAt);
        batch = _claims[headerHash];
        // What fell with an earlier batch needs no more claims.
        if (batch.exists() && !CHAIN.isPending(header, headerHash)) revert DisputeNotPending(header.index, headerHash);
    }

    /// @dev Tells the chain of the first claim against a batch.
    function _open(BatchHeader calldata header, bytes32 headerHash) private {
        emit GameOpened(headerHash, header.index);
        CHAIN.openDispute(header);
    }

    /// @dev Makes a claim of the caller.
    /// @param parent What it counters.
    /// @param denied The state of the parent that it holds false.
    /// @param used Of the new claim.
    function _post(
        DisputeClaim memory claim,
        bytes32[] calldata list,
        ClaimWord parent,
        bytes32 denied,
        uint256 used
    ) private returns (bytes32 id) {
        if (list.length != K) revert DisputeListLength(K, list.length);
        if (list[K - 1] == denied) revert DisputeSameEnd(denied);
        uint256 depth = parent.depth() + 1;
        uint256 expected = bond(depth);
        if (msg.value != expected) revert DisputeWrongBond(expected, msg.value);
        id = claim.idInMemory();
        // INVARIANT: one bond per claim, and one claim per content.
        if (_claims[id].exists()) revert DisputeClaimExists(id);

        _claims[id] = ClaimWordLib.create(msg.sender, block.timestamp, used, depth);
        _claims[claim.parent] = parent.addChild();
        emit ClaimMade(id, claim.parent, msg.sender, claim, list);
    }

    /// @dev Resolves one claim, unless it is resolved.
    /// @return tip_ What that earns.
    function _resolve(DisputeClaim calldata claim) private returns (uint256 tip_) {
        bytes32 id = claim.id();
        ClaimWord word = _claims[id];
        if (!word.exists()) revert DisputeUnknownClaim(id);
        if (word.status() != ClaimStatus.Open) return 0;
        ClaimWord parent = _claims[claim.parent];
        // INVARIANT: whoever may answer the claim still, has the time to.
        uint256 allowance = _allowance(parent.used());
        uint256 age = word.age();
        if (age < allowance) revert DisputeClaimOpen(id, block.timestamp - age + allowance);
        if (word.openChildren() != 0) revert DisputeChildrenOpen(id, word.openChildren());

        WinnerWord winner = _winners[id];
        if (!winner.exists()) {
            WinnerWord own = WinnerWordLib.create(id, claim.index, word);
            if (own.isBefore(_winners[claim.parent])) _winners[claim.parent] = own;
        }
        address payee = winner.exists() ? winner.claimant() : word.claimant();
        tip_ = TIP;
        uint256 kept = tip_;
        // INVARIANT: a game that takes claims to resolve pays for its end, too.
        if (parent.depth() == 0 && !parent.holdsTip()) {
            parent = parent.holdTip();
            kept += tip_;
        }
        _claims[claim.parent] = parent.removeChild();
        _settle(id, word, winner.exists(), payee, kept);
    }

    /// @dev Writes that a claim is resolved, and credits its bond without what is kept for tips.
    function _settle(bytes32 id, ClaimWord word, bool isRefuted, address payee, uint256 kept) private {
        _claims[id] = word.resolved(isRefuted);
        uint256 amount = bond(word.depth()) - kept;
        _credits[payee] += amount;
        emit ClaimResolved(id, isRefuted, payee, amount);
    }

    /// @dev Credits the caller with what resolving earned.
    function _tip(uint256 amount) private {
        _credits[msg.sender] += amount;
        emit TipsEarned(msg.sender, amount);
    }

    /// @dev Reverts unless the claim exists, is not resolved and can still be answered. `parentUsed` is that of what it
    /// counters.
    function _requireOpen(
        DisputeClaim calldata claim
    ) private view returns (bytes32 id, ClaimWord word, uint256 parentUsed) {
        id = claim.id();
        word = _claims[id];
        if (!word.exists()) revert DisputeUnknownClaim(id);
        if (word.status() != ClaimStatus.Open) revert DisputeClaimIsResolved(id);
        parentUsed = _claims[claim.parent].used();
        uint256 allowance = _allowance(parentUsed);
        uint256 age = word.age();
        // INVARIANT: what can be answered cannot be resolved, and the other way round.
        if (age >= allowance) revert DisputeClaimClosed(id, block.timestamp - age + allowance);
    }

    /// @dev How long a claim can be answered, where the claim that it counters has used `used` of its line's clock.
    function _allowance(uint256 used) private view returns (uint256) {
        uint256 left = CLOCK - used;
        return left > EXTENSION ? left : EXTENSION;
    }
}
