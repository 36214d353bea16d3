// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BatchHeader} from "../libraries/BatchHeader.sol";
import {Certificate} from "./Certificate.sol";

/// @notice `Open` can be answered until its time is over; `Answered` and `Closed` are over.
enum DemandStatus {
    None,
    Open,
    Answered,
    Closed
}

/// @notice What L1 keeps of a demand: one word.
/// @param claimant Who demands, and whose bond it is.
/// @param demandedAt L1 time in seconds.
/// @param status See DemandStatus.
struct Demand {
    address claimant;
    uint64 demandedAt;
    DemandStatus status;
}

/// @notice A chunk of a batch's data: what a demand is about.
/// @param headerHash Of the batch.
/// @param root Of the chunks of its data.
/// @param length Of its data, in bytes.
/// @param index Of the chunk.
struct ChunkId {
    bytes32 headerHash;
    bytes32 root;
    uint64 length;
    uint64 index;
}

/// @title IAvailabilityChallenge
/// @notice Data that members attested can be demanded on L1, chunk by chunk. See docs/data-availability.md §4.
interface IAvailabilityChallenge {
    /// @notice A chunk was demanded.
    /// @param answerBy L1 time in seconds from which it is too late to answer.
    event ChunkDemanded(
        bytes32 indexed demandId,
        uint64 indexed batchIndex,
        address indexed claimant,
        ChunkId chunk,
        bytes32 dataHash,
        uint64 answerBy
    );
    /// @notice A demanded chunk was published. The event has it, so that no answerer can hide it behind a contract.
    event ChunkAnswered(bytes32 indexed demandId, address indexed answerer, bytes chunk);
    /// @notice A demand was not answered in time. `isUpheld`: its batch falls when its game is over.
    event DemandClosed(bytes32 indexed demandId, bool isUpheld);
    /// @notice A credit was paid.
    event AvailabilityCreditPaid(address indexed account, address indexed to, uint256 amount);

    /// @notice A constructor parameter that must not be zero is.
    error AvailabilityZeroParameter(string name);
    /// @notice The batch is not on the chain any more, or final.
    error AvailabilityNotPending(uint64 batchIndex, bytes32 headerHash);
    /// @notice The batch is judged by somebody who does not listen to this contract.
    error AvailabilityNotJudge(address resolver);
    /// @notice Chunks of the batch could be demanded until `until`, in seconds.
    error AvailabilityDemandTooLate(uint256 until);
    /// @notice The certificate is not of the batch's data.
    error AvailabilityDataMismatch(bytes32 dataHash, bytes32 certified);
    /// @notice The data have `count` chunks.
    error AvailabilityNoSuchChunk(uint64 index, uint256 count);
    /// @notice The bond of a demand is `expected` wei.
    error AvailabilityWrongBond(uint256 expected, uint256 found);
    /// @notice Somebody demanded this chunk before.
    error AvailabilityDemandExists(bytes32 demandId);
    /// @notice Nobody demands this chunk, or no more.
    error AvailabilityDemandNotOpen(bytes32 demandId);
    /// @notice The demand could be answered until `until`, in seconds.
    error AvailabilityAnswerTooLate(uint256 until);
    /// @notice The demand can be answered until `until`, in seconds.
    error AvailabilityAnswerStillPossible(uint256 until);
    /// @notice The chunk has `expected` bytes.
    error AvailabilityChunkLength(uint256 expected, uint256 found);
    /// @notice The path of the chunk has `expected` siblings.
    error AvailabilityPathLength(uint256 expected, uint256 found);
    /// @notice The path leads elsewhere.
    error AvailabilityWrongChunk(bytes32 expected, bytes32 found);
    /// @notice Right of the last chunk stands something else than zeros, at this height of the tree.
    error AvailabilityPadding(uint256 height);
    /// @notice The account has no credit.
    error AvailabilityNoCredit(address account);
    /// @notice A payment needs a recipient.
    error AvailabilityZeroRecipient();
    /// @notice The recipient did not take the payment.
    error AvailabilityPaymentFailed(address to, uint256 amount);

    /// @notice Demands chunk `index` of a pending batch whose data members attested. Posts the bond.
    /// @param certificate What the batch was posted with.
    function demand(
        BatchHeader calldata header,
        Certificate calldata certificate,
        uint64 index
    ) external payable returns (bytes32 id);

    /// @notice Publishes a demanded chunk. The bond becomes the caller's credit.
    /// @param chunk Its bytes.
    /// @param path Siblings from the leaf upwards.
    function answer(ChunkId calldata id, bytes calldata chunk, bytes32[] calldata path) external;

    /// @notice Ends a demand that was not answered in time: the bond goes back, and if the batch is still to be judged,
    /// it is lost.
    function close(BatchHeader calldata header, ChunkId calldata id) external;

    /// @notice Pays the caller's credit.
    function claimCredit(address payable to) external;

    /// @notice Id of a demand.
    function demandId(ChunkId calldata id) external pure returns (bytes32);
    /// @notice What is kept of a demand; all zero where nothing is.
    function demandOf(bytes32 id) external view returns (Demand memory);
    /// @notice Wei that an account can take.
    function creditOf(address account) external view returns (uint256);
}
