// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IStateCommitmentChain} from "../chain/IStateCommitmentChain.sol";
import {IOneStepVerifier} from "../machine/IOneStepVerifier.sol";
import {IDisputeGame} from "./IDisputeGame.sol";

/// @notice Neighbours, program and parameters of a dispute game. Times in seconds, amounts in wei.
/// @param chain The state-commitment chain whose batches are judged.
/// @param verifier Executes one instruction.
/// @param availability Says which batches have data that were withheld; zero where all data are on L1.
/// @param l2ChainId Chain id of the L2, part of the program's input.
/// @param bridge The bridge on L1, part of the program's input.
/// @param machineHash The program; the next six are what it is the hash of.
/// @param codeRoot, memoryRoot0, entryPc, pages, maxPages, version See docs/machine.md §1.
/// @param dissectionBits A claim has 2^dissectionBits states.
/// @param clock Time that each line of claims has, below 2^24.
/// @param extension Time that every claim can be answered for at least.
/// @param baseBond Bond of a claim of the last depth.
struct DisputeParameters {
    IStateCommitmentChain chain;
    IOneStepVerifier verifier;
    address availability;
    uint256 l2ChainId;
    address bridge;
    bytes32 machineHash;
    bytes32 codeRoot;
    bytes32 memoryRoot0;
    uint32 entryPc;
    uint32 pages;
    uint32 maxPages;
    uint32 version;
    uint8 dissectionBits;
    uint64 clock;
    uint64 extension;
    uint128 baseBond;
}

using DisputeParametersLib for DisputeParameters global;

/// @title DisputeParametersLib
/// @notice What the parameters of a game must hold.
library DisputeParametersLib {
    uint256 private constant MAX_DISSECTION_BITS = 5;
    uint256 private constant CLOCK_LIMIT = 1 << 24;
    uint256 private constant MAX_CODE = 1 << 20;
    uint256 private constant MAX_PAGES = 4096;

    /// @notice Reverts unless nothing is missing and the program is one that the verifier can execute.
    function check(DisputeParameters memory p) internal pure {
        if (address(p.chain) == address(0)) revert IDisputeGame.DisputeZeroParameter("chain");
        if (address(p.verifier) == address(0)) revert IDisputeGame.DisputeZeroParameter("verifier");
        if (p.l2ChainId == 0) revert IDisputeGame.DisputeZeroParameter("l2ChainId");
        if (p.bridge == address(0)) revert IDisputeGame.DisputeZeroParameter("bridge");
        if (p.extension == 0) revert IDisputeGame.DisputeZeroParameter("extension");
        if (p.baseBond == 0) revert IDisputeGame.DisputeZeroParameter("baseBond");
        if (p.dissectionBits == 0 || p.dissectionBits > MAX_DISSECTION_BITS) {
            revert IDisputeGame.DisputeDissectionBits(p.dissectionBits);
        }
        if (p.clock < p.extension || p.clock >= CLOCK_LIMIT) revert IDisputeGame.DisputeClock(p.clock, p.extension);
        // INVARIANT: the verifier takes the state in which the program starts.
        if (p.entryPc >= MAX_CODE || p.pages > p.maxPages || p.maxPages > MAX_PAGES) {
            revert IDisputeGame.DisputeProgramOutOfRange(p.entryPc, p.pages, p.maxPages);
        }
        bytes32 found = keccak256(abi.encode(p.codeRoot, p.memoryRoot0, p.entryPc, p.pages, p.maxPages, p.version));
        if (found != p.machineHash) revert IDisputeGame.DisputeMachineHash(p.machineHash, found);
    }
}
