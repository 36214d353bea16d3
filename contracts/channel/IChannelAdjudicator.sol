// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ChannelParams} from "./ChannelParams.sol";
import {ChannelState, SignedState} from "./ChannelState.sol";

/// @notice Where a channel stands. A challenge that timed out is Finalized.
enum ChannelMode {
    Open,
    Challenge,
    Arbitration,
    Finalized,
    Closed
}

/// @notice What the adjudicator knows of a channel.
/// @param turnNum Of the last state that it was shown.
/// @param agreedTurnNum That, less the turns that moves went beyond what everybody agreed to: any later state that everybody
/// signed overrides them.
/// @param finalizesAt L1 time in seconds; the greatest uint40 during an arbitration, 0 while open.
/// @param challenger Index of the participant who challenged.
/// @param bondHeld Whether its bond is with the adjudicator.
/// @param stateHash The state of the challenge, or the final one; zero while open and once closed.
struct ChannelStatus {
    ChannelMode mode;
    uint64 turnNum;
    uint64 agreedTurnNum;
    uint40 finalizesAt;
    uint8 challenger;
    bool bondHeld;
    bytes32 stateHash;
}

/// @title IChannelAdjudicator
/// @notice Holds what channels are funded with, and pays it out by the latest state that their participants are bound by.
/// See docs/channels.md.
interface IChannelAdjudicator {
    /* EVENTS */

    /// @notice A channel was funded. `deposited` is all that it ever got of the asset.
    event Deposited(bytes32 indexed channelId, address indexed asset, uint256 amount, uint256 deposited);
    /// @notice A dispute began: it ends with this state at `finalizesAt`, unless somebody shows a later one.
    event ChallengeRegistered(
        bytes32 indexed channelId,
        uint64 turnNum,
        uint40 finalizesAt,
        uint8 challenger,
        bytes32 stateHash
    );
    /// @notice The rules of the app allow a state that not everybody signed, and a challenge stands at it.
    event Moved(
        bytes32 indexed channelId,
        uint64 turnNum,
        bytes32 stateHash,
        bool isFinal,
        bytes appData,
        bytes outcome
    );
    /// @notice A challenge was answered by a move: the next participant's clock runs.
    event ChallengeAnswered(bytes32 indexed channelId, uint64 turnNum, uint40 finalizesAt);
    /// @notice A state that everybody signed was shown; a challenge, if there was one, is cleared.
    /// @param signatures Of everybody, so that whoever signed first has them too, however they got to L1.
    event Checkpointed(bytes32 indexed channelId, uint64 turnNum, bytes signatures);
    /// @notice Everybody signed that the channel ends with this state.
    event Concluded(bytes32 indexed channelId, uint64 turnNum, bytes32 stateHash);
    /// @notice The app's judge began to look at the last move; no clock runs.
    event ArbitrationOpened(bytes32 indexed channelId, uint64 turnNum);
    /// @notice The app's judge decided; `loser` has no time left.
    event ArbitrationClosed(
        bytes32 indexed channelId,
        uint64 turnNum,
        uint40 finalizesAt,
        uint8 loser,
        bytes32 stateHash
    );
    /// @notice A destination got `amount`, of which `credited` could not be paid and waits for it.
    event PaidOut(
        bytes32 indexed channelId,
        address indexed asset,
        bytes32 indexed destination,
        uint256 amount,
        uint256 credited
    );
    /// @notice A guarantee was divided: `left` and `right` of it go where it says.
    event Reclaimed(
        bytes32 indexed channelId,
        bytes32 indexed target,
        uint256 assetIndex,
        uint256 allocationIndex,
        uint256 left,
        uint256 right
    );
    /// @notice A challenger's bond was paid: back, or as the reward of who proved the challenge stale.
    event BondPaid(bytes32 indexed channelId, address indexed to, bool isReward);
    /// @notice A participant signs states of this channel with `key` as well, until `expiry`.
    event SessionKeyRegistered(
        bytes32 indexed channelId,
        address indexed participant,
        address indexed key,
        uint64 expiry
    );
    /// @notice A credit was paid.
    event CreditPaid(address indexed account, address indexed asset, address indexed to, uint256 amount);

    /* ERRORS */

