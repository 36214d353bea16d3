// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ChannelHead, ChannelHeadLib} from "./ChannelHead.sol";
import {ChannelHoldings} from "./ChannelHoldings.sol";
import {ChannelParams} from "./ChannelParams.sol";
import {ChannelSignatures} from "./ChannelSignatures.sol";
import {ChannelState, ChannelStateLib, SignedState} from "./ChannelState.sol";
import {ChannelMode, IChannelAdjudicator} from "./IChannelAdjudicator.sol";
import {AppState, IForceMoveApp} from "./IForceMoveApp.sol";
import {OutcomeLib} from "./Outcome.sol";

/// @title ChannelDisputes
/// @notice Challenges, their answers, and the clocks that bound them.
///
/// Invariants:
/// - The turn that everybody agreed to never falls, but by the verdict of a channel's own judge, and every checkpoint raises it:
///   moves bind until something is shown that everybody signed later than what they go on from.
/// - While a challenge stands exactly one clock runs, the mover's; only a state that everybody signed gives time back.
/// - A bond is held from a challenge until it is paid, once.
abstract contract ChannelDisputes is ChannelHoldings, ChannelSignatures {
    uint256 private constant APP_GAS = 3_000_000;
    uint256 private constant CLOCKS_PER_WORD = 8;

    /* IMMUTABLES */

    uint256 private immutable BOND;

    /* CONSTRUCTOR */

    /// @param bond Of a challenge, in wei.
    constructor(uint256 bond) {
        BOND = bond;
    }

    /* DISPUTE */

    /// @inheritdoc IChannelAdjudicator
    function challenge(
        ChannelParams calldata params,
        SignedState[] calldata support,
        uint8 challenger,
        bytes calldata signature
    ) external payable nonReentrant {
        (bytes32 channelId, Channel storage channel, ChannelHead head) = _channelOf(params);
        _requireMode(channelId, head, ChannelMode.Open, ChannelMode.Open);
        if (msg.value != BOND) revert ChannelWrongBond(BOND, msg.value);

        (bytes32 stateHash, uint64 turnNum, uint64 agreed) = _requireSupported(
            channelId,
            params,
            support,
            channel,
            head
        );
        if (msg.sender != _participant(params, challenger)) {
            bytes32 structHash = keccak256(
                abi.encode(ChannelStateLib.CHALLENGE_TYPEHASH, channelId, turnNum, stateHash)
            );
            _requireSignature(channelId, params, structHash, challenger, signature);
        }

        // All clocks are full.
        head = head.withMode(ChannelMode.Challenge, block.timestamp + params.challengeDuration);
        head = head.withTurn(turnNum, agreed).withChallenger(challenger);
        channel.head = head.withFlag(ChannelHeadLib.BOND_HELD, BOND != 0);
        channel.stateHash = stateHash;
        emit ChallengeRegistered(channelId, turnNum, head.finalizesAt(), challenger, stateHash);
    }

    /// @inheritdoc IChannelAdjudicator
    function respond(ChannelParams calldata params, SignedState[] calldata support) external nonReentrant {
        (bytes32 channelId, Channel storage channel, ChannelHead head) = _channelOf(params);
        _requireMode(channelId, head, ChannelMode.Challenge, ChannelMode.Challenge);

        (bytes32 stateHash, uint64 turnNum, uint64 agreed) = _requireSupported(
            channelId,
            params,
            support,
            channel,
            head
        );
        _requireTurn(turnNum, head.turnNum(), true);

        bool isReward = _isStale(params, head, _lastSignedBy(support, head.challenger()));
        if (isReward) head = head.withFlag(ChannelHeadLib.BOND_HELD, false);
        head = _stopClock(channel, params, head).withTurn(turnNum, agreed);
        head = _startClock(channel, params, head);
        channel.head = head;
        channel.stateHash = stateHash;
        emit ChallengeAnswered(channelId, turnNum, head.finalizesAt());
        if (isReward) _payBond(channelId, msg.sender, true);
    }

    /// @inheritdoc IChannelAdjudicator
    function checkpoint(ChannelParams calldata params, SignedState calldata signed) external nonReentrant {
        (bytes32 channelId, Channel storage channel, ChannelHead head) = _channelOf(params);
        _requireMode(channelId, head, ChannelMode.Open, ChannelMode.Arbitration);
        // What everybody signed overrides all moves from an older state, so that nobody gets away with two of one turn.
        uint64 turnNum = signed.state.turnNum;
        _requireTurn(turnNum, head.agreedTurnNum(), true);
        _requireUnanimous(channelId, params, signed);

        if (!head.isIn(ChannelMode.Open)) channel.stateHash = 0;
        if (head.has(ChannelHeadLib.CLOCK_USED)) {
            for (uint256 i = 0; i * CLOCKS_PER_WORD < params.participants.length; ++i) channel.usedTime[i] = 0;
        }
        channel.head = head.opened(turnNum);
        emit Checkpointed(channelId, turnNum, signed.signatures);
        if (!head.has(ChannelHeadLib.BOND_HELD)) return;
        bool isReward = _isStale(params, head, turnNum);
        _payBond(channelId, isReward ? msg.sender : params.participants[head.challenger()], isReward);
    }

    /// @inheritdoc IChannelAdjudicator
    function openArbitration(ChannelParams calldata params) external {
        (bytes32 channelId, Channel storage channel, ChannelHead head) = _requireApp(params, ChannelMode.Challenge);
        // INVARIANT: what everybody signed binds everybody, whatever the rules say.
        if (!head.isMoved()) revert ChannelNotByMove(channelId);
        head = _stopClock(channel, params, head);
        channel.head = head.withMode(ChannelMode.Arbitration, type(uint40).max);
        emit ArbitrationOpened(channelId, head.turnNum());
    }

    /// @inheritdoc IChannelAdjudicator
    function closeArbitration(ChannelParams calldata params, ChannelState calldata state, uint8 loser) external {
        (bytes32 channelId, Channel storage channel, ChannelHead head) = _requireApp(params, ChannelMode.Arbitration);
        _participant(params, loser);
        head = _setUsed(channel, head, loser, params.challengeDuration);
        bytes32 stateHash = state.hash(channelId);
        // A verdict is not overridden by a state of its turn.
        head = head.withTurn(state.turnNum, state.turnNum);
        head = _startClock(channel, params, head);
        channel.head = head;
        channel.stateHash = stateHash;
        emit ArbitrationClosed(channelId, state.turnNum, head.finalizesAt(), loser, stateHash);
    }

    /// @inheritdoc IChannelAdjudicator
    function returnBond(ChannelParams calldata params) external nonReentrant {
        (bytes32 channelId, Channel storage channel, ChannelHead head) = _channelOf(params);
        _requireMode(channelId, head, ChannelMode.Finalized, ChannelMode.Closed);
        if (!head.has(ChannelHeadLib.BOND_HELD)) revert ChannelNoBond(channelId);
        channel.head = head.withFlag(ChannelHeadLib.BOND_HELD, false);
        _payBond(channelId, params.participants[head.challenger()], false);
    }

    /* VIEWS */

    /// @inheritdoc IChannelAdjudicator
    function challengeBond() external view returns (uint256) {
        return BOND;
    }

    /// @inheritdoc IChannelAdjudicator
    function remainingTime(ChannelParams calldata params, uint256 participant) external view returns (uint256) {
        (, Channel storage channel, ChannelHead head) = _channelOf(params);
        _participant(params, participant);
        if (head.isIn(ChannelMode.Challenge) && participant == _mover(params, head.turnNum())) {
            return Math.saturatingSub(head.finalizesAt(), block.timestamp);
        }
        return params.challengeDuration - _usedBy(channel, head, participant);
    }

    /* INTERNAL */

    function _channelOf(
        ChannelParams calldata params
    ) internal view returns (bytes32 channelId, Channel storage channel, ChannelHead head) {
        channelId = params.id(address(this));
        (channel, head) = _load(channelId);
    }

    /// @dev Reverts unless the turn is at or above `known`; above it, where it must be later.
    function _requireTurn(uint64 turnNum, uint64 known, bool later) internal pure {
        // unchecked: at most 2^64. Nothing is later than the last turn.
        unchecked {
            uint256 least = uint256(known) + (later ? 1 : 0);
            if (turnNum < least) revert ChannelStaleTurn(uint64(least), turnNum);
        }
    }

    /* PRIVATE: WHAT IS SUPPORTED */

    /// @dev Reverts unless everybody signed the one state, or the app allows the last one.
    /// @return stateHash Of the last state.
    /// @return turnNum Its turn.
    /// @return agreed Turn of what everybody agreed to before the moves, by the channel or the support.
    function _requireSupported(
        bytes32 channelId,
        ChannelParams calldata params,
        SignedState[] calldata support,
        Channel storage channel,
        ChannelHead head
    ) private returns (bytes32 stateHash, uint64 turnNum, uint64 agreed) {
        if (support.length == 0) revert ChannelNoState();
        SignedState calldata last = support[support.length - 1];
        turnNum = last.state.turnNum;
        agreed = head.agreedTurnNum();
        uint256 everybody = _everybody(params);
        if (support.length == 1 && last.signedBy == everybody) {
            (stateHash, agreed) = (_requireUnanimous(channelId, params, last), turnNum);
        } else {
            AppState[] memory states = new AppState[](support.length);
            ChannelState calldata before = last.state;
            for (uint256 i = 0; i < support.length; ++i) {
                SignedState calldata signed = support[i];
                if (i != 0) _requireOrder(before, signed.state);
                before = signed.state;
                stateHash = before.hash(channelId);
                uint256 signedBy = signed.signedBy;
                if (i == 0 && signedBy != everybody && stateHash == channel.stateHash) {
                    signedBy = everybody;
                } else {
                    _requireSignatures(channelId, params, stateHash, signedBy, signed.signatures);
                    if (i == 0) agreed = _agreedBefore(before.turnNum, signedBy == everybody);
                }
                OutcomeLib.requirePreimage(before.appDataHash, signed.appData);
                OutcomeLib.requirePreimage(before.outcomeHash, signed.outcome);
                states[i] = AppState({
                    stateHash: stateHash,
                    turnNum: before.turnNum,
                    isFinal: before.isFinal,
                    signedBy: signedBy,
                    appData: signed.appData,
                    outcome: signed.outcome
                });
            }
            _askApp(channelId, params, states);
            emit Moved(channelId, turnNum, stateHash, before.isFinal, last.appData, last.outcome);
        }
        // INVARIANT: what everybody agreed to is not passed by from an older state.
        _requireTurn(agreed, head.agreedTurnNum(), false);
    }

    /// @dev Turn of what everybody agreed to where moves begin with a state: its own, or the one before it, for nobody moves on
    /// from what does not bind.
    function _agreedBefore(uint64 turnNum, bool isUnanimous) private pure returns (uint64) {
        // unchecked: compared in the same line.
        unchecked {
            return isUnanimous || turnNum == 0 ? turnNum : turnNum - 1;
        }
    }

    /// @dev Reverts unless the app says yes. Whoever gives it too little gas gets a no, which changes nothing.
    function _askApp(bytes32 channelId, ChannelParams calldata params, AppState[] memory states) private view {
        address app = params.appDefinition;
        bytes memory question = abi.encodeCall(IForceMoveApp.stateIsSupported, (channelId, params, states));
        uint256 answer;
        // Scratch space takes the one word that is read, so that an app cannot answer with more.
        assembly ("memory-safe") {
            answer := and(
                staticcall(APP_GAS, app, add(question, 0x20), mload(question), 0x00, 0x20),
                gt(returndatasize(), 0x1f)
            )
            answer := and(answer, eq(mload(0x00), 1))
        }
        if (answer == 0) revert ChannelNotSupported(app);
    }

    function _requireOrder(ChannelState calldata before, ChannelState calldata state) private pure {
        if (state.turnNum <= before.turnNum) revert ChannelTurnOrder(before.turnNum, state.turnNum);
        if (before.isFinal) revert ChannelFinalState(before.turnNum);
    }

    /* PRIVATE: CLOCKS */

    /// @dev Whose turn is next.
    function _mover(ChannelParams calldata params, uint64 turnNum) private pure returns (uint256) {
        return (uint256(turnNum) + 1) % params.participants.length;
    }

    /// @dev Takes the time that it needed from the mover of a challenge that did not time out.
    function _stopClock(
        Channel storage channel,
        ChannelParams calldata params,
        ChannelHead head
    ) private returns (ChannelHead) {
        uint256 remaining = head.finalizesAt() - block.timestamp;
        return _setUsed(channel, head, _mover(params, head.turnNum()), params.challengeDuration - remaining);
    }

    function _startClock(
        Channel storage channel,
        ChannelParams calldata params,
        ChannelHead head
    ) private view returns (ChannelHead) {
        uint256 remaining = params.challengeDuration - _usedBy(channel, head, _mover(params, head.turnNum()));
        return head.withMode(ChannelMode.Challenge, block.timestamp + remaining);
    }

    function _usedBy(Channel storage channel, ChannelHead head, uint256 participant) private view returns (uint256) {
        if (!head.has(ChannelHeadLib.CLOCK_USED)) return 0;
        return uint32(channel.usedTime[participant / CLOCKS_PER_WORD] >> _shiftOf(participant));
    }

    /// @param used At most the challenge duration.
    function _setUsed(
        Channel storage channel,
        ChannelHead head,
        uint256 participant,
        uint256 used
    ) private returns (ChannelHead) {
        uint256 before = _usedBy(channel, head, participant);
        if (used == before) return head;
        // INVARIANT: a clock only runs down, so the difference is added to its lane without a carry.
        channel.usedTime[participant / CLOCKS_PER_WORD] += (used - before) << _shiftOf(participant);
        return head.withFlag(ChannelHeadLib.CLOCK_USED, true);
    }

    /// @dev Bits below a participant's clock in its word.
    function _shiftOf(uint256 participant) private pure returns (uint256) {
        return (participant % CLOCKS_PER_WORD) * 32;
    }

    /* PRIVATE: THE BOND */

    /// @dev Whether the bond of a challenge is held and a state of turn `signed`, which the challenger signed, proves that
    /// it had a later one in full; see docs/channels.md §5.
    function _isStale(ChannelParams calldata params, ChannelHead head, uint256 signed) private pure returns (bool) {
        if (!head.has(ChannelHeadLib.BOND_HELD)) return false;
        uint256 next = uint256(head.turnNum()) + 1;
        // Nobody signs a turn before the turn before it is supported.
        if (signed != next) return signed > next;
        // Who signed second had both signatures.
        return params.participants.length == 2 && signed % 2 != head.challenger();
    }

    /// @dev Highest turn of states that a participant signed; zero for none.
    function _lastSignedBy(SignedState[] calldata support, uint256 participant) private pure returns (uint256) {
        for (uint256 i = support.length; i > 0; --i) {
            if ((support[i - 1].signedBy >> participant) & 1 != 0) return support[i - 1].state.turnNum;
        }
        return 0;
    }

    function _payBond(bytes32 channelId, address to, bool isReward) private {
        emit BondPaid(channelId, to, isReward);
        _payOrCredit(to, address(0), BOND);
    }

    /* PRIVATE: THE APP */

    function _requireApp(
        ChannelParams calldata params,
        ChannelMode mode
    ) private view returns (bytes32 channelId, Channel storage channel, ChannelHead head) {
        if (msg.sender != params.appDefinition) revert ChannelUnauthorized(msg.sender, params.appDefinition);
        (channelId, channel, head) = _channelOf(params);
        _requireMode(channelId, head, mode, mode);
    }
}
