// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBugEvidence} from "./IBugEvidence.sol";
import {IConfiguredChain} from "./IConfiguredChain.sol";

/// @title IUpgradeTimelock
/// @notice What the timelock of upgrades adds to OpenZeppelin's TimelockController. See docs/upgrades.md.
interface IUpgradeTimelock {
    /// @notice Times in seconds.
    /// @param delay Between announcing and executing an operation; it can grow but never fall below this.
    /// @param forceInclusionDelay Age from which batches cannot skip a forced withdrawal.
    /// @param permissionlessDelay Silence of the sequencer after which anyone with a bond may post that batch.
    /// @param challengeWindow How long the batch with that withdrawal can be disputed.
    /// @param disputeDuration Longest time that a dispute keeps it from becoming final after that.
    /// @param exitMargin Time to notice the announcement and to act.
    /// @param chain The state-commitment chain, whose parameters no upgrade may stretch beyond the delay.
    /// @param upgrader Announces, executes and cancels operations.
    /// @param cancellers Each of them cancels operations, and does nothing else.
    /// @param council May, with evidence of a bug, have an announced upgrade of the chain executed at once. May be nobody.
    /// @param councilThreshold How many of the council that takes: more than half; 0 where there is none.
    /// @param evidence Checks the evidence; zero where there is no council.
    struct Parameters {
        uint64 delay;
        uint64 forceInclusionDelay;
        uint64 permissionlessDelay;
        uint64 challengeWindow;
        uint64 disputeDuration;
        uint64 exitMargin;
        IConfiguredChain chain;
        address upgrader;
        address[] cancellers;
        address[] council;
        uint256 councilThreshold;
        IBugEvidence evidence;
    }

    /// @notice A proxy will get new code.
    /// @param id Of the operation.
    /// @param codeHash keccak256 of the code that `implementation` must have.
    /// @param initData Call that follows, through the proxy; empty for none.
    /// @param executableAt From then on, in seconds.
    event UpgradeAnnounced(
        bytes32 indexed id,
        address indexed proxy,
        address indexed implementation,
        bytes32 codeHash,
        bytes initData,
        uint256 executableAt
    );
    /// @notice A proxy has new code.
    event ProxyUpgraded(address indexed proxy, address indexed implementation, bytes32 codeHash);
    /// @notice A member of the council wants the operation executed at once, if there is evidence.
    event Confirmed(bytes32 indexed id, address indexed member);
    /// @notice An operation executes before its time, because `judge` contradicts itself.
    event ExecutingAtOnce(bytes32 indexed id, address indexed judge);

    /// @notice A constructor parameter that must not be zero is.
    error UpgradeZeroParameter(string name);
    /// @notice The delay must be above the time that leaving takes, margin included.
    error UpgradeDelayTooShort(uint256 delay, uint256 exitTime);
    /// @notice The delay cannot fall below its immutable minimum.
    error UpgradeDelayBelowMinimum(uint256 delay, uint256 minimum);
    /// @notice A quorum is more than half of the council, and not more than all of it.
    error UpgradeCouncil(uint256 members, uint256 threshold);
    /// @notice The account at `implementation` has other code than announced.
    error UpgradeCodeHash(address implementation, bytes32 announced, bytes32 found);
    /// @notice The announcement names no code.
    error UpgradeNoCodeHash(address implementation);
    /// @notice `implementation` is an account that can choose other code at any time.
    error UpgradeDelegatedAccount(address implementation);
    /// @notice The timelock does not own the admin of `proxy`.
    error UpgradeNotOurs(address proxy);
    /// @notice No operation makes such a call.
    error UpgradeForbiddenCall(address target, bytes4 selector);
    /// @notice Nobody but the timelock administers its roles.
    error UpgradeForeignAdmin(address account);
    /// @notice There is no such operation, or it is done.
    error UpgradeNotAnnounced(bytes32 id);
    /// @notice `members` of the council are named, `threshold` are needed; with 0 nothing executes before its time.
    error UpgradeNoQuorum(uint256 members, uint256 threshold);
    /// @notice Members are named once, in ascending order.
    error UpgradeMemberTwice(address member);
    /// @notice The member did not confirm this announcement.
    error UpgradeNotConfirmed(bytes32 id, address member);
    /// @notice Only the upgrade of the chain, alone, executes before its time.
    error UpgradeNotOfChain(bytes32 id);
    /// @notice An upgrade before its time must replace the judge that has the bug.
    error UpgradeKeepsJudge(address judge);

    /// @notice Gives a proxy new code, and calls it. The timelock's own, so it was announced.
    /// @param proxy One whose admin the timelock owns.
    /// @param implementation The new code.
    /// @param codeHash keccak256 of that code.
    /// @param initData Call through the proxy; empty for none.
    function upgrade(address proxy, address implementation, bytes32 codeHash, bytes calldata initData) external;

    /// @notice The caller, of the council, wants operation `id` executed at once if there is evidence of a bug.
    function confirm(bytes32 id) external;

    /// @notice Executes an announced upgrade of the chain before its time. For who may execute.
    /// @param data Call of `upgrade`, as announced, as the next two.
    /// @param members Of the council, in ascending order, who confirmed.
    /// @param evidence What `EVIDENCE.check` accepts.
    function executeAtOnce(
        bytes calldata data,
        bytes32 predecessor,
        bytes32 salt,
        address[] calldata members,
        bytes calldata evidence
    ) external;

    /// @notice The admin of a proxy that the suite's factory made.
    function adminOf(address proxy) external pure returns (address);

    /// @notice `executableAt` of the announcement of `id` that `member` confirmed; 0 for none.
    function confirmedFor(bytes32 id, address member) external view returns (uint256 executableAt);

    /// @notice Role of the council.
    function COUNCIL_ROLE() external view returns (bytes32);

    /// @notice An operation that was ready for this long has lapsed: it must be announced anew. In seconds.
    function EXECUTION_WINDOW() external view returns (uint256);

    /// @notice No operation executes sooner after its announcement, in seconds.
    function MINIMUM_DELAY() external view returns (uint256);

    /// @notice What users have beyond the time that leaving takes, at least, in seconds.
    function EXIT_MARGIN() external view returns (uint256);

    /// @notice How many members of the council are a quorum; 0: nothing executes before its time.
    function COUNCIL_THRESHOLD() external view returns (uint256);

    /// @notice The state-commitment chain.
    function CHAIN() external view returns (IConfiguredChain);

    /// @notice Checks evidence of a bug; zero where there is no council.
    function EVIDENCE() external view returns (IBugEvidence);
}