    /// @notice A deposit must bring something, and not more than the adjudicator can count.
    error ChannelAmount(uint256 amount);
    /// @notice `asset` is no ERC-20 that can be deposited.
    error ChannelAsset(address asset);
    /// @notice The channel has `deposited` of the asset; the depositor expected at least `expected`.
    error ChannelUnderfunded(uint256 expected, uint256 deposited);
    /// @notice This needs a channel in another mode than `mode`.
    error ChannelWrongMode(bytes32 channelId, ChannelMode mode);
    /// @notice The state must be of turn `least` or later.
    error ChannelStaleTurn(uint64 least, uint64 turnNum);
    /// @notice The bond of a challenge is `expected` wei.
    error ChannelWrongBond(uint256 expected, uint256 found);
    /// @notice There is no participant `index`.
    error ChannelNoParticipant(uint256 index);
    /// @notice The signature is not one of participant `index`, nor of its session key.
    error ChannelSignature(uint256 index, address recovered);
    /// @notice The bits name `expected` bytes of signatures.
    error ChannelSignaturesLength(uint256 expected, uint256 found);
    /// @notice This needs the signatures of everybody.
    error ChannelNotUnanimous(uint256 expected, uint256 signedBy);
    /// @notice States of a support must have ascending turns.
    error ChannelTurnOrder(uint64 before, uint64 turnNum);
    /// @notice Nothing follows a final state.
    error ChannelFinalState(uint64 turnNum);
    /// @notice There is no state.
    error ChannelNoState();
    /// @notice The bytes are not those behind the hash.
    error ChannelPreimage(bytes32 expected, bytes32 found);
    /// @notice The app does not allow the state.
    error ChannelNotSupported(address appDefinition);
    /// @notice The channel stands at another state.
    error ChannelStateMismatch(bytes32 expected, bytes32 found);
    /// @notice Only a final state ends a channel by signatures.
    error ChannelNotFinal();
    /// @notice Allocations are simple or guarantees, and assets are the native currency or ERC-20.
    error ChannelOutcomeType(uint256 assetIndex, uint8 found);
    /// @notice Assets of an outcome must ascend strictly.
    error ChannelAssetOrder(address before, address asset);
    /// @notice The sum of an asset's allocations has no end.
    error ChannelOutcomeSum(uint256 assetIndex);
    /// @notice The outcome has no such part.
    error ChannelNoAllocation(uint256 assetIndex, uint256 allocationIndex);
    /// @notice The allocation is no guarantee for this channel.
    error ChannelNotGuarantee(uint256 allocationIndex, bytes32 target);
    /// @notice The guarantee was divided before.
    error ChannelReclaimed(uint256 assetIndex, uint256 allocationIndex);
    /// @notice Nothing is left to pay.
    error ChannelNothingToPay(bytes32 channelId);
    /// @notice There is no bond to give back.
    error ChannelNoBond(bytes32 channelId);
    /// @notice A session key is registered once, is not zero, and lasts beyond the longest dispute: until `least`.
    error ChannelSessionKey(address key, uint64 expiry, uint256 least);
    /// @notice Only a move that the app allowed is judged, and everybody signed the state of this challenge.
    error ChannelNotByMove(bytes32 channelId);
    /// @notice Only the channel's app may.
    error ChannelUnauthorized(address caller, address appDefinition);
    /// @notice The account has no credit of the asset.
    error ChannelNoCredit(address account, address asset);
    /// @notice The recipient did not take the payment.
    error ChannelNotPaid(address asset, address to, uint256 amount);
    /// @notice A payment needs a recipient that is not the zero address.
    error ChannelZeroRecipient();

    /* FUNDING */

    /// @notice Funds a channel with ETH.
    /// @param expectedDeposited Reverts unless the channel got at least this much of the asset before: who comes second
    /// in the order of the allocations deposits only behind the first.
    function depositETH(bytes32 channelId, uint256 expectedDeposited) external payable;

    /// @notice Funds a channel with an ERC-20 of the caller; what arrives counts.
    function depositERC20(address asset, bytes32 channelId, uint256 expectedDeposited, uint256 amount) external;

    /// @notice Names the key with which a participant signs states of this channel from now on; once. A contract account
    /// (ERC-1271) needs one: a signature that it can take back binds nobody.
    /// @param signature Of the SessionKey by the participant; not read where the participant calls.
    function registerSessionKey(
        ChannelParams calldata params,
        uint256 participant,
        address key,
        uint64 expiry,
        bytes calldata signature
    ) external;

    /* DISPUTE */

    /// @notice Begins a dispute with the last state of `support`, which everybody signed or the app allows. Posts
    /// `challengeBond()`.
    /// @param support One state that everybody signed, of the channel's turn or later; or states of which the app allows the
    /// last, and which go on from there or later.
    /// @param challenger Index of the participant who challenges.
    /// @param signature Of the Challenge by the challenger; not read where the challenger calls.
    function challenge(
        ChannelParams calldata params,
        SignedState[] calldata support,
        uint8 challenger,
        bytes calldata signature
    ) external payable;

