// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IInbox} from "../bridge/IInbox.sol";
import {IDataAvailability} from "../da/IDataAvailability.sol";
import {ISequencerRegistry} from "../sequencing/ISequencerRegistry.sol";
import {IStateCommitmentChain} from "./IStateCommitmentChain.sol";

/// @notice Neighbours and parameters of the state-commitment chain. Times in seconds.
/// @param inbox Where messages from L1 queue: the bridge.
/// @param registry Who may post, and the bonds.
/// @param dataAvailability What turns batch data into `dataHash`.
/// @param resolver Judge of the batches to come: a DisputeGame for this program, or a ValidityResolver.
/// @param proofRequired Whether only a proof makes a batch final, and time never does.
/// @param maxBatchMessages Most messages of a batch: everybody must be able to execute it again, whatever they are.
/// @param fullBatchMessages With this many a batch may leave messages that are due: else a queue longer than a batch
/// would stop the chain. Below the maximum, for a batch is cut between L2 blocks.
/// @param challengeWindow How long a batch can be disputed; where a proof is required, how long it may take.
/// @param forceInclusionDelay Age from which a message cannot be left.
/// @param escapeDelay How long a message waits, and nothing is posted, until the chain may be frozen.
/// @param permissionlessDelay That of the registry.
/// @param disputeDuration How long a dispute lasts, at most, beyond the challenge window.
/// @param l2ChainId Chain id of the L2.
/// @param machineHash The program that batches are judged by.
/// @param genesisStateRoot State root before the first batch.
struct ChainParameters {
    IInbox inbox;
    ISequencerRegistry registry;
    IDataAvailability dataAvailability;
    address resolver;
    bool proofRequired;
    uint64 maxBatchMessages;
    uint64 fullBatchMessages;
    uint64 challengeWindow;
    uint64 forceInclusionDelay;
    uint64 escapeDelay;
    uint64 permissionlessDelay;
    uint64 disputeDuration;
    uint256 l2ChainId;
    bytes32 machineHash;
    bytes32 genesisStateRoot;
}

using ChainParametersLib for ChainParameters global;

/// @title ChainParametersLib
/// @notice What the parameters of a chain must hold.
library ChainParametersLib {
    /// @notice Reverts unless nothing is missing and the chain stays open long enough.
    function check(ChainParameters memory p) internal pure {
        if (address(p.inbox) == address(0)) revert IStateCommitmentChain.ChainZeroParameter("inbox");
        if (address(p.registry) == address(0)) revert IStateCommitmentChain.ChainZeroParameter("registry");
        if (address(p.dataAvailability) == address(0)) {
            revert IStateCommitmentChain.ChainZeroParameter("dataAvailability");
        }
        if (p.resolver == address(0)) revert IStateCommitmentChain.ChainZeroParameter("resolver");
        if (p.challengeWindow == 0) revert IStateCommitmentChain.ChainZeroParameter("challengeWindow");
        if (p.forceInclusionDelay == 0) revert IStateCommitmentChain.ChainZeroParameter("forceInclusionDelay");
        if (p.l2ChainId == 0) revert IStateCommitmentChain.ChainZeroParameter("l2ChainId");
        if (p.machineHash == 0) revert IStateCommitmentChain.ChainZeroParameter("machineHash");
        if (p.fullBatchMessages == 0) revert IStateCommitmentChain.ChainZeroParameter("fullBatchMessages");
        if (p.fullBatchMessages > p.maxBatchMessages) {
            revert IStateCommitmentChain.ChainNeverFull(p.fullBatchMessages, p.maxBatchMessages);
        }
        if (p.genesisStateRoot == 0) revert IStateCommitmentChain.ChainZeroParameter("genesisStateRoot");
        // INVARIANT: whoever wants to go on had a turn, and whatever was posted its dispute, before anybody can freeze.
        uint256 going = uint256(p.forceInclusionDelay) + p.permissionlessDelay + p.challengeWindow + p.disputeDuration;
        if (p.escapeDelay <= going) revert IStateCommitmentChain.ChainEscapeDelayTooShort(p.escapeDelay, going);
    }
}
