// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IInbox} from "../../../contracts/bridge/IInbox.sol";
import {KeccakStateProof} from "../../../contracts/bridge/KeccakStateProof.sol";
import {L1EscrowBridge} from "../../../contracts/bridge/L1EscrowBridge.sol";
import {ChainParameters} from "../../../contracts/chain/ChainParameters.sol";
import {StateCommitmentChain} from "../../../contracts/chain/StateCommitmentChain.sol";
import {CalldataDA} from "../../../contracts/da/CalldataDA.sol";
import {BatchHeader} from "../../../contracts/libraries/BatchHeader.sol";
import {ISequencerRegistry} from "../../../contracts/sequencing/ISequencerRegistry.sol";
import {SequencerRegistry} from "../../../contracts/sequencing/SequencerRegistry.sol";
import {SuiteFactory} from "../../../contracts/upgrade/SuiteFactory.sol";
import {Test} from "forge-std/Test.sol";

/// @notice The suite as it is deployed, with a short queue and short times.
abstract contract SuiteTest is Test {
    L1EscrowBridge internal bridge;
    StateCommitmentChain internal chain;
    SequencerRegistry internal registry;

    /// @param first Its bond is 1 ether, paid by this contract; zero for nobody.
    function deploySuite(address resolver, address first) internal returns (BatchHeader memory genesis) {
        SuiteFactory factory = new SuiteFactory(address(this));
        bridge = L1EscrowBridge(factory.proxyAddress(0));
        chain = StateCommitmentChain(factory.proxyAddress(1));
        registry = SequencerRegistry(factory.proxyAddress(2));

        address[] memory implementations = new address[](3);
        implementations[0] = address(
            new L1EscrowBridge(
                L1EscrowBridge.Parameters({
                    chain: address(chain),
                    stateProof: new KeccakStateProof(),
                    guardian: address(0),
                    upgradeTimelock: address(this),
                    l2ChainId: 42_069,
                    pauseDuration: 7 days,
                    pauseCooldown: 7 days,
                    inboxCapacity: 4
                })
            )
        );
        implementations[1] = address(chainImplementation(resolver, false));
        implementations[2] = address(
            new SequencerRegistry(
                SequencerRegistry.Parameters({
                    chain: address(chain),
                    minimumBond: 1 ether,
                    withdrawalDelay: 6 days,
                    challengeWindow: 2 days,
                    disputeDuration: 3 days,
                    sequencerGrace: 1 hours,
                    permissionlessDelay: 6 hours
                })
            )
        );
        bytes[] memory initData = new bytes[](3);
        initData[0] = abi.encodeCall(bridge.initialize, ());
        initData[1] = abi.encodeCall(chain.initialize, ());
        initData[2] = abi.encodeCall(registry.initialize, (first));
        uint256[] memory values = new uint256[](3);
        if (first != address(0)) values[2] = 1 ether;
        factory.createProxies{value: values[2]}(implementations, initData, values, address(this));

        (genesis.timestamp, genesis.finalizesAt) = (uint64(block.timestamp), uint64(block.timestamp));
        genesis.stateRoot = keccak256("genesis");
    }

    /// @notice Code for the chain's proxy.
    function chainImplementation(address resolver, bool proofRequired) internal returns (StateCommitmentChain) {
        return
            new StateCommitmentChain(
                ChainParameters({
                    inbox: IInbox(address(bridge)),
                    registry: ISequencerRegistry(address(registry)),
                    dataAvailability: new CalldataDA(),
                    resolver: resolver,
                    proofRequired: proofRequired,
                    maxBatchMessages: 8_192,
                    fullBatchMessages: 4_096,
                    challengeWindow: 2 days,
                    forceInclusionDelay: 12 hours,
                    escapeDelay: 7 days,
                    permissionlessDelay: 6 hours,
                    disputeDuration: 3 days,
                    l2ChainId: 42_069,
                    machineHash: keccak256("guest"),
                    genesisStateRoot: keccak256("genesis")
                })
            );
    }
}
