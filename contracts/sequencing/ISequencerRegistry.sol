// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ISequencerRegistry
/// @notice Who may post batches, and the bonds that answer for them.
interface ISequencerRegistry {
    /// @notice Bonds the caller as a sequencer; it ranks behind those registered before. Anyone may.
    function register() external payable;

    /// @notice Leaves the set; the bond can be withdrawn after the withdrawal delay.
    function exit() external;

    /// @notice Pays out the bond of an exited sequencer after the delay.
    function withdrawBond(address payable to) external;

    /// @notice Takes the bond of `sequencer`: part to `winner`, the rest burnt.
    /// @dev Only the state-commitment chain.
    function slash(address sequencer, address winner) external;

    /// @notice Reverts unless `account` may post when the last batch was posted at `lastBatchAt`.
    function checkMayPost(address account, uint64 lastBatchAt) external view;

    /// @notice The sequencer whose turn it is; zero when none is registered.
    function activeSequencer() external view returns (address);

    /// @notice Bond of `account`, in wei.
    function bondOf(address account) external view returns (uint256);
}
