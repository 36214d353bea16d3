// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IStateCommitmentChain} from "../chain/IStateCommitmentChain.sol";
import {BatchHeader} from "../libraries/BatchHeader.sol";
import {ValidityProgram} from "../validity/IValidityResolver.sol";
import {LedgerStatement} from "../validity/LedgerStatement.sol";
import {IBugEvidence} from "./IBugEvidence.sol";
import {IConfiguredChain} from "./IConfiguredChain.sol";
import {IConfiguredResolver} from "./IConfiguredResolver.sol";

/// @title ProofEvidence
/// @notice Evidence against a judge by proofs: its verifier accepts that one segment of a batch of the chain leads from one
/// state to two. With such a verifier whoever proves first chooses.
/// @dev Stateless. Invariants:
/// - The verifier that is asked is the one that the chain's next batches are judged by.
/// - The segment is one that L1 read itself when its batch was posted, and starts from a state that was final or proven: of
///   a tree that somebody made up, with an account twice, or of operations that L1 never writes, an honest circuit may
///   well prove two ends.
contract ProofEvidence is IBugEvidence {
    using LedgerStatement for uint256[];

    /// @notice Two proofs of one segment.
    /// @param header Of its batch.
    /// @param belowHash What stands for the data of the batch in the layer below, as `ValidityResolver.prove` wants it.
    /// @param isOnL1 Whether its transfers are in calldata.
    /// @param statements h, r and y of every segment of the batch.
    /// @param segment Which one is proven twice.
    /// @param elements Its d, docs/validity.md §3, and one more word.
    /// @param proof Of what stands in the batch.
    /// @param otherStateRoot Instead of d3: where the other proof says that the segment leads.
    /// @param otherH h of the other statement.
    /// @param otherProof Of the other statement.
    struct Conflict {
        BatchHeader header;
        bytes32 belowHash;
        bool isOnL1;
        uint256[3][] statements;
        uint256 segment;
        uint256[] elements;
        bytes proof;
        uint256 otherStateRoot;
        uint256 otherH;
        bytes otherProof;
    }

    /// @notice The chain holds another header at `index`, or none.
    error EvidenceHeaderMismatch(uint64 index, bytes32 stored, bytes32 given);
    /// @notice Another contract judges that batch than the next ones.
    error EvidenceNotJudge(address resolver, address judge);
    /// @notice The state before the segment is not known to be one of this ledger: it may be anybody's invention.
    error EvidenceUnprovenStart(uint64 index, uint256 segment);
    /// @notice The statements are not those behind the batch's data hash.
    error EvidenceStatements(bytes32 computed, bytes32 dataHash);
    /// @notice The elements are not those of the segment: they lead to these public inputs.
    error EvidenceElements(uint256 r, uint256 y);

    /// @dev Position of the state root after the segment among its elements.
    uint256 private constant STATE_ROOT = 3;

    /// @notice The chain whose judge is meant.
    IConfiguredChain public immutable CHAIN;

    constructor(IConfiguredChain chain) {
        if (address(chain) == address(0)) revert EvidenceZeroParameter("chain");
        CHAIN = chain;
    }

    /// @inheritdoc IBugEvidence
    /// @param evidence `abi.encode(Conflict)`.
    function check(bytes calldata evidence) external view returns (address judge) {
        return this.checkConflict(abi.decode(evidence, (Conflict)));
    }

    /// @notice `check`, with the evidence decoded.
    function checkConflict(Conflict calldata c) external view returns (address judge) {
        judge = CHAIN.parameters().resolver;
        _requireBatch(c, judge);
        uint256[3] memory statement = c.statements[c.segment];
        uint256[] memory elements = c.elements;
        (uint256 r, uint256 y) = elements.inputsOf(statement[0]);
        // INVARIANT: r is a hash of the elements, so these are the ones that L1 read.
        if (r != statement[1] || y != statement[2]) revert EvidenceElements(r, y);

        uint256 stateRoot = elements[STATE_ROOT];
        if (stateRoot == c.otherStateRoot) revert EvidenceAgrees(bytes32(stateRoot));
        elements[STATE_ROOT] = c.otherStateRoot;
        uint256[3] memory other;
        other[0] = c.otherH;
        (other[1], other[2]) = elements.inputsOf(c.otherH);

        ValidityProgram memory program = _programOf(judge, c.isOnL1);
        program.verifier.verify(program.id, abi.encode(statement), c.proof);
        program.verifier.verify(program.id, abi.encode(other), c.otherProof);
    }

    /// @dev Reverts unless the statements are of a batch of the chain, and the segment starts from a state that is final, or
    /// was proven with its batch.
    function _requireBatch(Conflict calldata c, address judge) private view {
        uint64 index = c.header.index;
        bytes32 given = c.header.hashCalldata();
        bytes32 stored = IStateCommitmentChain(address(CHAIN)).headerHash(index);
        if (stored != given) revert EvidenceHeaderMismatch(index, stored, given);
        if (c.header.resolver != judge) revert EvidenceNotJudge(c.header.resolver, judge);
        (, uint64 finalizedHead) = IStateCommitmentChain(address(CHAIN)).heads();
        bool isKnown = index <= finalizedHead || (index == finalizedHead + 1 && c.segment == 0);
        if (!isKnown) revert EvidenceUnprovenStart(index, c.segment);
        bytes32 dataHash = LedgerStatement.hashOf(
            c.belowHash,
            c.isOnL1,
            keccak256(abi.encodePacked(_flat(c.statements)))
        );
        if (dataHash != c.header.dataHash) revert EvidenceStatements(dataHash, c.header.dataHash);
    }

    function _programOf(address judge, bool isOnL1) private view returns (ValidityProgram memory) {
        (, ValidityProgram memory onL1, ValidityProgram memory withCommittee, ) = IConfiguredResolver(judge)
            .parameters();
        return isOnL1 ? onL1 : withCommittee;
    }

    /// @dev All public inputs, one behind the other.
    function _flat(uint256[3][] calldata statements) private pure returns (uint256[] memory words) {
        words = new uint256[](3 * statements.length);
        for (uint256 i = 0; i < words.length; ++i) words[i] = statements[i / 3][i % 3];
    }
}
