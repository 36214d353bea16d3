// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IJudgedChain} from "../chain/IJudgedChain.sol";
import {IStateCommitmentChain} from "../chain/IStateCommitmentChain.sol";
import {DisputeGame} from "../dispute/DisputeGame.sol";
import {DisputeParameters} from "../dispute/DisputeParameters.sol";
import {IDisputeGame} from "../dispute/IDisputeGame.sol";
import {BatchHeader} from "../libraries/BatchHeader.sol";
import {ChannelParams} from "./ChannelParams.sol";
import {ChannelState} from "./ChannelState.sol";
import {ChannelTransition, ShownState} from "./ChannelTransition.sol";
import {ChannelMode, ChannelStatus, IChannelAdjudicator} from "./IChannelAdjudicator.sol";
import {AppState, IForceMoveApp} from "./IForceMoveApp.sol";
import {IWasmForceMoveApp, Verdict} from "./IWasmForceMoveApp.sol";

/// @title WasmForceMoveApp
/// @notice Channel rules of one program for the machine. To its game it is a chain of statements "the program takes this
/// move", each pending until it is settled; the game judges them as it judges batches. See docs/wasm-apps.md.
/// @dev Nobody owns it, and nothing in it can be changed. Invariants:
/// 1. A dispute is under way exactly as long as its header hash is stored. It ends once, by `settle`.
/// 2. `closeArbitration` is called only for the last dispute of a channel, while that channel is in the arbitration which
///    that dispute opened: whatever else happened to it meanwhile makes the dispute moot, and it ends without a word to the
///    adjudicator. So no dispute can stay for ever, and none ends another's arbitration.
/// 3. The header binds channel, both states and who disputes: the game and `settle` speak of the same move.
/// 4. Every dispute can be settled `maxDuration` after it began, whatever anybody does.
/// 5. After a verdict the loser is to move and has no time: the channel is final, and no second dispute follows.
contract WasmForceMoveApp is IWasmForceMoveApp, IJudgedChain {
    /* IMMUTABLES AND CONSTANTS */

    /// @dev What the program must end with: in the place of a state root. See docs/wasm-apps.md §3.
    bytes32 private constant VALID = keccak256("hardhat-rollup.valid-move.v1");
    /// @dev Among more, two could make a false move final before a third can dispute it: docs/decisions/0010.
    uint256 private constant PARTICIPANTS = 2;
    uint256 private constant HASH_LENGTH = 32;
    /// @dev Of app data and outcomes of both states: whatever is taken as a move can be disputed in one transaction.
    uint256 private constant MAX_LENGTH = 65_536;

    IChannelAdjudicator private immutable ADJUDICATOR;
    DisputeGame private immutable GAME;
    uint32 private immutable WINDOW;

    /* STORAGE */

    /// @dev Pending until the game hears of a claim, then Judging until it decides.
    enum Stage {
        Pending,
        Judging,
        Upheld,
        Reverted
    }

    struct Dispute {
        bytes32 headerHash;
        Stage stage;
    }

    mapping(uint64 index => Dispute dispute) private _disputes;
    mapping(bytes32 channelId => uint64 index) private _last;
    uint64 private _count;

    /* CONSTRUCTOR */

    /// @param adjudicator_ Who holds the channels that are played by these rules.
    /// @param window_ Time, in seconds, in which a disputed move must be countered in the game.
    /// @param parameters Program and parameters of the game. Its chain, bridge, chain id and availability are the app's
    /// own affair: whatever stands there is not read.
    constructor(IChannelAdjudicator adjudicator_, uint32 window_, DisputeParameters memory parameters) {
        if (address(adjudicator_) == address(0)) revert WasmAppZeroAdjudicator();
        // INVARIANT: who is slow enough for the game is in time to begin it.
        if (window_ < parameters.extension) revert WasmAppWindow(window_, parameters.extension);
        parameters.chain = IStateCommitmentChain(address(this));
        parameters.availability = address(0);
        parameters.l2ChainId = block.chainid;
        parameters.bridge = address(this);
        ADJUDICATOR = adjudicator_;
        WINDOW = window_;
        GAME = new DisputeGame(parameters);
    }

    /* RULES */

    /// @inheritdoc IForceMoveApp
    function stateIsSupported(
        bytes32,
        ChannelParams calldata params,
        AppState[] calldata support
    ) external pure returns (bool) {
        if (support.length != 2) return false;
        AppState calldata base = support[0];
        AppState calldata candidate = support[1];
        return
            params.participants.length == PARTICIPANTS &&
            base.signedBy == (1 << PARTICIPANTS) - 1 &&
            (candidate.signedBy >> (candidate.turnNum % PARTICIPANTS)) & 1 != 0 &&
            base.appData.length >= HASH_LENGTH &&
            base.appData.length + candidate.appData.length + base.outcome.length + candidate.outcome.length <=
                MAX_LENGTH &&
            _follows(base.turnNum, base.isFinal, base.stateHash, candidate.turnNum, candidate.appData);
    }

    /* DISPUTES */

    /// @inheritdoc IWasmForceMoveApp
    function dispute(
        ChannelParams calldata params,
        ShownState calldata base,
        ShownState calldata candidate
    ) external returns (uint64 index) {
        bytes32 channelId = params.id(address(ADJUDICATOR));
        if (params.participants.length != PARTICIPANTS) revert WasmAppNotTwo(params.participants.length);
        // Who did not make the move.
        address disputer = params.participants[_nextMover(candidate.turnNum)];
        if (!_isOf(channelId, disputer, msg.sender)) revert WasmAppNotDisputer(disputer, msg.sender);
        bytes memory transition = ChannelTransition.encode(channelId, params, base, candidate);
        uint256 length =
            base.appData.length + candidate.appData.length + base.outcome.length + candidate.outcome.length;
        if (length > MAX_LENGTH) revert WasmAppTooLong(length, MAX_LENGTH);

        index = ++_count;
        BatchHeader memory header = BatchHeader({
            index: index,
            timestamp: uint64(block.timestamp),
            finalizesAt: uint64(block.timestamp) + WINDOW,
            inboxFrom: 0,
            inboxTo: 0,
            l2BlockFrom: 0,
            l2BlockTo: 0,
            submitter: disputer,
            resolver: address(GAME),
            parentHash: channelId,
            prevStateRoot: base.hash(channelId),
            stateRoot: VALID,
            withdrawalsRoot: 0,
            inboxAcc: candidate.hash(channelId),
            dataHash: ChannelTransition.dataHash(transition)
        });
        _requireMove(header, base, candidate);
        _disputes[index].headerHash = header.hash();
        _last[channelId] = index;
        emit MoveDisputed(index, channelId, header, params, base, candidate);
        ADJUDICATOR.openArbitration(params);
    }

    /// @inheritdoc IWasmForceMoveApp
    function settle(BatchHeader calldata header, ChannelParams calldata params, ChannelState calldata state) external {
        Stage stage = _requireKnown(header).stage;
        bytes32 channelId = header.parentHash;
        if (_isMoot(header)) {
            _end(header, Verdict.Moot);
            return;
        }
        if (stage == Stage.Judging || (stage == Stage.Pending && block.timestamp < header.finalizesAt)) {
            revert WasmAppUndecided(header.index, header.finalizesAt);
        }
        bool isInvalid = stage == Stage.Reverted;
        _requireSame(channelId, params.id(address(ADJUDICATOR)));
        _requireSame(isInvalid ? header.prevStateRoot : header.inboxAcc, state.hash(channelId));

        _end(header, isInvalid ? Verdict.Invalid : Verdict.Valid);
        // Who is to move next is who lost: the one who would have to move again, or the one who would not move on.
        ADJUDICATOR.closeArbitration(params, state, _nextMover(state.turnNum));
    }

    /* THE GAME'S PART */

    /// @inheritdoc IJudgedChain
    function openDispute(BatchHeader calldata header) external {
        _requireGame();
        // Only once: the game calls for the first claim about a header.
        _requireKnown(header).stage = Stage.Judging;
    }

    /// @inheritdoc IJudgedChain
    function closeDispute(BatchHeader calldata header) external {
        _requireGame();
        // What ended before its game, because it was moot, is not there any more; bonds are settled all the same.
        Dispute storage found = _disputes[header.index];
        if (found.headerHash == header.hashCalldata()) found.stage = Stage.Upheld;
    }

    /// @inheritdoc IJudgedChain
    function revertBatches(BatchHeader calldata header, address) external {
        _requireGame();
        _requireKnown(header).stage = Stage.Reverted;
    }

    /* VIEWS */

    /// @inheritdoc IJudgedChain
    function headerHash(uint64 index) external view returns (bytes32) {
        return _disputes[index].headerHash;
    }

    /// @inheritdoc IJudgedChain
    /// @dev Moves become final by `settle`, each by itself; those that did have no hash any more.
    function heads() external view returns (uint64 head, uint64 finalizedHead) {
        return (_count, 0);
    }

    /// @inheritdoc IWasmForceMoveApp
    function adjudicator() external view returns (IChannelAdjudicator) {
        return ADJUDICATOR;
    }

    /// @inheritdoc IWasmForceMoveApp
    function game() external view returns (IDisputeGame) {
        return GAME;
    }

    /// @inheritdoc IWasmForceMoveApp
    function window() external view returns (uint64) {
        return WINDOW;
    }

    /// @inheritdoc IWasmForceMoveApp
    function maxDuration() external view returns (uint64) {
        return WINDOW + GAME.maxDuration();
    }

    /// @inheritdoc IWasmForceMoveApp
    function disputeOf(bytes32 channelId) external view returns (uint64) {
        return _last[channelId];
    }

    /* INTERNAL */

    /// @dev Whether a state may come after another as far as it can be seen without the rules.
    function _follows(
        uint64 before,
        bool isBeforeFinal,
        bytes32 beforeHash,
        uint64 turnNum,
        bytes calldata appData
    ) private pure returns (bool) {
        return
            !isBeforeFinal &&
            before != type(uint64).max &&
            turnNum == before + 1 &&
            appData.length >= HASH_LENGTH &&
            bytes32(appData) == beforeHash;
    }

    /// @dev Reverts unless the channel is challenged at the candidate, which names the base.
    function _requireMove(
        BatchHeader memory header,
        ShownState calldata base,
        ShownState calldata candidate
    ) private view {
        if (!_follows(base.turnNum, base.isFinal, header.prevStateRoot, candidate.turnNum, candidate.appData)) {
            revert WasmAppNotAMove(base.turnNum, candidate.turnNum, bytes32(candidate.appData));
        }
        ChannelStatus memory status = ADJUDICATOR.statusOf(header.parentHash);
        if (status.mode != ChannelMode.Challenge || status.stateHash != header.inboxAcc) {
            revert WasmAppNotChallenged(header.parentHash, header.inboxAcc);
        }
    }

    /// @dev Index of the participant whose turn follows this one.
    function _nextMover(uint64 turnNum) private pure returns (uint8) {
        return uint8((uint256(turnNum) + 1) % PARTICIPANTS);
    }

    /// @dev Whether `account` is the participant, or its session key.
    function _isOf(bytes32 channelId, address participant, address account) private view returns (bool) {
        if (account == participant) return true;
        (address key, uint64 expiry) = ADJUDICATOR.sessionKeyOf(channelId, participant);
        return account == key && block.timestamp <= expiry;
    }

    /// @dev The dispute of a header; reverts where it is not under way.
    function _requireKnown(BatchHeader calldata header) private view returns (Dispute storage found) {
        found = _disputes[header.index];
        bytes32 hash = header.hashCalldata();
        if (found.headerHash != hash) revert WasmAppUnknownDispute(header.index, hash);
    }

    /// @dev Whether the channel is no longer in the arbitration that the dispute opened.
    function _isMoot(BatchHeader calldata header) private view returns (bool) {
        bytes32 channelId = header.parentHash;
        return _last[channelId] != header.index || ADJUDICATOR.statusOf(channelId).mode != ChannelMode.Arbitration;
    }

    /// @dev Forgets a dispute that is under way.
    function _end(BatchHeader calldata header, Verdict verdict) private {
        bytes32 channelId = header.parentHash;
        delete _disputes[header.index];
        if (_last[channelId] == header.index) delete _last[channelId];
        emit MoveJudged(header.index, channelId, verdict);
    }

    function _requireSame(bytes32 expected, bytes32 found) private pure {
        if (found != expected) revert WasmAppStateMismatch(expected, found);
    }

    function _requireGame() private view {
        if (msg.sender != address(GAME)) revert WasmAppUnauthorized(msg.sender);
    }
}