    /// @notice Answers a challenge by a later state that the app allows; the dispute goes on, and the next participant's
    /// clock runs. The first of `support` may be the state of the challenge: it needs no signatures.
    function respond(ChannelParams calldata params, SignedState[] calldata support) external;

    /// @notice Shows a state that everybody signed, later than what everybody agreed to before the moves. Clears a challenge;
    /// pays its bond to the caller where the challenger is proven to have known better (docs/channels.md §5), else back.
    function checkpoint(ChannelParams calldata params, SignedState calldata signed) external;

    /// @notice Stops the clocks while the app's judge looks at the last move. Only the channel's app, and not where everybody
    /// signed the state of the challenge.
    function openArbitration(ChannelParams calldata params) external;

    /// @notice Goes on with `state`; the loser has no time left. Only the channel's app, after `openArbitration`.
    function closeArbitration(ChannelParams calldata params, ChannelState calldata state, uint8 loser) external;

    /* ENDING */

    /// @notice Ends the channel with a final state that everybody signed. Pays nothing.
    function conclude(ChannelParams calldata params, SignedState calldata signed) external;

    /// @notice Ends the channel with a final state that everybody signed, and pays all of its outcome.
    /// @param signed Its `outcome` is the encoded outcome.
    function concludeAndPay(ChannelParams calldata params, SignedState calldata signed) external;

    /// @notice Pays allocations of a final state's outcome, as far as the channel has it and they were not paid. Guarantees
    /// that were not divided wait.
    /// @param allocationIndices Which to pay; all where it is empty.
    function payout(
        bytes32 channelId,
        ChannelState calldata state,
        bytes calldata outcome,
        uint256 assetIndex,
        uint256[] calldata allocationIndices
    ) external;

    /// @notice Divides a guarantee by the outcome of the final channel that it is for.
    /// @param state Final state of the channel `channelId`, which has the guarantee.
    /// @param target Parameters of the channel that the guarantee is for.
    /// @param targetState Its final state, with its outcome; signed by everybody where that channel was closed.
    function reclaim(
        bytes32 channelId,
        ChannelState calldata state,
        bytes calldata outcome,
        uint256 assetIndex,
        uint256 allocationIndex,
        ChannelParams calldata target,
        SignedState calldata targetState
    ) external;

    /// @notice Pays a destination out of an open or final channel, up to a total that everybody signed. `total` counts all that the
    /// destination ever got of the asset from this channel: to repeat it is harmless.
    /// @param signatures Of the Withdrawal by everybody, 64 bytes each, in their order.
    function withdraw(
        ChannelParams calldata params,
        address asset,
        bytes32 destination,
        uint256 total,
        bytes calldata signatures
    ) external;

    /// @notice Gives the bond of a challenge back to the challenger, once the channel is final.
    function returnBond(ChannelParams calldata params) external;

    /// @notice Pays a credit to its account.
    function claimCredit(address account, address asset) external;

    /// @notice Pays the caller's credit to `to`.
    function claimCreditTo(address asset, address to) external;

    /* VIEWS */

    /// @notice Bond of a challenge, in wei.
    function challengeBond() external view returns (uint256);
    /// @notice Id of a channel. Reverts unless the parameters are well-formed.
    function channelIdOf(ChannelParams calldata params) external view returns (bytes32);
    /// @notice EIP-712 digest that participants sign for a state.
    function stateDigest(bytes32 channelId, ChannelState calldata state) external view returns (bytes32);
    /// @notice Where a channel stands.
    function statusOf(bytes32 channelId) external view returns (ChannelStatus memory);
    /// @notice Time, in seconds, that a participant has left in the dispute that is on.
    function remainingTime(ChannelParams calldata params, uint256 participant) external view returns (uint256);
    /// @notice What a channel ever got of an asset; 0 once it is closed for the asset.
    function depositedOf(bytes32 channelId, address asset) external view returns (uint256);
    /// @notice What a channel has of an asset.
    function holdingsOf(bytes32 channelId, address asset) external view returns (uint256);
    /// @notice What a destination got of an asset from a channel that is not closed for it.
    function paidOf(bytes32 channelId, address asset, bytes32 destination) external view returns (uint256);
    /// @notice Key and expiry of a participant's session key.
    function sessionKeyOf(bytes32 channelId, address participant) external view returns (address key, uint64 expiry);
    /// @notice What could not be paid to an account.
    function credit(address account, address asset) external view returns (uint256);
}
