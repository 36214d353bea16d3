// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IStateCommitmentChain} from "../chain/IStateCommitmentChain.sol";
import {BatchHeader} from "../libraries/BatchHeader.sol";
import {IValidityResolver, ValidityProgram} from "./IValidityResolver.sol";
import {IValidityVerifier} from "./IValidityVerifier.sol";
import {LedgerStatement} from "./LedgerStatement.sol";

/// @title ValidityResolver
/// @notice Judges batches by proofs.
/// @dev Not upgradeable, and named in the header of each batch that it judges: what such a batch must prove, to whom, and
/// how long that may take never changes once it is posted.
///
/// Invariants:
/// - No batch becomes final here but one whose every segment a verifier accepted, for the program of its form and for the
///   public inputs behind its data hash.
/// - No batch is reverted here that is proven, or that is younger than `proofWindow`. A verifier's revert decides nothing.
contract ValidityResolver is IValidityResolver {
    /// @notice Neighbours and parameters.
    /// @param chain The chain that it judges for.
    /// @param onL1 Proves batches whose transfers stand in calldata.
    /// @param withCommittee Proves those whose transfers are with a committee.
    /// @param proofWindow In seconds, from when a batch was posted: that long nobody reverts it.
    struct Parameters {
        IStateCommitmentChain chain;
        ValidityProgram onL1;
        ValidityProgram withCommittee;
        uint64 proofWindow;
    }

    /* IMMUTABLES */

    IStateCommitmentChain private immutable CHAIN;
    address private immutable VERIFIER_ON_L1;
    bytes32 private immutable PROGRAM_ON_L1;
    address private immutable VERIFIER_WITH_COMMITTEE;
    bytes32 private immutable PROGRAM_WITH_COMMITTEE;
    uint64 private immutable PROOF_WINDOW;

    /* STORAGE */

    /// @inheritdoc IValidityResolver
    mapping(bytes32 headerHash => bool proven) public isProven;

    /* CONSTRUCTOR */

    constructor(Parameters memory p) {
        if (address(p.chain) == address(0)) revert ResolverZeroParameter("chain");
        if (address(p.onL1.verifier) == address(0)) revert ResolverZeroParameter("onL1.verifier");
        if (p.proofWindow == 0) revert ResolverZeroParameter("proofWindow");
        CHAIN = p.chain;
        VERIFIER_ON_L1 = address(p.onL1.verifier);
        PROGRAM_ON_L1 = p.onL1.id;
        VERIFIER_WITH_COMMITTEE = address(p.withCommittee.verifier);
        PROGRAM_WITH_COMMITTEE = p.withCommittee.id;
        PROOF_WINDOW = p.proofWindow;
    }

    /* JUDGING */

    /// @inheritdoc IValidityResolver
    function prove(
        BatchHeader calldata header,
        bytes32 belowHash,
        bool isOnL1,
        uint256[3][] calldata statements,
        bytes[] calldata proofs
    ) external {
        (bytes32 hash, uint64 next) = _requirePending(header);
        bytes32 dataHash = LedgerStatement.hashOf(belowHash, isOnL1, _hashOf(statements));
        if (dataHash != header.dataHash) revert ResolverStatements(dataHash, header.dataHash);

        // INVARIANT: from here on the batch is proven, or nothing happened.
        ValidityProgram memory program = _programOf(isOnL1);
        program.verifier.verifyMany(program.id, _publicValues(statements), proofs);
        emit BatchProven(header.index, hash, msg.sender);
        if (header.index == next) CHAIN.finalizeProven(header);
        else isProven[hash] = true;
    }

    /// @inheritdoc IValidityResolver
    function finalize(BatchHeader calldata header) external {
        bytes32 hash = header.hashCalldata();
        if (!isProven[hash]) revert ResolverNotProven(header.index);
        delete isProven[hash];
        CHAIN.finalizeProven(header);
    }

    /// @inheritdoc IValidityResolver
    function revertUnproven(BatchHeader calldata header) external {
        (bytes32 hash, uint64 next) = _requirePending(header);
        if (header.index != next) revert ResolverNotNext(next, header.index);
        if (isProven[hash]) revert ResolverProven(next);
        uint64 deadline = header.timestamp + PROOF_WINDOW;
        if (block.timestamp < deadline) revert ResolverTooEarly(next, deadline);

        CHAIN.openDispute(header);
        CHAIN.revertBatches(header, msg.sender);
    }

    /* VIEWS */

    /// @notice The immutables.
    function parameters() external view returns (Parameters memory) {
        return
            Parameters({
                chain: CHAIN,
                onL1: ValidityProgram(IValidityVerifier(VERIFIER_ON_L1), PROGRAM_ON_L1),
                withCommittee: ValidityProgram(IValidityVerifier(VERIFIER_WITH_COMMITTEE), PROGRAM_WITH_COMMITTEE),
                proofWindow: PROOF_WINDOW
            });
    }

    /* PRIVATE */

    /// @dev Reverts unless `header` is a pending batch that this contract judges.
    /// @return hash Of the header.
    /// @return next Index of the next batch to become final.
    function _requirePending(BatchHeader calldata header) private view returns (bytes32 hash, uint64 next) {
        uint64 index = header.index;
        (uint64 head, uint64 finalizedHead) = CHAIN.heads();
        if (index <= finalizedHead || index > head) revert ResolverNotPending(index, finalizedHead, head);
        hash = header.hashCalldata();
        bytes32 stored = CHAIN.headerHash(index);
        if (stored != hash) revert ResolverHeaderMismatch(index, stored, hash);
        if (header.resolver != address(this)) revert ResolverNotJudge(header.resolver);
        return (hash, finalizedHead + 1);
    }

    function _programOf(bool isOnL1) private view returns (ValidityProgram memory) {
        address verifier = isOnL1 ? VERIFIER_ON_L1 : VERIFIER_WITH_COMMITTEE;
        if (verifier == address(0)) revert ResolverNoProgram(isOnL1);
        return ValidityProgram(IValidityVerifier(verifier), isOnL1 ? PROGRAM_ON_L1 : PROGRAM_WITH_COMMITTEE);
    }

    /// @dev keccak256 of all public inputs, which stand in calldata one behind the other.
    function _hashOf(uint256[3][] calldata statements) private pure returns (bytes32 result) {
        assembly ("memory-safe") {
            let pointer := mload(0x40)
            let size := mul(statements.length, 96)
            calldatacopy(pointer, statements.offset, size)
            result := keccak256(pointer, size)
        }
    }

    /// @dev What the verifier is asked about: h, r and y of each segment, a word each.
    function _publicValues(uint256[3][] calldata statements) private pure returns (bytes[] memory values) {
        values = new bytes[](statements.length);
        for (uint256 i = 0; i < values.length; ++i) values[i] = abi.encode(statements[i]);
    }
}
