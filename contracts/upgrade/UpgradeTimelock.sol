// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title UpgradeTimelock
/// @notice Owner of every proxy's admin. Whoever dislikes an announced upgrade has left before it can execute.
/// @dev Administers itself: roles and delay change only through an operation that waited the delay. Ether and tokens
/// that end up here leave the same way.
///
/// Invariants:
/// - No operation executes earlier than `MINIMUM_DELAY` after its announcement, and
/// `MINIMUM_DELAY > forceInclusionDelay + permissionlessDelay + challengeWindow + disputeDuration + exitMargin`: a
/// sequencer may fall silent just before it would have to let somebody go, and anybody may dispute that batch in vain.
/// - None executes later than `EXECUTION_WINDOW` after its delay: who comes finds all that may execute among the recent
/// announcements, and nobody keeps an old one in hand for those who came after it.
contract UpgradeTimelock is TimelockController {
    /// @notice Times in seconds.
    /// @param delay Between announcing and executing an operation; it can grow but never fall below this.
    /// @param forceInclusionDelay Age from which batches cannot skip a forced withdrawal.
    /// @param permissionlessDelay Silence of the sequencer after which anyone with a bond may post that batch.
    /// @param challengeWindow How long the batch with that withdrawal can be disputed.
    /// @param disputeDuration Longest time that a dispute keeps it from becoming final after that.
    /// @param exitMargin Time to notice the announcement and to act.
    /// @param upgrader Announces, executes and cancels operations.
    struct Parameters {
        uint64 delay;
        uint64 forceInclusionDelay;
        uint64 permissionlessDelay;
        uint64 challengeWindow;
        uint64 disputeDuration;
        uint64 exitMargin;
        address upgrader;
    }

    /// @notice The delay must be above the time that leaving takes.
    error UpgradeDelayTooShort(uint256 delay, uint256 exitTime);
    /// @notice The delay cannot fall below its immutable minimum.
    error UpgradeDelayBelowMinimum(uint256 delay, uint256 minimum);
    /// @notice Nobody could upgrade.
    error UpgradeZeroUpgrader();

    /// @notice An operation that was ready for this long has lapsed: it must be announced anew. In seconds.
    uint256 public constant EXECUTION_WINDOW = 14 days;

    /// @notice No operation executes sooner after its announcement, in seconds.
    uint256 public immutable MINIMUM_DELAY;

    constructor(Parameters memory p) TimelockController(p.delay, _only(p.upgrader), _only(p.upgrader), address(0)) {
        if (p.upgrader == address(0)) revert UpgradeZeroUpgrader();
        uint256 exitTime =
            uint256(p.forceInclusionDelay) +
                p.permissionlessDelay +
                p.challengeWindow +
                p.disputeDuration +
                p.exitMargin;
        if (p.delay <= exitTime) revert UpgradeDelayTooShort(p.delay, exitTime);
        MINIMUM_DELAY = p.delay;
    }

    /// @inheritdoc TimelockController
    function updateDelay(uint256 newDelay) public override {
        // INVARIANT: what users were promised when they came holds until they have left.
        if (newDelay < MINIMUM_DELAY) revert UpgradeDelayBelowMinimum(newDelay, MINIMUM_DELAY);
        super.updateDelay(newDelay);
    }

    /// @inheritdoc TimelockController
    function getOperationState(bytes32 id) public view override returns (OperationState state) {
        state = super.getOperationState(id);
        // INVARIANT: whoever came after an announcement is not surprised by it later.
        if (state == OperationState.Ready && block.timestamp >= getTimestamp(id) + EXECUTION_WINDOW) {
            return OperationState.Unset;
        }
    }

    /// @dev The list of one account.
    function _only(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }
}
