// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IInbox} from "../bridge/IInbox.sol";
import {IDataAvailability} from "../da/IDataAvailability.sol";
import {ISequencerRegistry} from "../sequencing/ISequencerRegistry.sol";
import {ChainParameters} from "./ChainParameters.sol";

/// @title ChainConfiguration
/// @notice What only an upgrade of the chain can change: ChainParameters as immutables.
abstract contract ChainConfiguration {
    IInbox internal immutable INBOX;
    ISequencerRegistry internal immutable REGISTRY;
    IDataAvailability internal immutable DATA_AVAILABILITY;
    address internal immutable RESOLVER;
    bool internal immutable PROOF_REQUIRED;
    uint64 internal immutable MAX_BATCH_MESSAGES;
    uint64 internal immutable FULL_BATCH_MESSAGES;
    uint64 internal immutable CHALLENGE_WINDOW;
    uint64 internal immutable FORCE_INCLUSION_DELAY;
    uint64 internal immutable ESCAPE_DELAY;
    uint64 internal immutable PERMISSIONLESS_DELAY;
    uint64 internal immutable DISPUTE_DURATION;
    uint256 internal immutable L2_CHAIN_ID;
    bytes32 internal immutable MACHINE_HASH;
    bytes32 internal immutable GENESIS_STATE_ROOT;

    constructor(ChainParameters memory p) {
        p.check();
        INBOX = p.inbox;
        REGISTRY = p.registry;
        DATA_AVAILABILITY = p.dataAvailability;
        RESOLVER = p.resolver;
        PROOF_REQUIRED = p.proofRequired;
        MAX_BATCH_MESSAGES = p.maxBatchMessages;
        FULL_BATCH_MESSAGES = p.fullBatchMessages;
        CHALLENGE_WINDOW = p.challengeWindow;
        FORCE_INCLUSION_DELAY = p.forceInclusionDelay;
        ESCAPE_DELAY = p.escapeDelay;
        PERMISSIONLESS_DELAY = p.permissionlessDelay;
        DISPUTE_DURATION = p.disputeDuration;
        L2_CHAIN_ID = p.l2ChainId;
        MACHINE_HASH = p.machineHash;
        GENESIS_STATE_ROOT = p.genesisStateRoot;
    }

    /// @notice The immutables of this implementation.
    function parameters() external view returns (ChainParameters memory) {
        return
            ChainParameters({
                inbox: INBOX,
                registry: REGISTRY,
                dataAvailability: DATA_AVAILABILITY,
                resolver: RESOLVER,
                proofRequired: PROOF_REQUIRED,
                maxBatchMessages: MAX_BATCH_MESSAGES,
                fullBatchMessages: FULL_BATCH_MESSAGES,
                challengeWindow: CHALLENGE_WINDOW,
                forceInclusionDelay: FORCE_INCLUSION_DELAY,
                escapeDelay: ESCAPE_DELAY,
                permissionlessDelay: PERMISSIONLESS_DELAY,
                disputeDuration: DISPUTE_DURATION,
                l2ChainId: L2_CHAIN_ID,
                machineHash: MACHINE_HASH,
                genesisStateRoot: GENESIS_STATE_ROOT
            });
    }
}
