// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice An inbox whose accumulators a test sets.
contract AccumulatorInbox {
    mapping(uint64 index => bytes32) public accumulator;

    function set(uint64 index, bytes32 value) external {
        accumulator[index] = value;
    }
}
