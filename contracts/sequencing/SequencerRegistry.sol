// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Initializable} from "@openzeppelin/contracts-upgradeable/proxy/utils/Initializable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ISequencerRegistry} from "./ISequencerRegistry.sol";

/// @title SequencerRegistry
/// @notice The ranked set of bonded sequencers. The first posts; when it is silent the next may, then everyone in the set.
/// @dev Lives behind a proxy; neighbours and parameters are immutables of the implementation.
///
/// Invariants:
/// 1. Balance ≥ sum of bonds + sum of rewards; equal unless somebody forces ether in.
/// 2. The set is a ring through the zero address in order of registration; who is in it has bond ≥ the minimum at its
/// registration and `withdrawableAt == 0`.
/// 3. Who exited has its bond, `withdrawableAt ≠ 0` and no neighbours, until it withdraws or is slashed. It can neither
/// post nor register before.
/// 4. A bond leaves no earlier than `withdrawalDelay` after its last possible posting, which outlasts the challenge window
/// of that batch and the longest dispute about it.
contract SequencerRegistry is ISequencerRegistry, Initializable, ReentrancyGuardTransient {
    /// @notice Neighbours and parameters. Times in seconds.
    /// @param minimumBond In wei.
    /// @param chain The state-commitment chain, the only one that may slash.
    /// @param withdrawalDelay Time between exit and bond.
    /// @param challengeWindow That of the chain.
    /// @param disputeDuration Longest time from a batch's `finalizesAt` to the end of the dispute about it.
    /// @param sequencerGrace Silence after which the second in rank may post.
    /// @param permissionlessDelay Silence after which everyone in the set may post.
    struct Parameters {
        uint256 minimumBond;
        address chain;
        uint64 withdrawalDelay;
        uint64 challengeWindow;
        uint64 disputeDuration;
        uint64 sequencerGrace;
        uint64 permissionlessDelay;
    }

    /// @dev Two slots. The entry of the zero address closes the ring: its `next` is the first, its `previous` the last.
    struct Sequencer {
        address next;
        uint64 withdrawableAt;
        address previous;
        uint96 bond;
    }

    /* IMMUTABLES AND CONSTANTS */

    /// @notice Part of a slashed bond that its winner gets; the rest is burnt, so that slashing oneself costs.
    uint256 public constant WINNER_DIVISOR = 2;

    address private immutable CHAIN;
    uint256 private immutable MINIMUM_BOND;
    uint64 private immutable WITHDRAWAL_DELAY;
    uint64 private immutable CHALLENGE_WINDOW;
    uint64 private immutable DISPUTE_DURATION;
    uint64 private immutable SEQUENCER_GRACE;
    uint64 private immutable PERMISSIONLESS_DELAY;

    /* STORAGE */

    /// @custom:storage-location erc7201:hardhat-rollup.storage.SequencerRegistry
    /// @param sequencers See Sequencer.
    /// @param rewards In wei, until claimed.
    struct RegistryStorage {
        mapping(address account => Sequencer) sequencers;
        mapping(address account => uint256) rewards;
    }

    /// @dev keccak256(abi.encode(uint256(keccak256("hardhat-rollup.storage.SequencerRegistry")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant REGISTRY_STORAGE = 0x131f864668a5888184a464af43afa46ad53156d240e8492b4ed2c9bb03c50c00;

    /* CONSTRUCTOR */

    constructor(Parameters memory p) {
        if (p.chain == address(0)) revert RegistryZeroParameter("chain");
        if (p.minimumBond == 0) revert RegistryZeroParameter("minimumBond");
        if (p.challengeWindow == 0) revert RegistryZeroParameter("challengeWindow");
        if (p.disputeDuration == 0) revert RegistryZeroParameter("disputeDuration");
        uint256 judgedAfter = uint256(p.challengeWindow) + p.disputeDuration;
        if (p.withdrawalDelay <= judgedAfter) revert RegistryWithdrawalDelayTooShort(p.withdrawalDelay, judgedAfter);
        if (p.permissionlessDelay < p.sequencerGrace) {
            revert RegistryPermissionlessDelayTooShort(p.permissionlessDelay, p.sequencerGrace);
        }

        CHAIN = p.chain;
        MINIMUM_BOND = p.minimumBond;
        WITHDRAWAL_DELAY = p.withdrawalDelay;
        CHALLENGE_WINDOW = p.challengeWindow;
        DISPUTE_DURATION = p.disputeDuration;
        SEQUENCER_GRACE = p.sequencerGrace;
        PERMISSIONLESS_DELAY = p.permissionlessDelay;
        _disableInitializers();
    }

    /// @notice Bonds the first sequencer with the wei sent. Called once, by the proxy's constructor, so nobody can take
    /// the first seat between the deployment and the bond.
    /// @param first Zero, with no wei, for an empty set whose first seat is anybody's.
    function initialize(address first) external payable initializer {
        if (first != address(0) || msg.value != 0) _register(first);
    }

    /* SEQUENCERS */

    /// @inheritdoc ISequencerRegistry
    function register() external payable nonReentrant {
        _register(msg.sender);
    }

    /// @inheritdoc ISequencerRegistry
    function exit() external nonReentrant {
        if (!isSequencer(msg.sender)) revert RegistryNotRegistered(msg.sender);

        _unlink(msg.sender);
        uint64 at = uint64(block.timestamp) + WITHDRAWAL_DELAY;
        _storage().sequencers[msg.sender].withdrawableAt = at;
        emit SequencerExited(msg.sender, at);
    }

    /// @inheritdoc ISequencerRegistry
    function withdrawBond(address payable to) external nonReentrant {
        Sequencer memory sequencer = _storage().sequencers[msg.sender];
        if (sequencer.withdrawableAt == 0) revert RegistryNotExited(msg.sender);
        if (block.timestamp < sequencer.withdrawableAt) revert RegistryBondLocked(sequencer.withdrawableAt);

        delete _storage().sequencers[msg.sender];
        emit BondWithdrawn(msg.sender, to, sequencer.bond);
        _pay(to, sequencer.bond);
    }

    /* SLASHING */

    /// @inheritdoc ISequencerRegistry
    function slash(address sequencer, address winner) external nonReentrant {
        if (msg.sender != CHAIN) revert RegistryUnauthorized(msg.sender);

        uint256 bond = _storage().sequencers[sequencer].bond;
        if (bond == 0) return;

        if (_storage().sequencers[sequencer].withdrawableAt == 0) _unlink(sequencer);
        delete _storage().sequencers[sequencer];
        uint256 reward = bond / WINNER_DIVISOR;
        uint256 burnt = bond - reward;
        _storage().rewards[winner] += reward;
        emit SequencerSlashed(sequencer, winner, reward, burnt);
        // The zero address has no code and takes everything: this cannot fail.
        _send(payable(address(0)), burnt);
    }

    /// @inheritdoc ISequencerRegistry
    function claimReward(address payable to) external nonReentrant {
        uint256 reward = _storage().rewards[msg.sender];
        if (reward == 0) revert RegistryNoReward(msg.sender);

        delete _storage().rewards[msg.sender];
        emit RewardPaid(msg.sender, to, reward);
        _pay(to, reward);
    }

    /* VIEWS */

    /// @inheritdoc ISequencerRegistry
    function checkMayPost(address account, uint64 lastBatchAt) external view {
        address active = _storage().sequencers[address(0)].next;
        if (account == active && account != address(0)) return;
        if (!isSequencer(account)) revert RegistryNotRegistered(account);

        uint64 from =
            lastBatchAt + (account == _storage().sequencers[active].next ? SEQUENCER_GRACE : PERMISSIONLESS_DELAY);
        if (block.timestamp < from) revert RegistryNotYourTurn(account, active, from);
    }

    /// @inheritdoc ISequencerRegistry
    function activeSequencer() external view returns (address) {
        return _storage().sequencers[address(0)].next;
    }

    /// @inheritdoc ISequencerRegistry
    function sequencerAfter(address account) external view returns (address) {
        return _storage().sequencers[account].next;
    }

    /// @inheritdoc ISequencerRegistry
    function isSequencer(address account) public view returns (bool) {
        return _storage().sequencers[account].bond != 0 && _storage().sequencers[account].withdrawableAt == 0;
    }

    /// @inheritdoc ISequencerRegistry
    function bondOf(address account) external view returns (uint256) {
        return _storage().sequencers[account].bond;
    }

    /// @inheritdoc ISequencerRegistry
    function withdrawableAt(address account) external view returns (uint64) {
        return _storage().sequencers[account].withdrawableAt;
    }

    /// @inheritdoc ISequencerRegistry
    function rewardOf(address account) external view returns (uint256) {
        return _storage().rewards[account];
    }

    /// @notice The immutables of this implementation.
    function parameters() external view returns (Parameters memory) {
        return
            Parameters({
                minimumBond: MINIMUM_BOND,
                chain: CHAIN,
                withdrawalDelay: WITHDRAWAL_DELAY,
                challengeWindow: CHALLENGE_WINDOW,
                disputeDuration: DISPUTE_DURATION,
                sequencerGrace: SEQUENCER_GRACE,
                permissionlessDelay: PERMISSIONLESS_DELAY
            });
    }

    /* INTERNAL */

    /// @dev Bonds `account` with the wei sent; it ranks last. The zero address is the ring's own.
    function _register(address account) private {
        if (account == address(0)) revert RegistryZeroSequencer();
        if (msg.value < MINIMUM_BOND) revert RegistryBondTooSmall(msg.value, MINIMUM_BOND);
        // INVARIANT: an old bond answers for old batches until it is gone; it is never mixed with a new one.
        if (_storage().sequencers[account].bond != 0) revert RegistryAlreadyBonded(account);

        address last = _storage().sequencers[address(0)].previous;
        _storage().sequencers[account] = Sequencer({
            next: address(0),
            withdrawableAt: 0,
            previous: last,
            bond: SafeCast.toUint96(msg.value)
        });
        _storage().sequencers[last].next = account;
        _storage().sequencers[address(0)].previous = account;
        emit SequencerRegistered(account, msg.value);
    }

    /// @dev Takes `account` out of the ring.
    function _unlink(address account) private {
        Sequencer storage sequencer = _storage().sequencers[account];
        (address previous, address next) = (sequencer.previous, sequencer.next);
        _storage().sequencers[previous].next = next;
        _storage().sequencers[next].previous = previous;
        (sequencer.previous, sequencer.next) = (address(0), address(0));
    }

    /// @dev Pays a recipient that somebody named.
    function _pay(address payable to, uint256 amount) private {
        if (to == address(0)) revert RegistryZeroRecipient();
        _send(to, amount);
    }

    function _send(address payable to, uint256 amount) private {
        (bool success, ) = to.call{value: amount}("");
        if (!success) revert RegistryPaymentFailed(to, amount);
    }

    function _storage() private pure returns (RegistryStorage storage $) {
        assembly ("memory-safe") {
            $.slot := REGISTRY_STORAGE
        }
    }
}
