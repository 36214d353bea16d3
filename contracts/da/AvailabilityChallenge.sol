// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IStateCommitmentChain} from "../chain/IStateCommitmentChain.sol";
import {PendingBatch} from "../chain/PendingBatch.sol";
import {IDisputeGame} from "../dispute/IDisputeGame.sol";
import {BatchHeader} from "../libraries/BatchHeader.sol";
import {MerkleTree} from "../libraries/MerkleTree.sol";
import {Certificate} from "./Certificate.sol";
import {ChunkId, Demand, DemandStatus, IAvailabilityChallenge} from "./IAvailabilityChallenge.sol";
import {Attestation, IDataAvailabilityCommittee} from "./IDataAvailabilityCommittee.sol";

/// @title AvailabilityChallenge
/// @notice Forces attested data out, or fells the batch. Nobody owns it, nothing in it can be changed.
/// @dev Invariants:
/// 1. Balance ≥ bonds of open demands + sum of credits; equal unless somebody forces ether in. A bond becomes one credit,
///    once: the answerer's, or its owner's.
/// 2. A chunk of a batch is demanded once. Whoever demands it, the answer is the same.
/// 3. A demand can be answered or closed at any time, and never both.
/// 4. When a demand can no longer be answered, ANSWER_MARGIN is left until the batch's `finalizesAt`: to close it, or to
///    dispute what the answer said.
contract AvailabilityChallenge is IAvailabilityChallenge, ReentrancyGuardTransient {
    using PendingBatch for IStateCommitmentChain;

    /// @notice Neighbours and parameters. Times in seconds.
    /// @param chain The chain whose batches are pending.
    /// @param committee Who attests.
    /// @param demandWindow How long after it was posted chunks of a batch can be demanded.
    /// @param answerTime How long a demand can be answered.
    /// @param answerMargin How long before the end of the challenge window it must be answered.
    /// @param demandBond Wei; pays the answer.
    struct Parameters {
        IStateCommitmentChain chain;
        IDataAvailabilityCommittee committee;
        uint64 demandWindow;
        uint64 answerTime;
        uint64 answerMargin;
        uint128 demandBond;
    }

    /* IMMUTABLES AND CONSTANTS */

    bytes32 private constant DATA_DOMAIN = keccak256("hardhat-rollup.data.v1");
    uint256 private constant CHUNK_SIZE = 4096;

    IStateCommitmentChain private immutable CHAIN;
    IDataAvailabilityCommittee private immutable COMMITTEE;
    uint64 private immutable DEMAND_WINDOW;
    uint64 private immutable ANSWER_TIME;
    uint64 private immutable ANSWER_MARGIN;
    uint128 private immutable DEMAND_BOND;

    /* STORAGE */

    mapping(bytes32 id => Demand demand) private _demands;
    mapping(address account => uint256 amount) private _credits;

    /* CONSTRUCTOR */

    constructor(Parameters memory p) {
        if (address(p.chain) == address(0)) revert AvailabilityZeroParameter("chain");
        if (address(p.committee) == address(0)) revert AvailabilityZeroParameter("committee");
        if (p.demandWindow == 0) revert AvailabilityZeroParameter("demandWindow");
        if (p.answerTime == 0) revert AvailabilityZeroParameter("answerTime");
        if (p.answerMargin == 0) revert AvailabilityZeroParameter("answerMargin");
        if (p.demandBond == 0) revert AvailabilityZeroParameter("demandBond");
        CHAIN = p.chain;
        COMMITTEE = p.committee;
        DEMAND_WINDOW = p.demandWindow;
        ANSWER_TIME = p.answerTime;
        ANSWER_MARGIN = p.answerMargin;
        DEMAND_BOND = p.demandBond;
    }

    /* DEMANDS */

    /// @inheritdoc IAvailabilityChallenge
    function demand(
        BatchHeader calldata header,
        Certificate calldata certificate,
        uint64 index
    ) external payable returns (bytes32 id) {
        bytes32 headerHash = header.hashCalldata();
        if (!CHAIN.isPending(header, headerHash)) revert AvailabilityNotPending(header.index, headerHash);
        // INVARIANT: no bond is at stake where nothing comes of a demand.
        if (IDisputeGame(header.resolver).availability() != address(this)) {
            revert AvailabilityNotJudge(header.resolver);
        }
        // INVARIANT: whatever the chain's challenge window has become, there is time after the answer.
        uint256 until = Math.min(
            uint256(header.timestamp) + DEMAND_WINDOW,
            header.finalizesAt - ANSWER_TIME - ANSWER_MARGIN
        );
        if (block.timestamp >= until) revert AvailabilityDemandTooLate(until);
        if (msg.value != DEMAND_BOND) revert AvailabilityWrongBond(DEMAND_BOND, msg.value);
        _requireAttested(header, certificate);
        uint256 count = _chunkCount(certificate.length);
        if (index >= count) revert AvailabilityNoSuchChunk(index, count);

        ChunkId memory chunk = ChunkId(headerHash, certificate.root, certificate.length, index);
        id = keccak256(abi.encode(chunk));
        // INVARIANT: one bond, one answer.
        if (_demands[id].status != DemandStatus.None) revert AvailabilityDemandExists(id);
        _demands[id] = Demand(msg.sender, uint64(block.timestamp), DemandStatus.Open);
        emit ChunkDemanded(id, header.index, msg.sender, chunk, header.dataHash, uint64(block.timestamp) + ANSWER_TIME);
    }

    /// @inheritdoc IAvailabilityChallenge
    function answer(ChunkId calldata chunkId, bytes calldata chunk, bytes32[] calldata path) external {
        bytes32 id = demandId(chunkId);
        Demand memory open = _requireOpen(id);
        // INVARIANT: what can be answered cannot be closed, and the other way round.
        uint256 until = uint256(open.demandedAt) + ANSWER_TIME;
        if (block.timestamp >= until) revert AvailabilityAnswerTooLate(until);
        _checkChunk(chunkId, chunk, path);

        _demands[id].status = DemandStatus.Answered;
        _credits[msg.sender] += DEMAND_BOND;
        emit ChunkAnswered(id, msg.sender, chunk);
    }

    /// @inheritdoc IAvailabilityChallenge
    function close(BatchHeader calldata header, ChunkId calldata chunkId) external nonReentrant {
        bytes32 id = demandId(chunkId);
        Demand memory open = _requireOpen(id);
        uint256 until = uint256(open.demandedAt) + ANSWER_TIME;
        if (block.timestamp < until) revert AvailabilityAnswerStillPossible(until);
        bytes32 headerHash = header.hashCalldata();
        if (headerHash != chunkId.headerHash) revert AvailabilityNotPending(header.index, headerHash);

        _demands[id].status = DemandStatus.Closed;
        _credits[open.claimant] += DEMAND_BOND;
        // It may have fallen with an earlier batch.
        bool isUpheld = block.timestamp < header.finalizesAt && CHAIN.isPending(header, headerHash);
        emit DemandClosed(id, isUpheld);
        if (isUpheld) IDisputeGame(header.resolver).counterUnavailable(header, id, open.claimant, open.demandedAt);
    }

    /// @inheritdoc IAvailabilityChallenge
    function claimCredit(address payable to) external nonReentrant {
        if (to == address(0)) revert AvailabilityZeroRecipient();
        uint256 amount = _credits[msg.sender];
        if (amount == 0) revert AvailabilityNoCredit(msg.sender);

        delete _credits[msg.sender];
        emit AvailabilityCreditPaid(msg.sender, to, amount);
        (bool success, ) = to.call{value: amount}("");
        if (!success) revert AvailabilityPaymentFailed(to, amount);
    }

    /* VIEWS */

    /// @inheritdoc IAvailabilityChallenge
    function demandId(ChunkId calldata chunkId) public pure returns (bytes32) {
        return keccak256(abi.encode(chunkId));
    }

    /// @inheritdoc IAvailabilityChallenge
    function demandOf(bytes32 id) external view returns (Demand memory) {
        return _demands[id];
    }

    /// @inheritdoc IAvailabilityChallenge
    function creditOf(address account) external view returns (uint256) {
        return _credits[account];
    }

    /// @notice What the contract was made of.
    function parameters() external view returns (Parameters memory) {
        return Parameters(CHAIN, COMMITTEE, DEMAND_WINDOW, ANSWER_TIME, ANSWER_MARGIN, DEMAND_BOND);
    }

    /* INTERNAL */

    /// @dev Data in calldata are on L1: only what members attested can be demanded. Whether their epoch attests still does
    /// not matter, they signed.
    function _requireAttested(BatchHeader calldata header, Certificate calldata certificate) private view {
        bytes32 certified = keccak256(abi.encode(DATA_DOMAIN, certificate.length, certificate.root));
        if (certified != header.dataHash) revert AvailabilityDataMismatch(header.dataHash, certified);
        COMMITTEE.checkSignatures(
            Attestation({
                epoch: certificate.epoch,
                batchIndex: header.index,
                dataHash: certified,
                length: certificate.length,
                expiry: certificate.expiry
            }),
            certificate.signers,
            certificate.signatures
        );
    }

    function _requireOpen(bytes32 id) private view returns (Demand memory found) {
        found = _demands[id];
        if (found.status != DemandStatus.Open) revert AvailabilityDemandNotOpen(id);
    }

    function _checkChunk(ChunkId calldata id, bytes calldata chunk, bytes32[] calldata path) private pure {
        uint256 last = _chunkCount(id.length) - 1;
        uint256 size = id.index == last ? id.length - CHUNK_SIZE * last : CHUNK_SIZE;
        if (chunk.length != size) revert AvailabilityChunkLength(size, chunk.length);
        // INVARIANT: no inner node passes for a chunk of 64 bytes, for it does not stand at this depth.
        uint256 depth = last == 0 ? 0 : Math.log2(last) + 1;
        if (path.length != depth) revert AvailabilityPathLength(depth, path.length);
        bytes32 found = MerkleTree.processProof(keccak256(chunk), id.index, path);
        if (found != id.root) revert AvailabilityWrongChunk(id.root, found);
        if (id.index == last) _checkPadding(last, path);
    }

    /// @dev INVARIANT: whoever has all chunks can compute the data hash. Members could attest a tree with something behind
    /// the last chunk, and nobody could tell the data from others; then the last chunk has no answer.
    function _checkPadding(uint256 last, bytes32[] calldata path) private pure {
        bytes32 padding;
        for (uint256 height = 0; height < path.length; ++height) {
            if ((last >> height) & 1 == 0 && path[height] != padding) revert AvailabilityPadding(height);
            padding = Hashes.efficientKeccak256(padding, padding);
        }
    }

    function _chunkCount(uint256 length) private pure returns (uint256) {
        return (length + CHUNK_SIZE - 1) / CHUNK_SIZE;
    }
}
