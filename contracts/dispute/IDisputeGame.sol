// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BatchHeader} from "../libraries/BatchHeader.sol";
import {ClaimState} from "./ClaimWord.sol";
import {DisputeClaim} from "./DisputeClaim.sol";

/// @title IDisputeGame
/// @notice Decides whether a batch is what its program makes of its input, by bisection down to one instruction.
/// Everybody may counter every claim. See docs/dispute.md.
interface IDisputeGame {
    /* EVENTS */

    /// @notice The first claim against a batch was made: the batch waits until its game is over.
    event GameOpened(bytes32 indexed headerHash, uint64 indexed batchIndex);
    /// @notice A claim was made.
    /// @param id Of the claim.
    /// @param parent The claim or batch that it counters.
    /// @param claimant Who made it.
    /// @param claim Its content without the states.
    /// @param list Its states.
    event ClaimMade(
        bytes32 indexed id,
        bytes32 indexed parent,
        address indexed claimant,
        DisputeClaim claim,
        bytes32[] list
    );
    /// @notice One instruction, executed on L1, refuted a claim.
    /// @param index Which state of its list was false.
    /// @param state What that state is.
    event ClaimStepped(bytes32 indexed id, uint256 index, bytes32 state, address winner);
    /// @notice A claim is resolved.
    /// @param isRefuted Whether a claim that counters it, or a step, stands.
    /// @param payee Who is credited with its bond.
    /// @param amount The bond without tips, in wei.
    event ClaimResolved(bytes32 indexed id, bool isRefuted, address payee, uint256 amount);
    /// @notice Claims or a batch were resolved, and somebody was credited with the tips for it, in wei.
    event TipsEarned(address indexed resolver, uint256 amount);
    /// @notice Data of a batch were demanded and withheld: it falls when its game is over.
    /// @param demandId The demand that stands against it.
    event BatchUnavailable(bytes32 indexed headerHash, bytes32 indexed demandId, address indexed claimant);
    /// @notice The game about a batch is over.
    /// @param winner Whose claim stands against it; zero where none does.
    event GameResolved(bytes32 indexed headerHash, uint64 indexed batchIndex, address winner);
    /// @notice A credit was paid.
    event CreditPaid(address indexed account, address indexed to, uint256 amount);

    /* ERRORS */

    /// @notice A parameter that must not be zero is.
    error DisputeZeroParameter(string name);
    /// @notice 2^bits states per dissection, bits from 1 to 5.
    error DisputeDissectionBits(uint8 bits);
    /// @notice CLOCK must be at least EXTENSION and below 2^24 seconds.
    error DisputeClock(uint64 clock, uint64 extension);
    /// @notice The program does not have the machine hash that batches are judged by.
    error DisputeMachineHash(bytes32 expected, bytes32 found);
    /// @notice No machine starts so: entryPc must be below 2^20, pages at most maxPages, maxPages at most 4,096.
    error DisputeProgramOutOfRange(uint32 entryPc, uint32 pages, uint32 maxPages);
    /// @notice The batch is not on the chain any more, or final.
    error DisputeNotPending(uint64 batchIndex, bytes32 headerHash);
    /// @notice The batch names another judge.
    error DisputeNotResolver(address resolver);
    /// @notice A dissection has `expected` states.
    error DisputeListLength(uint256 expected, uint256 found);
    /// @notice The list is not the one of the claim.
    error DisputeListMismatch(bytes32 expected, bytes32 found);
    /// @notice A claim must end in another state than the one that it counters.
    error DisputeSameEnd(bytes32 state);
    /// @notice The bond of a claim of this depth is `expected`.
    error DisputeWrongBond(uint256 expected, uint256 found);
    /// @notice Nobody made this claim, or nobody countered this batch.
    error DisputeUnknownClaim(bytes32 id);
    /// @notice Somebody made this claim before.
    error DisputeClaimExists(bytes32 id);
    /// @notice A list has `length` states.
    error DisputeIndexOutOfRange(uint256 index, uint256 length);
    /// @notice The claim cannot be answered any more.
    error DisputeClaimClosed(bytes32 id, uint256 closedAt);
    /// @notice The claim can still be answered.
    error DisputeClaimOpen(bytes32 id, uint256 closesAt);
    /// @notice The claim is resolved.
    error DisputeClaimIsResolved(bytes32 id);
    /// @notice Claims that counter it are not resolved.
    error DisputeChildrenOpen(bytes32 id, uint256 count);
    /// @notice States of this claim are single instructions: it is answered by `step`.
    error DisputeClaimIsStep(bytes32 id);
    /// @notice States of this claim are more than an instruction apart: it is answered by `counter`.
    error DisputeClaimIsNotStep(bytes32 id, uint256 depth);
    /// @notice The instruction leads to the state that the claim says.
    error DisputeStepAgrees(bytes32 state);
    /// @notice The account has no credit.
    error DisputeNoCredit(address account);
    /// @notice The recipient did not take the payment.
    error DisputePaymentFailed(address to, uint256 amount);
    /// @notice A payment needs a recipient.
    error DisputeZeroRecipient();

