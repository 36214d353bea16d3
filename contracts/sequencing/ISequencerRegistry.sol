// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ISequencerRegistry
/// @notice Who may post batches, and the bonds that answer for them.
interface ISequencerRegistry {
    /// @notice `sequencer` bonded `bond` wei and ranks last.
    event SequencerRegistered(address indexed sequencer, uint256 bond);
    /// @notice `sequencer` left the set; its bond can be withdrawn from `withdrawableAt` on, in seconds.
    event SequencerExited(address indexed sequencer, uint64 withdrawableAt);
    /// @notice The bond of an exited sequencer was paid to `to`.
    event BondWithdrawn(address indexed sequencer, address indexed to, uint256 amount);
    /// @notice A bond was taken: `reward` wei wait for `winner`, `burnt` wei are gone.
    event SequencerSlashed(address indexed sequencer, address indexed winner, uint256 reward, uint256 burnt);
    /// @notice Rewards of `winner` were paid to `to`.
    event RewardPaid(address indexed winner, address indexed to, uint256 amount);

    /// @notice A constructor parameter that must not be zero is.
    error RegistryZeroParameter(string name);
    /// @notice A bond must stay longer than it takes to judge the last batch that it answers for: challenge window and
    /// dispute, in seconds.
    error RegistryWithdrawalDelayTooShort(uint256 withdrawalDelay, uint256 judgedAfter);
    /// @notice Everybody's turn cannot come before the next in rank's.
    error RegistryPermissionlessDelayTooShort(uint64 permissionlessDelay, uint64 sequencerGrace);
    /// @notice Only the state-commitment chain may call.
    error RegistryUnauthorized(address caller);
    /// @notice A bond needs an account that answers with it.
    error RegistryZeroSequencer();
    /// @notice The bond is below the minimum.
    error RegistryBondTooSmall(uint256 bond, uint256 minimum);
    /// @notice `account` has a bond already, active or on its way out.
    error RegistryAlreadyBonded(address account);
    /// @notice `account` is not in the set (anymore).
    error RegistryNotRegistered(address account);
    /// @notice `account` has not exited, so there is nothing to withdraw.
    error RegistryNotExited(address account);
    /// @notice The bond can be withdrawn from `withdrawableAt` on, in seconds.
    error RegistryBondLocked(uint64 withdrawableAt);
    /// @notice It is `active`'s turn; `account` may post from `from` on, in seconds, if silence lasts until then.
    error RegistryNotYourTurn(address account, address active, uint64 from);
    /// @notice `account` has no reward.
    error RegistryNoReward(address account);
    /// @notice The recipient must not be zero.
    error RegistryZeroRecipient();
    /// @notice `to` did not take `amount` wei.
    error RegistryPaymentFailed(address to, uint256 amount);

    /// @notice Bonds the caller as a sequencer; it ranks behind those registered before. Anyone may.
    function register() external payable;

    /// @notice Leaves the set; the bond can be withdrawn after the withdrawal delay.
    function exit() external;

    /// @notice Pays out the bond of an exited sequencer after the delay.
    function withdrawBond(address payable to) external;

    /// @notice Takes the bond of `sequencer`, also while it is on its way out: part to `winner`, the rest burnt.
    /// Without a bond nothing happens, so that a revert of batches is never blocked.
    /// @dev Only the state-commitment chain.
    function slash(address sequencer, address winner) external;

    /// @notice Pays the caller's rewards to `to`.
    function claimReward(address payable to) external;

    /// @notice Reverts unless `account` may post when the last batch was posted at `lastBatchAt`.
    function checkMayPost(address account, uint64 lastBatchAt) external view;

    /// @notice The sequencer whose turn it is; zero when none is registered.
    function activeSequencer() external view returns (address);

    /// @notice The sequencer that ranks behind `account`; zero behind the last. Of zero: the first.
    function sequencerAfter(address account) external view returns (address);

    /// @notice Whether `account` is in the set: bonded and not exited.
    function isSequencer(address account) external view returns (bool);

    /// @notice Bond of `account`, in wei.
    function bondOf(address account) external view returns (uint256);

    /// @notice When the bond of `account` can be withdrawn, in seconds; zero when it has not exited.
    function withdrawableAt(address account) external view returns (uint64);

    /// @notice Rewards that `account` can claim, in wei.
    function rewardOf(address account) external view returns (uint256);
}
