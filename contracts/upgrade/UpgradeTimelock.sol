// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {AccessControlEnumerable} from "@openzeppelin/contracts/access/extensions/AccessControlEnumerable.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {ProxyAdmin} from "@openzeppelin/contracts/proxy/transparent/ProxyAdmin.sol";
import {ITransparentUpgradeableProxy} from "@openzeppelin/contracts/proxy/transparent/TransparentUpgradeableProxy.sol";
import {ExitTime} from "./ExitTime.sol";
import {IBugEvidence} from "./IBugEvidence.sol";
import {IConfiguredChain} from "./IConfiguredChain.sol";
import {IUpgradeTimelock} from "./IUpgradeTimelock.sol";

/// @title UpgradeTimelock
/// @notice Owner of every proxy's admin. Whoever dislikes an announced upgrade has left before it can execute.
/// @dev Administers itself: roles and delay change only through an operation that waited the delay. Ether and tokens
/// that end up here leave the same way. An upgrade is an operation that calls `upgrade` on this contract, so the
/// announcement of OpenZeppelin's timelock holds all that it does.
///
/// Invariants:
/// - No operation executes earlier than `MINIMUM_DELAY` after its announcement, and
/// `MINIMUM_DELAY > forceInclusionDelay + permissionlessDelay + challengeWindow + disputeDuration + EXIT_MARGIN`, before
/// and after every upgrade: a sequencer may fall silent just before it would have to let somebody go, and anybody may
/// dispute that batch in vain.
/// - The one exception replaces a judge that contradicts itself, on evidence that L1 checks, when COUNCIL_THRESHOLD members
/// of the council confirmed that very announcement.
/// - None executes later than `EXECUTION_WINDOW` after its delay: who comes finds all that may execute among the recent
/// announcements, and nobody keeps an old one in hand for those who came after it.
/// - A proxy gets the code whose hash was announced, or none. What the timelock owns it never gives away.
/// - Each canceller alone stops any operation, and can do nothing else.
contract UpgradeTimelock is IUpgradeTimelock, TimelockController, AccessControlEnumerable {
    /* IMMUTABLES AND CONSTANTS */

    /// @inheritdoc IUpgradeTimelock
    bytes32 public constant COUNCIL_ROLE = keccak256("COUNCIL_ROLE");

    /// @inheritdoc IUpgradeTimelock
    uint256 public constant EXECUTION_WINDOW = 14 days;

    /// @dev First byte of the code of an account that chose its code by EIP-7702, and of no contract: EIP-3541.
    bytes1 private constant DELEGATED = 0xef;

    /// @inheritdoc IUpgradeTimelock
    uint256 public immutable MINIMUM_DELAY;
    /// @inheritdoc IUpgradeTimelock
    uint256 public immutable EXIT_MARGIN;
    /// @inheritdoc IUpgradeTimelock
    uint256 public immutable COUNCIL_THRESHOLD;
    /// @inheritdoc IUpgradeTimelock
    IConfiguredChain public immutable CHAIN;
    /// @inheritdoc IUpgradeTimelock
    IBugEvidence public immutable EVIDENCE;

    /* STORAGE */

    /// @inheritdoc IUpgradeTimelock
    mapping(bytes32 id => mapping(address member => uint256 executableAt)) public confirmedFor;

    /// @dev The operation that evidence makes ready, while `executeAtOnce` runs.
    bytes32 private transient _atOnce;

    /* CONSTRUCTOR */

    constructor(Parameters memory p) TimelockController(p.delay, _only(p.upgrader), _only(p.upgrader), address(0)) {
        if (p.upgrader == address(0)) revert UpgradeZeroParameter("upgrader");
        if (address(p.chain) == address(0)) revert UpgradeZeroParameter("chain");
        uint256 exitTime =
            uint256(p.forceInclusionDelay) +
                p.permissionlessDelay +
                p.challengeWindow +
                p.disputeDuration +
                p.exitMargin;
        if (p.delay <= exitTime) revert UpgradeDelayTooShort(p.delay, exitTime);
        // INVARIANT: no two quorums without a member of both, and none without members.
        bool isQuorum = p.councilThreshold <= p.council.length && 2 * p.councilThreshold > p.council.length;
        if (!isQuorum && (p.council.length | p.councilThreshold) != 0) {
            revert UpgradeCouncil(p.council.length, p.councilThreshold);
        }
        if (p.council.length != 0 && address(p.evidence) == address(0)) revert UpgradeZeroParameter("evidence");

        for (uint256 i = 0; i < p.cancellers.length; ++i) _grantRole(CANCELLER_ROLE, p.cancellers[i]);
        for (uint256 i = 0; i < p.council.length; ++i) {
            if (!_grantRole(COUNCIL_ROLE, p.council[i])) revert UpgradeMemberTwice(p.council[i]);
        }
        MINIMUM_DELAY = p.delay;
        EXIT_MARGIN = p.exitMargin;
        COUNCIL_THRESHOLD = p.councilThreshold;
        CHAIN = p.chain;
        EVIDENCE = p.evidence;
    }

    /* ANNOUNCING */

    /// @inheritdoc TimelockController
    function schedule(
        address target,
        uint256 value,
        bytes calldata data,
        bytes32 predecessor,
        bytes32 salt,
        uint256 delay
    ) public override {
        super.schedule(target, value, data, predecessor, salt, delay);
        _announce(hashOperation(target, value, data, predecessor, salt), target, data);
    }

    /// @inheritdoc TimelockController
    function scheduleBatch(
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata payloads,
        bytes32 predecessor,
        bytes32 salt,
        uint256 delay
    ) public override {
        super.scheduleBatch(targets, values, payloads, predecessor, salt, delay);
        bytes32 id = hashOperationBatch(targets, values, payloads, predecessor, salt);
        for (uint256 i = 0; i < targets.length; ++i) _announce(id, targets[i], payloads[i]);
    }

    /* EXECUTING */

    /// @inheritdoc IUpgradeTimelock
    function upgrade(address proxy, address implementation, bytes32 codeHash, bytes calldata initData) external {
        if (msg.sender != address(this)) revert TimelockUnauthorizedCaller(msg.sender);
        // INVARIANT: what users read when it was announced is what they get.
        bytes32 found = implementation.codehash;
        if (found != codeHash) revert UpgradeCodeHash(implementation, codeHash, found);
        if (implementation.code[0] == DELEGATED) revert UpgradeDelegatedAccount(implementation);
        ProxyAdmin(adminOf(proxy)).upgradeAndCall(ITransparentUpgradeableProxy(proxy), implementation, initData);
        emit ProxyUpgraded(proxy, implementation, codeHash);

        uint256 exitTime = ExitTime.read(CHAIN) + EXIT_MARGIN;
        // INVARIANT: the next announcement leaves those who dislike it the time to go, too.
        if (exitTime >= MINIMUM_DELAY) revert UpgradeDelayTooShort(MINIMUM_DELAY, exitTime);
    }

    /// @inheritdoc TimelockController
    function updateDelay(uint256 newDelay) public override {
        // INVARIANT: what users were promised when they came holds until they have left.
        if (newDelay < MINIMUM_DELAY) revert UpgradeDelayBelowMinimum(newDelay, MINIMUM_DELAY);
        super.updateDelay(newDelay);
    }

    /* WITHOUT DELAY */

    /// @inheritdoc IUpgradeTimelock
    function confirm(bytes32 id) external onlyRole(COUNCIL_ROLE) {
        uint256 executableAt = getTimestamp(id);
        if (executableAt <= DONE_TIMESTAMP) revert UpgradeNotAnnounced(id);
        confirmedFor[id][msg.sender] = executableAt;
        emit Confirmed(id, msg.sender);
    }

    /// @inheritdoc IUpgradeTimelock
    function executeAtOnce(
        bytes calldata data,
        bytes32 predecessor,
        bytes32 salt,
        address[] calldata members,
        bytes calldata evidence
    ) external {
        bytes32 id = hashOperation(address(this), 0, data, predecessor, salt);
        _requireQuorum(id, members);
        if (bytes4(data) != this.upgrade.selector) revert UpgradeNotOfChain(id);
        (address proxy, , , ) = abi.decode(data[4:], (address, address, bytes32, bytes));
        // INVARIANT: what is not the judge's matter has its delay.
        if (proxy != address(CHAIN)) revert UpgradeNotOfChain(id);

        address judge = EVIDENCE.check(evidence);
        emit ExecutingAtOnce(id, judge);
        _atOnce = id;
        execute(address(this), 0, data, predecessor, salt);
        _atOnce = 0;
        if (CHAIN.parameters().resolver == judge) revert UpgradeKeepsJudge(judge);
    }

    /* VIEWS */

    /// @inheritdoc TimelockController
    function getOperationState(bytes32 id) public view override returns (OperationState state) {
        state = super.getOperationState(id);
        // INVARIANT: whoever came after an announcement is not surprised by it later.
        if (state == OperationState.Ready && block.timestamp >= getTimestamp(id) + EXECUTION_WINDOW) {
            return OperationState.Unset;
        }
        if (state == OperationState.Waiting && id == _atOnce) return OperationState.Ready;
    }

    /// @inheritdoc IUpgradeTimelock
    function adminOf(address proxy) public pure returns (address) {
        // CREATE: the last 20 bytes of keccak256(rlp([creator, nonce])). A proxy creates its admin, first and only.
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", proxy, hex"01")))));
    }

    /// @inheritdoc AccessControl
    function supportsInterface(
        bytes4 interfaceId
    ) public view override(TimelockController, AccessControlEnumerable) returns (bool) {
        return super.supportsInterface(interfaceId);
    }

    /* INTERNAL */

    /// @dev Refuses calls that must never execute, and tells of upgrades.
    function _announce(bytes32 id, address target, bytes calldata data) private {
        if (data.length < 4) return;
        bytes4 selector = bytes4(data);
        // INVARIANT: a proxy's code changes through `upgrade` or not at all.
        if (
            selector == ProxyAdmin.upgradeAndCall.selector ||
            selector == Ownable.transferOwnership.selector ||
            selector == Ownable.renounceOwnership.selector
        ) revert UpgradeForbiddenCall(target, selector);
        if (target != address(this)) return;

        if (selector == this.updateDelay.selector) {
            uint256 newDelay = abi.decode(data[4:], (uint256));
            if (newDelay < MINIMUM_DELAY) revert UpgradeDelayBelowMinimum(newDelay, MINIMUM_DELAY);
        } else if (selector == this.upgrade.selector) {
            (address proxy, address implementation, bytes32 codeHash, bytes memory initData) = abi.decode(
                data[4:],
                (address, address, bytes32, bytes)
            );
            if (codeHash == 0 || codeHash == keccak256("")) revert UpgradeNoCodeHash(implementation);
            address admin = adminOf(proxy);
            if (admin.code.length == 0 || Ownable(admin).owner() != address(this)) revert UpgradeNotOurs(proxy);
            emit UpgradeAnnounced(id, proxy, implementation, codeHash, initData, getTimestamp(id));
        }
    }

    /// @dev Reverts unless enough members of the council confirmed this announcement of the operation.
    function _requireQuorum(bytes32 id, address[] calldata members) private view {
        if (COUNCIL_THRESHOLD == 0 || members.length < COUNCIL_THRESHOLD) {
            revert UpgradeNoQuorum(members.length, COUNCIL_THRESHOLD);
        }
        address last = address(0);
        for (uint256 i = 0; i < members.length; ++i) {
            address member = members[i];
            // INVARIANT: nobody counts twice.
            if (member <= last) revert UpgradeMemberTwice(member);
            _checkRole(COUNCIL_ROLE, member);
            // A confirmation is of one announcement: called off and announced anew, it needs new ones.
            if (confirmedFor[id][member] != getTimestamp(id)) revert UpgradeNotConfirmed(id, member);
            last = member;
        }
    }

    /// @inheritdoc AccessControlEnumerable
    function _grantRole(
        bytes32 role,
        address account
    ) internal override(AccessControl, AccessControlEnumerable) returns (bool) {
        // INVARIANT: roles change through operations alone, for ever.
        if (role == DEFAULT_ADMIN_ROLE && account != address(this)) revert UpgradeForeignAdmin(account);
        return super._grantRole(role, account);
    }

    /// @inheritdoc AccessControlEnumerable
    function _revokeRole(
        bytes32 role,
        address account
    ) internal override(AccessControl, AccessControlEnumerable) returns (bool) {
        return super._revokeRole(role, account);
    }

    /// @dev The list of one account.
    function _only(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }
}