    /// @notice Only the availability challenge says that data were withheld.
    error DisputeUnauthorized(address caller);

    /* MOVES */

    /// @notice Claims that the program ends in another state than the batch says. Posts `bond(1)`.
    /// @param list `K` states, the last one different from the batch's.
    /// @return id Of the claim.
    function counterBatch(BatchHeader calldata header, bytes32[] calldata list) external payable returns (bytes32 id);

    /// @notice Claims that state `index` of `list`, the list of `claim`, is false. Posts `bond(depth + 1)`.
    /// @param newList `K` states from the one before `index`, the last one different from `list[index]`.
    /// @return id Of the claim.
    function counter(
        DisputeClaim calldata claim,
        bytes32[] calldata list,
        uint256 index,
        bytes32[] calldata newList
    ) external payable returns (bytes32 id);

    /// @notice Refutes a claim of the last depth by executing the instruction before its state `index`.
    /// @param witness Of the step: docs/machine.md §6.
    function step(DisputeClaim calldata claim, bytes32[] calldata list, uint256 index, bytes calldata witness) external;

    /// @notice A child of the batch that stands: somebody demanded its data, and nobody gave them. Nothing is posted.
    /// @dev Only the availability challenge that the game was made with.
    /// @param demandId Of the demand; in the place of a claim's id.
    /// @param claimant Who demanded.
    /// @param demandedAt When, in seconds of L1 time; in the place of when a claim was posted.
    function counterUnavailable(
        BatchHeader calldata header,
        bytes32 demandId,
        address claimant,
        uint256 demandedAt
    ) external;

    /* RESOLUTION */

    /// @notice Resolves closed claims in the given order; children before parents. Passes over those that are resolved,
    /// so nobody stops a long list by resolving a part of it.
    /// @dev Pays the caller `tip()` for each claim that it resolves, out of the claim's bond.
    function resolve(DisputeClaim[] calldata claims) external;

    /// @notice Ends the game about a batch: reverts it if a claim against it stands and it is still on the chain.
    /// @dev Pays the caller `tip()`, which the first resolved claim against the batch left.
    function resolveBatch(BatchHeader calldata header) external;

    /// @notice Pays the caller's credit.
    function claimCredit(address payable to) external;

    /* VIEWS */

    /// @notice Who says that data of a batch were withheld; zero for nobody.
    function availability() external view returns (address);
    /// @notice Bond of a claim of this depth, in wei; 0 where no claim has it.
    function bond(uint256 depth) external view returns (uint256);
    /// @notice What resolving a claim, or a batch, is paid with, in wei.
    function tip() external view returns (uint256);
    /// @notice Longest time from a batch's `finalizesAt` to the end of its game, in seconds.
    function maxDuration() external view returns (uint64);
    /// @notice Id of a claim.
    function claimId(DisputeClaim calldata claim) external pure returns (bytes32);
    /// @notice What is kept of a claim or of a batch under dispute; all zero where nothing is.
    function claimState(bytes32 id) external view returns (ClaimState memory);
    /// @notice When a claim closes, in seconds. Reverts for an unknown one.
    function closesAt(DisputeClaim calldata claim) external view returns (uint256);
    /// @notice The standing claim that wins against `id` so far; zero where none does.
    function winnerOf(bytes32 id) external view returns (address);
    /// @notice Wei that an account can take.
    function creditOf(address account) external view returns (uint256);
    /// @notice Machine hash of the program that batches are judged by.
    function machineHash() external view returns (bytes32);
}
