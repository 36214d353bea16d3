// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ChainParameters} from "../../chain/ChainParameters.sol";
import {StateCommitmentChain} from "../../chain/StateCommitmentChain.sol";

/// @notice The chain with a way to any code.
contract DelegatingChain is StateCommitmentChain {
    constructor(ChainParameters memory p) StateCommitmentChain(p) {}

    /// @notice Runs the code at `target` as if it were the chain's.
    function run(address target, bytes calldata data) external returns (bytes memory) {
        return Address.functionDelegateCall(target, data);
    }
}
