// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IOneStepVerifier} from "../machine/IOneStepVerifier.sol";

/// @title MockOneStepVerifier
/// @notice Executes a machine whose states are only numbered, so that tests play long games without running anything.
/// @dev World 0 of a start is its run. States of other worlds lead on just as well, but no run gets to them.
contract MockOneStepVerifier is IOneStepVerifier {
    /// @param length Steps until it halts.
    /// @param end State in which it halts.
    struct Run {
        uint256 length;
        bytes32 end;
    }

    mapping(bytes32 start => Run) private _runs;

    function setRun(bytes32 start, Run calldata run) external {
        _runs[start] = run;
    }

    /// @param witness ABI words: start, world and number of the state.
    function step(bytes32, bytes32 stateHash, bytes calldata witness) external view returns (bytes32) {
        (bytes32 start, uint256 world, uint256 number) = abi.decode(witness, (bytes32, uint256, uint256));
        bytes32 found = state(start, world, number);
        if (found != stateHash) revert OneStepVerifierWrongState(stateHash, found);
        return state(start, world, number + 1);
    }

    /// @notice State after `number` steps.
    function state(bytes32 start, uint256 world, uint256 number) public view returns (bytes32) {
        if (world == 0 && number == 0) return start;
        Run memory run = _runs[start];
        return world == 0 && number >= run.length ? run.end : keccak256(abi.encode(start, world, number));
    }
}
