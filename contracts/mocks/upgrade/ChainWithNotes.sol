// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ChainParameters} from "../../chain/ChainParameters.sol";
import {StateCommitmentChain} from "../../chain/StateCommitmentChain.sol";

/// @notice The chain with one thing more to keep.
contract ChainWithNotes is StateCommitmentChain {
    mapping(uint64 index => bytes32 note) public notes;

    constructor(ChainParameters memory p) StateCommitmentChain(p) {}

    /// @notice Anybody may say anything about a batch, once.
    function addNote(uint64 index, bytes32 note) external {
        if (notes[index] == 0) notes[index] = note;
    }
}
