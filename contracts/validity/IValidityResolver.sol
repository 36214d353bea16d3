// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BatchHeader} from "../libraries/BatchHeader.sol";
import {IValidityVerifier} from "./IValidityVerifier.sol";

/// @notice A circuit and what verifies its proofs.
/// @param verifier Zero where there is no such circuit.
/// @param id What the verifier calls the circuit.
struct ValidityProgram {
    IValidityVerifier verifier;
    bytes32 id;
}

/// @title IValidityResolver
/// @notice The judge of batches that need a proof: finalizes those that are proven, reverts those that are not in time.
/// See docs/validity.md §5.
interface IValidityResolver {
    /// @notice Every segment of the batch is proven.
    event BatchProven(uint64 indexed index, bytes32 indexed headerHash, address indexed prover);

    /// @notice A constructor parameter that must not be zero is.
    error ResolverZeroParameter(string name);
    /// @notice The chain holds another header at `index`, or none.
    error ResolverHeaderMismatch(uint64 index, bytes32 stored, bytes32 given);
    /// @notice Batch `index` is not pending: pending ones lie above `finalizedHead` up to `head`.
    error ResolverNotPending(uint64 index, uint64 finalizedHead, uint64 head);
    /// @notice Batch `index` is not the next one; `expected` is.
    error ResolverNotNext(uint64 expected, uint64 given);
    /// @notice Another contract judges this batch.
    error ResolverNotJudge(address resolver);
    /// @notice These are not the statements behind the batch's data hash.
    error ResolverStatements(bytes32 computed, bytes32 dataHash);
    /// @notice Nobody proves batches with their data there: in calldata (`isOnL1`) or with a committee.
    error ResolverNoProgram(bool isOnL1);
    /// @notice Batch `index` can be proven until `deadline`, in seconds, before anybody may revert it.
    error ResolverTooEarly(uint64 index, uint64 deadline);
    /// @notice Batch `index` is proven.
    error ResolverProven(uint64 index);
    /// @notice Batch `index` is not proven yet.
    error ResolverNotProven(uint64 index);

    /// @notice Shows that every segment of a pending batch is a right transition. The next batch becomes final at once, a
    /// later one by `finalize` in its turn. Anyone may call.
    /// @param header The batch.
    /// @param belowHash What the layer below StatementDA made of its data.
    /// @param isOnL1 Whether its transfers stand in calldata.
    /// @param statements Public inputs (h, r, y) of each segment.
    /// @param proofs One for each segment.
    function prove(
        BatchHeader calldata header,
        bytes32 belowHash,
        bool isOnL1,
        uint256[3][] calldata statements,
        bytes[] calldata proofs
    ) external;

    /// @notice Makes the next batch final that was proven before its turn. Anyone may call.
    function finalize(BatchHeader calldata header) external;

    /// @notice Reverts the next batch, and every later one, when nobody proved it for `proofWindow`; slashes its proposer
    /// and rewards the caller. Anyone may call.
    function revertUnproven(BatchHeader calldata header) external;

    /// @notice Whether a batch was proven before its turn.
    function isProven(bytes32 headerHash) external view returns (bool);
}
